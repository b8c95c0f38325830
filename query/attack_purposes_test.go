package query_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/schema"
)

// TestAttackByTwoPurposes asks for the same sum by the dimensions of two purposes:
// what both leave out must be the same people, or the difference tells of few.
func TestAttackByTwoPurposes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Department: "hr", Person: "id", Fields: []acl.Field{
		{Name: "id", Level: schema.L4, Type: schema.Of(schema.String), Column: `"id"`},
		{Name: "college", Level: schema.L1, Type: schema.Of(schema.String), Column: `"college"`},
		{Name: "title", Level: schema.L2, Type: schema.Of(schema.String), Column: `"title"`},
		{Name: "pay", Level: schema.L4, Type: schema.DecimalOf(10, 2), Column: `"pay"`},
	}})
	w := &world{warehouse: openWarehouse(t), now: acltest.Base, resource: resource}
	text := func(s string) condition.Value { return condition.Value{Text: s, Valid: true} }
	for i := range 120 {
		w.rows = append(w.rows, acltest.Row{
			"id": text(strconv.Itoa(i)), "college": text(fmt.Sprint("c", random.IntN(6))), "title": text(fmt.Sprint("t", random.IntN(9))),
			"pay": text(fmt.Sprintf("%d.00", 1000+random.IntN(9000))),
		})
	}
	w.dataset = publish(t, w.warehouse, resource, w.rows)
	statistics := func(purpose, dimension string, people int) acl.Policy {
		return acl.Policy{
			ID: purpose, Effect: acl.Allow, Subject: acl.Subject{Roles: []string{"leader"}}, Resource: acl.Selector{Fields: []string{"pay", dimension}},
			Rights: []acl.Right{acl.View}, Purposes: []string{purpose}, Aggregate: &acl.Aggregate{MinPeople: people, Dimensions: []string{dimension}},
		}
	}
	var err error
	w.set, err = acl.NewSet(1, acl.Contents{
		Policies: []acl.Policy{statistics("budget", "college", 3), statistics("equality", "title", 5)},
		Purposes: []acl.Purpose{{ID: "budget", Title: "预算", Basis: "legal_duty"}, {ID: "equality", Title: "同酬", Basis: "legal_duty"}},
	})
	require.NoError(t, err)
	leader := acl.NewPrincipal(acl.Profile{ID: "l", Kind: acl.KindPerson, Roles: []string{"leader"}})
	sum := func(purpose string, groupBy ...string) []string {
		result, err := w.gate().Read(t.Context(), leader, query.Request{
			Dataset: "hr.staff", Purpose: purpose, GroupBy: groupBy, Metrics: []plan.Metric{{Function: plan.Count, Field: "pay"}, {Function: plan.Sum, Field: "pay"}}, Limit: 100,
		})
		require.NoError(t, err)
		defer result.Reader.Release()
		return cells(t, result.Reader)
	}
	total := sum("budget")
	require.Equal(t, total, sum("equality"), "both are over the same people")
	// And those are the atoms of both dimensions, with the larger bound.
	crowds := map[string]int{}
	for _, row := range w.rows {
		crowds[row["college"].Text+row["title"].Text]++
	}
	people := 0
	for _, crowd := range crowds {
		if crowd >= 5 {
			people += crowd
		}
	}
	require.Positive(t, people)
	require.Less(t, people, len(w.rows), "some are left out")
	require.Contains(t, total[0], strconv.Itoa(people)+"|")
	require.NotEmpty(t, sum("equality", "title"))
	require.False(t, slices.Equal(sum("budget", "college"), total))
}
