package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sq "github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/standard"
)

// Columns of the staged rows of an [Offer], beside one column a field: whether
// a field was given, the place of a row in the contribution (from 0), and the
// row as it was given, as JSON. No field has a colon in its name.
const (
	StagedIndex = "is:index"
	StagedRaw   = "is:raw"
)

// Columns of the merged rows: the value that a field had, the one that it is to
// have, and whether what was given is none of its type. Unlike those of a load,
// which may have millions of rows, values are stored: most of the time of a
// small contribution would go into planning their expressions again and again.
func old(field string) string   { return "old:" + field }
func value(field string) string { return "new:" + field }
func bad(field string) string   { return "bad:" + field }

// StagedGiven names the column that says whether a field was given.
func StagedGiven(field string) string { return "given:" + field }

// Codes of rows that no check refuses.
const (
	CodeDenied   = "denied"
	CodeExists   = "exists"
	CodeNotFound = "not_found"
)

// Offer is a contribution: rows that name their key and some of the other
// fields, to be put over what is published.
type Offer struct {
	Plan Plan
	// Staged names the landing of the rows as they were given.
	Staged string
	// Givable are the places of the fields that rows may give.
	Givable []int
	// Permits holds, by the places of fields, the conditions over a row of
	// published fields on which a field may be written; nil: on every row.
	Permits []sq.Sqlizer
	// Delete says that rows name what is to be deleted.
	Delete bool

	texts []string
	args  []any
	which []int
}

// Prepare writes the conditions of [Offer.Permits] once each.
func (o *Offer) Prepare() error {
	known := map[string]int{}
	o.which = make([]int, len(o.Plan.Fields))
	for _, place := range o.Givable {
		var permit sq.Sqlizer
		if o.Permits != nil {
			permit = o.Permits[place]
		}
		text, args := "true", []any(nil)
		if permit != nil {
			var err error
			if text, args, err = permit.ToSql(); err != nil {
				return fmt.Errorf("write a condition: %w", err)
			}
		}
		key := fmt.Sprintf("%s %q", text, args)
		at, written := known[key]
		if !written {
			at = len(o.texts)
			known[key] = at
			o.texts = append(o.texts, fmt.Sprintf("coalesce(%s, false) AS %s", text, may(at)))
			o.args = append(o.args, args...)
		}
		o.which[place] = at
	}
	return nil
}

func may(at int) string { return warehouse.Ident(fmt.Sprintf("may:%d", at)) }

// may is true where everything that a row writes may be written on what the
// conditions were evaluated over, under the alias of: a deletion writes
// all fields, anything else those that were given.
func (o *Offer) may(of string) string {
	parts := []string{"true"}
	for _, place := range o.Givable {
		condition := of + may(o.which[place])
		if !o.Delete {
			condition = fmt.Sprintf("(NOT %s OR %s)", warehouse.Ident(StagedGiven(o.Plan.Fields[place].Name)), condition)
		}
		if !slices.Contains(parts, condition) {
			parts = append(parts, condition)
		}
	}
	return strings.Join(parts, " AND ")
}

func (o *Offer) permits() string {
	var b strings.Builder
	for _, text := range o.texts {
		b.WriteString(", " + text)
	}
	return b.String()
}

// Merge joins the staged rows with the published ones of the same key, into
// the landed table. A published row that may not be written is as if it were
// not there, and marked. The plan's columns are then the merged ones.
func (o *Offer) Merge(ctx context.Context, w *warehouse.Warehouse) error {
	statement, err := render("merge", o.merge())
	if err != nil {
		return err
	}
	if err := w.Exec(ctx, statement, o.args...); err != nil {
		return fmt.Errorf("merge rows of %s: %w", o.Plan.Dataset, err)
	}
	o.overlay()
	return nil
}

type mergeScope struct {
	scope
	Staged, Twice, May, Was, GivenKey, WasNames, Permits, WasKey, GivenMatch, Kept, Values string
}

