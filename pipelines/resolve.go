package pipelines

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/check"
	"github.com/yitong-hub/yitong/pipelines/publish"
	"github.com/yitong-hub/yitong/pipelines/standard"
	"github.com/yitong-hub/yitong/schema"
)

// defaultZone is that of systems that say nothing: the campus is in China.
const defaultZone = "Asia/Shanghai"

// resolved is a dataset's definition matched with the columns that came.
type resolved struct {
	plan publish.Plan
	// fields are those of plan with their definition, in the same order.
	fields []resolvedField
	soft   []check.Condition
}

type resolvedField struct {
	definition.Field
	compiled standard.Field
	column   standard.Column
	element  catalog.Element
	source   schema.Column
}

// resolver gathers what resolving needs.
type resolver struct {
	system  definition.System
	dataset definition.Dataset
	id      string
	columns []schema.Column
	terms   terms
	stored  []publish.Stored
}

// resolve makes the plan. Columns that the definition does not mention become
// fields of their own; stored fields whose column is gone are kept as dropped.
func (r resolver) resolve(ctx context.Context) (resolved, error) {
	if err := ctx.Err(); err != nil {
		return resolved{}, err
	}
	fields, err := r.fields()
	if err != nil {
		return resolved{}, err
	}
	done := resolved{plan: publish.Plan{Dataset: r.id}, fields: fields}
	for _, column := range r.columns {
		done.plan.Columns = append(done.plan.Columns, column.Name)
	}
	for i := range fields {
		if fields[i].column, err = standard.Compile(fields[i].compiled); err != nil {
			return resolved{}, err
		}
		done.plan.Fields = append(done.plan.Fields, publish.Field{
			Name: fields[i].compiled.Name, Type: fields[i].compiled.Type, Column: fields[i].column,
		})
	}
	if err := r.key(&done); err != nil {
		return resolved{}, err
	}
	if err := r.checks(&done); err != nil {
		return resolved{}, err
	}
	return done, r.rules(&done)
}

// fields lists the published fields: declared, added by the source, dropped.
func (r resolver) fields() ([]resolvedField, error) {
	var fields []resolvedField
	used, names := map[string]bool{}, map[string]bool{}
	for _, declared := range r.dataset.Fields {
		used[fromOf(declared)] = true
		if declared.Ignore {
			continue
		}
		column, there := r.column(fromOf(declared))
		if !there && !r.isStored(declared.Name) {
			return nil, fault.New(fault.Invalid, "field %s: %s has no column %s%s",
				declared.Name, r.dataset.Source, fromOf(declared), fault.Meant(fromOf(declared), r.columnNames()))
		}
		fields = append(fields, r.field(declared, column, !there))
		names[declared.Name] = true
	}
	for _, column := range r.columns {
		if used[column.Name] || column.Name == connectors.OpColumn {
			continue
		}
		name := free(fieldName(column.Name), names)
		fields = append(fields, r.field(definition.Field{Name: name, From: column.Name}, column, false))
		names[name] = true
	}
	for _, stored := range r.stored {
		if !names[stored.Name] {
			fields = append(fields, resolvedField{
				Field:    definition.Field{Name: stored.Name},
				compiled: standard.Field{Name: stored.Name, Type: stored.Type, Dropped: true},
			})
		}
	}
	return fields, nil
}

func (r resolver) field(declared definition.Field, column schema.Column, dropped bool) resolvedField {
	element := r.terms.elements[declared.Element]
	zone := r.system.Timezone
	if zone == "" {
		zone = defaultZone
	}
	field := resolvedField{Field: declared, element: element, source: column, compiled: standard.Field{
		Name: declared.Name, From: column.Name, Source: column.Type, Type: r.typeOf(declared, element, column),
		Rules: declared.Rules, Codes: declared.Codes, Zone: zone, Dropped: dropped,
	}}
	if dropped {
		for _, stored := range r.stored {
			if stored.Name == declared.Name {
				field.compiled.Type = stored.Type
			}
		}
	}
	return field
}

// typeOf is the declared type, the element's, or the source's. A source that
// narrows its type does not narrow what is stored.
func (r resolver) typeOf(declared definition.Field, element catalog.Element, column schema.Column) schema.Type {
	switch {
	case declared.Type != nil:
		return *declared.Type
	case element.Type.Kind != "":
		return element.Type
	}
	for _, stored := range r.stored {
		if stored.Name == declared.Name && stored.Type.Widens(column.Type) {
			return stored.Type
		}
	}
	return column.Type
}

func (r resolver) column(name string) (schema.Column, bool) {
	return schema.Dataset{Columns: r.columns}.Column(name)
}

func (r resolver) columnNames() []string {
	names := make([]string, len(r.columns))
	for i, column := range r.columns {
		names[i] = column.Name
	}
	return names
}

func (r resolver) isStored(name string) bool {
	return slices.ContainsFunc(r.stored, func(s publish.Stored) bool { return s.Name == name })
}

