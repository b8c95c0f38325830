package plan

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

// Request is what is asked of a dataset.
type Request struct {
	// Fields to give, in that order; empty means all that may be seen.
	Fields []string
	// Where is a filter in the language of package condition.
	Where string
	// Filters hold as well.
	Filters []condition.Filter
	// Sort names fields, -field for descending.
	Sort []string
	// GroupBy and Metrics ask for figures instead of rows.
	GroupBy []string
	Metrics []Metric
	// AsOf is the moment whose state is asked for; nil is now.
	AsOf *time.Time
	// Limit is the number of rows at most, Offset how many are passed over.
	Limit, Offset uint64
	// Page asks for a page of rows, in an order that is whole; nil does not.
	Page *Page
	// Piece asks for the rows at some places of a table; nil is everywhere.
	Piece *Piece
}

// Piece is a part of the rows by their places in the table: those published or,
// when Closed, those that were, from From up to, and without, Until.
type Piece struct {
	Closed      bool
	From, Until int64
}

const (
	// maxNames bounds the fields, orders and groups of a request, maxMetrics its
	// figures: each costs the engine work for every row.
	maxNames   = 1000
	maxMetrics = 100
)

func (r Request) check() error {
	if max(len(r.Fields), len(r.Sort), len(r.GroupBy)) > maxNames || len(r.Metrics) > maxMetrics {
		return fault.New(fault.Invalid, "a request names at most %d fields, orders and groups each, and %d metrics", maxNames, maxMetrics)
	}
	if r.Limit > math.MaxInt64 || r.Offset > math.MaxInt64 {
		return fault.New(fault.Invalid, "limit and offset are at most %d", int64(math.MaxInt64))
	}
	return nil
}

// Means is what plans need beside the request.
type Means struct {
	// Salt makes hashes those of one purpose.
	Salt string
	// Consented lists who consented, where the decision demands consent.
	Consented []string
	// Templates are the checked SQL of named mask expressions.
	Templates map[string]string
}

// PersonColumn is the last column of a statement with HasPerson: the campus id
// of the person whom the row is about, for the record of reads alone.
const PersonColumn = "_person"

// Plan is a statement whose rows may be shown, its last column aside where
// HasPerson is set.
type Plan struct {
	SQL  string
	Args []any
	// HasPerson says that the last column is [PersonColumn].
	HasPerson bool
	// CursorColumns is the number of columns, behind the fields and not shown, of
	// the values that the next page begins behind.
	CursorColumns int
	// Single says that there is one row at most: the filter names its key.
	Single bool
	// Probe gives the number of rows of the statement.
	Probe Statement
	// Persons gives the people concerned, each once; empty where rows are about
	// nobody. FirstPersons gives those of the first rows, which is much less work.
	Persons      Statement
	FirstPersons Statement
	Fields       []Field
	Withheld     []Withheld
	// SomeRows says that row conditions limit what is seen.
	SomeRows bool
}

// Statement is SQL with its arguments.
type Statement struct {
	SQL  string
	Args []any
}

// Field is a field of the answer.
type Field struct {
	Name string `json:"name"`
	// Access is "clear", "masked" or "statistics"; Mask names the mask.
	Access string `json:"access"`
	Mask   string `json:"mask,omitempty"`
	// SomeRows says that the value is shown on some of the rows only.
	SomeRows bool        `json:"some_rows,omitempty"`
	Reason   string      `json:"reason"`
	Type     schema.Type `json:"type"`
}

// Withheld is a field left out, with the reason.
type Withheld struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// New plans a request. A field that is asked for by name and may not be seen,
// and a dataset of which nothing may be seen, are Denied faults.
func New(dataset catalog.Dataset, decision *acl.Decision, request Request, means Means) (Plan, error) {
	if decision == nil || decision.Dataset() != dataset.ID || !decision.Allowed() {
		return Plan{}, fault.New(fault.Denied, "nothing of %s may be %s: no policy allows it", dataset.ID, done[decision.Right()])
	}
	if err := request.check(); err != nil {
		return Plan{}, err
	}
	b := newBuilder(dataset, decision, means)
	if len(request.GroupBy)+len(request.Metrics) > 0 {
		return b.figures(request)
	}
	if !decision.Shown() {
		return Plan{}, fault.New(fault.Denied, "of %s statistics may be seen and no rows: ask for metrics", dataset.ID)
	}
	return b.rows(request)
}

// done says what is done with data by a right.
var done = map[acl.Right]string{"": "seen", acl.View: "seen", acl.Hold: "held", acl.Create: "corrected", acl.Transmit: "passed on"}

