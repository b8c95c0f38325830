package query_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
)

func given(value string) *string { return &value }

// readSQL is an exit: everything of the dataset by SELECT *.
func readSQL(t *testing.T, w *world, draw *acltest.Draw) bool {
	t.Helper()
	asked := draw.Asked(w.resource)
	w.now = asked.At
	result, err := w.gate().SQL(t.Context(), asked.Principal(), query.SQLRequest{Text: "SELECT * FROM " + w.dataset.ID, Right: asked.Right, Purpose: asked.Purpose})
	if err != nil {
		require.Contains(t, []fault.Code{fault.NotFound, fault.Denied, fault.Invalid}, fault.CodeOf(err), "%v", err)
		if fault.CodeOf(err) != fault.Invalid {
			require.Empty(t, shownRows(w, asked), "%v", err)
		}
		return false
	}
	defer result.Reader.Release()
	compareRows(t, w, asked, result.Datasets[0].Fields, cells(t, result.Reader))
	record := w.records[len(w.records)-1]
	require.Equal(t, "allowed", record.Outcome)
	require.Len(t, record.Persons, people(w, asked), "the people concerned are on record")
	return true
}

// inSQL asks one principal's statement and writes its answer.
func inSQL(t *testing.T, w *world, request query.SQLRequest) (string, error) {
	t.Helper()
	result, err := w.gate().SQL(t.Context(), acl.NewPrincipal(own), request)
	if err != nil {
		return "", err
	}
	defer result.Reader.Release()
	return strings.Join(linesOf(t, result.Reader), "\n"), nil
}

