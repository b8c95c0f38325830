package postgres_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // writes the tables of the tests
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/conntest"
	"github.com/yitong-hub/yitong/connectors/postgres"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/testserver"
)

func openSource(t *testing.T, dsn string) connectors.Source {
	t.Helper()
	var node yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte("{url: {secret: URL}}"), &node))
	source, err := postgres.Driver().Open(connectors.Config{
		System: "hr", Connection: *node.Content[0], Secret: func(string) (string, error) { return dsn, nil },
	})
	require.NoError(t, err)
	return source
}

func execute(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer db.Close()
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	dsn := testserver.Postgres(t)
	execute(t, dsn, `CREATE TABLE "人员" (id int PRIMARY KEY, "姓名" varchar(20), pay numeric(30,6), at timestamptz)`)
	var rows []string
	for i := range 9 {
		execute(t, dsn, fmt.Sprintf(`INSERT INTO "人员" VALUES (%d, '王|%d', 12345678901234567890.12345%d, '2026-03-01 08:00:0%d+08')`, i+1, i, i+1, i))
		rows = append(rows, fmt.Sprintf("%d|王/%d|12345678901234567890.12345%d|2026-03-01T00:00:0%dZ", i+1, i, i+1, i))
	}
	execute(t, dsn, `UPDATE "人员" SET "姓名" = replace("姓名", '|', '/')`)
	conntest.Run(t, conntest.Case{
		Open: func(t *testing.T) connectors.Source { return openSource(t, dsn) }, Dataset: "人员",
		Columns: []string{"id int32", "姓名 string", "pay decimal(30,6)", "at timestamptz"}, Rows: rows, Unordered: true,
		Cursor: "at", Since: "2026-03-01T00:00:07Z", SinceRows: rows[7:],
	})
}

func TestTypes(t *testing.T) {
	t.Parallel()
	dsn := testserver.Postgres(t)
	execute(t, dsn, `CREATE TYPE mood AS ENUM ('sad', 'ok');
		CREATE TABLE kinds (a smallint, b bigint, c real, d double precision, e boolean, f char(4), g text, h date, i time, j timestamp, k uuid, l bytea, m numeric, n jsonb, o int[], p mood, q numeric(60,2), r interval)`,
		`INSERT INTO kinds VALUES (-1, 9223372036854775807, 0.1, 0.1, true, 'ab', '', '2026-02-28', '23:59:59.5', '2026-03-01 08:00:00.000001', '6ba7b810-9dad-11d1-80b4-00c04fd430c8', '\x', 1.10, '{"a": 1}', '{1,2}', 'ok', 1.5, '1 day')`,
		`INSERT INTO kinds VALUES (NULL)`, `INSERT INTO kinds (h) VALUES ('infinity')`, `INSERT INTO kinds (d) VALUES ('NaN')`)
	source := openSource(t, dsn)
	defer func() { require.NoError(t, source.Close()) }()
	rows, rejects, err := conntest.ReadAll(t.Context(), source, connectors.ReadRequest{Dataset: "kinds"})
	require.NoError(t, err)
	null := strings.TrimSuffix(strings.Repeat("(null)|", 18), "|")
	require.Equal(t, []string{
		`-1|9223372036854775807|0.1|0.1|true|ab||2026-02-28|23:59:59.500000|2026-03-01T08:00:00.000001|6ba7b810-9dad-11d1-80b4-00c04fd430c8||1.10|{"a": 1}|{1,2}|ok|1.50|P1D`, null,
	}, rows)
	require.Len(t, rejects, 2)
	require.Equal(t, "h", rejects[0].Column)
	require.Equal(t, "d", rejects[1].Column)
}

func TestNothingSecretIsTold(t *testing.T) {
	t.Parallel()
	source := openSource(t, "postgres://u:s3cr3t@127.0.0.1:1/x?connect_timeout=1")
	defer func() { require.NoError(t, source.Close()) }()
	err := source.Check(t.Context())
	require.True(t, fault.Is(err, fault.Unavailable))
	require.NotContains(t, err.Error(), "s3cr3t")
}