// key finds the fields of the key columns. A key that cannot be found stops the
// load: without it, rows would be taken for others.
func (r resolver) key(done *resolved) error {
	for _, name := range r.dataset.Key {
		place := slices.IndexFunc(done.fields, func(f resolvedField) bool { return f.compiled.From == name && !f.compiled.Dropped })
		if place < 0 {
			return fault.New(fault.Invalid, "key column %s is not among the columns of %s that become fields%s", name, r.dataset.Source, fault.Meant(name, r.columnNames()))
		}
		done.plan.Key = append(done.plan.Key, place)
		done.plan.KeyColumns = append(done.plan.KeyColumns, name)
	}
	if len(done.plan.Key) == 0 && r.dataset.Load != "" && r.dataset.Load != definition.LoadFull {
		return fault.New(fault.Invalid, "load %s needs a key: name the columns that tell rows apart", r.dataset.Load)
	}
	return nil
}

// checks compiles the checks. A field with a code set is always checked
// against it, softly unless the definition says otherwise.
func (r resolver) checks(done *resolved) error {
	for i, field := range done.fields {
		if field.compiled.Dropped {
			continue
		}
		checks := field.Checks
		codes := r.terms.codeSets[field.element.CodeSet]
		stated := slices.ContainsFunc(checks, func(c definition.Check) bool { return c.Rule == check.InCodeSet })
		if len(codes.Codes) > 0 && !stated {
			checks = append(slices.Clone(checks), definition.Check{Rule: check.InCodeSet, Severity: check.Soft})
		}
		subject := check.Subject{Field: field.compiled.Name, Type: field.compiled.Type, Value: publish.Value(i), CodeSet: codes.ID}
		for _, code := range codes.Codes {
			subject.Codes = append(subject.Codes, code.Code)
		}
		for _, wanted := range checks {
			condition, err := check.Compile(wanted, subject)
			if err != nil {
				return err
			}
			if condition.Severity == check.Hard {
				done.plan.Checks = append(done.plan.Checks, condition)
			} else {
				done.soft = append(done.soft, condition)
			}
		}
	}
	return nil
}

// rules adds the rules for deletes and duplicates.
func (r resolver) rules(done *resolved) error {
	switch r.dataset.Deletes.Find {
	case "", "compare":
	case "none":
		done.plan.KeepMissing = true
	case "soft":
		done.plan.KeepMissing = true
		if _, there := r.column(r.dataset.Deletes.Column); !there {
			return fault.New(fault.Invalid, "deletes: %s has no column %s%s", r.dataset.Source, r.dataset.Deletes.Column, fault.Meant(r.dataset.Deletes.Column, r.columnNames()))
		}
		values := make([]string, len(r.dataset.Deletes.Values))
		for i, value := range r.dataset.Deletes.Values {
			values[i] = warehouse.Literal(value)
		}
		done.plan.Gone = fmt.Sprintf("coalesce(CAST(%s AS VARCHAR) IN (%s), false)",
			warehouse.Ident(standard.Alias, r.dataset.Deletes.Column), strings.Join(values, ", "))
	default:
		return fault.New(fault.Invalid, "deletes: unknown way %q to find them: write compare, soft or none", r.dataset.Deletes.Find)
	}
	if r.dataset.Load == definition.LoadChanges {
		done.plan.Mode = publish.Changes
		done.plan.Gone = warehouse.Ident(standard.Alias, connectors.OpColumn) + " = " + warehouse.Literal(connectors.OpDelete)
	}
	return r.duplicates(done)
}

func (r resolver) duplicates(done *resolved) error {
	keep := r.dataset.Duplicates.Keep
	if keep != "" && keep != publish.KeepFirst && keep != publish.KeepLast && keep != publish.RejectAll {
		return fault.New(fault.Invalid, "duplicates: unknown rule %q: write first, last or reject_all", keep)
	}
	done.plan.Keep = keep
	for _, name := range r.dataset.Duplicates.OrderBy {
		direction := " ASC"
		bare, downwards := strings.CutPrefix(name, "-")
		if downwards {
			direction = " DESC"
		}
		if _, there := r.column(bare); !there {
			return fault.New(fault.Invalid, "duplicates: %s has no column %s%s", r.dataset.Source, bare, fault.Meant(bare, r.columnNames()))
		}
		done.plan.Order = append(done.plan.Order, warehouse.Ident(standard.Alias, bare)+direction)
	}
	return nil
}

// fieldName makes a published name of a source column's: the warehouse's own
// columns begin with an underscore, so those of a source may not.
func fieldName(column string) string {
	name := strings.TrimLeft(strings.ToLower(strings.TrimSpace(column)), "_")
	if name == "" {
		return "column"
	}
	return name
}

func free(name string, taken map[string]bool) string {
	for n, candidate := 2, name; ; n++ {
		if !taken[candidate] {
			return candidate
		}
		candidate = fmt.Sprintf("%s_%d", name, n)
	}
}
