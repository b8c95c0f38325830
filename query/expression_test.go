package query_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/schema"
)

func text(sql string) acl.Expression {
	return acl.Expression{Name: "x", SQL: sql, Type: schema.Of(schema.String)}
}

// TestSensibleExpressionsShowWhatTheySay reads values of each type under named
// masks, those that cannot be worked out included.
func TestSensibleExpressionsShowWhatTheySay(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(allKinds, "id", "name", "pay", "born", "seen_at", "big", "ratio")})
	w := byHand(t, openWarehouse(t), resource, []string{
		"1|13812345678|1234.56|2000-02-29|2026-01-01T00:00:00Z|9223372036854775807|inf", "2|a|-0.50|5881580-07-10|294247-01-10T04:00:54Z|-9223372036854775808|nan", "3|-|-|-|-|-|-",
	})
	for sql, c := range map[string]struct {
		field string
		kind  schema.Type
		want  []string
	}{
		"left(value, 3) || '****' || right(value, 4)":                           {"name", schema.Of(schema.String), []string{"1|138****5678|", "2|a****a|", "3|NULL|"}},
		"CASE WHEN length(value) < 5 THEN '*' ELSE substring(value from 8) END": {"name", schema.Of(schema.String), []string{"1|5678|", "2|*|", "3|NULL|"}},
		"coalesce(upper(trim(value)), 'none')":                                  {"name", schema.Of(schema.String), []string{"1|13812345678|", "2|A|", "3|none|"}},
		"regexp_replace(value, '[0-9]', '#', 'g')":                              {"name", schema.Of(schema.String), []string{"1|###########|", "2|a|", "3|NULL|"}},
		"value /* the whole */ -- shown":                                        {"name", schema.Of(schema.String), []string{"1|13812345678|", "2|a|", "3|NULL|"}},
		"replace(value, ';', '') || '; DROP TABLE x --'":                        {"name", schema.Of(schema.String), []string{"1|13812345678; DROP TABLE x --|", "2|a; DROP TABLE x --|", "3|NULL|"}},
		"round(value / 1000) * 1000":                                            {"pay", schema.Of(schema.Int32), []string{"1|1000|", "2|0|", "3|NULL|"}},
		"value > 0":                                                             {"pay", schema.Of(schema.Bool), []string{"1|true|", "2|false|", "3|NULL|"}},
		"strftime(value, '%Y')":                                                 {"born", schema.Of(schema.String), []string{"1|2000|", "2|5881580|", "3|NULL|"}},
		"year(value) // 10 * 10":                                                {"born", schema.Of(schema.Int16), []string{"1|2000|", "2|NULL|", "3|NULL|"}},
		// What follows fails for some value.
		"CAST(value AS INTEGER)":                  {"name", schema.Of(schema.Int32), []string{"1|NULL|", "2|NULL|", "3|NULL|"}},
		"CAST(value AS BIGINT) // 100":            {"name", schema.Of(schema.Int64), []string{"1|138123456|", "2|NULL|", "3|NULL|"}},
		"left(value, 20)":                         {"name", schema.Of(schema.Date), []string{"1|NULL|", "2|NULL|", "3|NULL|"}},
		"date_trunc('month', value)":              {"born", schema.Of(schema.Date), []string{"1|2000-02-01|", "2|NULL|", "3|NULL|"}},
		"last_day(value)":                         {"born", schema.Of(schema.Date), []string{"1|2000-02-29|", "2|NULL|", "3|NULL|"}},
		"value * 2":                               {"big", schema.Of(schema.Int64), []string{"1|NULL|", "2|NULL|", "3|NULL|"}},
		"abs(value)":                              {"big", schema.Of(schema.Int64), []string{"1|9223372036854775807|", "2|NULL|", "3|NULL|"}},
		"-value":                                  {"big", schema.Of(schema.Int64), []string{"1|-9223372036854775807|", "2|NULL|", "3|NULL|"}},
		"value % 0":                               {"big", schema.Of(schema.Int64), []string{"1|NULL|", "2|NULL|", "3|NULL|"}},
		"CAST(value AS TINYINT)":                  {"ratio", schema.Of(schema.Int8), []string{"1|NULL|", "2|NULL|", "3|NULL|"}},
		"regexp_replace(value, value || '(', '')": {"name", schema.Of(schema.String), []string{"1|NULL|", "2|NULL|", "3|NULL|"}},
		"CASE WHEN value = 'a' THEN CAST('x' AS DATE) END": {"name", schema.Of(schema.Date), []string{"1|NULL|", "2|NULL|", "3|NULL|"}},
	} {
		expression := acl.Expression{Name: "x", SQL: sql, Type: c.kind}
		require.NoError(t, query.CheckExpression(t.Context(), w.warehouse, expression), sql)
		w.express(t, expression, allow("", "id"), masked(allow("", c.field), acl.Mask{Kind: acl.MaskExpression, Name: "x"}))
		result, err := w.gate().Read(t.Context(), acl.NewPrincipal(own), query.Request{Dataset: "hr.staff"})
		require.NoError(t, err, sql)
		require.Equal(t, c.want, cells(t, result.Reader), sql)
		require.Equal(t, c.kind.Arrow().String(), result.Reader.Schema().Field(1).Type.String(), sql)
		require.Equal(t, c.kind, result.Fields[1].Type)
		result.Reader.Release()
		for _, request := range []query.Request{{Sort: []string{c.field}}, {Where: c.field + " is not null and id = '3'"}, {GroupBy: []string{c.field}}, {Limit: query.MaxLimit}} {
			rowsSeen(t, w, own, request)
		}
	}
}

