package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/check"
	"github.com/yitong-hub/yitong/schema"
)

func TestChecks(t *testing.T) {
	t.Parallel()
	w, err := warehouse.Open(t.Context(), warehouse.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	for _, c := range []struct {
		check      definition.Check
		kind       schema.Kind
		good, bad  []string
		passesNull bool
	}{
		{check: definition.Check{Rule: "not_null"}, good: []string{"x", ""}},
		{check: definition.Check{Rule: "id_number"}, good: []string{"11010519491231002X"}, bad: []string{"110105194912310021", "11010519490231002X", "11010519491231002x", "123", ""}, passesNull: true},
		{check: definition.Check{Rule: "luhn"}, good: []string{"4111111111111111", "79927398713"}, bad: []string{"4111111111111112", "abc", ""}, passesNull: true},
		{check: definition.Check{Rule: "pattern", Pattern: "[0-9]{3}"}, good: []string{"123"}, bad: []string{"1234", "x"}, passesNull: true},
		{check: definition.Check{Rule: "length", Min: "2", Max: "3"}, good: []string{"张三", "abc"}, bad: []string{"张", "abcd"}, passesNull: true},
		{check: definition.Check{Rule: "range", Min: "0", Max: "100"}, kind: schema.Int64, good: []string{"0", "100"}, bad: []string{"-1", "101"}, passesNull: true},
		{check: definition.Check{Rule: "date_range", Min: "1900-01-01", Max: "today"}, kind: schema.Date, good: []string{"1900-01-01", "2020-02-29"}, bad: []string{"1899-12-31", "2999-01-01"}, passesNull: true},
		{check: definition.Check{Rule: "in_code_set"}, good: []string{"1"}, bad: []string{"2", "it's"}, passesNull: true},
	} {
		if c.kind == "" {
			c.kind = schema.String
		}
		subject := check.Subject{Field: "f", Type: schema.Of(c.kind), Value: "v0", Codes: []string{"1", "'"}, CodeSet: "set"}
		condition, err := check.Compile(c.check, subject)
		require.NoError(t, err)
		require.Equal(t, check.Hard, condition.Severity)
		require.NotEmpty(t, condition.Reason)
		failed := func(value any) bool {
			var failed bool
			query := "SELECT coalesce(" + condition.Fails + ", false) FROM (SELECT CAST(? AS " + subject.Type.SQL() + ") AS v0)"
			require.NoError(t, w.Get(t.Context(), query, []any{value}, &failed), c.check.Rule)
			return failed
		}
		for _, value := range c.good {
			require.False(t, failed(value), "%s of %q", c.check.Rule, value)
		}
		for _, value := range c.bad {
			require.True(t, failed(value), "%s of %q", c.check.Rule, value)
		}
		require.Equal(t, !c.passesNull, failed(nil), "%s of NULL", c.check.Rule)
	}
}
