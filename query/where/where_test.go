package where_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/where"
	"github.com/yitong-hub/yitong/schema"
)

func fields(name string) (where.Field, bool) {
	kinds := map[string]schema.Type{
		"name": schema.Of(schema.String), "n": schema.Of(schema.Int32), "pay": schema.DecimalOf(10, 2), "born": schema.Of(schema.Date),
		"ok": schema.Of(schema.Bool), "at": schema.Of(schema.TimestampTZ), "姓 名": schema.Of(schema.String), "学号": schema.Of(schema.String),
	}
	kind, ok := kinds[name]
	return where.Field{Expression: `"` + name + `"`, Type: kind}, ok
}

func TestFilters(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]struct {
		sql  string
		args []any
	}{
		"name = 'O''Neil'":                        {`(("name" = CAST(? AS VARCHAR)))`, []any{"O'Neil"}},
		"n >= -5 and pay < 10.5":                  {`(("n" >= CAST(? AS INTEGER) AND "pay" < CAST(? AS DECIMAL(10,2))))`, []any{"-5", "10.50"}},
		"not (n = 1 or n = 2)":                    {`((NOT (("n" = CAST(? AS INTEGER)) OR ("n" = CAST(? AS INTEGER)))))`, []any{"1", "2"}},
		"学号 in ('1', '2') OR \"姓 名\" IS NOT NULL": {`(("学号" IN (CAST(? AS VARCHAR), CAST(? AS VARCHAR))) OR ("姓 名" IS NOT NULL))`, []any{"1", "2"}},
		"name not like '张%'":                      {`((NOT "name" LIKE ?))`, []any{"张%"}},
		"name contains '; DROP TABLE x --'":       {`((contains("name", ?)))`, []any{"; DROP TABLE x --"}},
		"born >= '2020-01-31' and ok = true":      {`(("born" >= CAST(? AS DATE) AND "ok" = CAST(? AS BOOLEAN)))`, []any{"2020-01-31", true}},
		"at > '2026-01-31T08:00:00+08:00'":        {`(("at" > CAST(? AS TIMESTAMPTZ)))`, []any{"2026-01-31 00:00:00Z"}},
	} {
		got, err := where.Compile(filter, fields)
		require.NoError(t, err, filter)
		require.Equal(t, want.sql, got.SQL, filter)
		require.Equal(t, want.args, got.Args, filter)
	}
}

func TestMistakesHaveTheirPlace(t *testing.T) {
	t.Parallel()
	for filter, says := range map[string]string{
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
		"n like '1'":                    "like and contains are for text",
		"n = 1; DROP TABLE x":           `character 6: ";" has no meaning here`,
		strings.Repeat("(", 60) + "n=1": "more than 50 brackets",
		"and = 1":                       `"and" stands where a field`,
	} {
		_, err := where.Compile(filter, fields)
		require.ErrorContains(t, err, says, filter)
		require.True(t, fault.Is(err, fault.Invalid))
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("name = 'x' and (n in (1,2) or not pay < 3.5)")
	f.Add(`"姓 名" is not null or 学号 contains '2'`)
	f.Fuzz(func(t *testing.T, filter string) {
		got, err := where.Compile(filter, fields)
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid))
			return
		}
		require.Equal(t, len(got.Args), strings.Count(got.SQL, "?"), "a place for each argument, and no other text of the filter")
	})
}
