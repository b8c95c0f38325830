package publish

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/check"
	"github.com/yitong-hub/yitong/pipelines/standard"
	"github.com/yitong-hub/yitong/schema"
)

// Mode says what the landed rows are of their dataset.
type Mode int

// The modes.
const (
	// Full: all rows; a key that is not among them was deleted.
	Full Mode = iota
	// Partial: some rows, to be put over what is published.
	Partial
	// Changes: change events in order; the last of a key counts.
	Changes
)

// Codes of quarantined rows that no check of a definition gives.
const (
	CodeTypeMismatch = "type_mismatch"
	CodeDuplicateKey = "duplicate_key"
)

// Field is a published field and how it comes from the landed columns.
type Field struct {
	Name   string
	Type   schema.Type
	Column standard.Column
}

// Rules for rows with one key.
const (
	KeepFirst = "first"
	KeepLast  = "last"
	RejectAll = "reject_all"
)

// Plan is all that is decided of a dataset's load before rows are judged.
type Plan struct {
	Dataset string
	Fields  []Field
	// Key holds places in Fields; empty compares whole rows as a multiset.
	Key  []int
	Mode Mode
	// Columns are the landed source columns, KeyColumns the key among them.
	Columns, KeyColumns []string
	// Checks are the hard conditions; their values are those of [Value].
	Checks []check.Condition
	// Gone is the condition over the landed row for "deleted at the source";
	// empty when rows do not say so.
	Gone string
	// Keep is the duplicates' rule; empty: the first of a full load; of partial
	// reads the last, and quietly, since a row may change while it is read.
	Keep string
	// Order holds SQL over the landed row, as `l."x" DESC`; empty: the stream's order.
	Order []string
	// LiveKeys names a landing that holds all keys alive at the source, for
	// deletes of partial loads; LiveKey are the key's expressions over it.
	LiveKeys string
	LiveKey  []string
	// HoldDeletes keeps rows whose key did not come: among the rows that could
	// not be read there may be theirs.
	HoldDeletes bool
	// Raw is the content of a landed row for the quarantine, as SQL; empty: all
	// Columns as JSON.
	Raw string
	// HoldersKeep says that a row which keeps a unique value is not refused
	// because another row wants that too.
	HoldersKeep bool
	// Replayed are the ids of quarantined rows that this load tries again.
	Replayed []string
	// KeepMissing says that a full load finds no deletes.
	KeepMissing bool
}

// Value is the name of a field's standardised value while rows are judged, for
// the conditions of checks.
func Value(place int) string { return fmt.Sprintf("v%d", place) }

// reason is one way for a row to fail; its number, from 1, is the verdict.
type reason struct {
	when, code, field, text string
}

// reasons lists the ways to fail: those of the key first, since they alone
// matter for a deleted row.
func (p Plan) reasons() (key, rest []reason) {
	for i, field := range p.Fields {
		isKey := slices.Contains(p.Key, i)
		if field.Column.Bad != "" {
			bad := reason{
				when: fmt.Sprintf("b%d", i), code: CodeTypeMismatch, field: field.Name,
				text: "the value cannot be read as " + field.Type.String(),
			}
			if isKey {
				key = append(key, bad)
			} else {
				rest = append(rest, bad)
			}
		}
		if isKey {
			key = append(key, reason{when: Value(i) + " IS NULL", code: check.NotNull, field: field.Name, text: "the key is empty; a value is needed"})
		}
	}
	for _, condition := range p.Checks {
		if condition.Fails != "" {
			rest = append(rest, reason{when: condition.Fails, code: condition.Rule, field: condition.Field, text: condition.Reason})
		}
	}
	return key, rest
}

// allReasons numbers every reason, those found by comparing rows at the end.
func (p Plan) allReasons() []reason {
	key, rest := p.reasons()
	all := slices.Concat(key, rest)
	for _, condition := range p.uniques() {
		all = append(all, reason{code: check.Unique, field: condition.Field, text: condition.Reason})
	}
	return append(all, reason{code: CodeDuplicateKey, text: "another row has the same key; the definition's rule for duplicates kept that one"})
}

func (p Plan) uniques() []check.Condition {
	var found []check.Condition
	for _, condition := range p.Checks {
		if condition.Fails == "" {
			found = append(found, condition)
		}
	}
	return found
}

func (p Plan) place(field string) int {
	return slices.IndexFunc(p.Fields, func(f Field) bool { return f.Name == field })
}

// hashed gives the places of all fields in order of name: a row's hash does
// not depend on the order in which a definition lists them.
func (p Plan) hashed() []int {
	places := make([]int, len(p.Fields))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(a, b int) int { return strings.Compare(p.Fields[a].Name, p.Fields[b].Name) })
	return places
}

// HashInput names what a row's hash is made of; hashes made of something else
// cannot be compared.
func (p Plan) HashInput() string {
	parts := make([]string, 0, len(p.Fields))
	for _, place := range p.hashed() {
		parts = append(parts, p.Fields[place].Name+" "+p.Fields[place].Type.String())
	}
	return strings.Join(parts, "\n")
}

// keyValues gives the key as expressions over published rows with alias p.
func (p Plan) publishedKey() []string {
	if len(p.Key) == 0 {
		return []string{"_hash", "row_number() OVER (PARTITION BY _hash ORDER BY _since)"}
	}
	names := make([]string, len(p.Key))
	for i, place := range p.Key {
		names[i] = warehouse.Ident(p.Fields[place].Name)
	}
	return names
}

func (p Plan) keyCount() int { return len(p.publishedKey()) }
