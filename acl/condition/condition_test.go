package condition_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

func field(name string) (condition.Field, bool) {
	kinds := map[string]schema.Type{
		"name": schema.Of(schema.String), "n": schema.Of(schema.Int32), "pay": schema.DecimalOf(10, 2), "born": schema.Of(schema.Date),
		"ok": schema.Of(schema.Bool), "at": schema.Of(schema.TimestampTZ), "姓 名": schema.Of(schema.String), "学号": schema.Of(schema.String),
		"f": schema.Of(schema.Float64), "u": schema.Of(schema.Uint64),
	}
	kind, ok := kinds[name]
	return condition.Field{Name: name, Expression: `"` + name + `"`, Type: kind}, ok
}

func compile(text string, scope condition.Scope) (string, []any, error) {
	parsed, err := condition.Parse(text)
	if err != nil {
		return "", nil, err
	}
	bound, err := parsed.Bind(scope)
	if err != nil {
		return "", nil, err
	}
	return bound.ToSql()
}

func TestConditionsBecomeSQL(t *testing.T) {
	t.Parallel()
	policy := condition.Scope{
		Field: field, Attributes: map[string][]string{"college": {"C1", "C2"}, "year": {"2026", "x"}},
		Element: func(id string) (condition.Field, bool) {
			return field(map[string]string{"person.name": "name", "person": "学号"}[id])
		},
	}
	for text, want := range map[string]struct {
		sql  string
		args []any
	}{
		"name = 'O''Neil'":                        {`"name" = CAST(? AS VARCHAR)`, []any{"O'Neil"}},
		"n >= -5 and pay < 10.5":                  {`("n" >= CAST(? AS INTEGER) AND "pay" < CAST(? AS DECIMAL(10,2)))`, []any{"-5", "10.50"}},
		"not (n = 1 or n <> 2)":                   {`(NOT ("n" = CAST(? AS INTEGER) OR "n" != CAST(? AS INTEGER)))`, []any{"1", "2"}},
		"学号 in ('1', '2') OR \"姓 名\" IS NOT NULL": {`("学号" IN (CAST(? AS VARCHAR), CAST(? AS VARCHAR)) OR "姓 名" IS NOT NULL)`, []any{"1", "2"}},
		"name not like '张%'":                      {`(NOT "name" LIKE CAST(? AS VARCHAR))`, []any{"张%"}},
		"name contains '; DROP TABLE x --'":       {`contains("name", CAST(? AS VARCHAR))`, []any{"; DROP TABLE x --"}},
		"born >= '2020-01-31' and ok = true":      {`("born" >= CAST(? AS DATE) AND "ok" = CAST(? AS BOOLEAN))`, []any{"2020-01-31", true}},
		"at > '2026-01-31T08:00:00+08:00'":        {`"at" > CAST(? AS TIMESTAMPTZ)`, []any{"2026-01-31 00:00:00Z"}},
		"#person.name = '张三'":                     {`"name" = CAST(? AS VARCHAR)`, []any{"张三"}},
		"name in @college":                        {`"name" IN (CAST(? AS VARCHAR), CAST(? AS VARCHAR))`, []any{"C1", "C2"}},
		"#person != @college":                     {`(NOT "学号" IN (CAST(? AS VARCHAR), CAST(? AS VARCHAR)))`, []any{"C1", "C2"}},
		"n = @year":                               {`"n" IN (CAST(? AS INTEGER))`, []any{"2026"}},
		"not name = @nothing":                     {`(NOT CAST(NULL AS BOOLEAN))`, nil},
	} {
		sql, args, err := compile(text, policy)
		require.NoError(t, err, text)
		require.Equal(t, want.sql, sql, text)
		require.Equal(t, want.args, args, text)
	}
}

func TestMistakesHaveTheirPlace(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                              "character 1: it ends where a field",
		"name":                          "character 5: it ends where a comparison",
		"name = ":                       "it ends where a value",
		"name = x":                      "character 8: text in '…' is needed",
		"name = 'x":                     "character 8: the ' that begins here is not closed",
		"n = '1'":                       "a number that the type can hold is needed, for a field of type int32",
		"n = 99999999999":               "a number that the type can hold",
		"pay = 1.005":                   "a number that the type can hold",
		"born = '2020-02-30'":           "a date such as '2026-01-31'",
		"secret = 1":                    "character 1: there is no field secret that may be seen",
		"n = 1 n = 2":                   `character 7: "n" stands where and, or`,
		"(n = 1":                        `it ends where ")"`,
		"n in 1":                        `stands where "("`,
		"n in (1":                       `it ends where ","`,
		"n like '1'":                    "like and contains are for text",
		"n = 1; DROP TABLE x":           `character 6: ";" has no meaning here`,
		strings.Repeat("(", 60) + "n=1": "more than 50 brackets",
		"and = 1":                       `"and" stands where a field`,
		"name = @college":               "character 8: attributes of the principal are known in policies only",
		"n < @year":                     "an attribute can be compared with =, != and in",
		"#person.name = 'x'":            "character 1: elements are known in policies only",
		"# = 'x'":                       "stands where a field",
	} {
		_, _, err := compile(text, condition.Scope{Field: field})
		require.ErrorContains(t, err, says, text)
		require.True(t, fault.Is(err, fault.Invalid))
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("name = 'x' and (n in (1,2) or not pay < 3.5)")
	f.Add(`"姓 名" is not null or 学号 contains '2'`)
	f.Fuzz(func(t *testing.T, text string) {
		sql, args, err := compile(text, condition.Scope{Field: field})
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid))
			return
		}
		require.Equal(t, len(args), strings.Count(sql, "?"), "a place for each argument, and no other text of the condition")
	})
}