func (o *Offer) merge() mergeScope {
	p := o.Plan
	m := mergeScope{scope: p.scope(), Staged: warehouse.Landed(o.Staged), Permits: o.permits(), May: o.may("w.")}
	var given, was, whole, match []string
	for i, place := range p.Key {
		name, before := warehouse.Ident(fmt.Sprintf("key:%d", i)), warehouse.Ident(fmt.Sprintf("was:%d", i))
		given = append(given, p.Fields[place].Column.Value+" AS "+name)
		was = append(was, warehouse.Ident("p", p.Fields[place].Name)+" AS "+before)
		match = append(match, "g."+name+" = w."+before)
		whole = append(whole, "g."+name)
	}
	m.GivenKey, m.WasKey, m.GivenMatch = strings.Join(given, ", "), strings.Join(was, ", "), strings.Join(match, " AND ")
	m.Twice = fmt.Sprintf("%s IS NOT NULL AND count(*) OVER (PARTITION BY %s) > 1", strings.Join(whole, " IS NOT NULL AND "), strings.Join(whole, ", "))
	m.WasNames = "*"
	var before, values strings.Builder
	for place, field := range p.Fields {
		name := warehouse.Ident(old(field.Name))
		before.WriteString(", w." + warehouse.Ident(field.Name) + " AS " + name)
		was := fmt.Sprintf(`CASE WHEN "is:here" AND "is:mine" THEN l.%s END`, name)
		fmt.Fprintf(&values, ", %s AS %s, ", was, name)
		values.WriteString(o.merged(place, was))
	}
	m.Was, m.Values = before.String(), values.String()
	kept := []string{warehouse.Ident(StagedRaw)}
	for _, place := range o.Givable {
		name := p.Fields[place].Name
		kept = append(kept, warehouse.Ident(name), warehouse.Ident(StagedGiven(name)))
	}
	m.Kept = strings.Join(kept, ", ")
	return m
}

// merged gives a field the value that was given, or the one before.
func (o *Offer) merged(place int, was string) string {
	field := o.Plan.Fields[place]
	name := warehouse.Ident(value(field.Name))
	if !slices.Contains(o.Givable, place) {
		return was + " AS " + name
	}
	given := warehouse.Ident(standard.Alias, StagedGiven(field.Name))
	made := fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END AS %s", given, field.Column.Value, was, name)
	if field.Column.Bad != "" {
		made += fmt.Sprintf(", coalesce(%s AND %s, false) AS %s", given, field.Column.Bad, warehouse.Ident(bad(field.Name)))
	}
	return made
}

// overlay makes the plan's columns those of the merged rows.
func (o *Offer) overlay() {
	o.Plan.Fields = slices.Clone(o.Plan.Fields)
	for place := range o.Plan.Fields {
		field := &o.Plan.Fields[place]
		field.Column.Value = warehouse.Ident(standard.Alias, value(field.Name))
		switch {
		case !slices.Contains(o.Givable, place):
			field.Column.Bad = ""
		case field.Column.Bad != "":
			field.Column.Bad = warehouse.Ident(standard.Alias, bad(field.Name))
		}
	}
	o.Plan.Raw = warehouse.Ident(standard.Alias, StagedRaw)
}

// Refusal is a landed row that is not taken; Row is its [landing.RowColumn].
type Refusal struct {
	Row                 int64
	Code, Field, Reason string
}

// Twice lists the rows whose key another row of the contribution has.
func (o *Offer) Twice(ctx context.Context, w *warehouse.Warehouse) ([]Refusal, error) {
	return refusals(ctx, w, `SELECT _row, ?, '', ? FROM `+warehouse.Landed(o.Plan.Dataset)+` WHERE "is:twice" ORDER BY _row`,
		CodeDuplicateKey, "another row of the same request has the same key; give each key once")
}

