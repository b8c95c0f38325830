package pgcatalog_test

import (
	"encoding/csv"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/testserver"
)

var update = flag.Bool("update", false, "rewrite the shapes by those of the PostgreSQL server")

// version is the one whose shapes are kept.
const version = "15"

// shapes are the files with the shapes of PostgreSQL's own catalog, and how a server
// gives them.
var shapes = map[string]string{
	"relations.tsv": `SELECT n.nspname, c.relname, CASE WHEN c.oid < 10000 THEN c.oid ELSE 0 END::text, c.relkind::text, a.attname, coalesce(b.typname, t.typname), a.attnotnull::text
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
		LEFT JOIN pg_type b ON b.oid = t.typbasetype
		WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') AND a.attnum > 0
		ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum`,
	"types.tsv": `SELECT t.oid::text, t.typname, t.typlen::text, t.typbyval::text, t.typtype::text, t.typcategory::text, t.typispreferred::text,
		t.typdelim::text, t.typelem::text, t.typarray::text, t.typinput::text, t.typoutput::text, t.typalign::text, t.typstorage::text, t.typcollation::text
		FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem
		WHERE t.oid < 10000 AND t.typtype <> 'c' AND coalesce(e.typtype, 'b') <> 'c' ORDER BY t.oid`,
}

// TestShapesArePostgreSQLs compares the shapes with those of a real server. Numbers
// from 10000 on are a server's own, and 0.
func TestShapesArePostgreSQLs(t *testing.T) {
	t.Parallel()
	connection, err := pgx.Connect(t.Context(), testserver.Postgres(t))
	require.NoError(t, err)
	defer connection.Close(t.Context())
	if !strings.HasPrefix(connection.PgConn().ParameterStatus("server_version"), version+".") {
		t.Skip("the server is not of version " + version)
	}
	for name, sql := range shapes {
		rows, err := connection.Query(t.Context(), sql)
		require.NoError(t, err)
		var text strings.Builder
		writer := csv.NewWriter(&text)
		writer.Comma = '\t'
		for rows.Next() {
			values, err := rows.Values()
			require.NoError(t, err)
			line := make([]string, len(values))
			for i, value := range values {
				line[i] = value.(string)
			}
			require.NoError(t, writer.Write(line))
		}
		require.NoError(t, rows.Err())
		writer.Flush()
		if *update {
			require.NoError(t, os.WriteFile(name, []byte(text.String()), 0o644))
		}
		kept, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, text.String(), string(kept), name)
	}
}
