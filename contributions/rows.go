package contributions

import (
	"slices"
	"strings"

	sq "github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/contributions/body"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/pipelines/publish"
	"github.com/yitong-hub/yitong/schema"
)

// namesOf lists the fields that any row gives.
func namesOf(rows []body.Row) []string {
	seen := map[string]bool{}
	var names []string
	for _, row := range rows {
		for name := range row {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// writable is what may be written of a dataset.
type writable struct {
	dataset  catalog.Dataset
	decision *acl.Decision
	permits  map[string]sq.Sqlizer
}

// check refuses fields that are not there or may not be written on any row.
func (w writable) check(names []string, mode pipelines.ContributionMode) error {
	var known []string
	for _, field := range w.dataset.Fields {
		if field.State == catalog.FieldActive && w.permits[field.Name] != nil {
			known = append(known, field.Name)
		}
	}
	for _, name := range names {
		switch {
		case slices.Contains(known, name):
		case w.active(name):
			return fault.New(fault.Denied, "field %s may not be written: %s", name, w.decision.Reason(name))
		default:
			return fault.New(fault.Invalid, "%s has no field %s%s", w.dataset.ID, shortened(name), fault.Meant(shortened(name), known))
		}
	}
	for _, key := range w.dataset.Key {
		if !slices.Contains(names, key) {
			return fault.New(fault.Invalid, "no row gives the field %s of the key of %s, which tells rows apart: %s", key, w.dataset.ID, strings.Join(w.dataset.Key, ", "))
		}
	}
	if mode != pipelines.ContributeDelete {
		return nil
	}
	for _, name := range names {
		if !slices.Contains(w.dataset.Key, name) {
			return fault.New(fault.Invalid, "mode=delete takes the fields of the key only (%s), not %s", strings.Join(w.dataset.Key, ", "), name)
		}
	}
	for _, field := range w.dataset.Fields {
		if field.State == catalog.FieldActive && !slices.Contains(known, field.Name) {
			return fault.New(fault.Denied, "rows may not be deleted: that takes the right to create every field, and field %s may not be written: %s", field.Name, w.decision.Reason(field.Name))
		}
	}
	return nil
}

func (w writable) active(name string) bool {
	return slices.ContainsFunc(w.dataset.Fields, func(f catalog.Field) bool { return f.Name == name && f.State == catalog.FieldActive })
}

// shortened is a name as a message may hold it.
func shortened(name string) string {
	const most = 60
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return name
}

// rows gives the rows in the text forms of their fields' types.
func (w writable) rows(sent []body.Row) []pipelines.ContributedRow {
	types := map[string]schema.Type{}
	for _, field := range w.dataset.Fields {
		types[field.Name] = field.Type
	}
	made := make([]pipelines.ContributedRow, len(sent))
	for i, row := range sent {
		one := pipelines.ContributedRow{Values: make(map[string]*string, len(row))}
		for _, name := range sorted(row) {
			value := row[name]
			if value.Kind == body.Null {
				one.Values[name] = nil
				continue
			}
			one.Values[name] = &value.Text
			if reason := unfit(value, types[name]); reason != "" && one.Refused == nil {
				one.Refused = &pipelines.RefusedRow{Code: publish.CodeTypeMismatch, Field: name, Reason: reason}
			}
		}
		made[i] = one
	}
	return made
}

func sorted(row body.Row) []string {
	names := make([]string, 0, len(row))
	for name := range row {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// unfit says why a value cannot be one of a type by the way it is written. A
// number has lost its leading zeros, so it is no text.
func unfit(value body.Value, kind schema.Type) string {
	numeric := !slices.Contains([]schema.Kind{
		schema.Bool, schema.String, schema.Date, schema.Time, schema.Timestamp, schema.TimestampTZ, schema.UUID,
	}, kind.Kind)
	switch {
	case value.Kind == body.Nested:
		return "a field holds a text, a number, true, false or null; not a list or an object"
	case value.Kind == body.Number && !numeric:
		return "the field is of type " + kind.String() + ": write its value as text, in quotes"
	case value.Kind == body.Bool && kind.Kind != schema.Bool:
		return "the field is of type " + kind.String() + ", and neither true nor false"
	case strings.ContainsRune(value.Text, 0):
		return "the text holds a zero character"
	}
	return ""
}
