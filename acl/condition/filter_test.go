package condition_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/internal/fault"
)

// TestFiltersMeanWhatConditionsMean writes each filter as a condition, too.
func TestFiltersMeanWhatConditionsMean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		where   string
		filters []condition.Filter
		same    string
	}{
		{"", []condition.Filter{{Field: "name", Value: "O'Neil"}}, "name = 'O''Neil'"},
		{"", []condition.Filter{{Field: "姓 名", Operator: "like", Value: "张%"}}, `"姓 名" like '张%'`},
		{"n = 1 or n = 2", []condition.Filter{{Field: "pay", Operator: "ge", Value: "10.5"}}, "(n = 1 or n = 2) and pay >= 10.5"},
		{"", []condition.Filter{{Field: "n", Operator: "in", Value: "1,2"}, {Field: "ok", Value: "true"}}, "n in (1, 2) and ok = true"},
		{"", []condition.Filter{{Field: "born", Operator: "null", Value: "false"}, {Field: "name", Operator: "null", Value: "true"}}, "born is not null and name is null"},
		{"", []condition.Filter{{Field: "at", Operator: "LT", Value: "2026-01-31T08:00:00+08:00"}}, "at < '2026-01-31T08:00:00+08:00'"},
		{"", []condition.Filter{{Field: "name", Operator: "contains", Value: "null"}, {Field: "name", Operator: "ne", Value: ""}}, "name contains 'null' and name != ''"},
	} {
		parsed := condition.Expression{}
		var err error
		if c.where != "" {
			parsed, err = condition.Parse(c.where)
			require.NoError(t, err)
		}
		parsed, err = parsed.And(c.filters...)
		require.NoError(t, err)
		bound, err := parsed.Bind(condition.Scope{Field: field})
		require.NoError(t, err, c.same)
		sql, args, err := bound.ToSql()
		require.NoError(t, err)
		want, wantArgs, err := compile(c.same, condition.Scope{Field: field})
		require.NoError(t, err)
		require.Equal(t, want, sql)
		require.Equal(t, wantArgs, args)
	}
}

func TestFiltersThatAreNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filter condition.Filter
		says   string
	}{
		{condition.Filter{Field: "n", Value: "1e5"}, "filter on n: a number"}, {condition.Filter{Field: "n", Value: ""}, "filter on n: a number"},
		{condition.Filter{Field: "pay", Value: "1e1000000000"}, "filter on pay: a number"}, {condition.Filter{Field: "pay", Value: "1/3"}, "filter on pay: a number"},
		{condition.Filter{Field: "f", Value: "nan"}, "filter on f: a number"}, {condition.Filter{Field: "f", Value: "0x1p-2"}, "filter on f: a number"},
		{condition.Filter{Field: "born", Value: "20200101"}, "filter on born: a date"}, {condition.Filter{Field: "ok", Value: "maybe"}, "filter on ok: true or false"},
		{condition.Filter{Field: "name", Value: "a\xff"}, "filter on name: text"}, {condition.Filter{Field: "n", Operator: "near", Value: "1"}, "no operator"},
		{condition.Filter{Field: "n", Operator: "null", Value: "yes"}, "null is true or false"}, {condition.Filter{Field: "nix", Value: "1"}, "filter on nix: there is no field"},
		{condition.Filter{Field: "n", Operator: "like", Value: "1"}, "filter on n: like and contains are for text"}, {condition.Filter{Field: "n", Operator: "in", Value: strings.Repeat("1,", 3000)}, "more than"},
		{condition.Filter{Field: "name", Operator: "like", Value: strings.Repeat("%", 200)}, "filter on name: more than"},
	} {
		parsed, err := condition.Expression{}.And(c.filter)
		if err == nil {
			_, err = parsed.Bind(condition.Scope{Field: field})
		}
		require.True(t, fault.Is(err, fault.Invalid), "%+v: %v", c.filter, err)
		require.Contains(t, fault.Public(err), c.says)
	}
}
