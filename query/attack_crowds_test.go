package query_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
)

// staff lists rows of a payroll by hand: n people from number first on.
func staff(first, n int, college, title, pay string) []string {
	var rows []string
	for i := range n {
		rows = append(rows, fmt.Sprintf("%d|n%d|%s|%s|1|%s", first+i, first+i, college, title, pay))
	}
	return rows
}

// TestStatisticsByHand tells of crowds of three and more, and of no smaller ones.
func TestStatisticsByHand(t *testing.T) {
	t.Parallel()
	opened := openWarehouse(t)
	dimensions, pay := allow("", "college", "title", "grade"), counted(allow("", "pay"), 3, "college", "title")
	byCollege := query.Request{GroupBy: []string{"college"}, Metrics: allFigures[:3]}
	for name, c := range map[string]struct {
		rows     []string
		policies []acl.Policy
		request  query.Request
		want     []string
	}{
		"a crowd, and two":                             {slices.Concat(staff(10, 3, "math", "a", "100"), staff(20, 2, "law", "a", "100")), []acl.Policy{dimensions, pay}, byCollege, []string{"law|2|0|NULL|", "math|3|3|300|"}},
		"atoms of two make no crowd":                   {slices.Concat(staff(10, 2, "math", "a", "100"), staff(20, 2, "math", "b", "100")), []acl.Policy{dimensions, pay}, byCollege, []string{"math|4|0|NULL|"}},
		"two values are missing":                       {slices.Concat(staff(10, 4, "math", "a", "100"), staff(20, 2, "math", "a", "-")), []acl.Policy{dimensions, pay}, byCollege, []string{"math|6|0|NULL|"}},
		"three values are missing":                     {slices.Concat(staff(10, 4, "math", "a", "100"), staff(20, 3, "math", "a", "-")), []acl.Policy{dimensions, pay}, byCollege, []string{"math|7|4|400|"}},
		"all values are missing":                       {staff(10, 4, "math", "a", "-"), []acl.Policy{dimensions, pay}, byCollege, []string{"math|4|0|NULL|"}},
		"one person with many rows":                    {slices.Concat(slices.Repeat(staff(10, 1, "math", "a", "100"), 9), staff(20, 1, "math", "a", "100")), []acl.Policy{dimensions, pay}, byCollege, []string{"math|10|0|NULL|"}},
		"rows about nobody are one person":             {slices.Concat(slices.Repeat([]string{"-|x|math|a|1|100", "|x|math|a|1|100"}, 9), staff(20, 1, "math", "a", "100")), []acl.Policy{dimensions, pay}, byCollege, []string{"math|19|0|NULL|"}},
		"own rows are no crowd":                        {slices.Concat(staff(1, 1, "math", "a", "5"), staff(10, 2, "math", "a", "100")), []acl.Policy{dimensions, pay, allow("#person = @campus_id", "pay")}, byCollege, []string{"math|3|1|5|"}},
		"own rows beside a crowd":                      {slices.Concat(staff(1, 1, "math", "a", "5"), staff(10, 3, "math", "a", "100")), []acl.Policy{dimensions, pay, allow("#person = @campus_id", "pay")}, byCollege, []string{"math|4|4|305|"}},
		"clear values behind a mask":                   {slices.Concat(staff(10, 1, "law", "a", "1234"), staff(20, 3, "math", "a", "100")), []acl.Policy{dimensions, pay, masked(allow("", "pay"), acl.Mask{Kind: acl.MaskRange, Step: "1000"})}, byCollege, []string{"law|1|0|NULL|", "math|3|3|300|"}},
		"one row of a crowd is seen":                   {staff(10, 3, "math", "a", "100"), []acl.Policy{counted(allow("", "college"), 3), pay, allow("id = '10'", "name")}, query.Request{Metrics: allFigures[:3]}, []string{"3|3|300|"}},
		"only one row is seen":                         {staff(10, 3, "math", "a", "100"), []acl.Policy{pay, allow("id = '10'", "name")}, query.Request{Metrics: allFigures[:3]}, []string{"1|0|NULL|"}},
		"a dimension of few, of rows that are seen":    {slices.Concat(staff(10, 1, "law", "a", "1"), staff(20, 3, "math", "a", "1")), []acl.Policy{allow("", "name"), counted(allow("", "college"), 3, "college")}, query.Request{GroupBy: []string{"college"}}, []string{"math|3|"}},
		"a dimension that is masked":                   {slices.Concat(staff(10, 2, "math", "a", "100"), staff(20, 2, "music", "a", "100")), []acl.Policy{masked(allow("", "college"), acl.Mask{Kind: acl.MaskFirst}), pay}, byCollege, []string{"m***|4|4|400|"}},
		"a dimension that is masked, its crowds clear": {slices.Concat(staff(10, 2, "math", "a", "100"), staff(20, 3, "music", "a", "100")), []acl.Policy{masked(allow("", "college"), acl.Mask{Kind: acl.MaskFirst}), counted(allow("", "college"), 3), pay}, byCollege, []string{"music|3|3|300|"}},
		"a deny by pay":                                {slices.Concat(staff(10, 3, "math", "a", "100"), staff(20, 1, "math", "a", "9000")), []acl.Policy{dimensions, pay, {ID: "d", Effect: acl.Deny, Subject: acl.Subject{Anyone: true}, Rights: []acl.Right{acl.View}, Resource: acl.Selector{Fields: []string{"pay"}}, Rows: "pay > 5000"}}, byCollege, []string{"math|4|0|NULL|"}},
		"the largest crowd of several policies":        {staff(10, 3, "math", "a", "100"), []acl.Policy{dimensions, pay, counted(allow("", "name"), 4)}, byCollege, []string{"math|3|0|NULL|"}},
		"no rows":                                      {nil, []acl.Policy{dimensions, pay}, query.Request{Metrics: allFigures[:3]}, []string{"0|0|NULL|"}},
		"orders and bounds of groups":                  {slices.Concat(staff(10, 3, "math", "a", "300"), staff(20, 3, "law", "a", "100"), staff(30, 3, "arts", "a", "200"), staff(40, 2, "x", "a", "9999")), []acl.Policy{dimensions, pay}, query.Request{GroupBy: []string{"college"}, Metrics: allFigures[2:3], Sort: []string{"-sum_pay"}, Limit: 2, Offset: 1}, []string{"arts|600|", "law|300|"}},
		"the last group":                               {slices.Concat(staff(10, 3, "math", "a", "300"), staff(40, 2, "x", "a", "9999")), []acl.Policy{dimensions, pay}, query.Request{GroupBy: []string{"college"}, Metrics: allFigures[2:3], Sort: []string{"sum_pay"}, Limit: 2, Offset: 1}, []string{"x|NULL|"}},
	} {
		s := &world{warehouse: opened, resource: payroll, now: acltest.Base, policies: c.policies}
		if len(c.rows) > 0 {
			s.dataset, s.rows = fillPayroll(t, opened, c.rows)
		} else {
			s.dataset = publish(t, opened, payroll, nil)
		}
		s.enact(t, c.policies...)
		require.Equal(t, c.want, rowsSeen(t, s, insider, c.request), name)
	}
}

