package plan

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
)

// The kinds of changes, as the column [OpColumn] has them.
const (
	OpInsert = "insert"
	OpUpdate = "update"
	OpDelete = "delete"
)

// Columns of a statement of changes, behind the fields. A row is told apart by
// [KeyColumn] and, where several have the same, by [CopyColumn], which counts
// them from 1. The persons are those of the row as it is and as it was.
const (
	KeyColumn    = "_key"
	CopyColumn   = "_copy"
	OpColumn     = "_op"
	PersonAfter  = "_person_after"
	PersonBefore = "_person_before"
)

// Feed is what a subscriber sees of a dataset: the plans of its snapshots and
// of its changes, all over the dataset as governed.
type Feed struct {
	Fields   []Field
	Withheld []Withheld
	SomeRows bool
	// Keyed says that rows are told apart by the dataset's key. Without one they
	// are what they show, and equal ones are counted.
	Keyed bool
	// KeyShown says that the key of events is the dataset's own, else a hash that
	// is the subscriber's alone.
	KeyShown bool

	dataset  catalog.Dataset
	decision *acl.Decision
	request  FeedRequest
	means    Means
	// needed are the fields that are given or filtered by.
	needed map[string]bool
}

// FeedRequest is what a subscriber asks for.
type FeedRequest struct {
	// Fields to give, in that order; empty means all that may be seen.
	Fields []string
	// Where is a filter in the language of package condition.
	Where string
	// Secret makes hashes of keys those of one subscriber.
	Secret string
}

// Place is behind which row of a snapshot or version something goes on.
type Place struct {
	Key  string
	Copy int64
}

// NewFeed plans a feed. What may not be seen as values is a Denied fault.
func NewFeed(dataset catalog.Dataset, decision *acl.Decision, request FeedRequest, means Means) (Feed, error) {
	if decision == nil || decision.Dataset() != dataset.ID || !decision.Allowed() {
		return Feed{}, fault.New(fault.Denied, "nothing of %s may be %s: no policy allows it", dataset.ID, done[decision.Right()])
	}
	if len(request.Fields) > maxNames {
		return Feed{}, fault.New(fault.Invalid, "a feed names at most %d fields", maxNames)
	}
	if !decision.Shown() {
		return Feed{}, fault.New(fault.Denied, "of %s statistics may be seen and no rows: there is no feed of statistics", dataset.ID)
	}
	made := Feed{dataset: dataset, decision: decision, request: request, means: means}
	b := newBuilder(dataset, decision, means)
	if _, err := made.side(b); err != nil {
		return Feed{}, err
	}
	var err error
	if made.Fields, err = b.choose(request.Fields); err != nil {
		return Feed{}, err
	}
	made.needed = map[string]bool{}
	for _, field := range made.Fields {
		made.needed[field.Name] = true
	}
	_, err = b.filter(Request{Where: request.Where}, func(name string) (condition.Field, bool) {
		made.needed[name] = true
		return b.visible(name)
	})
	if err != nil {
		return Feed{}, err
	}
	made.Withheld, made.SomeRows, made.Keyed = b.withheld, b.someRows, b.hasKey()
	made.KeyShown = made.Keyed && !b.hidesAnyKey()
	return made, nil
}

// View stands for all that makes two feeds over the same rows differ, who
// consented aside. Decisions that differ in what the feed does not show have
// the same one.
func (f Feed) View() (string, error) {
	means := f.means
	means.Consented = nil
	shown, err := f.rows(means, func(b *builder, s squirrel.SelectBuilder) squirrel.SelectBuilder {
		return s.From(warehouse.Published(b.dataset.ID))
	})
	if err != nil {
		return "", err
	}
	statement, err := write(shown)
	if err != nil {
		return "", err
	}
	fields := make([]any, len(f.Fields))
	for i, field := range f.Fields {
		fields[i] = []any{field.Name, field.Access, field.Mask, field.Type.String()}
	}
	text, err := json.Marshal([]any{statement, fields, f.dataset.Key})
	if err != nil {
		return "", fmt.Errorf("tell feeds apart: %w", err)
	}
	return string(text), nil
}

