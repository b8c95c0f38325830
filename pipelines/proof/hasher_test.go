package proof_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/pipelines/proof"
	"github.com/yitong-hub/yitong/schema"
)

var text = schema.Of(schema.String)

func sum(t *testing.T, names []string, rows ...[]any) proof.Sum {
	t.Helper()
	return sumOf(t, names, rows...)
}

func sumOf(t require.TestingT, names []string, rows ...[]any) proof.Sum {
	fields, types := make([]arrow.Field, len(names)), make([]schema.Type, len(names))
	for i, name := range names {
		fields[i], types[i] = arrow.Field{Name: name, Type: text.Arrow(), Nullable: true}, text
	}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer builder.Release()
	for _, row := range rows {
		for i, value := range row {
			if value == nil {
				builder.Field(i).AppendNull()
			} else {
				builder.Field(i).(*array.StringBuilder).Append(value.(string))
			}
		}
	}
	record := builder.NewRecordBatch()
	defer record.Release()
	hasher := proof.New(names, types, proof.Sum{})
	require.NoError(t, hasher.Add(record))
	return hasher.Sum()
}

func TestSumTellsContentApartAndNotOrder(t *testing.T) {
	t.Parallel()
	ab := []string{"a", "b"}
	base := sum(t, ab, []any{"1", "x"}, []any{"2", nil})
	require.Equal(t, base, sum(t, ab, []any{"2", nil}, []any{"1", "x"}), "order does not count")
	for name, other := range map[string]proof.Sum{
		"NULL is not empty":   sum(t, ab, []any{"1", "x"}, []any{"2", ""}),
		"values stay in rows": sum(t, ab, []any{"2", "x"}, []any{"1", nil}),
		"columns count":       sum(t, []string{"b", "a"}, []any{"1", "x"}, []any{"2", nil}),
		"swapped columns":     sum(t, ab, []any{"x", "1"}, []any{nil, "2"}),
		"rows count twice":    sum(t, ab, []any{"1", "x"}, []any{"2", nil}, []any{"2", nil}),
	} {
		require.NotEqual(t, base.String(), other.String(), name)
	}
	require.NotEqual(t, sum(t, ab, []any{"1", "1"}, []any{"1", "1"}).String(), sum(t, ab, []any{"2", "2"}, []any{"2", "2"}).String(), "equal rows do not cancel out")
	parsed, err := proof.ParseSum(base.Text())
	require.NoError(t, err)
	require.Equal(t, base, parsed)
}

func TestSumsOfPartsAddUp(t *testing.T) {
	t.Parallel()
	names := []string{"a"}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.String(), 1, 30).Draw(t, "values")
		cut := rapid.IntRange(0, len(values)).Draw(t, "cut")
		rows := make([][]any, len(values))
		for i, value := range values {
			rows[i] = []any{value}
		}
		require.Equal(t, sumOf(t, names, rows...), sumOf(t, names, rows[:cut]...).Plus(sumOf(t, names, rows[cut:]...)))
	})
}
