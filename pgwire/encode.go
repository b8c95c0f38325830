package pgwire

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/yitong-hub/yitong/query/pgcatalog"
)

// Formats of values on the wire.
const (
	textFormat   = 0
	binaryFormat = 1
)

// encoder appends the value of a row that is not NULL.
type encoder func(to []byte, column arrow.Array, row int) ([]byte, error)

// encoderOf gives the encoder of a column.
func encoderOf(of arrow.DataType, format int16) encoder {
	switch of := of.(type) {
	case *arrow.ListType:
		return listEncoder(of, of.Elem(), format)
	case *arrow.FixedSizeListType:
		return listEncoder(of, of.Elem(), format)
	}
	if format == binaryFormat {
		return binaryEncoder(of)
	}
	return textEncoder(of)
}

func textEncoder(of arrow.DataType) encoder {
	switch of := of.(type) {
	case *arrow.BooleanType:
		return func(to []byte, column arrow.Array, row int) ([]byte, error) {
			if column.(*array.Boolean).Value(row) {
				return append(to, 't'), nil
			}
			return append(to, 'f'), nil
		}
	case *arrow.Float32Type:
		return func(to []byte, column arrow.Array, row int) ([]byte, error) {
			return appendFloat(to, float64(column.(*array.Float32).Value(row)), 32, 6), nil
		}
	case *arrow.Float64Type:
		return func(to []byte, column arrow.Array, row int) ([]byte, error) {
			return appendFloat(to, column.(*array.Float64).Value(row), 64, 15), nil
		}
	case *arrow.Decimal128Type:
		return func(to []byte, column arrow.Array, row int) ([]byte, error) {
			return append(to, column.(*array.Decimal128).Value(row).ToString(of.Scale)...), nil
		}
	case *arrow.BinaryType:
		return func(to []byte, column arrow.Array, row int) ([]byte, error) {
			return hex.AppendEncode(append(to, `\x`...), column.(*array.Binary).Value(row)), nil
		}
	case *arrow.Date32Type:
		return func(to []byte, column arrow.Array, row int) ([]byte, error) {
			return appendDate(to, int32(column.(*array.Date32).Value(row))), nil
		}
	case *arrow.Time64Type:
		return func(to []byte, column arrow.Array, row int) ([]byte, error) {
			return appendClock(to, micros(int64(column.(*array.Time64).Value(row)), of.Unit)), nil
		}
	case *arrow.TimestampType:
		return func(to []byte, column arrow.Array, row int) ([]byte, error) {
			return appendTimestamp(to, int64(column.(*array.Timestamp).Value(row)), of), nil
		}
	case *arrow.MonthDayNanoIntervalType:
		return func(to []byte, column arrow.Array, row int) ([]byte, error) {
			return appendInterval(to, column.(*array.MonthDayNanoInterval).Value(row)), nil
		}
	case *arrow.StructType, *arrow.MapType:
		return appendJSON
	}
	return func(to []byte, column arrow.Array, row int) ([]byte, error) {
		return append(to, column.ValueStr(row)...), nil
	}
}

func appendJSON(to []byte, column arrow.Array, row int) ([]byte, error) {
	text, err := json.Marshal(column.GetOneForMarshal(row))
	return append(to, text...), err
}

// appendFloat writes the shortest text that gives the same number, as PostgreSQL.
func appendFloat(to []byte, value float64, bits, digits int) []byte {
	switch {
	case math.IsNaN(value):
		return append(to, "NaN"...)
	case math.IsInf(value, 1):
		return append(to, "Infinity"...)
	case math.IsInf(value, -1):
		return append(to, "-Infinity"...)
	}
	if size := math.Abs(value); size != 0 && (size < 1e-4 || size >= math.Pow10(digits)) {
		return strconv.AppendFloat(to, value, 'e', -1, bits)
	}
	return strconv.AppendFloat(to, value, 'f', -1, bits)
}

func binaryEncoder(of arrow.DataType) encoder {
	switch of := of.(type) {
	case *arrow.BooleanType:
		return func(to []byte, column arrow.Array, row int) ([]byte, error) {
			if column.(*array.Boolean).Value(row) {
				return append(to, 1), nil
			}
			return append(to, 0), nil
		}
	case *arrow.Int8Type:
		return whole2(func(column arrow.Array, row int) int16 { return int16(column.(*array.Int8).Value(row)) })
	case *arrow.Uint8Type:
		return whole2(func(column arrow.Array, row int) int16 { return int16(column.(*array.Uint8).Value(row)) })
	case *arrow.Int16Type:
		return whole2(func(column arrow.Array, row int) int16 { return column.(*array.Int16).Value(row) })
	case *arrow.Uint16Type:
		return whole4(func(column arrow.Array, row int) int32 { return int32(column.(*array.Uint16).Value(row)) })
	case *arrow.Int32Type:
		return whole4(func(column arrow.Array, row int) int32 { return column.(*array.Int32).Value(row) })
	case *arrow.Uint32Type:
		return whole8(func(column arrow.Array, row int) int64 { return int64(column.(*array.Uint32).Value(row)) })
	case *arrow.Int64Type:
		return whole8(func(column arrow.Array, row int) int64 { return column.(*array.Int64).Value(row) })
	case *arrow.Uint64Type:
		return numeric(func(column arrow.Array, row int) (*big.Int, int32) {
			return new(big.Int).SetUint64(column.(*array.Uint64).Value(row)), 0
		})
	case *arrow.Decimal128Type:
		return numeric(func(column arrow.Array, row int) (*big.Int, int32) {
			return column.(*array.Decimal128).Value(row).BigInt(), of.Scale
		})
	case *arrow.Float32Type:
		return whole4(func(column arrow.Array, row int) int32 {
			return int32(math.Float32bits(column.(*array.Float32).Value(row)))
		})
	case *arrow.Float64Type:
		return whole8(func(column arrow.Array, row int) int64 {
			return int64(math.Float64bits(column.(*array.Float64).Value(row)))
		})
	case *arrow.BinaryType:
		return func(to []byte, column arrow.Array, row int) ([]byte, error) {
			return append(to, column.(*array.Binary).Value(row)...), nil
		}
	}
	return binaryMoment(of)
}