// Snapshot gives the rows as they were at a moment, as inserts in the order of
// their keys.
func (f Feed) Snapshot(at time.Time, behind *Place, limit uint64) (Statement, error) {
	after, err := f.rows(f.means, func(b *builder, s squirrel.SelectBuilder) squirrel.SelectBuilder { return b.from(s, moment{asOf: &at}) })
	if err != nil {
		return Statement{}, err
	}
	before, err := f.rows(f.means, func(b *builder, s squirrel.SelectBuilder) squirrel.SelectBuilder {
		return s.From(warehouse.Published(b.dataset.ID)).Where("FALSE")
	})
	if err != nil {
		return Statement{}, err
	}
	return f.difference(before, after, behind, limit)
}

// Changes gives what the version that was published at a moment changed: rows
// closed then against rows begun then, both as governed.
func (f Feed) Changes(at time.Time, behind *Place, limit uint64) (Statement, error) {
	after, err := f.rows(f.means, func(b *builder, s squirrel.SelectBuilder) squirrel.SelectBuilder { return b.begun(s, at) })
	if err != nil {
		return Statement{}, err
	}
	before, err := f.rows(f.means, func(b *builder, s squirrel.SelectBuilder) squirrel.SelectBuilder {
		return s.From(warehouse.History(b.dataset.ID)).Where("_until = ?", at)
	})
	if err != nil {
		return Statement{}, err
	}
	return f.difference(before, after, behind, limit)
}

// Consents gives what a change of who consented changed, of the rows as they
// were at a moment: those about people who did before, and who do now.
func (f Feed) Consents(at time.Time, consented []string, behind *Place, limit uint64) (Statement, error) {
	was := f.means
	was.Consented = consented
	standing := func(b *builder, s squirrel.SelectBuilder) squirrel.SelectBuilder { return b.from(s, moment{asOf: &at}) }
	after, err := f.rows(f.means, standing)
	if err != nil {
		return Statement{}, err
	}
	before, err := f.rows(was, standing)
	if err != nil {
		return Statement{}, err
	}
	return f.difference(before, after, behind, limit)
}

// begun names the rows that began at a moment, wherever they are now.
func (b *builder) begun(statement squirrel.SelectBuilder, at time.Time) squirrel.SelectBuilder {
	names := b.columns()
	begun := squirrel.Select(names...).From(warehouse.Published(b.dataset.ID)).Where("_since = ?", at).SuffixExpr(
		squirrel.Select(names...).Prefix("UNION ALL").From(warehouse.History(b.dataset.ID)).Where("_since = ?", at))
	return statement.FromSelect(begun, "begun")
}

// rows gives one side of a difference: what is shown of the rows of a source,
// where the filter holds, each with its key.
func (f Feed) rows(means Means, source func(*builder, squirrel.SelectBuilder) squirrel.SelectBuilder) (squirrel.SelectBuilder, error) {
	b := newBuilder(f.dataset, f.decision, means)
	b.source, b.only = source, f.needed
	governed, err := f.side(b)
	if err != nil {
		return governed, err
	}
	filter, err := b.filter(Request{Where: f.request.Where}, b.visible)
	if err != nil {
		return governed, err
	}
	statement := squirrel.Select(f.names()...).FromSelect(governed, "governed").Where(filter)
	if f.Keyed {
		statement = statement.Column(warehouse.Ident(KeyColumn))
	} else {
		statement = statement.Column("sha256(? || "+arrayOf(f.texts())+") AS "+warehouse.Ident(KeyColumn), warehouse.Secret(f.request.Secret))
	}
	person := "CAST(NULL AS VARCHAR)"
	if b.person != "" {
		person = warehouse.Ident(PersonColumn)
	}
	statement = statement.Column(person + " AS " + warehouse.Ident(PersonColumn))
	return squirrel.Select("*").Column(fmt.Sprintf("row_number() OVER (PARTITION BY %s) AS %s", warehouse.Ident(KeyColumn), warehouse.Ident(CopyColumn))).
		FromSelect(statement, "side"), nil
}

