package pgwire_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/query"
)

// TestCatalogAnswersClients asks what clients ask, in both protocols.
func TestCatalogAnswersClients(t *testing.T) {
	t.Parallel()
	s := serve(t)
	text, err := os.ReadFile("testdata/catalog.sql")
	require.NoError(t, err)
	simple, extended := s.connect(t, pgx.QueryExecModeSimpleProtocol, ""), s.connect(t, pgx.QueryExecModeCacheStatement, "")
	for line := range strings.Lines(string(text)) {
		sql, rows, counted := strings.Cut(strings.TrimSpace(line), "; --")
		if strings.HasPrefix(sql, "--") {
			continue
		}
		for _, connection := range []*pgx.Conn{simple, extended} {
			lines, err := texts(t, connection, strings.TrimSuffix(sql, ";"))
			require.NoError(t, err, "%s", sql)
			if counted {
				require.Equal(t, rows, strconv.Itoa(len(lines)), "%s: %v", sql, lines)
			}
			require.NotContains(t, strings.Join(lines, "\n"), "hidden", "%s", sql)
			require.NotContains(t, strings.Join(lines, "\n"), "secret_field", "%s", sql)
		}
	}
	require.Empty(t, s.records, "no data was read")
}

// TestNothingHiddenIsInAnyCatalogTable reads every table of the catalog whole.
func TestNothingHiddenIsInAnyCatalogTable(t *testing.T) {
	t.Parallel()
	s := serve(t)
	connection := s.connect(t, pgx.QueryExecModeSimpleProtocol, "")
	names, err := texts(t, connection, "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema IN ('pg_catalog', 'information_schema')")
	require.NoError(t, err)
	require.Greater(t, len(names), 150)
	seen := 0
	for _, name := range names {
		lines, err := texts(t, connection, "SELECT * FROM "+name)
		require.NoError(t, err, "%s", name)
		all := strings.Join(lines, "\n")
		for _, hidden := range []string{"hidden_system", "hidden_table", "secret_field", "warehouse", "landing", "published", "given"} {
			require.NotContains(t, all, hidden, "%s", name)
		}
		seen += strings.Count(all, "staff")
	}
	require.Positive(t, seen, "and what is shown is there")
}

// TestTypesOfTheCatalogAreThoseOfAnswers compares what the catalog says of columns
// with what an answer says.
func TestTypesOfTheCatalogAreThoseOfAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t)
	connection := s.connect(t, pgx.QueryExecModeSimpleProtocol, "")
	told, err := texts(t, connection, "SELECT attname, atttypid, atttypmod FROM pg_attribute WHERE attrelid = 'hr.staff'::regclass ORDER BY attnum")
	require.NoError(t, err)
	rows, err := connection.Query(t.Context(), "SELECT * FROM hr.staff")
	require.NoError(t, err)
	var given []string
	for _, field := range rows.FieldDescriptions() {
		given = append(given, strings.Join([]string{field.Name, strconv.Itoa(int(field.DataTypeOID)), strconv.Itoa(int(field.TypeModifier))}, "|"))
	}
	rows.Close()
	require.Equal(t, given, told)
}

// TestWhatTheCatalogIsNotForIsRefused asks for files, settings and other tables, with
// and without names of the catalog beside, at the gate and over the wire.
func TestWhatTheCatalogIsNotForIsRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	simple, extended := s.connect(t, pgx.QueryExecModeSimpleProtocol, ""), s.connect(t, pgx.QueryExecModeCacheStatement, "")
	for _, sql := range []string{
		"SELECT * FROM duckdb_settings()", "SELECT * FROM pg_class, duckdb_settings()", "SELECT (SELECT count(*) FROM duckdb_tables()) FROM pg_class", "SELECT * FROM pragma_version(), pg_class",
		"SELECT * FROM read_csv('/etc/passwd'), pg_class", "SELECT read_text('/etc/passwd') FROM pg_class", "SELECT * FROM glob('/*'), pg_class", "SELECT * FROM pg_class, '/etc/passwd'",
		"SELECT current_setting('temp_directory')", "SELECT getvariable('x') FROM pg_class", "SELECT getenv('HOME') FROM pg_class", "SELECT * FROM query('SELECT 1'), pg_class", "SELECT * FROM query_table('given.relations')",
		"SELECT * FROM given.relations", "SELECT * FROM given.relations, pg_class", `SELECT * FROM "postgres:pg_catalog".pg_class`, `SELECT * FROM pg_class, "postgres:pg_catalog".pg_class`,
		"SELECT * FROM system.information_schema.tables", "SELECT * FROM temp.pg_catalog.pg_class", "SELECT * FROM pg_catalog.pg_nothing", "SELECT * FROM pg_nothing", "SELECT * FROM information_schema.nothing",
		"SELECT * FROM pg_class, hr.staff", "SELECT (SELECT count(*) FROM pg_class) FROM hr.staff", "WITH a AS (SELECT * FROM pg_class) SELECT * FROM a, hr.staff", "SELECT version(), id FROM hr.staff", "SELECT nextval('x') FROM pg_class",
		"SELECT error('x') FROM pg_class", "SELECT json_execute_serialized_sql('x') FROM pg_class", "SELECT * FROM json_execute_serialized_sql('x'), pg_class", "SELECT sleep_ms(1) FROM pg_class", "SELECT pg_sleep(1)",
		"SELECT system.main.getenv('x') FROM pg_class", "SELECT pg_read_file('/etc/passwd')", "SELECT lo_import('/etc/passwd')", "SELECT pg_ls_dir('/')", "SELECT pg_terminate_backend(1)", "SELECT pg_cancel_backend(1)", "SELECT set_config('yitong.right', 'view', false)",
		"SELECT write_log('x') FROM pg_class", "DROP TABLE pg_class", "DELETE FROM pg_class", "SELECT * FROM pg_class FOR UPDATE", "SELECT relname, bare(relname) FROM given.x, pg_class", "SELECT * FROM 'pg_class.parquet', pg_class",
	} {
		for _, connection := range []*pgx.Conn{simple, extended} {
			_, err := texts(t, connection, sql)
			require.Contains(t, []string{"42P01", "42883", "42000", "25006", "42601", "42703", "22P02"}, stateOf(err), "%s: %v", sql, err)
			require.NotContains(t, err.Error(), "given.relations (", "%s", sql)
		}
		_, err := s.gate.SQL(t.Context(), s.principal(), query.SQLRequest{Text: sql, Right: acl.Hold})
		require.Error(t, err, "%s", sql)
	}
}

// TestPsql does what people do with psql, and compares what it says.
func TestPsql(t *testing.T) {
	t.Parallel()
	psql, err := exec.LookPath("psql")
	if err != nil {
		absent(t, "psql")
	}
	s := serve(t)
	command := exec.CommandContext(t.Context(), psql, "-X", "-P", "pager=off", "-f", "-", s.dsn("options='-c yitong.purpose=study'"))
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "PGCLIENTENCODING=UTF8")
	script, err := os.Open("testdata/psql/script.sql")
	require.NoError(t, err)
	defer script.Close()
	command.Stdin = script
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	golden(t, "testdata/psql/golden.txt", strings.ReplaceAll(string(output), strconv.Itoa(s.port), "PORT"))
}
