package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
)

// TestFiltersSeeWhatConditionsSee asks by a filter and by the same condition, of
// what is shown, masked, in statistics only and not there at all.
func TestFiltersSeeWhatConditionsSee(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(nil, "id", "college", "mobile", "note", "secret")})
	rows := []string{"1|math|13800005678|x|y", "2|math|13900005678|y|z", "3|law|13700004321|x|z", "4|math|-|x|z", "5|math|-|x|z", "6|math|-|x|z"}
	w := byHand(t, openWarehouse(t), resource, rows,
		allow("", "id", "college"), masked(allow("", "mobile"), acl.Mask{Kind: acl.MaskPhone}), counted(allow("", "note"), 5, "college"))
	for where, filter := range map[string]condition.Filter{
		"college = 'math'":       {Field: "college", Value: "math"},
		"mobile = '138****5678'": {Field: "mobile", Value: "138****5678"},
		"mobile = '13800005678'": {Field: "mobile", Value: "13800005678"},
		"note = 'x'":             {Field: "note", Value: "x"},
		"secret = 'y'":           {Field: "secret", Value: "y"},
		"nothing = 'y'":          {Field: "nothing", Value: "y"},
	} {
		for _, request := range []query.Request{
			{Sort: []string{"id"}}, {Metrics: []plan.Metric{{Function: plan.Count}}}, {Metrics: []plan.Metric{{Function: plan.Count, Field: "note"}}, GroupBy: []string{"college"}, Sort: []string{"college"}},
		} {
			byFilter := request
			request.Where, byFilter.Filters = where, []condition.Filter{filter}
			want, code := outcome(t, w, request)
			got, otherCode := outcome(t, w, byFilter)
			require.Equal(t, code, otherCode, where)
			require.Equal(t, want, got, where)
		}
	}
}

func outcome(t *testing.T, w *world, request query.Request) ([]string, string) {
	t.Helper()
	request.Dataset = w.resource.Dataset
	result, err := w.gate().Read(t.Context(), acl.NewPrincipal(own), request)
	if err != nil {
		return nil, w.records[len(w.records)-1].Outcome
	}
	defer result.Reader.Release()
	return linesOf(t, result.Reader), ""
}
