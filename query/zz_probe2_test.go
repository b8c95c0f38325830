package query_test

import (
	"fmt"
	"testing"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/schema"
	"github.com/stretchr/testify/require"
)

func TestZZStat(t *testing.T) {
	w := &world{warehouse: openWarehouse(t), now: acltest.Base}
	w.resource = acl.NewResource(acl.Resource{Dataset: "hr.pay", Person: "id", Fields: []acl.Field{
		{Name: "id", Type: schema.Of(schema.String), Column: `"id"`},
		{Name: "name", Type: schema.Of(schema.String), Column: `"name"`},
		{Name: "title", Type: schema.Of(schema.String), Column: `"title"`},
		{Name: "pay", Type: schema.Of(schema.Int32), Column: `"pay"`},
	}})
	v := func(s string) condition.Value { return condition.Value{Text: s, Valid: true} }
	for i := range 5 {
		title := "lecturer"
		if i == 0 { title = "dean" }
		w.rows = append(w.rows, acltest.Row{"id": v(fmt.Sprint(i)), "name": v(fmt.Sprint("n", i)), "title": v(title), "pay": v(fmt.Sprint(1000+i))})
	}
	w.dataset = publish(t, w.warehouse, w.resource, w.rows)
	any := acl.Subject{Anyone: true}
	view := []acl.Right{acl.View}
	fields := func(n ...string) acl.Selector { return acl.Selector{Fields: n} }
	try := func(label string, policies []acl.Policy, r query.Request) {
		var err error
		w.set, err = acl.NewSet(1, acl.Contents{Policies: policies})
		require.NoError(t, err)
		r.Dataset = "hr.pay"
		res, err := w.gate().Read(t.Context(), acl.NewPrincipal(acl.Profile{ID: "x", Kind: "person"}), r)
		if err != nil { fmt.Println(label, fault.Public(err), err); return }
		fmt.Println(label, cells(t, res.Reader))
		res.Reader.Release()
	}
	sum := []plan.Metric{{Function: "sum", Field: "pay"}, {Function: "count"}}
	try("masked+stat", []acl.Policy{
		{ID: "a", Effect: acl.Allow, Subject: any, Rights: view, Resource: fields("title")},
		{ID: "b", Effect: acl.Allow, Subject: any, Rights: view, Resource: fields("pay"), Mask: &acl.Mask{Kind: acl.MaskRange, Step: "1000"}},
		{ID: "c", Effect: acl.Allow, Subject: any, Rights: view, Resource: fields("pay"), Aggregate: &acl.Aggregate{MinPeople: 5, Dimensions: []string{"title"}}},
	}, query.Request{GroupBy: []string{"title"}, Metrics: sum})
	try("partial rows", []acl.Policy{
		{ID: "a", Effect: acl.Allow, Subject: any, Rights: view, Resource: fields("name"), Rows: "id = '3'"},
		{ID: "c", Effect: acl.Allow, Subject: any, Rights: view, Resource: fields("pay"), Aggregate: &acl.Aggregate{MinPeople: 5, Dimensions: []string{}}},
	}, query.Request{Metrics: sum})
	try("hidden dimension", []acl.Policy{
		{ID: "a", Effect: acl.Allow, Subject: any, Rights: view, Resource: fields("name")},
		{ID: "c", Effect: acl.Allow, Subject: any, Rights: view, Resource: fields("title"), Aggregate: &acl.Aggregate{MinPeople: 5, Dimensions: []string{"title"}}},
	}, query.Request{GroupBy: []string{"title"}})
}
