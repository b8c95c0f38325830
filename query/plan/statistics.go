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
// at least as many people as the policy says, values and missing values apart.

// hidden, values and missing name columns of the statement that count people.
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
	base, err := b.governed(nil, countedRows)
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
	filter, err := b.filter(request.Where, visible)
	if err != nil {
		return Plan{}, explainDimensions(err, dimensions)
	}
	measured, err := b.measure(request.Metrics, metricsOfStatistics)
	if err != nil {
		return Plan{}, err
	}
	s := statistics{b: b, base: base, dimensions: dimensions, least: grouping.MinPeople, used: map[string]string{}}
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
	least      int
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
	s.base = s.base.Column(squirrel.ConcatExpr(s.hidden(s.b.decision.Fields()), " AS "+hiddenRow))
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

// protect counts, in each atom, the people of whom a hidden value of a field is
// there and those of whom it is missing.
func (s *statistics) protect(name string, atoms squirrel.SelectBuilder) squirrel.SelectBuilder {
	i := len(s.used)
	hidden, values, missing := fmt.Sprintf("_h%d", i), fmt.Sprintf("_v%d", i), fmt.Sprintf("_m%d", i)
	access := s.b.decision.Field(name)
	s.base = s.base.Column(squirrel.ConcatExpr(s.hidden([]acl.FieldAccess{*access}), " AS "+hidden))
	column := warehouse.Ident(name)
	s.used[name] = fmt.Sprintf("CASE WHEN NOT %s OR (%s >= %d AND (%s = 0 OR %s >= %d)) THEN %s END",
		hidden, values, s.least, missing, missing, s.least, warehouse.Ident("base", name))
	return atoms.Column(s.count(hidden+" AND "+column+" IS NOT NULL") + " AS " + values).
		Column(s.count(hidden+" AND "+column+" IS NULL") + " AS " + missing)
}

// count counts people, those of rows that name nobody as one; rows, where rows
// are about nobody.
func (s *statistics) count(where string) string {
	if s.b.person == "" {
		return "count(CASE WHEN " + where + " THEN 1 END)"
	}
	return "count(DISTINCT CASE WHEN " + where + " THEN coalesce(" + PersonColumn + ", '') END)"
}

// hidden is the condition of rows on which nothing of the fields is shown.
func (s *statistics) hidden(fields []acl.FieldAccess) squirrel.Sqlizer {
	shown := squirrel.Or{squirrel.Expr("FALSE")}
	for i := range fields {
		if rows := shownRows.rowsOf(&fields[i]); !rows.none() {
			shown = append(shown, squirrel.ConcatExpr("coalesce(", s.b.holds(rows), ", FALSE)"))
		}
	}
	return not(shown)
}
