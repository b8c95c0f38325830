package mysql_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/conntest"
	"github.com/yitong-hub/yitong/connectors/mysql"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/testserver"
)

func openWith(t *testing.T, connection, dsn string) (connectors.Source, error) {
	t.Helper()
	var node yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(connection), &node))
	return mysql.Driver().Open(connectors.Config{
		System: "card", Connection: *node.Content[0], Secret: func(string) (string, error) { return dsn, nil },
	})
}

func openSource(t *testing.T, connection, dsn string) connectors.Source {
	t.Helper()
	source, err := openWith(t, connection, dsn)
	require.NoError(t, err)
	return source
}

func execute(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	dsn := testserver.MariaDB(t)
	execute(t, dsn, "SET time_zone = '+08:00'", "CREATE TABLE `人员` (id int unsigned PRIMARY KEY, `姓名` varchar(20), pay decimal(30,6), at timestamp(3) NULL)")
	var rows []string
	for i := range 9 {
		execute(t, dsn, "SET time_zone = '+08:00'", fmt.Sprintf("INSERT INTO `人员` VALUES (%d, '王/%d', 12345678901234567890.12345%d, '2026-03-01 08:00:0%d')", i+1, i, i+1, i))
		rows = append(rows, fmt.Sprintf("%d|王/%d|12345678901234567890.12345%d|2026-03-01T00:00:0%dZ", i+1, i, i+1, i))
	}
	conntest.Run(t, conntest.Case{
		Open: func(t *testing.T) connectors.Source { return openSource(t, "{dsn: {secret: DSN}}", dsn) }, Dataset: "人员",
		Columns: []string{"id uint32", "姓名 string", "pay decimal(30,6)", "at timestamptz"}, Rows: rows, Unordered: true,
		Cursor: "at", Since: "2026-03-01T00:00:07Z", SinceRows: rows[7:],
	})
}

func readAll(t *testing.T, source connectors.Source, request connectors.ReadRequest) (rows []string, rejects []connectors.Reject) {
	t.Helper()
	defer func() { require.NoError(t, source.Close()) }()
	rows, rejects, err := conntest.ReadAll(t.Context(), source, request)
	require.NoError(t, err)
	return rows, rejects
}

func TestTypes(t *testing.T) {
	t.Parallel()
	dsn := testserver.MariaDB(t)
	execute(t, dsn, `CREATE TABLE kinds (a tinyint, b tinyint unsigned, c bigint unsigned, d float, e double, f decimal(65,30), g decimal(38,10), h year, i bit(12),
		j date, k time(6), l datetime(6), m varbinary(8), n enum('甲','乙'), o json, p char(4), q point, r uuid)`,
		`INSERT INTO kinds VALUES (-128, 255, 18446744073709551615, 16777217.0/3, 1.0e0/3, 12345678901234567890123456789012345.123456789012345678901234567891, 1234567890123456789012345678.0123456789, 2026, b'101',
			'2024-02-29', '23:59:59.000001', '1969-12-31 23:59:59.999999', x'00ff', '乙', '{"a":1}', 'ab', POINT(1, 2), '6ba7b810-9dad-11d1-80b4-00c04fd430c8')`,
		`INSERT INTO kinds VALUES ()`, `INSERT INTO kinds (k) VALUES ('100:00:00')`)
	rows, rejects := readAll(t, openSource(t, "{dsn: {secret: DSN}}", dsn), connectors.ReadRequest{Dataset: "kinds"})
	null := strings.TrimSuffix(strings.Repeat("(null)|", 18), "|")
	require.Equal(t, []string{
		`-128|255|18446744073709551615|5.5924055e+06|0.3333333333333333|12345678901234567890123456789012345.123456789012345678901234567891|1234567890123456789012345678.0123456789|2026|5|` +
			`2024-02-29|23:59:59.000001|1969-12-31T23:59:59.999999|AP8=|乙|{"a":1}|ab|POINT(1 2)|6ba7b810-9dad-11d1-80b4-00c04fd430c8`, null,
	}, rows)
	require.Len(t, rejects, 1)
	require.Equal(t, "k", rejects[0].Column)
}

