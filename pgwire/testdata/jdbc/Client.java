import java.math.BigDecimal;
import java.sql.*;
import java.util.*;

/** Does with the JDBC driver of PostgreSQL what BI tools do, and writes what it saw. */
public class Client {
    public static void main(String[] args) throws Exception {
        Properties with = new Properties();
        with.setProperty("user", args[1]);
        with.setProperty("password", args[2]);
        with.setProperty("options", "-c yitong.right=view");
        with.setProperty("ApplicationName", "test");
        try (Connection c = DriverManager.getConnection(args[0], with)) {
            metadata(c);
            parameters(c);
            types(c, false);
            types(c, true);
            fetchSize(c);
            modes(c);
            errors(c);
            cancel(c);
        }
    }

    static void say(Object... parts) {
        StringJoiner line = new StringJoiner("|");
        for (Object part : parts) line.add(String.valueOf(part));
        System.out.println(line);
    }

    static void metadata(Connection c) throws SQLException {
        DatabaseMetaData m = c.getMetaData();
        say("product", m.getDatabaseProductName(), m.getDatabaseMajorVersion(), m.getUserName(), m.isReadOnly());
        try (ResultSet r = m.getSchemas()) { while (r.next()) if (!r.getString(1).startsWith("pg_")) say("schema", r.getString(1)); }
        try (ResultSet r = m.getCatalogs()) { while (r.next()) say("catalog", r.getString(1)); }
        try (ResultSet r = m.getTables(null, "hr", "%", new String[] {"TABLE", "VIEW"})) {
            while (r.next()) say("table", r.getString("TABLE_SCHEM"), r.getString("TABLE_NAME"), r.getString("TABLE_TYPE"), r.getString("REMARKS"));
        }
        try (ResultSet r = m.getColumns(null, "hr", "staff", "%")) {
            while (r.next()) say("column", r.getString("COLUMN_NAME"), r.getInt("DATA_TYPE"), r.getString("TYPE_NAME"), r.getInt("COLUMN_SIZE"), r.getInt("DECIMAL_DIGITS"), r.getString("IS_NULLABLE"));
        }
        int count = 0;
        try (ResultSet r = m.getPrimaryKeys(null, "hr", "staff")) { while (r.next()) count++; }
        try (ResultSet r = m.getImportedKeys(null, "hr", "staff")) { while (r.next()) count++; }
        try (ResultSet r = m.getExportedKeys(null, "hr", "staff")) { while (r.next()) count++; }
        try (ResultSet r = m.getIndexInfo(null, "hr", "staff", false, true)) { while (r.next()) count++; }
        try (ResultSet r = m.getBestRowIdentifier(null, "hr", "staff", DatabaseMetaData.bestRowSession, true)) { while (r.next()) count++; }
        try (ResultSet r = m.getProcedures(null, null, "%")) { while (r.next()) count++; }
        try (ResultSet r = m.getFunctions(null, null, "%")) { while (r.next()) count++; }
        try (ResultSet r = m.getUDTs(null, null, "%", null)) { while (r.next()) count++; }
        say("keys, indexes and functions", count);
        try (ResultSet r = m.getTablePrivileges(null, "hr", "%")) { while (r.next()) say("privilege", r.getString("TABLE_NAME"), r.getString("PRIVILEGE")); }
        Set<String> types = new TreeSet<>();
        try (ResultSet r = m.getTypeInfo()) { while (r.next()) types.add(r.getString("TYPE_NAME")); }
        say("types", types.containsAll(List.of("bool", "int4", "int8", "numeric", "text", "date", "timestamp", "timestamptz")));
        say("keywords", m.getSQLKeywords().length() >= 0, "table types", m.getTableTypes().next());
    }

