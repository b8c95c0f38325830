package landing

import (
	"context"
	"fmt"
	"strings"

	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/proof"
	"github.com/yitong-hub/yitong/schema"
)

// verifyRows is the number of rows read back at once: a row group, which keeps
// the engine's copy of the result small.
const verifyRows = 122_880

// Verify reads the landed rows back and gives their checksum, to be compared
// with [Result.Sum].
func Verify(ctx context.Context, w *warehouse.Warehouse, name string, columns []schema.Column) (proof.Sum, error) {
	table := warehouse.Landed(name)
	var last int64
	if err := w.Get(ctx, "SELECT coalesce(max(rowid), -1) FROM "+table, nil, &last); err != nil {
		return proof.Sum{}, fmt.Errorf("find the end of the landed rows: %w", err)
	}
	names, types := split(columns)
	quoted := make([]string, len(names))
	for i, column := range names {
		quoted[i] = warehouse.Ident(column)
	}
	hasher := proof.New(names, types, proof.Sum{})
	query := "SELECT " + strings.Join(quoted, ", ") + " FROM " + table + " WHERE rowid BETWEEN ? AND ?"
	for first := int64(0); first <= last; first += verifyRows {
		if err := addRange(ctx, w, hasher, query, first, first+verifyRows-1); err != nil {
			return proof.Sum{}, fmt.Errorf("read the landed rows back: %w", err)
		}
	}
	return hasher.Sum(), nil
}

func addRange(ctx context.Context, w *warehouse.Warehouse, hasher *proof.Hasher, query string, first, last int64) error {
	reader, err := w.Query(ctx, query, first, last)
	if err != nil {
		return err
	}
	defer reader.Release()
	for reader.Next() {
		if err := hasher.Add(reader.RecordBatch()); err != nil {
			return err
		}
	}
	return reader.Err()
}