// Exists lists the rows whose key is published, where it may be written.
func (o *Offer) Exists(ctx context.Context, w *warehouse.Warehouse) ([]Refusal, error) {
	return refusals(ctx, w, `SELECT _row, ?, '', '' FROM `+warehouse.Landed(o.Plan.Dataset)+` WHERE "is:known" ORDER BY _row`, CodeExists)
}

// Failed lists the rows that a check refuses, after [Judge].
func (o *Offer) Failed(ctx context.Context, w *warehouse.Warehouse) ([]Refusal, error) {
	statement, err := render("refusals", struct {
		scope
		Bads, Reasons, Further string
	}{o.Plan.scope(), o.Plan.bads(), o.Plan.reasonRows(), o.Plan.further()})
	if err != nil {
		return nil, err
	}
	return refusals(ctx, w, statement)
}

// Weigh lists the rows that may not be written, after [Judge]: of those that no
// check refuses, or of those that one does.
func (o *Offer) Weigh(ctx context.Context, w *warehouse.Warehouse, failed bool) ([]Refusal, error) {
	values := make([]string, len(o.Plan.Fields))
	var given strings.Builder
	for place, field := range o.Plan.Fields {
		values[place] = field.Column.Value + " AS " + warehouse.Ident(field.Name)
		if slices.Contains(o.Givable, place) {
			given.WriteString(", " + warehouse.Ident(standard.Alias, StagedGiven(field.Name)))
		}
	}
	statement, err := render("weigh", struct {
		scope
		Delete, Failed                   bool
		May, Permits, Given, NamedValues string
	}{o.Plan.scope(), o.Delete, failed, o.may(""), o.permits(), given.String(), strings.Join(values, ", ")})
	if err != nil {
		return nil, err
	}
	return refusals(ctx, w, `SELECT _row, "is:code", '', '' FROM (`+statement+`)`, o.args...)
}

func refusals(ctx context.Context, w *warehouse.Warehouse, statement string, args ...any) ([]Refusal, error) {
	rows, err := w.Rows(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("list refused rows: %w", err)
	}
	defer rows.Close()
	var found []Refusal
	for rows.Next() {
		var one Refusal
		if err := rows.Scan(&one.Row, &one.Code, &one.Field, &one.Reason); err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, rows.Err()
}

// Drop takes landed rows out of the contribution, before they are judged.
func (o *Offer) Drop(ctx context.Context, w *warehouse.Warehouse, refused []Refusal) error {
	return among(ctx, w, "DELETE FROM "+warehouse.Landed(o.Plan.Dataset), refused)
}

// Ignore lets judged rows neither be taken nor put into quarantine.
func (o *Offer) Ignore(ctx context.Context, w *warehouse.Warehouse, refused []Refusal) error {
	return among(ctx, w, "UPDATE "+warehouse.Verdicts(o.Plan.Dataset)+" SET _fail = -1", refused)
}

func among(ctx context.Context, w *warehouse.Warehouse, statement string, refused []Refusal) error {
	if len(refused) == 0 {
		return nil
	}
	rows := make([]int64, len(refused))
	for i, one := range refused {
		rows[i] = one.Row
	}
	if err := w.Exec(ctx, statement+" WHERE _row IN (SELECT unnest(CAST(? AS BIGINT[])))", rows); err != nil {
		return fmt.Errorf("take refused rows away: %w", err)
	}
	return nil
}

// Concerned lists whom the rows to be taken are about, before and after, by the
// field that says so: at most most of them.
func (o *Offer) Concerned(ctx context.Context, w *warehouse.Warehouse, person string, most int) ([]string, error) {
	place := o.Plan.place(person)
	if person == "" || place < 0 {
		return nil, nil
	}
	statement, err := render("concerned", struct {
		scope
		Old, Value string
	}{o.Plan.scope(), warehouse.Ident(standard.Alias, old(person)), o.Plan.Fields[place].Column.Value})
	if err != nil {
		return nil, err
	}
	rows, err := w.Rows(ctx, statement, most)
	if err != nil {
		return nil, fmt.Errorf("list the people concerned: %w", err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, rows.Err()
}
