package condition_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/internal/warehouse"
)

// values are, for each field, texts that literals and rows are drawn from.
var values = map[string][]string{
	"name": {"", "a", "B", "张三", "张", "a%b", "_"}, "n": {"-1", "0", "1", "2147483647"}, "pay": {"-0.01", "0.00", "1.00", "10.50"},
	"born": {"1999-12-31", "2000-01-01", "2000-02-29"}, "ok": {"true", "false"}, "at": {"2026-01-31T08:00:00+08:00", "2026-01-31T00:00:00Z", "2026-01-31T00:00:00.5Z"},
	"学号": {"1", "2"}, "f": {"-1.5", "0", "3"}, "u": {"0", "18446744073709551615"},
}

var names = []string{"name", "n", "pay", "born", "ok", "at", "学号", "f", "u"}

func quoted(name, value string) string {
	switch name {
	case "n", "pay", "ok", "f", "u":
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}

func drawCondition(t *rapid.T, depth int) string {
	if depth > 0 {
		switch rapid.IntRange(0, 4).Draw(t, "shape") {
		case 0:
			return "(" + drawCondition(t, depth-1) + " and " + drawCondition(t, depth-1) + ")"
		case 1:
			return "(" + drawCondition(t, depth-1) + " or " + drawCondition(t, depth-1) + ")"
		case 2:
			return "not " + drawCondition(t, depth-1)
		}
	}
	name := rapid.SampledFrom(names).Draw(t, "field")
	value := func() string { return quoted(name, rapid.SampledFrom(values[name]).Draw(t, "value")) }
	switch rapid.IntRange(0, 5).Draw(t, "comparison") {
	case 0:
		return name + rapid.SampledFrom([]string{" is null", " is not null"}).Draw(t, "null")
	case 1:
		return name + rapid.SampledFrom([]string{"", " not"}).Draw(t, "not") + " in (" + value() + ", " + value() + ")"
	case 2:
		pattern := rapid.SampledFrom([]string{"%", "a%", "%b", "_", "张_", "%%", "", "a_b", "%_%", "%a_%", "_%%b"}).Draw(t, "pattern")
		return "name" + rapid.SampledFrom([]string{"", " not"}).Draw(t, "not") + rapid.SampledFrom([]string{" like '", " contains '"}).Draw(t, "match") + pattern + "'"
	case 3:
		return rapid.SampledFrom([]string{"学号", "name"}).Draw(t, "field") + rapid.SampledFrom([]string{" = ", " != ", " in ", " not in "}).Draw(t, "operator") +
			rapid.SampledFrom([]string{"@some", "@none"}).Draw(t, "attribute")
	}
	return name + " " + rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">="}).Draw(t, "operator") + " " + value()
}

// TestSQLAndHoldsMeanTheSame lets the engine and the evaluator judge the same rows.
func TestSQLAndHoldsMeanTheSame(t *testing.T) {
	t.Parallel()
	w, err := warehouse.Open(t.Context(), warehouse.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	rapid.Check(t, func(rt *rapid.T) {
		text := drawCondition(rt, 3)
		parsed, err := condition.Parse(text)
		require.NoError(rt, err, text)
		bound, err := parsed.Bind(condition.Scope{Field: field, Attributes: map[string][]string{"some": {"1", "a", "张三"}}})
		require.NoError(rt, err, text)
		row := map[string]condition.Value{}
		var columns []string
		for _, name := range names {
			kind, _ := field(name)
			if rapid.IntRange(0, 4).Draw(rt, "null") == 0 {
				columns = append(columns, fmt.Sprintf(`CAST(NULL AS %s) AS "%s"`, kind.Type.SQL(), name))
				continue
			}
			value := rapid.SampledFrom(values[name]).Draw(rt, "cell")
			canonical := value
			if name == "at" {
				canonical = map[string]string{values["at"][0]: "2026-01-31 00:00:00Z", values["at"][1]: "2026-01-31 00:00:00Z", values["at"][2]: "2026-01-31 00:00:00.5Z"}[value]
			}
			row[name] = condition.Value{Text: canonical, Valid: true}
			columns = append(columns, fmt.Sprintf(`CAST(%s AS %s) AS "%s"`, warehouse.Literal(value), kind.Type.SQL(), name))
		}
		statement, args, err := bound.ToSql()
		require.NoError(rt, err)
		var found sql.NullBool
		require.NoError(rt, w.Get(t.Context(), "SELECT "+statement+" FROM (SELECT "+strings.Join(columns, ", ")+")", args, &found), text)
		wanted := condition.Unknown
		if found.Valid {
			wanted = map[bool]condition.Truth{false: condition.False, true: condition.True}[found.Bool]
		}
		require.Equal(rt, wanted, bound.Holds(func(name string) condition.Value { return row[name] }), "%s over %v", text, row)
	})
}