func TestStatementsOverWhatIsShown(t *testing.T) {
	t.Parallel()
	w := pair(t)[0]
	for _, c := range []struct {
		sql, want string
		args      []*string
	}{
		{sql: "SELECT name, mobile FROM hr.staff ORDER BY id", want: "张三|138****5678|\n李四|139****5678|\n王五|137****4321|"},
		{sql: "select count(*), hr.staff.college from hr.staff group by college", want: "3|math|"},
		{sql: "SELECT s.* EXCLUDE (pay) FROM HR.Staff s WHERE yitong.hr.staff.id = '1'", want: ""},
		{sql: "SELECT staff.name FROM yitong.hr.staff WHERE yitong.hr.staff.id = '1'", want: "张三|"},
		{sql: `SELECT "hr.staff".name FROM "hr.staff" AS "hr.staff" WHERE born = '1999-01-01'`, want: "李四|"},
		{sql: "WITH hr AS (SELECT id, pay FROM hr.staff) SELECT a.id, b.pay FROM hr a JOIN hr b USING (id) ORDER BY 1 LIMIT 2", want: "1|5000.00|\n2|NULL|"},
		{sql: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i, name FROM n JOIN hr.staff ON id = i::VARCHAR ORDER BY i", want: "1|张三|\n2|李四|\n3|王五|"},
		{sql: "SELECT name FROM hr.staff WHERE id IN (SELECT id FROM hr.staff WHERE mobile LIKE '13_****5678') UNION SELECT '?' ORDER BY 1", want: "?|\n张三|\n李四|"},
		{sql: "SELECT id, row_number() OVER (ORDER BY name) FROM hr.staff WHERE id = $2 OR name = $1 ORDER BY 1", args: []*string{given("王五"), given("1")}, want: "1|1|\n3|2|"},
		{sql: "SELECT id FROM hr.staff WHERE big < $1 AND born >= $2 ORDER BY id", args: []*string{given("5"), given("2000-01-01")}, want: "1|\n3|"},
		{sql: "SELECT $1 IS NULL, CAST(? AS INTEGER) + 1", args: []*string{nil, given("41")}, want: "true|42|"},
		{sql: "SELECT sum(pay), avg(grade) FROM hr.staff", want: "5000.00|0.25|"},
		{sql: "SELECT sum(CAST(grade AS INTEGER)) FROM hr.staff", want: "1|"}, // infinite on a row that is not shown
		{sql: "SELECT * FROM (VALUES (1, 'a')) v(n, t)", want: "1|a|"},
		{sql: "SELECT x FROM range(3) r(x) ORDER BY x DESC", want: "2|\n1|\n0|"},
		{sql: "SELECT extract(year FROM born), CASE WHEN pay > 100 THEN 'a' ELSE 'b' END, date_trunc('month', seen_at)::DATE, left(name, 1) || '?' FROM hr.staff WHERE id = '1'", want: "2000|a|2026-01-01|张?|"},
		{sql: "SELECT DISTINCT ON (college) college, id FROM hr.staff ORDER BY college, id", want: "math|1|"},
		{sql: "SELECT string_agg(id, ',' ORDER BY id DESC) FILTER (WHERE id > '1'), list(id ORDER BY id)[1] FROM hr.staff", want: "3,2|1|"},
	} {
		if c.want == "" {
			_, err := inSQL(t, w, query.SQLRequest{Text: c.sql})
			require.True(t, fault.Is(err, fault.Invalid), "%s: %v", c.sql, err)
			continue
		}
		got, err := inSQL(t, w, query.SQLRequest{Text: c.sql, Args: c.args})
		require.NoError(t, err, "%s", c.sql)
		require.Equal(t, c.want, got, "%s", c.sql)
	}
}

// TestWhatIsNoReadIsRefusedByName lists what a statement must not do.
func TestWhatIsNoReadIsRefusedByName(t *testing.T) {
	t.Parallel()
	w := pair(t)[0]
	for sql, why := range map[string]string{
		"DELETE FROM hr.staff": "only SELECT", "DROP TABLE hr.staff": "only SELECT", "SET memory_limit='9GB'": "only SELECT", "COPY hr.staff TO 'x.csv'": "only SELECT",
		"ATTACH 'x.db'": "only SELECT", "INSTALL httpfs": "only SELECT", "PRAGMA version": "only SELECT", "EXPLAIN SELECT 1": "only SELECT", "CALL pragma_version()": "only SELECT",
		"CREATE TABLE x AS SELECT 1": "only SELECT", "EXPORT DATABASE 'x'": "only SELECT", "CHECKPOINT": "only SELECT", "PREPARE x AS SELECT 1": "only SELECT",
		"SELECT 1; SELECT 2": "one statement", "": "no statement", "SELEC 1": "cannot be read", "SELECT 1; DROP TABLE x": "only SELECT",
		"SHOW TABLES": "information_schema", "DESCRIBE hr.staff": "information_schema", "SUMMARIZE hr.staff": "information_schema", "FROM (DESCRIBE hr.staff)": "information_schema",
		"SELECT * FROM read_csv('/etc/passwd')": "read_csv", "SELECT * FROM '/etc/passwd'": "no table", "SELECT * FROM 'a.parquet'": "no dataset a.parquet",
		"SELECT * FROM read_text('/etc/passwd')": "read_text", "SELECT * FROM glob('*')": "glob", "SELECT content FROM read_blob('x')": "read_blob",
		"SELECT * FROM duckdb_settings()": "duckdb_settings", "SELECT current_setting('temp_directory')": "unrecognized", "SELECT getvariable('x')": "getvariable",
		"SELECT * FROM duckdb_tables": "no table", "SELECT * FROM sqlite_master": "no table", "SELECT * FROM pragma_database_list": "no table",
		"SELECT * FROM warehouse.published.\"hr.staff\"": "no database", "SELECT * FROM published.\"hr.staff\"": "no dataset published.hr.staff",
		"SELECT * FROM warehouse.\"hr.staff\"": "no dataset", "SELECT * FROM landing.landed.\"hr.staff\"": "no database", "SELECT * FROM meta.loads": "no dataset meta.loads",
		"SELECT * FROM query('SELECT 1')": "query", "SELECT * FROM query_table('published.x')": "query_table", "SELECT * FROM seq_scan('x')": "seq_scan",
		"SELECT json_execute_serialized_sql('{}')": "json_execute", "SELECT * FROM json_execute_serialized_sql('{}')": "json_execute", "SELECT json_serialize_sql('SELECT 1')": "json_serialize",
		"SELECT nextval('x')": "nextval", "SELECT error('x')": "error", "SELECT repeat('x', 1900000000)": "repeat", "SELECT 1 WHERE false AND length(lpad('x', 2000000000, 'y')) > 1": "lpad", "SELECT len(range(1000000000))": "range",
		"SELECT printf('%1000000000d', 1)": "printf", "SELECT random()": "random", "SELECT sleep_ms(1000)": "sleep_ms", "SELECT pg_sleep(1)": "pg_sleep",
		"SELECT write_log('x')": "write_log", "SELECT current_query()": "current_query", "SELECT version() FROM hr.staff": "version", "SELECT current_setting('x') FROM hr.staff": "current_setting", "SELECT stats(id) FROM hr.staff": "stats", "SELECT vector_type(id) FROM hr.staff": "vector_type",
		"SELECT warehouse.main.error('x')": "error", "SELECT system.main.current_setting('x')": "current_setting", "SELECT main.current_setting('x')": "unrecognized",
		"SELECT id.current_setting() FROM hr.staff": "current_setting", "SELECT list_transform([1], lambda x: x + 1)": "lambda",
		"SELECT * FROM hr.staff TABLESAMPLE 10%": "sample", "SELECT * FROM hr.staff USING SAMPLE 1": "sample", "SELECT * FROM hr.staff AT (VERSION => 1)": "AT is not taken",
		"SELECT * FROM hr.staff PIVOT (count(*) FOR college IN ('math'))": "pivot", "SELECT rowid FROM hr.staff": "rowid", "SELECT _since FROM hr.staff": "_since",
		"SELECT _person FROM hr.staff": "_person", "SELECT note FROM hr.staff": "note of hr.staff is withheld", "SELECT * FROM \"governed:hr.staff\"": "no table",
		"WITH \"governed:hr.staff\" AS (SELECT 1) SELECT * FROM hr.staff": "may not give the name", "SELECT * FROM hr.nobody": "no dataset hr.nobody",
		"SELECT * FROM (WITH duckdb_tables AS (SELECT 1) SELECT 1), duckdb_tables": "no table", "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a": "no table",
		"SELECT $a": "parameters", "SELECT $5000": "parameters", "SELECT * FROM pg_class, hr.staff": "not both", "SELECT * FROM other.hr.staff": "no database",
		"SELECT " + strings.Repeat("NOT ", 3000) + "true": "", "SELECT '" + strings.Repeat("x", 70_000) + "'": "longer", "SELECT 'a\x00b'": "cannot be seen",
	} {
		_, err := inSQL(t, w, query.SQLRequest{Text: sql})
		require.Error(t, err, "%s", sql)
		require.Contains(t, []fault.Code{fault.Invalid, fault.NotFound}, fault.CodeOf(err), "%s: %v", sql, err)
		require.Contains(t, fault.Public(err), why, "%s", sql)
		require.Equal(t, strings.Contains(sql, "WITH \"governed"), strings.Contains(fault.Public(err), "governed"), "%s", sql)
	}
}

func TestStatementsAreOnRecordWithWhomTheyAreAbout(t *testing.T) {
	t.Parallel()
	w := pair(t)[0]
	for sql, persons := range map[string][]string{
		"SELECT pay FROM hr.staff WHERE id = '2'":                                            {"2"},
		"SELECT count(*) FROM hr.staff WHERE name >= '王' GROUP BY college HAVING count(*)>5": {"3"},
		"SELECT 1 FROM hr.staff a JOIN hr.staff b ON a.id < b.id WHERE a.id = '2' LIMIT 1":   {"2", "3"},
		"SELECT x FROM (SELECT id AS x FROM hr.staff WHERE id = '1')":                        {"1", "2", "3"},
		"SELECT name FROM hr.staff WHERE id IN (SELECT id FROM hr.staff WHERE id = '1')":     {"1", "2", "3"},
	} {
		w.records = nil
		_, err := inSQL(t, w, query.SQLRequest{Text: sql, Purpose: ""})
		require.NoError(t, err, "%s", sql)
		require.Len(t, w.records, 1, "%s", sql)
		require.ElementsMatch(t, persons, w.records[0].Persons, "%s", sql)
		require.Equal(t, "hr.staff", w.records[0].Dataset)
		require.Contains(t, w.records[0].Query, "hr.staff")
	}
	w.records = nil
	_, err := inSQL(t, w, query.SQLRequest{Text: "SELECT note FROM hr.staff"})
	require.Error(t, err)
	require.Equal(t, "invalid", w.records[0].Outcome)
}

func TestTheRightBoundsTheRows(t *testing.T) {
	t.Parallel()
	w := pair(t)[0]
	_, err := inSQL(t, w, query.SQLRequest{Text: "SELECT * FROM range(1001)"})
	require.ErrorContains(t, err, "more than 1000 rows")
	_, err = inSQL(t, w, query.SQLRequest{Text: "SELECT * FROM range(1001) LIMIT 1000"})
	require.NoError(t, err)
	_, err = inSQL(t, w, query.SQLRequest{Text: "SELECT * FROM range(1000001)", Right: acl.Hold})
	require.ErrorContains(t, err, "more than 1000000 rows")
	_, err = inSQL(t, w, query.SQLRequest{Text: "SELECT 1", Limit: 2000})
	require.ErrorContains(t, err, "at most 1000 rows")
	for limit, rows := range map[uint64]int{5: 5, 50_000: 50_000, 20: 20} {
		result, err := w.gate().SQL(t.Context(), acl.NewPrincipal(own), query.SQLRequest{Text: "SELECT * FROM range(60000)", Right: acl.Hold, Limit: limit})
		require.NoError(t, err)
		require.Len(t, linesOf(t, result.Reader), rows)
		require.Equal(t, limit < 10_000, result.More)
		result.Reader.Release()
	}
}

// TestNoStatementTellsWhatIsHidden asks a pair of worlds that differ in all that is
// hidden for what could tell one from the other.
func TestNoStatementTellsWhatIsHidden(t *testing.T) {
	t.Parallel()
	worlds := pair(t)
	moulds := []string{
		"SELECT * FROM hr.staff ORDER BY id", "SELECT %[1]s FROM hr.staff ORDER BY id", "SELECT min(%[1]s), max(%[1]s), count(DISTINCT %[1]s) FROM hr.staff",
		"SELECT id FROM hr.staff WHERE CAST(%[1]s AS VARCHAR) = '%[2]s' ORDER BY id", "SELECT id FROM hr.staff WHERE CAST(%[1]s AS INTEGER) > 3 ORDER BY id",
		"SELECT CAST(CAST(%[1]s AS VARCHAR) AS DATE) FROM hr.staff WHERE id = '1'", "SELECT 1 / (CAST(length(CAST(%[1]s AS VARCHAR)) AS INTEGER) - 8) FROM hr.staff ORDER BY id",
		"SELECT id FROM hr.staff WHERE CASE WHEN CAST(%[1]s AS VARCHAR) LIKE '%%secret%%' OR CAST(%[1]s AS VARCHAR) = '%[2]s' THEN CAST('x' AS INTEGER) ELSE 1 END = 1 ORDER BY id",
		"SELECT id FROM hr.staff WHERE (SELECT count(*) FROM hr.staff b WHERE CAST(b.%[1]s AS VARCHAR) = '%[2]s') > 0 ORDER BY id",
		"SELECT (SELECT id FROM hr.staff WHERE college = 'math' OR CAST(%[1]s AS VARCHAR) = '%[2]s')", "SELECT sum(2147483647 * CAST(small AS INTEGER)), sum(big) FROM hr.staff",
		"SELECT wide * wide FROM hr.staff", "SELECT id FROM hr.staff WHERE wide * 10 > 0", "SELECT id FROM hr.staff WHERE born + INTERVAL 4000000 YEAR > '2000-01-01'",
		"SELECT id FROM hr.staff WHERE strptime(CAST(%[1]s AS VARCHAR), '%%Y') IS NOT NULL", "SELECT id FROM hr.staff WHERE big + 1 > 0 ORDER BY id", "SELECT small - 1::UTINYINT FROM hr.staff",
		"SELECT a.id, b.id FROM hr.staff a JOIN hr.staff b ON CAST(a.%[1]s AS VARCHAR) = CAST(b.%[1]s AS VARCHAR) ORDER BY ALL", "SELECT %[1]s, count(*) FROM hr.staff GROUP BY ALL ORDER BY ALL",
		"SELECT id FROM hr.staff WHERE regexp_matches(CAST(%[1]s AS VARCHAR), '%[2]s') ORDER BY id", "SELECT typeof(%[1]s), hash(%[1]s) FROM hr.staff ORDER BY id",
		"SELECT rank() OVER (ORDER BY %[1]s), id FROM hr.staff ORDER BY id", "SELECT count(*) FROM hr.staff LIMIT (SELECT CAST(max(CAST(%[1]s AS VARCHAR)) AS INTEGER) FROM hr.staff)",
		"SELECT approx_quantile(CAST(pay AS DOUBLE), 0.5), histogram(college) FROM hr.staff", "SELECT id FROM hr.staff WHERE NOT EXISTS (SELECT 1 FROM hr.staff b WHERE b.%[1]s = staff.%[1]s) ORDER BY id",
		"SELECT count(*) FROM (SELECT * FROM hr.staff UNION ALL SELECT * FROM hr.staff)", "SELECT id FROM hr.staff WHERE pay > 99999999.98 OR 10 // (big - 9223372036854775807) > 0 ORDER BY id",
	}
	for _, mould := range moulds {
		for _, name := range allNames {
			for _, secret := range []string{"secret-3", "777.77"} {
				sql := mould
				if strings.Contains(mould, "%") {
					sql = fmt.Sprintf(mould+"%[1]s%[2]s", name, secret)
					sql = strings.TrimSuffix(sql, name+secret)
				}
				alikeInSQL(t, worlds, query.SQLRequest{Text: sql})
				if !strings.Contains(mould, "%[2]s") {
					break
				}
			}
			if !strings.Contains(mould, "%[1]s") {
				break
			}
		}
	}
	for _, at := range []string{"2026-01-15T00:00:00Z", published, "2020-01-01T00:00:00Z"} {
		moment := acltest.Base
		require.NoError(t, moment.UnmarshalText([]byte(at)))
		alikeInSQL(t, worlds, query.SQLRequest{Text: "SELECT * FROM hr.staff ORDER BY id", AsOf: &moment})
	}
}

// alikeInSQL asks both worlds and finds no difference in answer, error or record
// of whom it is about.
func alikeInSQL(t *testing.T, worlds [2]*world, request query.SQLRequest) {
	t.Helper()
	var said [2]string
	for i, w := range worlds {
		w.records = nil
		answer, err := inSQL(t, w, request)
		if err != nil {
			require.Contains(t, []fault.Code{fault.Invalid, fault.NotFound}, fault.CodeOf(err), "%s: %v", request.Text, err)
			answer = fault.Public(err)
		}
		for _, record := range w.records {
			slices.Sort(record.Persons)
		}
		said[i] = fmt.Sprint(answer, w.records)
	}
	require.Equal(t, said[1], said[0], "%s", request.Text)
	for _, secret := range secrets {
		if !strings.Contains(request.Text, secret) {
			require.NotContains(t, fingerprints.ReplaceAllString(said[0], ""), secret, "%s", request.Text)
		}
	}
}

// TestStatisticsAloneAreNoRows gives no rows of what may be seen in figures alone.
func TestStatisticsAloneAreNoRows(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(nil, "id", "college", "note")})
	w := byHand(t, openWarehouse(t), resource, []string{"1|math|x", "2|law|y"}, counted(allow("", "note"), 5, "college"))
	_, err := inSQL(t, w, query.SQLRequest{Text: "SELECT count(note) FROM hr.staff"})
	require.ErrorContains(t, err, "figures")
	w = byHand(t, w.warehouse, resource, []string{"1|math|x", "2|law|y"}, counted(allow("", "note"), 5, "college"), allow("", "college"))
	_, err = inSQL(t, w, query.SQLRequest{Text: "SELECT count(note) FROM hr.staff"})
	require.ErrorContains(t, err, "note of hr.staff is withheld")
}

