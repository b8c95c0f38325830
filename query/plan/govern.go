package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

// builder gathers what the principal sees of a dataset.
type builder struct {
	dataset   catalog.Dataset
	decision  *acl.Decision
	salt      string
	consented []string
	templates map[string]string
	// person is the field that says whom a row is about, "" for none.
	person   string
	fields   map[string]Field
	order    []string
	withheld []Withheld
	someRows bool
	// source names other rows than those published now; nil does not.
	source func(*builder, squirrel.SelectBuilder) squirrel.SelectBuilder
	// only are the fields that are written out; nil writes all.
	only map[string]bool
}

func newBuilder(dataset catalog.Dataset, decision *acl.Decision, means Means) *builder {
	b := &builder{
		dataset: dataset, decision: decision, salt: means.Salt, consented: means.Consented, templates: means.Templates,
		fields: map[string]Field{},
	}
	if decision.Field(dataset.Person) != nil {
		b.person = dataset.Person
	}
	return b
}

// shape is what of a field counts as shown.
type shape int

const (
	// shownRows are rows of which some value is shown.
	shownRows shape = iota
	// countedRows are rows that may count in statistics too.
	countedRows
)

// rowsOf are the rows on which something of a field is shown: not those of
// denied, and of the others those of allowed.
type rowsOf struct{ Denied, Statistics, Allowed acl.When }

func (s shape) rowsOf(field *acl.FieldAccess) rowsOf {
	made := rowsOf{Denied: field.Denied}
	least := acl.Statistics
	if s == shownRows {
		least, made.Statistics = acl.Masked, field.Statistics
	}
	for _, term := range field.Allows {
		if term.Limit.Access >= least {
			made.Allowed = made.Allowed.Or(term.When)
		}
	}
	return made
}

func (r rowsOf) none() bool { return r.Denied.Always || r.Statistics.Always || r.Allowed.Never() }

func (r rowsOf) key() string {
	text, err := json.Marshal(r)
	if err != nil { // numbers and truths: cannot fail
		return ""
	}
	return string(text)
}

// governed is the dataset as the principal sees it: the fields that are shown
// on some row, and the rows on which some field is.
func (b *builder) governed(at moment, s shape) (squirrel.SelectBuilder, error) {
	fields := b.fieldsOf(s)
	filter, whole := b.rowFilter(fields)
	statement := squirrel.Select()
	for _, field := range fields {
		access := field.access
		if field.rows.none() {
			b.withheld = append(b.withheld, Withheld{access.Field.Name, b.decision.Reason(access.Field.Name)})
			continue
		}
		shown, kind, err := b.value(access, s, field.key == whole)
		if err != nil {
			return statement, err
		}
		if b.only == nil || b.only[access.Field.Name] {
			statement = statement.Column(shown.sql+" AS "+warehouse.Ident(access.Field.Name), shown.args...)
		}
		b.describe(access, kind, field.key == whole)
	}
	if b.person != "" {
		statement = statement.Column("CAST(" + warehouse.Ident(b.person) + " AS VARCHAR) AS " + warehouse.Ident(PersonColumn))
	}
	statement = b.from(statement, at)
	if filter != nil {
		b.someRows = true
		statement = statement.Where(filter)
	}
	if consent := b.decision.Consent(); consent != nil {
		b.someRows = true
		person := "CAST(" + warehouse.Ident(consent.Person) + " AS VARCHAR)"
		statement = statement.Where(person+" IN (SELECT unnest(CAST(? AS VARCHAR[])))", slices.Concat(b.consented, consent.Own))
	}
	return statement, nil
}

func (b *builder) describe(access *acl.FieldAccess, kind schema.Type, whole bool) {
	name := access.Field.Name
	best := access.Best()
	made := Field{Name: name, Access: best.Access.String(), Reason: b.decision.Reason(name), Type: kind, SomeRows: !whole && !access.Whole()}
	if best.Access == acl.Masked {
		made.Mask = best.Mask.String()
	}
	b.fields[name] = made
	b.order = append(b.order, name)
}

// shownField is a field with the rows on which something of it is shown.
type shownField struct {
	access *acl.FieldAccess
	rows   rowsOf
	key    string
}

func (b *builder) fieldsOf(s shape) []shownField {
	fields := b.decision.Fields()
	made := make([]shownField, len(fields))
	for i := range fields {
		rows := s.rowsOf(&fields[i])
		made[i] = shownField{&fields[i], rows, rows.key()}
	}
	return made
}

// rowFilter gives the condition of the rows on which some field is shown, nil
// for all rows, and the key of the fields that are shown on all of these.
func (b *builder) rowFilter(fields []shownField) (squirrel.Sqlizer, string) {
	var alternatives []shownField
	keys := map[string]bool{}
	for _, field := range fields {
		if field.rows.none() || keys[field.key] {
			continue
		}
		keys[field.key] = true
		alternatives = append(alternatives, field)
	}
	always := rowsOf{Allowed: acl.When{Always: true}}.key()
	if keys[always] || len(alternatives) == 0 {
		return nil, always
	}
	var made squirrel.Or
	for _, field := range alternatives {
		made = append(made, b.holds(field.rows))
	}
	if len(alternatives) == 1 {
		return made, alternatives[0].key
	}
	return made, ""
}