// rows plans an answer of rows.
func (b *builder) rows(request Request) (Plan, error) {
	b.only = request.names()
	governed, err := b.governed(moment{request.AsOf, request.Piece}, shownRows)
	if err != nil {
		return Plan{}, err
	}
	chosen, err := b.choose(request.Fields)
	if err != nil {
		return Plan{}, err
	}
	filter, err := b.filter(request, b.visible)
	if err != nil {
		return Plan{}, err
	}
	single := b.single(request)
	if request.Page != nil && !single {
		governed = b.withKey(governed, *request.Page)
	}
	statement := squirrel.Select().FromSelect(governed, "governed").Where(filter).Limit(request.Limit)
	if request.Offset > 0 {
		statement = statement.Offset(request.Offset)
	}
	made := Plan{Fields: chosen, Withheld: b.withheld, SomeRows: b.someRows, HasPerson: b.person != ""}
	for _, field := range chosen {
		statement = statement.Column(warehouse.Ident(field.Name))
	}
	order, keyless, err := b.pageOrder(request.Sort)
	switch {
	case err != nil:
		return Plan{}, err
	case single:
		made.Single = true
	case request.Page != nil && !keyless:
		made.CursorColumns = len(order)
		statement, err = paged(statement, order, *request.Page)
	default:
		statement, err = b.sorted(statement, request.Sort, b.visible)
	}
	if err != nil {
		return Plan{}, err
	}
	if made.HasPerson {
		statement = statement.Column(warehouse.Ident(PersonColumn))
		if err := made.persons(governed, filter); err != nil {
			return Plan{}, err
		}
	}
	if made.SQL, made.Args, err = statement.ToSql(); err != nil {
		return Plan{}, err
	}
	made.Probe, err = write(squirrel.Select("count(*)").FromSelect(statement, "counted"))
	return made, err
}

// names are the fields that a request speaks of; nil where that is all of them.
func (r Request) names() map[string]bool {
	if len(r.Fields) == 0 {
		return nil
	}
	made := map[string]bool{}
	for _, name := range r.Fields {
		made[name] = true
	}
	for _, name := range r.Sort {
		made[strings.TrimPrefix(name, "-")] = true
	}
	if filter, err := r.condition(); err == nil { // a mistake is told when it is bound
		for _, name := range filter.Fields() {
			made[name] = true
		}
	}
	return made
}

// firstRows is how many rows are looked at before all are: enough to find that
// more people are concerned than the record of reads keeps.
const firstRows = 50_000

// persons adds the statements that say whom the answer is about.
func (p *Plan) persons(governed squirrel.SelectBuilder, filter squirrel.Sqlizer) error {
	person := warehouse.Ident(PersonColumn)
	about := squirrel.Select(person).FromSelect(governed, "governed").Where(filter).Where(person + " IS NOT NULL")
	var err error
	if p.Persons, err = write(about.Distinct()); err != nil {
		return err
	}
	p.FirstPersons, err = write(squirrel.Select(person).Distinct().FromSelect(about.Limit(firstRows), "first_rows"))
	return err
}

func write(statement squirrel.SelectBuilder) (Statement, error) {
	sql, args, err := statement.ToSql()
	return Statement{sql, args}, err
}

// filter compiles the caller's condition; what it may speak of is visible.
func (b *builder) filter(request Request, visible func(string) (condition.Field, bool)) (condition.Condition, error) {
	parsed, err := request.condition()
	if err != nil {
		return condition.Condition{}, err
	}
	return parsed.Bind(condition.Scope{Field: visible})
}

// Only gives the field and the text where the request's filter demands that one
// field is equal to one text, and nothing else.
func (r Request) Only() (field, value string, only bool) {
	filter, err := r.condition()
	if err != nil {
		return "", "", false
	}
	return filter.Only()
}

// condition joins the filter in words and the filters.
func (r Request) condition() (condition.Expression, error) {
	parsed := condition.Expression{}
	var err error
	if strings.TrimSpace(r.Where) != "" {
		if parsed, err = condition.Parse(r.Where); err != nil {
			return parsed, err
		}
	}
	return parsed.And(r.Filters...)
}

func (b *builder) sorted(statement squirrel.SelectBuilder, sort []string, visible func(string) (condition.Field, bool)) (squirrel.SelectBuilder, error) {
	var known []string
	for _, name := range sort {
		bare, downwards := strings.CutPrefix(name, "-")
		field, ok := visible(bare)
		if !ok {
			return statement, fault.New(fault.Invalid, "sort: there is no field %s that may be seen", bare)
		}
		if slices.Contains(known, field.Name) {
			continue // it is in order by the first one
		}
		known = append(known, field.Name)
		direction := " ASC NULLS LAST"
		if downwards {
			direction = " DESC NULLS LAST"
		}
		statement = statement.OrderBy(field.Expression + direction)
	}
	return statement, nil
}

// visible gives a field to filters and orders, if it is there for the principal.
func (b *builder) visible(name string) (condition.Field, bool) {
	field, ok := b.fields[name]
	return condition.Field{Name: name, Expression: warehouse.Ident(field.Name), Type: field.Type}, ok
}

func (b *builder) choose(names []string) ([]Field, error) {
	if len(names) == 0 {
		names = b.order
	}
	chosen := make([]Field, 0, len(names))
	for _, name := range names {
		field, ok := b.fields[name]
		if !ok {
			return nil, b.refused(name)
		}
		chosen = append(chosen, field)
	}
	return chosen, nil
}

// refused says why a field that was asked for by name is not given.
func (b *builder) refused(name string) error {
	access := b.decision.Field(name)
	switch {
	case access == nil:
		return fault.New(fault.Invalid, "%s has no field %s", b.dataset.ID, name)
	case access.Best().Access == acl.Statistics:
		return fault.New(fault.Denied, "of field %s of %s statistics may be seen and no values: %s", name, b.dataset.ID, b.decision.Reason(name))
	}
	return fault.New(fault.Denied, "field %s of %s may not be seen: %s", name, b.dataset.ID, b.decision.Reason(name))
}