// express makes policies with a named expression those that count.
func (w *world) express(t *testing.T, expression acl.Expression, policies ...acl.Policy) {
	t.Helper()
	var err error
	w.set, err = acl.NewSet(1, acl.Contents{Policies: policies, Expressions: []acl.Expression{expression}})
	require.NoError(t, err)
}

// TestExpressionsReadNothingElse tries to reach beyond the value.
func TestExpressionsReadNothingElse(t *testing.T) {
	t.Parallel()
	opened := openWarehouse(t)
	require.NoError(t, opened.Exec(t.Context(), `CREATE TABLE warehouse.published."hr.pay" (pay INTEGER)`))
	require.NoError(t, opened.Exec(t.Context(), "CREATE MACRO warehouse.main.shown(x) AS (SELECT max(pay) FROM warehouse.published.\"hr.pay\")"))
	for _, sql := range []string{
		"(SELECT 1)", "(SELECT value)", `(SELECT max(pay) FROM warehouse.published."hr.pay")`, "EXISTS (SELECT 1)", "value IN (SELECT 'a')", "value = ANY (SELECT 'a')", "value = ANY(['a'])", "ARRAY(SELECT 1)",
		"value, 1", "value, value", "1; SELECT 2", "value; SELECT 1", "value; DROP TABLE x", "value;;SELECT 1", "*", "* EXCLUDE (value)", "value.*", "COLUMNS(*)", "COLUMNS('.*')", "UNPACK(COLUMNS(*))",
		"value FROM range(3)", `value FROM warehouse.published."hr.pay"`, "value /*", "value /* */ FROM range(3)", "value -- \nFROM range(3)", "value WHERE true", "value GROUP BY value", "value GROUP BY ALL", "value HAVING true",
		"value ORDER BY 1", "value LIMIT 1", "value OFFSET 1", "value QUALIFY true", "value USING SAMPLE 1", "value UNION SELECT 1", "value EXCEPT SELECT 1", "DISTINCT value", "DISTINCT ON (value) value", "value INTO x",
		"WITH x AS (SELECT 1) SELECT 1", "(WITH x AS (SELECT 1) SELECT * FROM x)", "FROM range(3)", "TABLE x", "VALUES (1)", "", " ", "--", "value +", "value)", "(value", "'", "value AS", "CASE",
		"row_number() OVER ()", "lag(value) OVER ()", "first(value) OVER (PARTITION BY value)", "count(*)", "count(value)", "sum(value)", "max(value)", "string_agg(value, ',')", "list(value)", "first(value)", "any_value(value)",
		"upper(value) FILTER (WHERE true)", "upper(DISTINCT value)", "concat(value ORDER BY value)", "GROUPING(value)", "upper(value) WITHIN GROUP (ORDER BY 1)", "upper(x := value)",
		"x -> x", "lambda x: x", "list_transform([value], lambda x: x)", "[x for x in [value]]", "[value]", "[1, 2]", "{'a': value}", "MAP {'a': value}", "(value, 1)", "ROW(value)", "unnest([value])", "struct_pack(a := value)",
		"repeat(value, 9000000000)", "lpad(value, 2000000000, 'x')", "read_csv('/etc/passwd')", "read_text('/etc/passwd')", "read_blob(value)", "read_parquet(value)", "glob('*')", "getenv('HOME')", "current_setting('memory_limit')", "getvariable('x')", "duckdb_settings()", "duckdb_secrets()",
		"query('SELECT 1')", "query_table('x')", "pragma_table_info('x')", "current_user", "current_user()", "current_database()", "current_schema()", "current_date", "now()", "version()", "txid_current()", "pg_typeof(value)", "nextval('x')", "random()",
		"uuid()", "setseed(0.1)", "error('x')", "sleep(1)", "hash(value)", "md5(value)", "sha256(value)", "json_serialize_sql('SELECT 1')", "json(value)", "value -> 'a'", "value ->> 'a'", "format('{}', value)", "printf('%s', value)",
		"shown(value)", "main.shown(value)", "warehouse.main.shown(value)", "main.upper(value)", "system.main.upper(value)", "pg_catalog.upper(value)", `"main"."upper"(value)`, "main.value", "value.upper()", "value.shown()",
		"VALUE", `"Value"`, "Value", "pay", "_person", "_since", "rowid", "t.value", "value.a", "a.b.c.d", `"value "`, `"val""ue"`, "vаlue", "ｖａｌｕｅ", "\"\x01value\"", `'"` + "\x01" + `value"'`, `E'\x01value'`, `E'"\u0001value"'`,
		"?", "$1", "$a", ":a", "#1", "@value", "value AS x", "value x", "x: value", "value COLLATE NOCASE", "value ILIKE 'a'", "value SIMILAR TO 'a'", "value LIKE 'a' ESCAPE 'b'", "DEFAULT", "value::no_such_type", "value::main.no_such_type",
		"upper()", "upper(value, value, value)", "regexp_replace(value, '(', '')", "no_such(value)", strings.Repeat("upper(", 300) + "value" + strings.Repeat(")", 300),
		"'" + strings.Repeat("x", 2000) + "'", "value\xff", "'\xff'",
	} {
		err := query.CheckExpression(t.Context(), opened, text(sql))
		require.True(t, fault.Is(err, fault.Invalid), "%.200q: %v", sql, err)
		require.NotContains(t, fault.Public(err), "Error", "the engine's words are for the log")
	}
	require.True(t, fault.Is(query.CheckExpression(t.Context(), opened, acl.Expression{Name: "x", SQL: "value"}), fault.Invalid), "a type is needed")
}