// holds writes the condition of rows that are shown. It is true or not, and may
// be NULL for not where it stands by itself.
func (b *builder) holds(rows rowsOf) squirrel.Sqlizer {
	made := squirrel.And{}
	if !rows.Denied.Never() {
		made = append(made, not(b.notFalse(rows.Denied)))
	}
	if !rows.Statistics.Never() {
		made = append(made, not(b.notFalse(rows.Statistics)))
	}
	if !rows.Allowed.Always {
		made = append(made, b.any(rows.Allowed, "%s"))
	}
	return made
}

// isTrue and notFalse write a When that is never NULL: an allow counts where
// its condition is true, a deny where it is not false.
func (b *builder) isTrue(when acl.When) squirrel.Sqlizer { return b.any(when, "coalesce(%s, FALSE)") }

func (b *builder) notFalse(when acl.When) squirrel.Sqlizer {
	return b.any(when, "coalesce(%s, TRUE)")
}

func (b *builder) any(when acl.When, form string) squirrel.Sqlizer {
	if when.Always {
		return squirrel.Expr("TRUE")
	}
	made := squirrel.Or{}
	for _, i := range when.Any {
		sql, args, err := b.decision.Conditions()[i].ToSql()
		if err != nil {
			return failed{err}
		}
		made = append(made, squirrel.Expr(fmt.Sprintf(form, sql), args...))
	}
	return made
}

func not(condition squirrel.Sqlizer) squirrel.Sqlizer {
	return squirrel.ConcatExpr("NOT (", condition, ")")
}

// failed carries an error to where the statement is written.
type failed struct{ err error }

func (f failed) ToSql() (string, []any, error) { return "", nil, f.err } //nolint:revive // squirrel's name

// moment says which rows are read: those published now, or those that were at a
// moment; all of them, or a piece.
type moment struct {
	asOf  *time.Time
	piece *Piece
}

func (b *builder) from(statement squirrel.SelectBuilder, at moment) squirrel.SelectBuilder {
	published := warehouse.Published(b.dataset.ID)
	if at.asOf == nil && b.source != nil {
		return b.source(b, statement)
	}
	if at.asOf == nil {
		return at.within(statement.From(published))
	}
	names := b.columns()
	open := at.within(squirrel.Select(names...).From(published).Where("_since <= ?", *at.asOf))
	closed := at.within(squirrel.Select(names...).From(warehouse.History(b.dataset.ID)).Where("_since <= ? AND _until > ?", *at.asOf, *at.asOf))
	switch {
	case at.piece == nil:
		return statement.FromSelect(open.SuffixExpr(closed.Prefix("UNION ALL")), "was")
	case at.piece.Closed:
		return statement.FromSelect(closed, "was")
	}
	return statement.FromSelect(open, "was")
}

// within keeps the rows of the piece.
func (m moment) within(statement squirrel.SelectBuilder) squirrel.SelectBuilder {
	if m.piece == nil {
		return statement
	}
	return statement.Where("rowid >= ? AND rowid < ?", m.piece.From, m.piece.Until)
}

func (b *builder) columns() []string {
	names := make([]string, len(b.dataset.Fields))
	for i, field := range b.dataset.Fields {
		names[i] = warehouse.Ident(field.Name)
	}
	return names
}

// value writes what is shown of a field. whole says that the row filter already
// keeps exactly the rows on which something of it is.
func (b *builder) value(access *acl.FieldAccess, s shape, whole bool) (expression, schema.Type, error) {
	cases, err := b.cases(access, s, whole)
	if err != nil {
		return expression{}, schema.Type{}, err
	}
	kind := commonType(cases, access.Field.Type)
	if len(cases) == 1 && cases[0].when == nil {
		return cases[0].shown(kind), kind, nil
	}
	made := expression{}
	var sql strings.Builder
	sql.WriteString("CASE")
	for _, one := range cases {
		shown := one.shown(kind)
		if one.when == nil {
			sql.WriteString(" ELSE " + shown.sql)
			made.args = append(made.args, shown.args...)
			break
		}
		when, args, err := one.when.ToSql()
		if err != nil {
			return expression{}, schema.Type{}, err
		}
		sql.WriteString(" WHEN " + when + " THEN " + shown.sql)
		made.args = append(append(made.args, args...), shown.args...)
	}
	sql.WriteString(" END")
	made.sql = sql.String()
	return made, kind, nil
}

// oneCase is what is shown where a condition holds, nil for everywhere else.
type oneCase struct {
	when  squirrel.Sqlizer
	value expression
	kind  schema.Type
	// nothing is NULL of whatever type the others have.
	nothing bool
}

func (c oneCase) shown(as schema.Type) expression {
	if c.nothing {
		return expression{sql: null(as)}
	}
	if c.kind != as {
		return expression{"CAST(" + c.value.sql + " AS " + as.SQL() + ")", c.value.args}
	}
	return c.value
}

// commonType is the one type of all cases, or text; that of the field where
// nothing is ever shown.
func commonType(cases []oneCase, of schema.Type) schema.Type {
	var found *schema.Type
	for _, one := range cases {
		if one.nothing {
			continue
		}
		if found != nil && *found != one.kind {
			return schema.Of(schema.String)
		}
		found = &one.kind
	}
	if found == nil {
		return of
	}
	return *found
}
