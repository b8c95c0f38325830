package text_test

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/schema"
)

func TestCells(t *testing.T) {
	t.Parallel()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	const refused = "refused"
	for _, c := range []struct{ kind, cell, want string }{
		{"string", "", ""}, {"string", " 张 ", " 张 "}, {"int8", "-128", "-128"}, {"int8", "128", refused}, {"int64", "1.0", refused},
		{"uint64", "18446744073709551615", "18446744073709551615"}, {"uint64", "-1", refused}, {"int32", "", "(null)"},
		{"bool", "是", "true"}, {"bool", "2", refused}, {"float64", "1e400", refused}, {"float64", "0.1", "0.1"}, {"float64", "NaN", refused},
		{"decimal(5,2)", "-123.45", "-123.45"}, {"decimal(5,2)", "1.450", "1.45"}, {"decimal(5,2)", "1.455", refused},
		{"decimal(5,2)", "1234", refused}, {"decimal(5,2)", ".5", "0.5"}, {"decimal(5,2)", ".", refused}, {"decimal(5,2)", "1e2", refused},
		{"decimal(38,6)", "12345678901234567890123456789012.345678", "12345678901234567890123456789012.345678"},
		{"date", "19900228", "1990-02-28"}, {"date", "19900230", refused}, {"date", "1990/2/3", "1990-02-03"}, {"date", "0000-00-00", refused},
		{"time", "23:59:59.5", "23:59:59.500000"}, {"time", "24:00", refused},
		{"timestamp", "2026-03-01 08:00:00", "2026-03-01T08:00:00"}, {"timestamp", "2026-03-01T08:00:00+08:00", refused},
		{"timestamptz", "2026-03-01 08:00:00", "2026-03-01T00:00:00Z"}, {"timestamptz", "2026-03-01T08:00:00.000001Z", "2026-03-01T08:00:00.000001Z"},
		{"timestamptz", "2026-03-01T08:00:00.0000001Z", refused},
		{"uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, {"uuid", "6ba7", refused},
		{"binary", "0xCAFE", "yv4="}, {"binary", "xyz", refused},
	} {
		t.Run(c.kind+" "+c.cell, func(t *testing.T) {
			t.Parallel()
			parsed, err := schema.ParseType(c.kind)
			require.NoError(t, err)
			b := text.NewBuilder([]schema.Column{{Name: "x", Type: parsed}}, text.Options{Location: shanghai})
			defer b.Release()
			mismatch := b.Append([][]byte{[]byte(c.cell)})
			if c.want == refused {
				require.Error(t, mismatch)
				require.Zero(t, b.Rows())
				require.NotContains(t, strings.ReplaceAll(mismatch.Error(), c.kind, ""), c.cell)
				return
			}
			require.Nil(t, mismatch)
			batch := b.NewBatch()
			defer batch.Release()
			require.Equal(t, c.want, batch.Column(0).ValueStr(0))
		})
	}
}

func TestNullAndTheEmptyString(t *testing.T) {
	t.Parallel()
	b := text.NewBuilder([]schema.Column{{Name: "s", Type: schema.Of(schema.String)}, {Name: "n", Type: schema.Of(schema.Int64)}}, text.Options{Null: []string{`\N`}})
	defer b.Release()
	require.Nil(t, b.Append([][]byte{{}, {}}))
	require.Nil(t, b.Append([][]byte{nil, []byte("1")}))
	require.Nil(t, b.Append([][]byte{[]byte(`\N`), []byte(`\N`)}))
	require.NotNil(t, b.Append([][]byte{[]byte("x"), []byte("y")}), "a row with a mismatch leaves no half of itself")
	batch := b.NewBatch()
	defer batch.Release()
	require.EqualValues(t, 3, batch.NumRows())
	require.Equal(t, []bool{false, true, true}, []bool{batch.Column(0).IsNull(0), batch.Column(0).IsNull(1), batch.Column(0).IsNull(2)})
	require.Equal(t, []bool{true, false, true}, []bool{batch.Column(1).IsNull(0), batch.Column(1).IsNull(1), batch.Column(1).IsNull(2)})
}

func TestDecimalsAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		precision := rapid.Int32Range(1, schema.MaxPrecision).Draw(t, "precision")
		scale := rapid.Int32Range(0, precision).Draw(t, "scale")
		whole := rapid.StringMatching(`[0-9]{0,40}`).Draw(t, "whole")
		fraction := rapid.StringMatching(`[0-9]{0,40}`).Draw(t, "fraction")
		cell := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign") + whole + "." + fraction
		b := text.NewBuilder([]schema.Column{{Name: "d", Type: schema.DecimalOf(precision, scale)}}, text.Options{})
		defer b.Release()
		want, ok := new(big.Rat).SetString("0" + strings.TrimPrefix(cell, "-") + "0")
		require.True(t, ok)
		if strings.HasPrefix(cell, "-") {
			want.Neg(want)
		}
		unscaled := new(big.Rat).Mul(want, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)
		fits := unscaled.IsInt() && new(big.Int).Abs(unscaled.Num()).Cmp(limit) < 0 && whole+fraction != ""
		mismatch := b.Append([][]byte{[]byte(cell)})
		require.Equal(t, fits, mismatch == nil, "%s as decimal(%d,%d)", cell, precision, scale)
		if fits {
			batch := b.NewBatch()
			defer batch.Release()
			require.Zero(t, unscaled.Num().Cmp(batch.Column(0).(*array.Decimal128).Value(0).BigInt()))
		}
	})
}