func binaryMoment(of arrow.DataType) encoder {
	switch of := of.(type) {
	case *arrow.Date32Type:
		return whole4(func(column arrow.Array, row int) int32 { return sinceEpoch(int32(column.(*array.Date32).Value(row))) })
	case *arrow.Time64Type:
		return whole8(func(column arrow.Array, row int) int64 {
			return micros(int64(column.(*array.Time64).Value(row)), of.Unit)
		})
	case *arrow.TimestampType:
		return whole8(func(column arrow.Array, row int) int64 {
			return microsSinceEpoch(int64(column.(*array.Timestamp).Value(row)), of.Unit)
		})
	case *arrow.MonthDayNanoIntervalType:
		return func(to []byte, column arrow.Array, row int) ([]byte, error) {
			value := column.(*array.MonthDayNanoInterval).Value(row)
			to = binary.BigEndian.AppendUint64(to, uint64(value.Nanoseconds/1000))
			to = binary.BigEndian.AppendUint32(to, uint32(value.Days))
			return binary.BigEndian.AppendUint32(to, uint32(value.Months)), nil
		}
	}
	return textEncoder(of) // a text is the same in both formats
}

func whole2(value func(arrow.Array, int) int16) encoder {
	return func(to []byte, column arrow.Array, row int) ([]byte, error) {
		return binary.BigEndian.AppendUint16(to, uint16(value(column, row))), nil
	}
}

func whole4(value func(arrow.Array, int) int32) encoder {
	return func(to []byte, column arrow.Array, row int) ([]byte, error) {
		return binary.BigEndian.AppendUint32(to, uint32(value(column, row))), nil
	}
}

func whole8(value func(arrow.Array, int) int64) encoder {
	return func(to []byte, column arrow.Array, row int) ([]byte, error) {
		return binary.BigEndian.AppendUint64(to, uint64(value(column, row))), nil
	}
}

func numeric(value func(arrow.Array, int) (*big.Int, int32)) encoder {
	types := pgtype.NewMap()
	return func(to []byte, column arrow.Array, row int) ([]byte, error) {
		whole, scale := value(column, row)
		return types.Encode(pgtype.NumericOID, binaryFormat, pgtype.Numeric{Int: whole, Exp: -scale, Valid: true}, to)
	}
}

// listEncoder writes arrays of one dimension; other lists are texts.
func listEncoder(of, element arrow.DataType, format int16) encoder {
	if pgcatalog.TypeOf(of).OID == pgtype.TextOID {
		return appendJSON
	}
	each := encoderOf(element, format)
	if format == textFormat {
		return func(to []byte, column arrow.Array, row int) ([]byte, error) { return appendList(to, column, row, each) }
	}
	oid := pgcatalog.TypeOf(element).OID
	return func(to []byte, column arrow.Array, row int) ([]byte, error) {
		values, from, until := elements(column, row)
		if from == until {
			return binary.BigEndian.AppendUint32(append(to, 0, 0, 0, 0, 0, 0, 0, 0), oid), nil
		}
		to = binary.BigEndian.AppendUint32(to, 1)
		to = binary.BigEndian.AppendUint32(to, 1) // there may be NULL among them
		to = binary.BigEndian.AppendUint32(to, oid)
		to = binary.BigEndian.AppendUint32(to, uint32(until-from))
		to = binary.BigEndian.AppendUint32(to, 1)
		for i := from; i < until; i++ {
			if values.IsNull(i) {
				to = append(to, 0xff, 0xff, 0xff, 0xff)
				continue
			}
			place := len(to)
			var err error
			if to, err = each(append(to, 0, 0, 0, 0), values, i); err != nil {
				return nil, err
			}
			binary.BigEndian.PutUint32(to[place:], uint32(len(to)-place-4))
		}
		return to, nil
	}
}

func elements(column arrow.Array, row int) (values arrow.Array, from, until int) {
	list := column.(array.ListLike)
	begin, end := list.ValueOffsets(row)
	return list.ListValues(), int(begin), int(end)
}

func appendList(to []byte, column arrow.Array, row int, each encoder) ([]byte, error) {
	values, from, until := elements(column, row)
	to = append(to, '{')
	for i := from; i < until; i++ {
		if i > from {
			to = append(to, ',')
		}
		if values.IsNull(i) {
			to = append(to, "NULL"...)
			continue
		}
		one, err := each(nil, values, i)
		if err != nil {
			return nil, fmt.Errorf("write a list: %w", err)
		}
		to = appendElement(to, string(one))
	}
	return append(to, '}'), nil
}

// appendElement writes an element of an array, in quotes where it needs them.
func appendElement(to []byte, text string) []byte {
	if text != "" && !strings.EqualFold(text, "null") && !strings.ContainsAny(text, "{},\"\\ \t\n\r\v\f") {
		return append(to, text...)
	}
	to = append(to, '"')
	for _, part := range []byte(text) {
		if part == '"' || part == '\\' {
			to = append(to, '\\')
		}
		to = append(to, part)
	}
	return append(to, '"')
}