// TestAGroupForEachPersonTellsNothing groups by what is of one person each.
func TestAGroupForEachPersonTellsNothing(t *testing.T) {
	t.Parallel()
	w := &world{warehouse: openWarehouse(t), resource: payroll, now: acltest.Base}
	w.dataset, w.rows = fillPayroll(t, w.warehouse, staff(1000, 100, "math", "a", "100"))
	w.enact(t, counted(allow("", "pay", "id", "college"), 2, "id", "college"))
	for _, groups := range [][]string{{"id"}, {"college"}, {"college", "id"}} {
		require.Empty(t, rowsSeen(t, w, insider, query.Request{GroupBy: groups, Metrics: allFigures}), groups)
	}
	require.Equal(t, []string{"0|0|NULL|NULL|"}, rowsSeen(t, w, insider, query.Request{Metrics: allFigures, Where: "id = '1007'"}))
	require.Equal(t, []string{"0|0|NULL|NULL|"}, rowsSeen(t, w, insider, query.Request{Metrics: allFigures}), "every atom is of one person")
}

// TestWhatStatisticsRefuse asks for what would tell of one person.
func TestWhatStatisticsRefuse(t *testing.T) {
	t.Parallel()
	w := &world{warehouse: openWarehouse(t), resource: payroll, now: acltest.Base}
	w.dataset, w.rows = fillPayroll(t, w.warehouse, staff(1000, 9, "math", "secret-title", "31415"))
	w.enact(t, allow("", "college"), counted(allow("", "pay", "name"), 3, "college"))
	at := acltest.Base
	metrics := allFigures
	for name, c := range map[string]struct {
		request query.Request
		code    fault.Code
	}{
		"least":                      {query.Request{Metrics: []plan.Metric{{Function: plan.Minimum, Field: "pay"}}}, fault.Denied},
		"most":                       {query.Request{Metrics: []plan.Metric{{Function: plan.Maximum, Field: "pay"}}}, fault.Denied},
		"different ones":             {query.Request{Metrics: []plan.Metric{{Function: plan.CountDistinct, Field: "pay"}}}, fault.Denied},
		"an unknown figure":          {query.Request{Metrics: []plan.Metric{{Function: "list", Field: "pay"}}}, fault.Invalid},
		"a figure with SQL":          {query.Request{Metrics: []plan.Metric{{Function: "count(*) FROM x; --", Field: "pay"}}}, fault.Invalid},
		"a denied field":             {query.Request{Metrics: []plan.Metric{{Function: plan.Sum, Field: "title"}}}, fault.Denied},
		"values":                     {query.Request{Fields: []string{"pay"}}, fault.Denied},
		"a filter by the field":      {query.Request{Metrics: metrics, Where: "pay > 100"}, fault.Invalid},
		"a filter by another":        {query.Request{Metrics: metrics, Where: "name = 'n1000'"}, fault.Invalid},
		"a filter by a denied field": {query.Request{Metrics: metrics, Where: "title = 'secret-title'"}, fault.Invalid},
		"a group by the field":       {query.Request{Metrics: metrics, GroupBy: []string{"pay"}}, fault.Denied},
		"a group by another":         {query.Request{Metrics: metrics, GroupBy: []string{"name"}}, fault.Denied},
		"a group by a denied field":  {query.Request{Metrics: metrics, GroupBy: []string{"title"}}, fault.Denied},
		"an order by the field":      {query.Request{Metrics: metrics, Sort: []string{"pay"}}, fault.Invalid},
		"an earlier state":           {query.Request{Metrics: metrics, AsOf: &at}, fault.Invalid},
	} {
		text, code := seen(t, w, insider, c.request)
		require.Equal(t, c.code, code, "%s: %s", name, text)
		require.NotContains(t, text, "31415", name)
	}
	say := func(filter string) string {
		return fault.Public(refusal(t, w, insider, query.Request{Metrics: metrics, Where: filter}))
	}
	require.Equal(t, strings.ReplaceAll(say("title = 'x'"), "title", "…"), strings.ReplaceAll(say("nothing = 'x'"), "nothing", "…"))
	require.Equal(t, []string{"9|9|282735|31415|"}, rounded(rowsSeen(t, w, insider, query.Request{Metrics: metrics, Where: "college is not null"})))
}

