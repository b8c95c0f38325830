package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
)

// Statistics of fields whose values may not be seen.
//
// Two figures that are harmless by themselves can tell of one person by their
// difference. So rows are first parted by all dimensions at once, whatever is
// asked: an atom is the rows that agree in all of them. Filters and groups may
// name dimensions only, so every figure is over whole atoms, and so is every
// difference of figures. What is hidden in an atom counts only when it is about
// at least as many people as the policy says: the rows first, and then, of the
// rows that count, the values of each field and its missing values apart.
//
// A field is open on a row where figures use what is shown of it and no more. A
// row is hidden when nothing of it is shown or a dimension is not open on it,
// since its atom tells that dimension's value.

// hiddenRow and people name columns of the statement that count people.
const (
	hiddenRow = "_hidden"
	people    = "_people"
)

// statistics plans figures over fields whose values are not all seen.
func (b *builder) statistics(request Request) (Plan, error) {
	grouping := b.decision.Grouping()
	if grouping == nil {
		return Plan{}, fault.New(fault.Denied, "of %s no statistics may be seen: no policy allows it", b.dataset.ID)
	}
	if request.AsOf != nil {
		return Plan{}, fault.New(fault.Invalid, "statistics of %s are given of the present state only: the difference of two moments could tell of one person", b.dataset.ID)
	}
	base, err := b.governed(moment{}, countedRows)
	if err != nil {
		return Plan{}, err
	}
	dimensions := slices.DeleteFunc(slices.Clone(grouping.Dimensions), func(name string) bool { _, seen := b.fields[name]; return !seen })
	visible := func(name string) (condition.Field, bool) {
		field, ok := b.visible(name)
		return field, ok && slices.Contains(dimensions, name)
	}
	for _, name := range request.GroupBy {
		if _, ok := visible(name); !ok {
			return Plan{}, fault.New(fault.Denied, "statistics of %s may be grouped by %s, not by %s", b.dataset.ID, listed(dimensions), name)
		}
	}
	filter, err := b.filter(request, visible)
	if err != nil {
		return Plan{}, explainDimensions(err, dimensions)
	}
	measured, err := b.measure(request.Metrics, metricsOfStatistics)
	if err != nil {
		return Plan{}, err
	}
	s := statistics{b: b, base: base, dimensions: dimensions, least: grouping.MinPeople, used: map[string]string{}}
	for _, name := range grouping.Dimensions {
		if access := b.decision.Field(name); access != nil && !slices.Contains(dimensions, name) {
			s.unseen = append(s.unseen, access.Field)
		}
	}
	return s.plan(request, filter, measured)
}