// TestExpressionsAreCheckedByTheGateToo puts one that was not checked into force.
func TestExpressionsAreCheckedByTheGateToo(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Fields: fieldsOf(nil, "id", "name")})
	w := byHand(t, openWarehouse(t), resource, []string{"1|secret"})
	w.express(t, text(`(SELECT name FROM warehouse.published."hr.staff")`), masked(allow("", "id"), acl.Mask{Kind: acl.MaskExpression, Name: "x"}))
	err := refusal(t, w, own, query.Request{})
	require.True(t, fault.Is(err, fault.Invalid))
	require.NotContains(t, fault.Public(err), "secret")
	w.express(t, text("round(value, 2)"), masked(allow("", "id"), acl.Mask{Kind: acl.MaskExpression, Name: "x"}))
	require.True(t, fault.Is(refusal(t, w, own, query.Request{}), fault.Unavailable), "not for this type of field: nothing is shown")
}

// FuzzExpression runs what is accepted: it must read nothing but the value, and
// show something or fail without a word of it.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		"left(value, 1) || '*'", "CASE WHEN value IS NULL THEN 'a' ELSE lower(value) END", "CAST(value AS INTEGER) / 0", "(SELECT 1)", "value; SELECT 1", "value -- x", "upper(value) FILTER (WHERE true)",
		`E'\x01value'`, "value[1:2]", "coalesce(nullif(value, 'a'), 'b')", "value BETWEEN 'a' AND 'b'", "value NOT IN ('a')", "trim(both 'a' from value)", "1e400", "TRY(value)", "date_trunc('year', CAST(value AS DATE))", "main.upper(value)",
	} {
		f.Add(seed)
	}
	opened, err := warehouse.Open(f.Context(), warehouse.Config{Dir: f.TempDir()})
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, opened.Close()) })
	f.Fuzz(func(t *testing.T, sql string) {
		if strings.ContainsAny(sql, "0123456789") && strings.Contains(strings.ToLower(sql), "pad") || strings.Contains(strings.ToLower(sql), "repeat") {
			return // texts of any length are a matter of memory
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Fields: fieldsOf(nil, "id", "name")})
		w := byHand(t, opened, resource, []string{"1|secret-name"})
		err := query.CheckExpression(ctx, w.warehouse, text(sql))
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid), "%v", err)
			return
		}
		w.now = acltest.Base
		w.express(t, text(sql), masked(allow("", "id"), acl.Mask{Kind: acl.MaskExpression, Name: "x"}))
		result, err := w.gate().Read(ctx, acl.NewPrincipal(own), query.Request{Dataset: "hr.staff"})
		if err != nil {
			require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
			require.Equal(t, "hr.staff could not be read", fault.Public(err))
			return
		}
		defer result.Reader.Release()
		lines := cells(t, result.Reader)
		require.Len(t, lines, 1)
		require.NotContains(t, fmt.Sprint(lines), "secret-name")
	})
}
