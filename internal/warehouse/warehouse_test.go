package warehouse_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
)

func open(t *testing.T, dir string) *warehouse.Warehouse {
	t.Helper()
	w, err := warehouse.Open(t.Context(), warehouse.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func numbers(t *testing.T, values ...int64) array.RecordReader {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	builder.Field(0).(*array.Int64Builder).AppendValues(values, nil)
	reader, err := array.NewRecordReader(schema, []arrow.RecordBatch{builder.NewRecordBatch()})
	require.NoError(t, err)
	return reader
}

func count(t *testing.T, w *warehouse.Warehouse, table string) int {
	t.Helper()
	var rows int
	require.NoError(t, w.Get(t.Context(), "SELECT count(*) FROM "+table, nil, &rows))
	return rows
}

func TestNothingElseCanBeOpenedOrSet(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir())
	file := filepath.Join(t.TempDir(), "secret.csv")
	require.NoError(t, os.WriteFile(file, []byte("a\n1\n"), 0o600))
	for _, statement := range []string{
		"SELECT * FROM read_csv(" + warehouse.Literal(file) + ")",
		"COPY (SELECT 1) TO " + warehouse.Literal(file),
		"ATTACH " + warehouse.Literal(file+".db"),
		"SET enable_external_access=true",
		"SET memory_limit='100GB'",
	} {
		require.Error(t, w.Exec(t.Context(), statement), statement)
	}
}

func TestLandCommitsAllOrNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := open(t, dir)
	table := warehouse.Landed(`odd"name`)
	land := func(after error, more bool) error {
		return w.Land(t.Context(), warehouse.LandRequest{
			Table: table, Stream: "s", Reader: numbers(t, 1, 2, 3), Append: more,
			After: func(context.Context, *warehouse.Tx) error { return after },
		})
	}
	require.NoError(t, land(nil, false))
	broken := errors.New("broken")
	require.ErrorIs(t, land(broken, true), broken)
	require.Equal(t, 3, count(t, w, table))
	require.NoError(t, land(nil, true))
	require.Equal(t, 6, count(t, w, table))
	require.NoError(t, w.Close())
	require.Equal(t, 6, count(t, open(t, dir), table))
}

func TestACanceledTransactionIsRolledBackAndSaysSo(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir())
	require.NoError(t, w.Exec(t.Context(), "CREATE TABLE warehouse.published.t (a INTEGER)"))
	ctx, cancel := context.WithCancel(t.Context())
	err := w.InTx(ctx, func(tx *warehouse.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO warehouse.published.t VALUES (1)")
		cancel()
		return err
	})
	require.Equal(t, fault.Canceled, fault.CodeOf(err))
	require.Zero(t, count(t, w, "warehouse.published.t"))
}

func TestQueryGivesArrowAndItsConnectionBack(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir())
	for range 50 {
		reader, err := w.Query(t.Context(), "SELECT range + ? FROM range(3000)", 1)
		require.NoError(t, err)
		var rows int64
		for reader.Next() {
			rows += reader.RecordBatch().NumRows()
		}
		require.NoError(t, reader.Err())
		require.EqualValues(t, 3000, rows)
		reader.Release()
	}
	_, err := w.Query(t.Context(), "SELECT nothing")
	require.Error(t, err)
}
