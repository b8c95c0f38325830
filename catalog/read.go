package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	sq "github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// FieldFilter chooses fields; empty parts choose all.
type FieldFilter struct {
	Dataset string
	Element string
	Tag     string
	// MinLevel keeps fields of this level and above.
	MinLevel schema.Level
}

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// Systems lists the systems in order of id, each with the sums over its
// datasets and its last run.
func (c *Catalog) Systems(ctx context.Context) ([]System, error) {
	return c.systems(ctx, sq.Eq{"s.retired": false})
}

// System gives one system, or a NotFound fault.
func (c *Catalog) System(ctx context.Context, id string) (System, error) {
	found, err := c.systems(ctx, sq.Eq{"s.id": id})
	if err != nil {
		return System{}, err
	}
	if len(found) == 0 {
		return System{}, fault.New(fault.NotFound, "there is no system %q; yitong catalog systems lists them", id)
	}
	return found[0], nil
}

func (c *Catalog) systems(ctx context.Context, where sq.Eq) ([]System, error) {
	const last = "(SELECT r.document FROM catalog_run r WHERE r.system = s.id ORDER BY r.started DESC, r.id DESC LIMIT 1)"
	rows, err := c.store.SQL().
		Select("s.document", "count(d.id)", "coalesce(sum(d.row_count), 0)", "coalesce(sum(d.quarantined), 0)", "coalesce("+last+", '')").
		From("catalog_system s").LeftJoin("catalog_dataset d ON d.system = s.id AND NOT d.retired").
		Where(where).GroupBy("s.id", "s.document").OrderBy("s.id").RunWith(c.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list systems: %w", err)
	}
	defer rows.Close()
	systems := []System{}
	for rows.Next() {
		var document, run string
		var datasets int
		var count, quarantined int64
		if err := rows.Scan(&document, &datasets, &count, &quarantined, &run); err != nil {
			return nil, fmt.Errorf("list systems: %w", err)
		}
		system, err := decode[System](document)
		if err != nil {
			return nil, err
		}
		system.Datasets, system.Rows, system.Quarantine = datasets, count, quarantined
		if run != "" {
			last, err := decode[Run](run)
			if err != nil {
				return nil, err
			}
			system.LastRun = &last
		}
		systems = append(systems, system)
	}
	return systems, rows.Err()
}

// Datasets lists the datasets of a system, or of all for "", without fields.
func (c *Catalog) Datasets(ctx context.Context, system string) ([]Dataset, error) {
	where := sq.Eq{"retired": false}
	if system != "" {
		where["system"] = system
	}
	return c.datasets(ctx, where)
}

// Revision grows with every change of datasets and fields, whichever process made
// it: what was read at a revision is as it was while that stands.
func (c *Catalog) Revision(ctx context.Context) (int64, error) {
	var revision int64
	if err := c.store.DB().QueryRowContext(ctx, "SELECT revision FROM catalog_revision").Scan(&revision); err != nil {
		return 0, fmt.Errorf("read the revision of the catalog: %w", err)
	}
	return revision, nil
}

// Everything lists all datasets with their fields.
func (c *Catalog) Everything(ctx context.Context) ([]Dataset, error) {
	datasets, err := c.Datasets(ctx, "")
	if err != nil {
		return nil, err
	}
	fields, err := c.Fields(ctx, FieldFilter{})
	if err != nil {
		return nil, err
	}
	of := map[string][]Field{}
	for _, field := range fields {
		of[field.Dataset] = append(of[field.Dataset], field)
	}
	for i := range datasets {
		datasets[i].Fields = of[datasets[i].ID]
	}
	return datasets, nil
}

// Dataset gives one dataset with its fields, or a NotFound fault.
func (c *Catalog) Dataset(ctx context.Context, id string) (Dataset, error) {
	found, err := c.datasets(ctx, sq.Eq{"id": id})
	if err != nil {
		return Dataset{}, err
	}
	if len(found) == 0 {
		return Dataset{}, fault.New(fault.NotFound, "there is no dataset %q; yitong catalog datasets lists them", id)
	}
	found[0].Fields, err = c.Fields(ctx, FieldFilter{Dataset: id})
	return found[0], err
}

func (c *Catalog) datasets(ctx context.Context, where sq.Eq) ([]Dataset, error) {
	rows, err := c.store.SQL().Select("document", "version", "row_count", "quarantined", "coalesce(published_at, '')").
		From("catalog_dataset").Where(where).OrderBy("id").RunWith(c.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list datasets: %w", err)
	}
	defer rows.Close()
	datasets := []Dataset{}
	for rows.Next() {
		var document, at string
		var version, count, quarantined int64
		if err := rows.Scan(&document, &version, &count, &quarantined, &at); err != nil {
			return nil, fmt.Errorf("list datasets: %w", err)
		}
		dataset, err := decode[Dataset](document)
		if err != nil {
			return nil, err
		}
		dataset.Version, dataset.Rows, dataset.Quarantine = version, count, quarantined
		if published, err := time.Parse(momentLayout, at); err == nil {
			dataset.PublishedAt = &published
		}
		datasets = append(datasets, dataset)
	}
	return datasets, rows.Err()
}

// Fields lists fields in order of dataset and position.
func (c *Catalog) Fields(ctx context.Context, filter FieldFilter) ([]Field, error) {
	where := sq.Eq{}
	if filter.Dataset != "" {
		where["dataset"] = filter.Dataset
	}
	if filter.Element != "" {
		where["element"] = filter.Element
	}
	rows, err := c.store.SQL().Select("document").From("catalog_field").Where(where).
		OrderBy("dataset", "position", "name").RunWith(c.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list fields: %w", err)
	}
	defer rows.Close()
	fields := []Field{}
	for rows.Next() {
		var document string
		if err := rows.Scan(&document); err != nil {
			return nil, fmt.Errorf("list fields: %w", err)
		}
		field, err := decode[Field](document)
		if err != nil {
			return nil, err
		}
		if field.matches(filter) {
			fields = append(fields, field)
		}
	}
	return fields, rows.Err()
}

func (f Field) matches(filter FieldFilter) bool {
	if filter.MinLevel != 0 && f.Level.Effective() < filter.MinLevel {
		return false
	}
	if filter.Tag == "" {
		return true
	}
	for _, tag := range f.Tags {
		if tag == filter.Tag {
			return true
		}
	}
	return false
}

// Elements lists the data elements.
func (c *Catalog) Elements(context.Context) ([]Element, error) { return c.standards.Elements, nil }

// Element gives one element, or a NotFound fault.
func (c *Catalog) Element(_ context.Context, id string) (Element, error) {
	if element, known := c.standards.Element(id); known {
		return element, nil
	}
	return Element{}, fault.New(fault.NotFound, "there is no data element %q; yitong catalog elements lists them", id)
}

// CodeSet gives one code set, or a NotFound fault.
func (c *Catalog) CodeSet(_ context.Context, id string) (CodeSet, error) {
	if codes, known := c.standards.CodeSet(id); known {
		return codes, nil
	}
	return CodeSet{}, fault.New(fault.NotFound, "there is no code set %q", id)
}
