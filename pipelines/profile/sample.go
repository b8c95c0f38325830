package profile

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/yitong-hub/yitong/internal/warehouse"
)

// sampleRows is the number of rows that Sample looks at.
const sampleRows = 2000

// Sample gives values of the named fields of a published dataset as text, NULL
// left out: for recognising what they are. They must not be kept.
func Sample(ctx context.Context, w *warehouse.Warehouse, dataset string, fields []string) (map[string][]string, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	columns := make([]string, len(fields))
	for i, field := range fields {
		columns[i] = "CAST(" + warehouse.Ident(field) + " AS VARCHAR)"
	}
	rows, err := w.Rows(ctx, fmt.Sprintf("SELECT %s FROM %s LIMIT %d", strings.Join(columns, ", "), warehouse.Published(dataset), sampleRows))
	if err != nil {
		return nil, fmt.Errorf("sample %s: %w", dataset, err)
	}
	defer rows.Close()
	values, into := make([]sql.NullString, len(fields)), make([]any, len(fields))
	for i := range values {
		into[i] = &values[i]
	}
	samples := make(map[string][]string, len(fields))
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("sample %s: %w", dataset, err)
		}
		for i, value := range values {
			if value.Valid {
				samples[fields[i]] = append(samples[fields[i]], value.String)
			}
		}
	}
	return samples, rows.Err()
}
