package plan

import (
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
)

// View is what a principal sees of the rows of a dataset, as a statement that
// stands in the place of the dataset in a caller's SQL.
type View struct {
	Statement
	// WithPerson is the same with [PersonColumn] behind it, for the record of
	// reads alone; empty where rows are about nobody.
	WithPerson Statement
	// Empty has the columns and no row: statements are checked over it.
	Empty    string
	Fields   []Field
	Withheld []Withheld
	SomeRows bool
}

// NewView plans a view. A dataset of which no rows may be seen is a Denied fault.
func NewView(dataset catalog.Dataset, decision *acl.Decision, asOf *time.Time, means Means) (View, error) {
	if decision == nil || decision.Dataset() != dataset.ID || !decision.Allowed() {
		return View{}, fault.New(fault.Denied, "nothing of %s may be %s: no policy allows it", dataset.ID, done[decision.Right()])
	}
	if !decision.Shown() {
		return View{}, fault.New(fault.Denied, "of %s statistics may be seen and no rows: ask for figures", dataset.ID)
	}
	b := newBuilder(dataset, decision, means)
	governed, err := b.governed(moment{asOf: asOf}, shownRows)
	if err != nil {
		return View{}, err
	}
	made := View{Withheld: b.withheld, SomeRows: b.someRows, Empty: "SELECT "}
	for i, name := range b.order {
		field := b.fields[name]
		made.Fields = append(made.Fields, field)
		if i > 0 {
			made.Empty += ", "
		}
		made.Empty += null(field.Type) + " AS " + warehouse.Ident(name)
	}
	made.Empty += " WHERE FALSE"
	if b.person == "" {
		made.Statement, err = write(governed)
		return made, err
	}
	if made.WithPerson, err = write(governed); err != nil {
		return View{}, err
	}
	names := make([]string, len(b.order))
	for i, name := range b.order {
		names[i] = warehouse.Ident(name)
	}
	made.Statement, err = write(squirrel.Select(names...).FromSelect(governed, "governed"))
	return made, err
}