// TestPagesDoNotTellHiddenKeys reads page by page what has a key that is not shown:
// neither the order of rows nor the length of cursors tells of it.
func TestPagesDoNotTellHiddenKeys(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(nil, "id", "name")})
	var rows, upwards []string
	for i := range 40 {
		name := fmt.Sprintf("n%02d", i)
		rows, upwards = append(rows, strings.Repeat("k", i+1)+"|"+name), append(upwards, name+"|")
	}
	for _, policy := range []acl.Policy{masked(allow("", "id"), acl.Mask{Kind: acl.MaskConstant, Value: "x"}), allow("id = 'k'", "id"), counted(allow("", "id"), 2)} {
		w := byHand(t, openWarehouse(t), resource, rows, allow("", "name"), policy)
		w.dataset.Key = []string{"id"}
		request := query.Request{Dataset: "hr.staff", Fields: []string{"name"}, Page: true, Limit: 3}
		var got []string
		lengths := map[int]bool{}
		for {
			result, err := w.gate().Read(t.Context(), acl.NewPrincipal(own), request)
			require.NoError(t, err)
			got = append(got, linesOf(t, result.Reader)...)
			result.Reader.Release()
			if request.Cursor = result.Next; request.Cursor == "" {
				break
			}
			lengths[len(request.Cursor)] = true
		}
		require.Len(t, lengths, 1, "one length, whatever key the page ended with")
		require.NotEqual(t, upwards, got)
		slices.Sort(got)
		require.Equal(t, upwards, got, "each row once")
	}
}
