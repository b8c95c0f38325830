package proof

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// mixColumn folds one column into the hashes of its rows.
func mixColumn(rows []uint64, values arrow.Array, column column) error {
	value, err := valueHash(values, column.kind)
	if err != nil {
		return err
	}
	if values.NullN() == 0 {
		for i := range rows {
			rows[i] = mix(rows[i] ^ mix(value(i)+column.seed))
		}
		return nil
	}
	null := mix(nullMark ^ column.seed)
	for i := range rows {
		if values.IsNull(i) {
			rows[i] = mix(rows[i] ^ null)
			continue
		}
		rows[i] = mix(rows[i] ^ mix(value(i)+column.seed))
	}
	return nil
}

type number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// fixed gives the values of a column of whole numbers, widened to 64 bits.
func fixed[T number](values []T) func(int) uint64 {
	return func(i int) uint64 { return uint64(values[i]) }
}

func valueHash(values arrow.Array, kind schema.Kind) (func(int) uint64, error) {
	switch typed := values.(type) {
	case *array.Boolean:
		return func(i int) uint64 {
			if typed.Value(i) {
				return 1
			}
			return 0
		}, nil
	case *array.Int8:
		return fixed(typed.Int8Values()), nil
	case *array.Int16:
		return fixed(typed.Int16Values()), nil
	case *array.Int32:
		return fixed(typed.Int32Values()), nil
	case *array.Int64:
		return fixed(typed.Int64Values()), nil
	case *array.Uint8:
		return fixed(typed.Uint8Values()), nil
	case *array.Uint16:
		return fixed(typed.Uint16Values()), nil
	case *array.Uint32:
		return fixed(typed.Uint32Values()), nil
	case *array.Uint64:
		return fixed(typed.Uint64Values()), nil
	case *array.Date32:
		return fixed(typed.Date32Values()), nil
	case *array.Time64:
		return fixed(typed.Time64Values()), nil
	case *array.Timestamp:
		return fixed(typed.TimestampValues()), nil
	}
	return variableHash(values, kind)
}

func variableHash(values arrow.Array, kind schema.Kind) (func(int) uint64, error) {
	switch typed := values.(type) {
	case *array.Float32:
		return func(i int) uint64 { return floatBits(float64(typed.Value(i))) }, nil
	case *array.Float64:
		return func(i int) uint64 { return floatBits(typed.Value(i)) }, nil
	case *array.Decimal128:
		return func(i int) uint64 {
			value := typed.Value(i)
			return mix(value.LowBits()) ^ uint64(value.HighBits())
		}, nil
	case *array.Binary:
		return func(i int) uint64 { return xxh3.Hash(typed.Value(i)) }, nil
	case *array.String:
		if kind == schema.UUID {
			return func(i int) uint64 { return uuidHash(typed.Value(i)) }, nil
		}
		return func(i int) uint64 { return xxh3.HashString(typed.Value(i)) }, nil
	case *array.FixedSizeBinary:
		return func(i int) uint64 { return xxh3.Hash(typed.Value(i)) }, nil
	case array.ExtensionArray:
		return variableHash(typed.Storage(), kind)
	}
	return nil, fault.New(fault.Invalid, "Arrow type %s has no checksum", values.DataType())
}

// floatBits makes all NaNs one value: their payload bits carry no meaning and
// engines change them.
func floatBits(value float64) uint64 {
	if math.IsNaN(value) {
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(value)
}

// uuidHash takes the text form in which the warehouse gives UUIDs back.
func uuidHash(text string) uint64 {
	parsed, err := uuid.Parse(text)
	if err != nil {
		// A text that is no UUID hashes as itself: the sums then differ, as they should.
		return xxh3.HashString(text)
	}
	return xxh3.Hash(parsed[:])
}