    static void parameters(Connection c) throws SQLException {
        try (PreparedStatement s = c.prepareStatement("SELECT ?::int + 1, ?, ?, ?, ?::date, ?::timestamp, ?::timestamptz, ?::text, ?, ?::double precision, ?::bytea, ?")) {
            for (int round = 0; round < 8; round++) { // from the fifth on the driver asks for binary values
                s.setInt(1, 41); s.setLong(2, 1L << 40); s.setBoolean(3, true); s.setBigDecimal(4, new BigDecimal("12345678901234567890.10"));
                s.setDate(5, java.sql.Date.valueOf("2026-02-28")); s.setTimestamp(6, Timestamp.valueOf("2026-01-02 03:04:05.678901"));
                s.setObject(7, java.time.OffsetDateTime.parse("2026-01-02T03:04:05+08:00")); s.setString(8, "it's \\ 中文"); s.setNull(9, Types.INTEGER);
                s.setDouble(10, 0.1); s.setBytes(11, new byte[] {0, 1, (byte) 255}); s.setShort(12, (short) -7);
                try (ResultSet r = s.executeQuery()) {
                    r.next();
                    if (round % 7 == 0) {
                        say("parameters", r.getInt(1), r.getLong(2), r.getBoolean(3), r.getBigDecimal(4), r.getDate(5), r.getTimestamp(6), r.getObject(7, java.time.OffsetDateTime.class).toInstant(),
                            r.getString(8), r.getObject(9), r.getDouble(10), Arrays.toString(r.getBytes(11)), r.getShort(12));
                    }
                }
            }
        }
        try (PreparedStatement s = c.prepareStatement("SELECT name FROM hr.staff WHERE id = ? AND born > ? AND grade < ? ORDER BY name")) {
            s.setString(1, "1"); s.setDate(2, java.sql.Date.valueOf("1990-01-01")); s.setDouble(3, 100);
            say("metadata", s.getMetaData().getColumnName(1), s.getMetaData().getColumnTypeName(1), s.getParameterMetaData().getParameterCount());
            try (ResultSet r = s.executeQuery()) { while (r.next()) say("name", r.getString(1)); }
        }
    }

    static void types(Connection c, boolean binary) throws SQLException {
        try (PreparedStatement s = c.prepareStatement("SELECT * FROM hr.staff WHERE id = '1'")) {
            if (binary) s.unwrap(org.postgresql.PGStatement.class).setPrepareThreshold(-1);
            try (ResultSet r = s.executeQuery()) {
                r.next();
                for (int i = 1; i <= r.getMetaData().getColumnCount(); i++) say("cell", r.getMetaData().getColumnName(i), r.getMetaData().getColumnTypeName(i), r.getMetaData().getColumnTypeName(i).equals("bytea") ? Arrays.toString(r.getBytes(i)) : r.getString(i));
            }
        }
    }

    static void fetchSize(Connection c) throws SQLException {
        c.setAutoCommit(false);
        try (Statement s = c.createStatement()) {
            s.setFetchSize(100);
            long sum = 0;
            try (ResultSet r = s.executeQuery("SELECT x FROM range(1000) r(x)")) { while (r.next()) sum += r.getLong(1); }
            say("sum", sum);
        }
        c.commit();
        c.setAutoCommit(true);
    }

    static void modes(Connection c) throws SQLException {
        c.setReadOnly(true); c.setReadOnly(false);
        c.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ); say("isolation", c.getTransactionIsolation());
        c.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED); say("isolation", c.getTransactionIsolation());
        c.setAutoCommit(false);
        Savepoint point = c.setSavepoint();
        try (Statement s = c.createStatement()) { s.execute("SELECT nonsense"); } catch (SQLException e) { say("error", e.getSQLState()); }
        try (Statement s = c.createStatement()) { s.execute("SELECT 1"); } catch (SQLException e) { say("error", e.getSQLState()); }
        c.rollback(point);
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT 1")) { r.next(); say("again", r.getInt(1)); }
        c.rollback();
        c.setAutoCommit(true);
        say("valid", c.isValid(5), c.getSchema(), c.getCatalog());
    }

    static void errors(Connection c) throws SQLException {
        for (String sql : List.of("DELETE FROM hr.staff", "SELECT * FROM hr.nobody", "SELECT nothing FROM hr.staff", "SELEC 1", "SELECT error('x')", "SELECT * FROM range(1001)", "SET SESSION AUTHORIZATION other", "COPY hr.staff TO STDOUT")) {
            try (Statement s = c.createStatement()) { s.execute(sql); say("no error", sql); } catch (SQLException e) { say("error", e.getSQLState(), sql); }
        }
    }

    static void cancel(Connection c) throws Exception {
        try (Statement s = c.createStatement()) {
            Thread stopper = new Thread(() -> {
                try { while (!Thread.interrupted()) { s.cancel(); Thread.sleep(20); } } catch (SQLException | InterruptedException e) { /* done */ }
            });
            stopper.start();
            try { s.execute("SELECT count(*) FROM range(100000000) a(x), range(100000) b(y) WHERE x * y % 7 = 3"); say("not canceled"); } catch (SQLException e) { say("canceled", e.getSQLState()); }
            stopper.interrupt();
            stopper.join();
        }
    }
}