func TestZeroDates(t *testing.T) {
	t.Parallel()
	dsn := testserver.MariaDB(t)
	execute(t, dsn, "SET sql_mode = ''", "CREATE TABLE d (id int PRIMARY KEY, born date, at datetime(3), seen timestamp NULL)",
		"INSERT INTO d VALUES (1, '2026-01-02', '2026-01-02 03:04:05.678', '2026-01-02 03:04:05'), (2, '0000-00-00', '0000-00-00', '0000-00-00'), (3, '2026-00-00', NULL, NULL)")
	rows, rejects := readAll(t, openSource(t, "{dsn: {secret: DSN}}", dsn), connectors.ReadRequest{Dataset: "d", Columns: []string{"id", "born", "at"}})
	require.Equal(t, []string{"1|2026-01-02|2026-01-02T03:04:05.678"}, rows)
	require.Len(t, rejects, 2)
	require.Equal(t, "born", rejects[0].Column)
	rows, rejects = readAll(t, openSource(t, "{dsn: {secret: DSN}, zero_dates: 'null'}", dsn), connectors.ReadRequest{Dataset: "d"})
	require.Len(t, rows, 2)
	require.Equal(t, "2|(null)|(null)|(null)", rows[1])
	require.Len(t, rejects, 1, "a date with a zero month is no zero date")
}

func TestGBKInLatin1(t *testing.T) {
	t.Parallel()
	dsn := testserver.MariaDB(t)
	// 张三 in GBK, and a byte that begins nothing.
	execute(t, dsn, "CREATE TABLE g (id int PRIMARY KEY, xm varchar(20) CHARACTER SET latin1)", "INSERT INTO g VALUES (1, x'D5C5C8FD'), (2, x'41FF')")
	rows, rejects := readAll(t, openSource(t, "{dsn: {secret: DSN}, charset: gbk}", dsn), connectors.ReadRequest{Dataset: "g"})
	require.Equal(t, []string{"1|张三"}, rows)
	require.Len(t, rejects, 1)
	require.Equal(t, "encoding", rejects[0].Code)
}

func TestLargeCursorIsExact(t *testing.T) {
	t.Parallel()
	dsn := testserver.MariaDB(t)
	execute(t, dsn, "CREATE TABLE c (v bigint unsigned PRIMARY KEY)", "INSERT INTO c VALUES (18446744073709551613), (18446744073709551614), (18446744073709551615)")
	rows, _ := readAll(t, openSource(t, "{dsn: {secret: DSN}}", dsn), connectors.ReadRequest{Dataset: "c", Cursor: "v", Since: "18446744073709551614"})
	require.Equal(t, []string{"18446744073709551614", "18446744073709551615"}, rows)
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for want, connection := range map[string]string{
		"are needed": "{host: h}", "unknown zero_dates": "{dsn: {secret: D}, zero_dates: ignore}", "unknown charset": "{dsn: {secret: D}, charset: big5}",
		"unknown tls": "{dsn: {secret: D}, tls: maybe}", "dsn is not": "{dsn: {secret: D}}",
	} {
		_, err := openWith(t, connection, "s3cr3t@")
		require.ErrorContains(t, err, want)
		require.True(t, fault.Is(err, fault.Invalid))
		require.NotContains(t, err.Error(), "s3cr3t")
	}
	source := openSource(t, "{dsn: {secret: D}}", "u:s3cr3t@tcp(127.0.0.1:1)/x")
	defer func() { require.NoError(t, source.Close()) }()
	err := source.Check(t.Context())
	require.True(t, fault.Is(err, fault.Unavailable))
	require.NotContains(t, err.Error(), "s3cr3t")
}
