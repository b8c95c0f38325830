package postgres

import (
	"context"
	"math/big"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/schema"
)

func TestNumericIsExact(t *testing.T) {
	t.Parallel()
	types := pgtype.NewMap()
	rapid.Check(t, func(t *rapid.T) {
		precision := rapid.IntRange(1, schema.MaxPrecision).Draw(t, "precision")
		scale := rapid.IntRange(0, precision).Draw(t, "scale")
		digits := rapid.StringOfN(rapid.RuneFrom([]rune("0000123456789")), 1, precision, -1).Draw(t, "digits")
		unscaled, _ := new(big.Int).SetString(digits, 10)
		if rapid.Bool().Draw(t, "negative") {
			unscaled.Neg(unscaled)
		}
		sent, err := types.Encode(pgtype.NumericOID, pgx.BinaryFormatCode, pgtype.Numeric{Int: unscaled, Exp: int32(-scale), Valid: true}, nil)
		require.NoError(t, err)
		code, _ := fitsNumeric(sent, precision, scale)
		require.Empty(t, code)
		require.Equal(t, unscaled.String(), numeric(sent, scale).BigInt().String())
	})
}

// FuzzCopy gives arbitrary bytes, in pieces, for the data of a COPY: whatever
// comes is decoded, rejected or refused.
func FuzzCopy(f *testing.F) {
	f.Add([]byte(copySignature+"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x02ab\xff\xff\xff\xff\xff\xff"), 3)
	f.Add([]byte(copySignature+"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\xff\xff\xff\xff\x00\x00\x00\x0a\x00\x01\x00\x00\x00\x00\x00\x00\x00\x07"), 50)
	read := table{columns: []column{
		{Column: schema.Column{Name: "t", Type: schema.Of(schema.String)}}, {Column: schema.Column{Name: "n", Type: schema.DecimalOf(20, 4)}},
	}}
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		out := make(chan connectors.Batch, len(data)+1)
		g := newGatherer(context.Background(), read.describe().Arrow(), read, connectors.ReadRequest{BatchRows: 2}, out)
		defer g.record.Release()
		reader := &copyReader{to: g}
		piece = max(1, min(piece, 1000))
		for from := 0; from < len(data); from += piece {
			if _, err := reader.Write(data[from:min(from+piece, len(data))]); err != nil {
				break
			}
		}
		require.NoError(t, g.flush())
		close(out)
		rows := int64(0)
		for batch := range out {
			rows += batch.Record.NumRows() + int64(len(batch.Rejects))
			require.Equal(t, int(batch.Record.NumRows()), batch.Record.Column(0).(*array.String).Len())
			batch.Record.Release()
		}
		require.Equal(t, g.number, rows)
	})
}
