package catalog

import (
	"context"
	"database/sql"
	"fmt"

	sq "github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/schema"
)

// Register makes the catalog know a system as its definition declares it.
// Datasets that the definition no longer has are retired, not forgotten.
func (c *Catalog) Register(ctx context.Context, declared definition.System) error {
	err := c.store.InTx(ctx, func(tx *sql.Tx) error {
		if err := c.putSystem(ctx, tx, declared); err != nil {
			return err
		}
		for _, dataset := range declared.Datasets {
			if err := c.putDataset(ctx, tx, declared, dataset); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("register system %s: %w", declared.ID, err)
	}
	return nil
}

func (c *Catalog) putSystem(ctx context.Context, tx *sql.Tx, declared definition.System) error {
	document, err := encode(System{
		ID: declared.ID, Name: declared.Title.ZH, Title: declared.Title, Department: declared.Department,
		Steward: declared.Steward, Driver: declared.Connector, Schedule: declared.Schedule, File: declared.File,
	})
	if err != nil {
		return err
	}
	_, err = c.store.SQL().Insert("catalog_system").Columns("id", "document", "retired").Values(declared.ID, document, false).
		Suffix("ON CONFLICT (id) DO UPDATE SET document = excluded.document, retired = excluded.retired").
		RunWith(tx).ExecContext(ctx)
	if err != nil {
		return err
	}
	_, err = c.store.SQL().Update("catalog_dataset").Set("retired", true).Where(sq.Eq{"system": declared.ID}).RunWith(tx).ExecContext(ctx)
	return err
}

func (c *Catalog) putDataset(ctx context.Context, tx *sql.Tx, system definition.System, declared definition.Dataset) error {
	dataset := c.describe(system, declared)
	fields := dataset.Fields
	dataset.Fields = nil
	document, err := encode(dataset)
	if err != nil {
		return err
	}
	_, err = c.store.SQL().Insert("catalog_dataset").Columns("id", "system", "document", "retired").
		Values(dataset.ID, dataset.System, document, false).
		Suffix("ON CONFLICT (id) DO UPDATE SET document = excluded.document, retired = excluded.retired").
		RunWith(tx).ExecContext(ctx)
	if err != nil {
		return err
	}
	for _, field := range fields {
		if err := c.declareField(ctx, tx, field); err != nil {
			return err
		}
	}
	return nil
}

// declareField renews what the definition says of a field and keeps what the
// last publish found out about it.
func (c *Catalog) declareField(ctx context.Context, tx *sql.Tx, declared Field) error {
	var text string
	err := c.store.SQL().Select("document").From("catalog_field").
		Where(sq.Eq{"dataset": declared.Dataset, "name": declared.Name}).RunWith(tx).QueryRowContext(ctx).Scan(&text)
	switch {
	case err == nil:
		known, err := decode[Field](text)
		if err != nil {
			return err
		}
		declared.Ledger, declared.Profile, declared.Proposal, declared.State = known.Ledger, known.Profile, known.Proposal, known.State
		if known.Profile != nil {
			declared.Type = known.Type
		}
	case !isNoRows(err):
		return err
	}
	return c.putField(ctx, tx, declared)
}

func (c *Catalog) putField(ctx context.Context, tx *sql.Tx, field Field) error {
	document, err := encode(field)
	if err != nil {
		return err
	}
	_, err = c.store.SQL().Insert("catalog_field").Columns("dataset", "name", "position", "element", "document").
		Values(field.Dataset, field.Name, field.Position, field.Element, document).
		Suffix("ON CONFLICT (dataset, name) DO UPDATE SET position = excluded.position, element = excluded.element, document = excluded.document").
		RunWith(tx).ExecContext(ctx)
	return err
}

func (c *Catalog) describe(system definition.System, declared definition.Dataset) Dataset {
	dataset := Dataset{
		ID: system.ID + "." + declared.Name, System: system.ID, Name: declared.Name, Source: declared.Source,
		Title: declared.Title, Description: declared.Description, Department: system.Department, Steward: system.Steward,
		Tags: declared.Tags, Person: declared.Person, Load: declared.Load,
	}
	published := map[string]string{}
	for i, field := range declared.Fields {
		from := field.From
		if from == "" {
			from = field.Name
		}
		published[from] = field.Name
		if !field.Ignore {
			dataset.Fields = append(dataset.Fields, c.describeField(dataset.ID, i, from, field))
		}
	}
	for _, key := range declared.Key {
		if name, mapped := published[key]; mapped {
			key = name
		}
		dataset.Key = append(dataset.Key, key)
	}
	return dataset
}

// describeField lets the definition speak before the element: title, type,
// level. A field without either has no level and is treated as L4.
func (c *Catalog) describeField(dataset string, position int, from string, declared definition.Field) Field {
	field := Field{
		Dataset: dataset, Name: declared.Name, Position: position, From: from, Title: declared.Title,
		Element: declared.Element, Level: declared.Level, Tags: declared.Tags, State: FieldActive, Type: schema.Of(schema.String),
	}
	if element, known := c.standards.Element(declared.Element); known {
		field.CodeSet, field.Type = element.CodeSet, element.Type
		if field.Title == (definition.Text{}) {
			field.Title = element.Title
		}
		if field.Level == 0 {
			field.Level = element.Level
		}
		field.Tags = append(append([]string(nil), element.Tags...), field.Tags...)
	}
	if declared.Type != nil {
		field.Type = *declared.Type
	}
	return field
}
