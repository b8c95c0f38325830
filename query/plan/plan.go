package plan

import (
	"strings"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query/where"
	"github.com/yitong-hub/yitong/schema"
)

// Request is what is asked of a dataset.
type Request struct {
	// Fields to give, in that order; empty means all that may be seen.
	Fields []string
	// Where is a filter in the language of package where.
	Where string
	// Sort names fields, -field for descending.
	Sort []string
	// AsOf is the moment whose state is asked for; nil is now.
	AsOf *time.Time
	// Limit is the number of rows at most, Offset how many are passed over.
	Limit, Offset uint64
}

// Plan is a statement whose rows may be shown.
type Plan struct {
	SQL      string
	Args     []any
	Fields   []Field
	Withheld []Withheld
	// OwnRows says that only rows about the principal are given.
	OwnRows bool
}

// Field is a field of the answer.
type Field struct {
	Name string `json:"name"`
	// Access is "clear" or "masked"; Mask names the mask.
	Access string      `json:"access"`
	Mask   string      `json:"mask,omitempty"`
	Reason string      `json:"reason"`
	Type   schema.Type `json:"type"`
}

// Withheld is a field left out, with the reason.
type Withheld struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// New plans a request. A field that is asked for by name and may not be seen,
// and a dataset of which nothing may be seen, are Denied faults.
//
// The statement has two levels: inside, the masks and the filter to one's own
// rows; outside, all that was asked. Filters and orders can thus see nothing
// but what is shown.
func New(dataset catalog.Dataset, decision acl.Decision, request Request) (Plan, error) {
	if !decision.Allowed() {
		return Plan{}, fault.New(fault.Denied, "nothing of %s may be seen: no rule allows it", dataset.ID)
	}
	b := builder{dataset: dataset, decision: decision, fields: map[string]Field{}}
	governed := b.governed(request.AsOf)
	statement := squirrel.Select().FromSelect(governed, "governed").Limit(request.Limit)
	if request.Offset > 0 {
		statement = statement.Offset(request.Offset)
	}
	made := Plan{Withheld: b.withheld}
	_, _, made.OwnRows = decision.OwnRows()
	chosen, err := b.choose(request.Fields)
	if err != nil {
		return Plan{}, err
	}
	made.Fields = chosen
	for _, field := range chosen {
		statement = statement.Column(warehouse.Ident(field.Name))
	}
	if strings.TrimSpace(request.Where) != "" {
		condition, err := where.Compile(request.Where, b.visible)
		if err != nil {
			return Plan{}, err
		}
		statement = statement.Where(condition)
	}
	for _, name := range request.Sort {
		bare, downwards := strings.CutPrefix(name, "-")
		field, ok := b.visible(bare)
		if !ok {
			return Plan{}, fault.New(fault.Invalid, "sort: there is no field %s that may be seen", bare)
		}
		direction := " ASC NULLS LAST"
		if downwards {
			direction = " DESC NULLS LAST"
		}
		statement = statement.OrderBy(field.Expression + direction)
	}
	made.SQL, made.Args, err = statement.ToSql()
	return made, err
}

// builder gathers what the principal sees of a dataset.
type builder struct {
	dataset  catalog.Dataset
	decision acl.Decision
	fields   map[string]Field
	order    []string
	withheld []Withheld
}

// governed is the dataset as the principal sees it.
func (b *builder) governed(asOf *time.Time) squirrel.SelectBuilder {
	statement := squirrel.Select()
	for _, field := range b.dataset.Fields {
		access, reason := b.decision.Field(field.Name)
		column := warehouse.Ident(field.Name)
		shown := Field{Name: field.Name, Access: access.String(), Reason: reason, Type: field.Type}
		switch access {
		case acl.Masked:
			shown.Mask = maskOf(field)
			statement = statement.Column(masked(field, shown.Mask) + " AS " + column)
		case acl.Clear:
			statement = statement.Column(column)
		default:
			b.withheld = append(b.withheld, Withheld{field.Name, reason})
			continue
		}
		b.fields[field.Name] = shown
		b.order = append(b.order, field.Name)
	}
	statement = b.from(statement, asOf)
	if person, own, limited := b.decision.OwnRows(); limited {
		statement = statement.Where(squirrel.Eq{warehouse.Ident(person): own})
	}
	return statement
}

// from names the rows: those published now, or those that were at a moment.
func (b *builder) from(statement squirrel.SelectBuilder, asOf *time.Time) squirrel.SelectBuilder {
	published := warehouse.Published(b.dataset.ID)
	if asOf == nil {
		return statement.From(published)
	}
	names := make([]string, len(b.dataset.Fields))
	for i, field := range b.dataset.Fields {
		names[i] = warehouse.Ident(field.Name)
	}
	was := squirrel.Select(names...).From(published).Where("_since <= ?", *asOf).SuffixExpr(
		squirrel.Select(names...).Prefix("UNION ALL").From(warehouse.History(b.dataset.ID)).Where("_since <= ? AND _until > ?", *asOf, *asOf))
	return statement.FromSelect(was, "was")
}

// visible gives a field to filters and orders, if it is there for the principal.
func (b *builder) visible(name string) (where.Field, bool) {
	field, ok := b.fields[name]
	return where.Field{Expression: warehouse.Ident(field.Name), Type: field.Type}, ok
}

func (b *builder) choose(names []string) ([]Field, error) {
	if len(names) == 0 {
		names = b.order
	}
	chosen := make([]Field, 0, len(names))
	for _, name := range names {
		field, ok := b.fields[name]
		if ok {
			chosen = append(chosen, field)
			continue
		}
		if _, reason := b.decision.Field(name); reason != "" {
			return nil, fault.New(fault.Denied, "field %s of %s may not be seen: %s", name, b.dataset.ID, reason)
		}
		return nil, fault.New(fault.Invalid, "%s has no field %s", b.dataset.ID, name)
	}
	return chosen, nil
}
