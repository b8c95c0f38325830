package query_test

import (
	"fmt"
	"testing"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/schema"
)

func TestZZExpr(t *testing.T) {
	opened := openWarehouse(t)
	for _, s := range []string{"value", "UPPER(value)", "value AS x", "value x", "value;", "value -- c", "value /* c */", "value GROUP BY ALL", "value LIMIT 1", "DISTINCT value", "ALL value",
	"upper(DISTINCT value)", "upper(value) FILTER (WHERE true)", "concat(value ORDER BY value)", "value[1]", "[value]", "{'a': value}", "(value, 1)", "value COLLATE NOCASE", "E'\\x01value'", "'\"\x01value\"'", "\"value\"", "VALUE", "\"\x01value\"",
	"value.upper()", "current_date", "current_user", "now()", "CAST(value AS INTEGER)", "value::STRUCT(a INTEGER)", "value IN ('a','b')", "value BETWEEN 'a' AND 'b'", "CASE WHEN value LIKE 'a%' THEN 1 ELSE 2 END", "value LIKE 'a' ESCAPE 'b'", "value ILIKE 'a'", "value ~ 'a'", "value SIMILAR TO 'a'", "value IS NULL", "value IS DISTINCT FROM 'a'", "TRY(CAST(value AS INTEGER))", "GROUPING(value)", "DEFAULT", "value QUALIFY true", "value WHERE true", "value HAVING true", "value USING SAMPLE 1", "value WINDOW w AS ()", "upper(value) OVER ()", "value UNION SELECT 1", "WITH x AS (SELECT 1) SELECT 1", "(SELECT 1)", "EXISTS(SELECT 1)", "$1", "?", "#1", "*", "COLUMNS(*)", "t.value", "value.a", "value, 1", "main.upper(value)", "system.main.upper(value)", "x -> x", "lambda x: x", "[x for x in [value]]", "list_transform([value], x -> x)", "repeat(value, 1000000000)", "lpad(value, 2000000000, 'x')", "1", "NULL", "value || chr(1)", "substring(value from 1 for 2)", "substr(value, 1, 2)", "position('a' in value)", "extract(year from value)", "date_part('year', value)", "trim(both 'a' from value)", "value[1:2]", "value -> 'a'", "value ->> 'a'", "value COLLATE \"x\"", "INTERVAL 1 DAY", "DATE '2020-01-01'", "strftime(value, '%Y')", "coalesce(value,'')", "if(value='a','b','c')", "ifnull(value,'a')", "value = ANY(['a'])", "value = ANY(SELECT 1)", "ROW(value)", "value:1", "value::VARCHAR", "value::main.foo", "concat_ws(',', value)", "format('{}', value)", "md5(value)", "map {'a': value}", "round(value, -3)", "a.b.c.d", "substring(value, 1)", "left(value, 1)|| '*'", "- value", "NOT value", "value AND true", "value FROM range(3)", "FROM range(3) SELECT value", "* EXCLUDE (value)", "value ORDER BY 1", "unnest([value])", "value AT TIME ZONE 'UTC'", "upper(value := 'a')", "trunc(value)", "ceiling(value)", "value % 10", "value ** 2", "value ^ 2", "value // 10", "round(value / 1000) * 1000", "count(*)", "sum(value)", "random()", "error('x')", "nextval('x')", "getvariable('x')"} {
		err := query.CheckExpression(t.Context(), opened, acl.Expression{Name: "x", SQL: s, Type: schema.Of(schema.String)})
		fmt.Printf("%-50q %v\n", s, err)
		var tree string
		if err == nil {
			opened.Get(t.Context(), "SELECT json_deserialize_sql(json_serialize_sql(?))", []any{"SELECT " + s}, &tree)
			fmt.Printf("        %s\n", tree)
		}
	}
	var tree string
	opened.Get(t.Context(), "SELECT CAST(json_serialize_sql(?) AS VARCHAR)", []any{"SELECT upper(value) FILTER (WHERE true) AS x, 'a\x01b' GROUP BY ALL"}, &tree)
	fmt.Println(tree)
}
func TestZZTree(t *testing.T) {
	opened := openWarehouse(t)
	for _, s := range []string{"substring(value, 1)", "trim(value)", "trim(both 'a' from value)", "upper(value) FILTER (WHERE true) AS x, 'a\x01b' GROUP BY ALL", "extract(year from value)", "current_date", "value WINDOW w AS ()", "upper(value := 'a')", "value:1", "value::main.foo","value[1:2]","GROUPING(value)", "system.main.upper(value)", "pg_catalog.upper(value)"} {
		var tree string
		opened.Get(t.Context(), "SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR)) AS VARCHAR)", []any{"SELECT " + s}, &tree)
		fmt.Println(s, tree)
	}
}
