package query

import (
	"context"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/query/plan"
)

// Table is a dataset of which statements may read rows: System "hr" and Name
// "staff" of hr.staff.
type Table struct {
	System, Name string
	Title        definition.Text
	Columns      []Column
	// Key holds the fields that tell rows apart, where all of them are shown in
	// clear on every row that is shown; otherwise none.
	Key []string
}

// Column is a field as statements see it.
type Column struct {
	plan.Field
	Title definition.Text
}

// Tables lists what a principal's statements may read by a right for a purpose, in
// order of the datasets' ids. It reads no row.
func (g *Gate) Tables(ctx context.Context, principal acl.Principal, right acl.Right, purpose string) ([]Table, error) {
	datasets, err := g.Catalog.Everything(ctx)
	if err != nil {
		return nil, err
	}
	var tables []Table
	for _, dataset := range datasets {
		decision, err := g.decider.Decide(principal, right, purpose, ResourceOf(dataset))
		if err != nil {
			return nil, err
		}
		if dataset.Version == 0 || !decision.Shown() {
			continue
		}
		table, err := g.table(ctx, principal, dataset, decision)
		if err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, nil
}

func (g *Gate) table(ctx context.Context, principal acl.Principal, dataset catalog.Dataset, decision *acl.Decision) (Table, error) {
	means, err := g.means(ctx, principal, decision)
	if err != nil {
		return Table{}, err
	}
	view, err := plan.NewView(dataset, decision, nil, means)
	if err != nil {
		return Table{}, err
	}
	titles := map[string]definition.Text{}
	for _, field := range dataset.Fields {
		titles[field.Name] = field.Title
	}
	system, name, _ := strings.Cut(dataset.ID, ".")
	made := Table{System: system, Name: name, Title: dataset.Title, Columns: make([]Column, len(view.Fields))}
	for i, field := range view.Fields {
		made.Columns[i] = Column{Field: field, Title: titles[field.Name]}
	}
	made.Key = keyOfTable(dataset, view.Fields)
	return made, nil
}

func keyOfTable(dataset catalog.Dataset, shown []plan.Field) []string {
	for _, name := range dataset.Key {
		whole := func(field plan.Field) bool {
			return field.Name == name && field.Access == acl.Clear.String() && !field.SomeRows
		}
		if !slices.ContainsFunc(shown, whole) {
			return nil
		}
	}
	return slices.Clone(dataset.Key)
}
