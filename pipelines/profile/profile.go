package profile

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

const (
	// topDistinct is up to how many different values a field's frequent ones say
	// something.
	topDistinct = 1000
	topShown    = 10
	// patternSample is the number of rows whose form is looked at.
	patternSample = 1000
)

// Field is what is to be described.
type Field struct {
	Name  string
	Type  schema.Type
	Level schema.Level
}

// Shown reports whether the field's values may be shown in the catalog.
func (f Field) Shown() bool { return f.Level.Effective() < schema.L3 && f.Type.Kind != schema.Binary }

// Compute describes the fields of a published dataset: one scan for all, and a
// short query for each field whose values may be shown. Distinct values are
// estimated, within a few percent.
func Compute(ctx context.Context, w *warehouse.Warehouse, dataset string, fields []Field) (map[string]*catalog.Profile, error) {
	profiles, err := scan(ctx, w, dataset, fields)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", dataset, err)
	}
	for _, field := range fields {
		if !field.Shown() {
			continue
		}
		profile := profiles[field.Name]
		if profile.Distinct <= topDistinct {
			if profile.Top, err = top(ctx, w, dataset, field); err != nil {
				return nil, fmt.Errorf("frequent values of %s.%s: %w", dataset, field.Name, err)
			}
		}
		if field.Type.Kind == schema.String {
			if profile.Pattern, err = pattern(ctx, w, dataset, field); err != nil {
				return nil, fmt.Errorf("form of %s.%s: %w", dataset, field.Name, err)
			}
		}
	}
	return profiles, nil
}

func scan(ctx context.Context, w *warehouse.Warehouse, dataset string, fields []Field) (map[string]*catalog.Profile, error) {
	parts := []string{"count(*)"}
	for _, field := range fields {
		name := warehouse.Ident(field.Name)
		least, most := "NULL", "NULL"
		if field.Shown() {
			least, most = "CAST(min("+name+") AS VARCHAR)", "CAST(max("+name+") AS VARCHAR)"
		}
		parts = append(parts, "count("+name+")", "approx_count_distinct("+name+")", least, most)
	}
	var rows int64
	counts := make([]struct {
		filled, distinct int64
		least, most      sql.NullString
	}, len(fields))
	into := []any{&rows}
	for i := range counts {
		into = append(into, &counts[i].filled, &counts[i].distinct, &counts[i].least, &counts[i].most)
	}
	if err := w.Get(ctx, "SELECT "+strings.Join(parts, ", ")+" FROM "+warehouse.Published(dataset), nil, into...); err != nil {
		return nil, err
	}
	profiles := make(map[string]*catalog.Profile, len(fields))
	for i, field := range fields {
		profiles[field.Name] = &catalog.Profile{
			Rows: rows, Nulls: rows - counts[i].filled, Distinct: min(counts[i].distinct, counts[i].filled),
			Min: counts[i].least.String, Max: counts[i].most.String,
		}
	}
	return profiles, nil
}

func top(ctx context.Context, w *warehouse.Warehouse, dataset string, field Field) ([]catalog.TopValue, error) {
	name := warehouse.Ident(field.Name)
	rows, err := w.Rows(ctx, fmt.Sprintf("SELECT CAST(%[1]s AS VARCHAR) AS value, count(*) FROM %[2]s WHERE %[1]s IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %[3]d",
		name, warehouse.Published(dataset), topShown))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []catalog.TopValue
	for rows.Next() {
		var value catalog.TopValue
		if err := rows.Scan(&value.Value, &value.Count); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}

// pattern is the most frequent form, with 9 for digits and a for letters.
func pattern(ctx context.Context, w *warehouse.Warehouse, dataset string, field Field) (string, error) {
	name := warehouse.Ident(field.Name)
	var form sql.NullString
	err := w.Get(ctx, fmt.Sprintf(`SELECT mode(regexp_replace(regexp_replace(left(value, 64), '[0-9]', '9', 'g'), '[A-Za-z]', 'a', 'g'))
		FROM (SELECT %[1]s AS value FROM %[2]s WHERE %[1]s IS NOT NULL LIMIT %[3]d)`,
		name, warehouse.Published(dataset), patternSample), nil, &form)
	return form.String, err
}
