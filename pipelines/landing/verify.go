package landing

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/proof"
	"github.com/yitong-hub/yitong/schema"
)

const (
	// verifyRows is the number of rows read back at once: half a row group, which
	// keeps the engine's copies of the results small.
	verifyRows = 61_440
	// verifyReaders read back side by side: sums of parts add up.
	verifyReaders = 2
)

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
	query := "SELECT " + strings.Join(quoted, ", ") + " FROM " + table + " WHERE rowid BETWEEN ? AND ?"
	group, ctx := errgroup.WithContext(ctx)
	sums := make([]proof.Sum, verifyReaders)
	for i := range sums {
		group.Go(func() error {
			hasher := proof.New(names, types, proof.Sum{})
			for first := int64(i) * verifyRows; first <= last; first += verifyReaders * verifyRows {
				if err := addRange(ctx, w, hasher, query, first, first+verifyRows-1); err != nil {
					return fmt.Errorf("read the landed rows back: %w", err)
				}
			}
			sums[i] = hasher.Sum()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return proof.Sum{}, err
	}
	var sum proof.Sum
	for _, part := range sums {
		sum = sum.Plus(part)
	}
	return sum, nil
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
