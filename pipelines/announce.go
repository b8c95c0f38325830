package pipelines

import (
	"context"
	"fmt"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/detect"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines/profile"
	"github.com/yitong-hub/yitong/schema"
)

// announce tells the catalog of a publish: fields with their ledger and
// profile, lineage, and the run.
func (l *load) announce(ctx context.Context, done resolved, told announcement) error {
	known, err := l.engine.config.Catalog.Dataset(ctx, l.id)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return fmt.Errorf("ask the catalog for %s: %w", l.id, err)
	}
	fields := l.catalogFields(done, known)
	profiled := make([]profile.Field, len(fields))
	for i, field := range fields {
		profiled[i] = profile.Field{Name: field.Name, Type: field.Type, Level: field.Level}
	}
	profiles, err := profile.Compute(ctx, l.engine.config.Warehouse, l.id, profiled)
	if err != nil {
		return err
	}
	for i := range fields {
		fields[i].Profile = profiles[fields[i].Name]
	}
	if err := l.propose(ctx, fields); err != nil {
		return err
	}
	err = l.engine.config.Catalog.Publish(ctx, catalog.Publication{
		Run: told.Run, Dataset: l.id, Version: told.Version, Rows: told.Rows, Quarantine: told.Quarantine,
		Fields: fields, Lineage: l.lineage(done, told.Run.ID), At: told.At,
	})
	if err != nil {
		return fmt.Errorf("tell the catalog of version %d of %s: %w", told.Version, l.id, err)
	}
	if l.engine.config.Published != nil {
		l.engine.config.Published()
	}
	return nil
}

// propose looks into fields that nobody has given an element for sensitive
// content, and proposes what it looks like. Only what may be shown is kept: the
// name of an element and a share.
func (l *load) propose(ctx context.Context, fields []catalog.Field) error {
	var open []string
	for _, field := range fields {
		if field.Element == "" && field.State == catalog.FieldActive && (field.Type.Kind == schema.String || field.Type.Kind == schema.Int64) {
			open = append(open, field.Name)
		}
	}
	samples, err := profile.Sample(ctx, l.engine.config.Warehouse, l.id, open)
	if err != nil {
		return err
	}
	for i, field := range fields {
		found := detect.Find(field.From, samples[field.Name])
		if found == nil {
			continue
		}
		element, err := l.engine.config.Catalog.Element(ctx, found.Element)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("ask the catalog for element %s: %w", found.Element, err)
		}
		fields[i].Proposal = &catalog.Proposal{Element: found.Element, Level: element.Level, Share: found.Share, Why: found.Why}
	}
	return nil
}

// catalogFields describes the fields. A level that a steward has set in the
// catalog counts for what a profile may show, before the definition's.
func (l *load) catalogFields(done resolved, known catalog.Dataset) []catalog.Field {
	levels := map[string]schema.Level{}
	for _, field := range known.Fields {
		levels[field.Name] = field.Level
	}
	fields := make([]catalog.Field, len(done.fields))
	for i, field := range done.fields {
		compiled := field.compiled
		level := max(levels[compiled.Name], field.Level)
		if level == 0 {
			level = field.element.Level
		}
		fields[i] = catalog.Field{
			Dataset: l.id, Name: compiled.Name, Position: i + 1, From: compiled.From, Title: field.Title,
			Element: field.Element, CodeSet: field.element.CodeSet, Level: level, Tags: field.Tags,
			State: catalog.FieldActive, Type: compiled.Type,
			Ledger: catalog.Ledger{
				Declared: field.source.Declared, Wire: field.source.Wire,
				Arrow: compiled.Source.String(), Stored: compiled.Type.SQL(), Ruling: field.source.Ruling,
			},
		}
		if compiled.Dropped {
			fields[i].State = catalog.FieldDropped
			fields[i].Ledger.Arrow = ""
		}
	}
	return fields
}

func (l *load) lineage(done resolved, run string) []catalog.Edge {
	var edges []catalog.Edge
	for _, field := range done.fields {
		if field.compiled.Dropped {
			continue
		}
		name := "field:" + l.id + "." + field.compiled.Name
		edges = append(edges, catalog.Edge{
			From: "source:" + l.system.ID + "/" + l.dataset.Source + "/" + field.compiled.From, To: name,
			How: field.column.Applied, Run: run,
		})
		if field.Element != "" {
			edges = append(edges, catalog.Edge{From: name, To: "element:" + field.Element, Run: run})
		}
	}
	return edges
}