func TestTablesListWhatStatementsMayRead(t *testing.T) {
	t.Parallel()
	w := pair(t)[0]
	tables, err := w.gate().Tables(t.Context(), acl.NewPrincipal(own), acl.View, "")
	require.NoError(t, err)
	require.Len(t, tables, 1)
	require.Equal(t, "hr.staff", tables[0].System+"."+tables[0].Name)
	require.Len(t, tables[0].Columns, len(allNames)-1, "the note is not there")
	tables, err = w.gate().Tables(t.Context(), acl.NewPrincipal(own), acl.Hold, "")
	require.NoError(t, err)
	require.Empty(t, tables)
}

// revised is a catalog whose dataset changes only with its revision.
type revised struct {
	*world
	at    int64
	asked int
}

func (r *revised) Revision(context.Context) (int64, error) { return r.at, nil }

func (r *revised) Dataset(ctx context.Context, id string) (catalog.Dataset, error) {
	r.asked++
	return r.world.Dataset(ctx, id)
}

// TestAChangeOfTheCatalogCountsAtOnce keeps descriptions by revision and no longer.
func TestAChangeOfTheCatalogCountsAtOnce(t *testing.T) {
	t.Parallel()
	w := pair(t)[0]
	known := &revised{world: w, at: 1}
	gate := query.New(query.Config{Warehouse: w.warehouse, Catalog: known, Policies: w, Recorder: w, Now: func() time.Time { return w.now }})
	seen := func() bool {
		result, err := gate.Read(t.Context(), acl.NewPrincipal(own), query.Request{Dataset: "hr.staff"})
		require.NoError(t, err)
		defer result.Reader.Release()
		return slices.ContainsFunc(result.Fields, func(f plan.Field) bool { return f.Name == "name" })
	}
	require.True(t, seen())
	require.True(t, seen())
	require.Equal(t, 1, known.asked)
	w.dataset.Fields = slices.Clone(w.dataset.Fields)
	w.dataset.Fields[1].Tags = []string{"secret"}
	w.enact(t, append(w.policies, acl.Policy{
		ID: "no secrets", Effect: acl.Deny, Subject: acl.Subject{Anyone: true}, Rights: []acl.Right{acl.View}, Resource: acl.Selector{Tags: []string{"secret"}},
	})...)
	require.True(t, seen(), "the revision stands")
	known.at++
	require.False(t, seen())
}

// TestHashesSurviveASecondRun reads a hash by a statement that fails on rows that
// are not shown, and so runs over copies.
func TestHashesSurviveASecondRun(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Fields: fieldsOf(nil, "id", "mobile")})
	w := byHand(t, openWarehouse(t), resource, []string{"1|138", "x|139"}, allow("id = '1'", "id"), masked(allow("id = '1'", "mobile"), acl.Mask{Kind: acl.MaskHash}))
	plain, err := inSQL(t, w, query.SQLRequest{Text: "SELECT mobile FROM hr.staff"})
	require.NoError(t, err)
	require.Len(t, plain, 33)
	again, err := inSQL(t, w, query.SQLRequest{Text: "SELECT mobile FROM hr.staff WHERE CAST(id AS INTEGER) > 0"})
	require.NoError(t, err)
	require.Equal(t, plain, again)
}
