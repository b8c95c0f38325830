package render_test

import (
	"errors"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/query/render"
)

// counted counts what was written, and fails from some byte on.
type counted struct{ written, until int }

var errFull = errors.New("full")

func (c *counted) Write(text []byte) (int, error) {
	if c.until > 0 && c.written > c.until {
		return 0, errFull
	}
	c.written += len(text)
	return len(text), nil
}

const (
	noiseBatches = 400
	noiseRows    = 1000
)

// TestCopiesGoOutAsTheirRowsCome compares what was written with what was read: no
// form of a copy holds all of it until the end.
func TestCopiesGoOutAsTheirRowsCome(t *testing.T) {
	t.Parallel()
	for _, format := range []string{render.CSV, render.NDJSON, render.Arrow, render.Parquet, render.XLSX} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			var out counted
			source := &watched{RecordReader: noise(t), out: &out}
			defer source.Release()
			count, err := render.Write(&out, format, source)
			require.NoError(t, err)
			require.EqualValues(t, noiseBatches*noiseRows, count)
			require.Greater(t, source.outAt[noiseBatches/2], out.written/5, "when half was read a part was out")
			require.Greater(t, source.outAt[noiseBatches-1], out.written/2, "when all was read most was out")
			broken := noise(t)
			defer broken.Release()
			_, err = render.Write(&counted{until: 10_000}, format, broken)
			require.ErrorIs(t, err, errFull)
		})
	}
}

// noise gives rows that cannot be compressed away.
func noise(t *testing.T) array.RecordReader {
	t.Helper()
	return records(t, column(arrow.PrimitiveTypes.Uint64), noiseBatches, func(batch int, into *array.RecordBuilder) {
		for row := range noiseRows {
			into.Field(0).(*array.Uint64Builder).Append(uint64(batch*noiseRows+row) * 0x9E3779B97F4A7C15)
		}
	})
}

// watched notes how much was written when each batch was asked for.
type watched struct {
	array.RecordReader
	out   *counted
	outAt []int
}

func (w *watched) Next() bool {
	w.outAt = append(w.outAt, w.out.written)
	return w.RecordReader.Next()
}
