package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query"
)

// What statements are drawn from: names that are seen, names that must never be
// read, and forms in which one might pass for the other.
var (
	drawnTables = []string{
		"hr.staff", "HR.Staff", `"hr.staff"`, "yitong.hr.staff", "a", "b", `"a"`, "A", "hidden", "published", "main", "(SELECT * FROM %s)", "(VALUES ('x', 'y'))", "range(3)", "unnest(['x'])",
		`published."hr.hidden"`, `warehouse.published."hr.hidden"`, `"warehouse"."published"."hr.staff"`, "hr.hidden", "duckdb_tables", "duckdb_tables()", "duckdb_settings()", "sqlite_master",
		"information_schema.tables", "pg_catalog.pg_class", "pg_class", "query('SELECT 1')", "query_table('published.\"hr.hidden\"')", `read_csv('%%s')`, `'%%s'`, `"%%s"`, `read_text('%%s')`,
		"scratch.main.x", "temp.main.x", `"governed:hr.staff"`, `"governed:hr.hidden"`, "seq_scan('hr.hidden')", "hr.staff AT (VERSION => 1)", "landing.meta.landings", "meta.loads", "glob('*')",
	}
	drawnValues = []string{
		"*", "1", "id", "name", "a.*", "b.*", "staff.*", "COLUMNS('.*')", "count(*)", "hr.staff.id", "current_setting('temp_directory')", "getvariable('x')", "current_database()", "version()",
		"(SELECT max(c) FROM %s t(c))", "(SELECT string_agg(columns(*)::VARCHAR, '') FROM %s)", "EXISTS (FROM %s)", "id IN (FROM %s)", "row_number() OVER (ORDER BY (SELECT 1))", "[x FOR x IN [1]]",
		"list_transform([1], lambda x: x)", "CAST(id AS INTEGER)", "json_serialize_sql('SELECT 1')", "main.current_setting('temp_directory')", "system.main.current_setting('temp_directory')",
		"id::regclass", "TRY(error(name))", "getenv('HOME')", "nextval('x')", "#1", "$1", "?", "rowid", "_since", "secret", "{'a': id}", "struct_pack(a := name).a", "name.length()", "upper(name)",
	}
	drawnForms = []string{
		"SELECT %[1]s FROM %[2]s", "FROM %[2]s", "FROM %[2]s SELECT %[1]s", "TABLE %[2]s", "WITH a AS (SELECT * FROM %[3]s) SELECT %[1]s FROM %[2]s", "WITH a AS (SELECT 1 AS id) SELECT %[1]s FROM %[2]s, a",
		"WITH a AS (WITH b AS (SELECT * FROM %[3]s) SELECT * FROM b) SELECT %[1]s FROM b, %[2]s", "WITH duckdb_tables AS (SELECT 1), hidden AS (FROM %[3]s) SELECT %[1]s FROM %[2]s",
		"WITH RECURSIVE a AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM %[3]s WHERE id < 3) SELECT %[1]s FROM %[2]s", "SELECT %[1]s FROM %[2]s UNION ALL SELECT %[1]s FROM %[3]s", "SELECT * FROM (%[4]s) AS q",
		"SELECT %[1]s FROM %[2]s LEFT JOIN LATERAL (SELECT * FROM %[3]s) q ON true", "SELECT %[1]s FROM %[2]s NATURAL JOIN %[3]s", "SELECT %[1]s FROM %[2]s WHERE %[1]s ORDER BY ALL LIMIT 5", "(%[4]s) UNION (%[4]s)",
		"SELECT %[1]s FROM %[2]s AS hr(id)", "WITH \"hr.staff\" AS (FROM %[3]s) SELECT %[1]s FROM %[2]s", "PIVOT %[2]s ON id", "SELECT %[1]s; SELECT 2 FROM %[2]s", "SELECT %[1]s FROM %[2]s USING SAMPLE 2",
		"WITH a AS MATERIALIZED (FROM %[3]s), b AS (FROM a) SELECT %[1]s FROM b", "DESCRIBE %[4]s", "SELECT 1 WHERE EXISTS (%[4]s)", "EXPLAIN %[4]s", "SELECT %[1]s FROM %[2]s GROUP BY ALL HAVING %[1]s",
	}
)

func drawStatement(t *rapid.T, depth int) string {
	table := func() string {
		name := rapid.SampledFrom(drawnTables).Draw(t, "table")
		if strings.Contains(name, "%s") {
			name = fmt.Sprintf(name, rapid.SampledFrom(drawnTables[:12]).Draw(t, "inner"))
		}
		return name
	}
	value := rapid.SampledFrom(drawnValues).Draw(t, "value")
	if strings.Contains(value, "%s") {
		value = fmt.Sprintf(value, table())
	}
	inner := "SELECT 1"
	if depth > 0 {
		inner = drawStatement(t, depth-1)
	}
	form := rapid.SampledFrom(drawnForms).Draw(t, "form") + "%[1]s%[2]s%[3]s%[4]s"
	parts := []string{value, table(), table(), inner}
	made := fmt.Sprintf(form, parts[0], parts[1], parts[2], parts[3])
	return strings.TrimSuffix(made, strings.Join(parts, ""))
}

// TestNoStatementReachesWhatIsNotShown draws statements that try, in a warehouse
// whose other tables, rows, files and settings all say so when they are read.
func TestNoStatementReachesWhatIsNotShown(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Fields: fieldsOf(nil, "id", "name", "secret")})
	dir := t.TempDir() + "/CANARY"
	opened, err := warehouse.Open(t.Context(), warehouse.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	w := byHand(t, opened, resource, []string{"1|张三|CANARY", "2|CANARY|CANARY"}, allow("id = '1'", "id", "name"))
	for _, table := range []string{warehouse.Published("hr.hidden"), "scratch.main.x", "warehouse.main.hidden", "warehouse.main.a", "warehouse.main.CANARY"} {
		require.NoError(t, opened.Exec(t.Context(), "CREATE TABLE "+table+" AS SELECT 'CANARY' AS id, 'CANARY' AS name"))
	}
	taken := 0
	rapid.Check(t, func(r *rapid.T) {
		sql := strings.ReplaceAll(drawStatement(r, 2), "%s", dir+"/warehouse.duckdb")
		for _, args := range [][]*string{nil, {given("x")}} {
			answer, err := inSQL(t, w, query.SQLRequest{Text: sql, Args: args})
			if err != nil {
				require.Contains(r, []fault.Code{fault.Invalid, fault.NotFound}, fault.CodeOf(err), "%s: %v", sql, err)
				answer = strings.ReplaceAll(fault.Public(err), sql, "")
				answer = strings.ReplaceAll(answer, dir+"/warehouse.duckdb", "")
			} else {
				taken++
			}
			require.NotContains(r, answer, "CANARY", "%s", sql)
		}
	})
	t.Logf("%d of the statements are taken", taken)
	require.Greater(t, taken, 5, "some of the statements are taken")
}