func listed(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// explainDimensions tells which fields statistics may be filtered by.
func explainDimensions(err error, dimensions []string) error {
	return fault.New(fault.CodeOf(err), "%s (statistics may be filtered by %s)", fault.Public(err), listed(dimensions))
}

type statistics struct {
	b          *builder
	base       squirrel.SelectBuilder
	dimensions []string
	// unseen are dimensions of other purposes, rights or hours: rows are parted by
	// them too, so that figures of both cannot be taken apart.
	unseen []acl.Field
	least  int
	// used gives the protected value of each measured field.
	used map[string]string
}

func (s *statistics) plan(request Request, filter squirrel.Sqlizer, measured []measure) (Plan, error) {
	atoms := squirrel.Select()
	join := squirrel.And{squirrel.Expr("TRUE")}
	for i, name := range s.dimensions {
		column := fmt.Sprintf("_d%d", i)
		atoms = atoms.Column(warehouse.Ident(name) + " AS " + column).GroupBy(warehouse.Ident(name))
		join = append(join, squirrel.Expr(warehouse.Ident("base", name)+" IS NOT DISTINCT FROM atoms."+column))
	}
	for i, field := range s.unseen {
		raw, column := fmt.Sprintf("_raw%d", i), fmt.Sprintf("_u%d", i)
		s.base = s.base.Column(field.Column + " AS " + raw)
		atoms = atoms.Column(raw + " AS " + column).GroupBy(raw)
		join = append(join, squirrel.Expr("base."+raw+" IS NOT DISTINCT FROM atoms."+column))
	}
	s.base = s.base.Column(squirrel.ConcatExpr(s.hidden(), " AS "+hiddenRow))
	atoms = atoms.Column(s.count(hiddenRow) + " AS " + people)
	for _, m := range measured {
		if m.field != "" && s.used[m.field] == "" {
			atoms = s.protect(m.field, atoms)
		}
	}
	condition, args, err := join.ToSql()
	if err != nil {
		return Plan{}, err
	}
	with := squirrel.ConcatExpr("WITH base AS (", s.base, "), atoms AS (", atoms.From("base"), ")")
	statement := squirrel.Select().PrefixExpr(with).From("base").Join("atoms ON "+condition, args...).
		Where(fmt.Sprintf("(NOT %s OR %s >= %d)", hiddenRow, people, s.least)).Where(filter)
	return s.b.finish(request, statement, measured, func(field string) string { return s.used[field] })
}

// protect counts, in each atom, the people of whom a value of a field that is not
// open is there and those of whom it is missing, among the rows that count.
func (s *statistics) protect(name string, atoms squirrel.SelectBuilder) squirrel.SelectBuilder {
	i := len(s.used)
	closed, values, missing := fmt.Sprintf("_c%d", i), fmt.Sprintf("_v%d", i), fmt.Sprintf("_m%d", i)
	s.base = s.base.Column(squirrel.ConcatExpr(not(s.open(s.b.decision.Field(name))), " AS "+closed))
	column := warehouse.Ident(name)
	s.used[name] = fmt.Sprintf("CASE WHEN NOT %s OR (%s >= %d AND (%s = 0 OR %s >= %d)) THEN %s END",
		closed, values, s.least, missing, missing, s.least, warehouse.Ident("base", name))
	return atoms.Column(s.crowd(closed+" AND "+column+" IS NOT NULL") + " AS " + values).
		Column(s.crowd(closed+" AND "+column+" IS NULL") + " AS " + missing)
}

// crowd counts the people of an atom whose rows count.
func (s *statistics) crowd(where string) string {
	return fmt.Sprintf("CASE WHEN %s >= %d THEN %s ELSE %s END", s.count(hiddenRow), s.least, s.count(where), s.count(where+" AND NOT "+hiddenRow))
}

// count counts people, those of rows that name nobody as one; rows, where rows
// are about nobody.
func (s *statistics) count(where string) string {
	if s.b.person == "" {
		return "count(CASE WHEN " + where + " THEN 1 END)"
	}
	return "count(DISTINCT CASE WHEN " + where + " THEN coalesce(" + PersonColumn + ", '') END)"
}

// hidden is the condition of hidden rows.
func (s *statistics) hidden() squirrel.Sqlizer {
	some := squirrel.Or{squirrel.Expr("FALSE")}
	for i := range s.b.decision.Fields() {
		if rows := shownRows.rowsOf(&s.b.decision.Fields()[i]); !rows.none() {
			some = append(some, s.shown(rows))
		}
	}
	shown := squirrel.And{some}
	for _, name := range s.dimensions {
		shown = append(shown, s.open(s.b.decision.Field(name)))
	}
	return not(shown)
}

// open is the condition of rows on which a field is open.
func (s *statistics) open(field *acl.FieldAccess) squirrel.Sqlizer {
	rows := shownRows.rowsOf(field)
	if rows.none() {
		return squirrel.Expr("FALSE")
	}
	var clear, statistics acl.When
	for _, term := range field.Allows {
		switch term.Limit.Access {
		case acl.Clear:
			clear = clear.Or(term.When)
		case acl.Statistics:
			statistics = statistics.Or(term.When)
		}
	}
	if statistics.Never() {
		return s.shown(rows)
	}
	// Figures are over clear values, whatever mask is shown.
	return squirrel.And{s.shown(rows), squirrel.Or{s.b.isTrue(clear), not(s.b.isTrue(statistics))}}
}

func (s *statistics) shown(rows rowsOf) squirrel.Sqlizer {
	return squirrel.ConcatExpr("coalesce(", s.b.holds(rows), ", FALSE)")
}