// side is the dataset as governed, with the key where it has one.
func (f Feed) side(b *builder) (squirrel.SelectBuilder, error) {
	governed, err := b.governed(moment{}, shownRows)
	if err != nil || !b.hasKey() {
		return governed, err
	}
	texts := make([]string, len(f.dataset.Key))
	for i, name := range f.dataset.Key {
		texts[i] = "coalesce(" + asText(b.decision.Field(name).Field) + ", '')"
	}
	key := warehouse.Ident(KeyColumn)
	switch {
	case b.hidesAnyKey():
		// Hashes are of one length, so that no two keys make one text.
		return governed.Column("sha256(? || sha256("+strings.Join(texts, ") || sha256(")+")) AS "+key, warehouse.Secret(f.request.Secret)), nil
	case len(texts) == 1:
		return governed.Column(texts[0] + " AS " + key), nil
	}
	return governed.Column(arrayOf(texts) + " AS " + key), nil
}

// arrayOf writes texts as one JSON array.
func arrayOf(texts []string) string {
	return "CAST(to_json([" + strings.Join(texts, ", ") + "]) AS VARCHAR)"
}

// hasKey reports whether the dataset still has all fields of its key.
func (b *builder) hasKey() bool {
	for _, name := range b.dataset.Key {
		if b.decision.Field(name) == nil {
			return false
		}
	}
	return len(b.dataset.Key) > 0
}

func (b *builder) hidesAnyKey() bool {
	for _, name := range b.dataset.Key {
		if b.hidesKey(name) {
			return true
		}
	}
	return false
}

func (f Feed) names() []string {
	names := make([]string, len(f.Fields))
	for i, field := range f.Fields {
		names[i] = warehouse.Ident(field.Name)
	}
	return names
}

func (f Feed) texts() []string {
	names := f.names()
	for i, name := range names {
		names[i] = "CAST(" + name + " AS VARCHAR)"
	}
	return names
}

// difference compares two sides row by row. What looks the same on both is no
// change, whatever changed behind it.
func (f Feed) difference(before, after squirrel.SelectBuilder, behind *Place, limit uint64) (Statement, error) {
	key, copied, person := warehouse.Ident(KeyColumn), warehouse.Ident(CopyColumn), warehouse.Ident(PersonColumn)
	changed := make([]string, len(f.Fields))
	statement := squirrel.Select()
	for i, name := range f.names() {
		statement = statement.Column("a." + name + " AS " + name)
		changed[i] = "a." + name + " IS DISTINCT FROM b." + name
	}
	statement = statement.
		Column(fmt.Sprintf("coalesce(a.%[1]s, b.%[1]s) AS %[1]s", key)).
		Column(fmt.Sprintf("coalesce(a.%[1]s, b.%[1]s) AS %[1]s", copied)).
		Column(fmt.Sprintf("CASE WHEN b.%[1]s IS NULL THEN '%[2]s' WHEN a.%[1]s IS NULL THEN '%[3]s' ELSE '%[4]s' END AS %[5]s",
			copied, OpInsert, OpDelete, OpUpdate, warehouse.Ident(OpColumn))).
		Column("a."+person+" AS "+warehouse.Ident(PersonAfter)).
		Column("b."+person+" AS "+warehouse.Ident(PersonBefore)).
		FromSelect(after, "a").
		JoinClause(squirrel.ConcatExpr("FULL JOIN (", before, fmt.Sprintf(") b ON a.%[1]s = b.%[1]s AND a.%[2]s = b.%[2]s", key, copied))).
		Where(fmt.Sprintf("(a.%[1]s IS NULL OR b.%[1]s IS NULL OR %[2]s)", copied, strings.Join(changed, " OR ")))
	if behind != nil {
		at := fmt.Sprintf("coalesce(a.%[1]s, b.%[1]s)", key)
		statement = statement.Where(fmt.Sprintf("(%[1]s > ? OR (%[1]s = ? AND coalesce(a.%[2]s, b.%[2]s) > ?))", at, copied), behind.Key, behind.Key, behind.Copy)
	}
	return write(statement.OrderBy(fmt.Sprintf("coalesce(a.%[1]s, b.%[1]s), coalesce(a.%[2]s, b.%[2]s)", key, copied)).Limit(limit))
}
