package plan

import (
	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

// Request is what is asked of a dataset.
type Request struct {
	// Fields to give, in that order; empty means all that may be seen.
	Fields []string
	// Limit is the number of rows at most.
	Limit uint64
}

// Plan is a statement whose rows may be shown.
type Plan struct {
	SQL      string
	Args     []any
	Fields   []Field
	Withheld []Withheld
}

// Field is a field of the answer.
type Field struct {
	Name   string `json:"name"`
	Access string `json:"access"`
}

// Withheld is a field left out, with the reason.
type Withheld struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// New plans a request. A field that is asked for by name and may not be seen,
// and a dataset of which nothing may be seen, are Denied faults.
func New(dataset catalog.Dataset, decision acl.Decision, request Request) (Plan, error) {
	if !decision.Allowed() {
		return Plan{}, fault.New(fault.Denied, "nothing of %s may be seen: no rule allows it", dataset.ID)
	}
	wanted, err := choose(dataset, request.Fields)
	if err != nil {
		return Plan{}, err
	}
	made := Plan{}
	statement := squirrel.Select().From(warehouse.Published(dataset.ID)).Limit(request.Limit)
	for _, field := range wanted {
		access, reason := decision.Field(field.Name)
		switch {
		case access == acl.Denied && len(request.Fields) > 0:
			return Plan{}, fault.New(fault.Denied, "field %s of %s may not be seen: %s", field.Name, dataset.ID, reason)
		case access == acl.Denied:
			made.Withheld = append(made.Withheld, Withheld{field.Name, reason})
			continue
		case access == acl.Masked:
			statement = statement.Column(masked(field) + " AS " + warehouse.Ident(field.Name))
		default:
			statement = statement.Column(warehouse.Ident(field.Name))
		}
		made.Fields = append(made.Fields, Field{field.Name, access.String()})
	}
	if person, own, limited := decision.OwnRows(); limited {
		statement = statement.Where(squirrel.Eq{warehouse.Ident(person): own})
	}
	made.SQL, made.Args, err = statement.ToSql()
	return made, err
}

func choose(dataset catalog.Dataset, names []string) ([]catalog.Field, error) {
	if len(names) == 0 {
		return dataset.Fields, nil
	}
	chosen := make([]catalog.Field, 0, len(names))
	for _, name := range names {
		found := false
		for _, field := range dataset.Fields {
			if field.Name == name {
				chosen, found = append(chosen, field), true
			}
		}
		if !found {
			return nil, fault.New(fault.Invalid, "%s has no field %s", dataset.ID, name)
		}
	}
	return chosen, nil
}

// masked keeps the first character of a text of two or more and hides its
// length; anything else is NULL. A NULL stays NULL.
func masked(field catalog.Field) string {
	column := warehouse.Ident(field.Name)
	if field.Type.Kind != schema.String {
		return "CAST(NULL AS " + field.Type.SQL() + ")"
	}
	return "CASE WHEN " + column + " IS NULL THEN NULL WHEN length(" + column + ") < 2 THEN '***' ELSE left(" + column + ", 1) || '***' END"
}
