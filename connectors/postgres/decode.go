package postgres

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/extensions"
)

// The codes of rejects.
const (
	codeTypeMismatch = "type_mismatch"
	codeEncoding     = "encoding"
)

// epochDays and epochMicros lead from 2000-01-01, where PostgreSQL begins, to
// 1970-01-01 (datatype/timestamp.h).
const (
	epochDays   = 10_957
	epochMicros = epochDays * 86_400 * 1_000_000
	dayMicros   = 86_400 * 1_000_000
)

// decoder reads the binary values of one column (the *_send functions of
// src/backend/utils/adt). A row is checked in all its columns before any is
// appended.
type decoder struct {
	// width is the length of every value; -1 when they differ.
	width int
	// refuse says why a value cannot be kept, nil when all can.
	refuse func(value []byte) (code, reason string)
	append func(value []byte)
}

func (d decoder) check(value []byte) (code, reason string) {
	if d.width >= 0 && len(value) != d.width {
		return codeTypeMismatch, "the server sent a value of another length than its type has"
	}
	if d.refuse == nil {
		return "", ""
	}
	return d.refuse(value)
}

func decoderOf(builder array.Builder, c column) decoder {
	switch b := builder.(type) {
	case *array.BooleanBuilder:
		return decoder{width: 1, append: func(v []byte) { b.UnsafeAppend(v[0] != 0) }}
	case *array.Int16Builder:
		return decoder{width: 2, append: func(v []byte) { b.UnsafeAppend(int16(binary.BigEndian.Uint16(v))) }} // #nosec G115 -- two's complement
	case *array.Int32Builder:
		return decoder{width: 4, append: func(v []byte) { b.UnsafeAppend(int32(binary.BigEndian.Uint32(v))) }} // #nosec G115 -- as above
	case *array.Int64Builder:
		return decoder{width: 8, append: func(v []byte) { b.UnsafeAppend(integer(v)) }}
	case *array.Float32Builder:
		number := func(v []byte) float32 { return math.Float32frombits(binary.BigEndian.Uint32(v)) }
		return decoder{width: 4, refuse: func(v []byte) (string, string) { return finite(float64(number(v))) }, append: func(v []byte) { b.UnsafeAppend(number(v)) }}
	case *array.Float64Builder:
		number := func(v []byte) float64 { return math.Float64frombits(binary.BigEndian.Uint64(v)) }
		return decoder{width: 8, refuse: func(v []byte) (string, string) { return finite(number(v)) }, append: func(v []byte) { b.UnsafeAppend(number(v)) }}
	case *array.Date32Builder:
		return decoder{width: 4, refuse: knownDay, append: func(v []byte) { b.UnsafeAppend(arrow.Date32(int32(binary.BigEndian.Uint32(v)) + epochDays)) }} // #nosec G115 -- as above
	case *array.Time64Builder:
		return decoder{width: 8, refuse: withinDay, append: func(v []byte) { b.UnsafeAppend(arrow.Time64(integer(v))) }}
	case *array.TimestampBuilder:
		return decoder{width: 8, refuse: knownMoment, append: func(v []byte) { b.UnsafeAppend(arrow.Timestamp(integer(v) + epochMicros)) }}
	case *extensions.UUIDBuilder:
		return decoder{width: 16, append: func(v []byte) { b.AppendBytes([16]byte(v)) }}
	case *array.Decimal128Builder:
		precision, scale := int(c.Type.Precision), int(c.Type.Scale)
		return decoder{width: -1, refuse: func(v []byte) (string, string) { return fitsNumeric(v, precision, scale) }, append: func(v []byte) { b.UnsafeAppend(numeric(v, scale)) }}
	case *array.StringBuilder:
		prefix := c.prefix
		return decoder{width: -1, refuse: func(v []byte) (string, string) { return legible(v, prefix) }, append: func(v []byte) { b.BinaryBuilder.Append(v[prefix:]) }}
	case *array.BinaryBuilder:
		return decoder{width: -1, append: b.Append}
	}
	panic("no decoder for " + string(c.Type.Kind)) // columnOf gives no other
}

func integer(v []byte) int64 { return int64(binary.BigEndian.Uint64(v)) } // #nosec G115 -- two's complement

func finite(number float64) (string, string) {
	if math.IsNaN(number) || math.IsInf(number, 0) {
		return codeTypeMismatch, "NaN and infinity are no numbers that can be kept"
	}
	return "", ""
}

func knownDay(v []byte) (string, string) {
	if day := int32(binary.BigEndian.Uint32(v)); day == math.MaxInt32 || day == math.MinInt32 { // #nosec G115 -- as above
		return codeTypeMismatch, "infinity is no date that can be kept"
	}
	return "", ""
}

func withinDay(v []byte) (string, string) {
	if integer(v) >= dayMicros {
		return codeTypeMismatch, "24:00:00 is not a time of a day"
	}
	return "", ""
}

func knownMoment(v []byte) (string, string) {
	if at := integer(v); at == math.MaxInt64 || at == math.MinInt64 {
		return codeTypeMismatch, "infinity is no moment that can be kept"
	}
	return "", ""
}

func legible(v []byte, prefix int) (string, string) {
	if len(v) < prefix || !utf8.Valid(v) {
		return codeEncoding, "the text is not UTF-8"
	}
	return "", ""
}

// The parts of a NUMERIC's binary form (numeric_send): the number of digits of
// base 10,000, the weight of the first, the sign, the scale shown, the digits.
const (
	numericHead     = 8
	numericPositive = 0x0000
	numericNegative = 0x4000
	groupDigits     = 4
	groupBase       = 10_000
)

// fitsNumeric checks what the server promises: the value has the column's
// precision and scale.
func fitsNumeric(v []byte, precision, scale int) (string, string) {
	if len(v) < numericHead || len(v) != numericHead+2*int(binary.BigEndian.Uint16(v)) {
		return codeTypeMismatch, "the server sent a number that is cut off"
	}
	if sign := binary.BigEndian.Uint16(v[4:]); sign != numericPositive && sign != numericNegative {
		return codeTypeMismatch, "NaN and infinity are no numbers that can be kept"
	}
	groups := int(binary.BigEndian.Uint16(v))
	if groups == 0 {
		return "", ""
	}
	weight := int(int16(binary.BigEndian.Uint16(v[2:]))) // #nosec G115 -- two's complement
	whole := groupDigits * (weight + 1)
	behind := groupDigits*(groups-weight-1) - scale
	last := binary.BigEndian.Uint16(v[len(v)-2:])
	if whole >= precision-scale+groupDigits || behind >= groupDigits || behind > 0 && last%tenTo[behind] != 0 {
		return codeTypeMismatch, "the server sent a number with more digits than its column has"
	}
	return "", ""
}

var tenTo = [groupDigits]uint16{1, 10, 100, 1000}

// numeric gives a checked NUMERIC as a whole number of 10^-scale. The server
// has already held the value to the column's precision and scale, so that what
// the last group has behind the scale is zeros.
func numeric(v []byte, scale int) decimal128.Num {
	groups := int(binary.BigEndian.Uint16(v))
	if groups == 0 {
		return decimal128.Num{}
	}
	weight := int(int16(binary.BigEndian.Uint16(v[2:]))) // #nosec G115 -- two's complement
	exponent := groupDigits*(weight-groups+1) + scale
	var sum groupSum
	for i := range groups - 1 {
		sum.add(groupBase, uint64(binary.BigEndian.Uint16(v[numericHead+2*i:])))
	}
	last, factor := uint64(binary.BigEndian.Uint16(v[numericHead+2*(groups-1):])), uint64(groupBase)
	for ; exponent < 0 && factor > 1; exponent++ {
		last, factor = last/10, factor/10
	}
	sum.add(factor, last)
	number := sum.number()
	if exponent > 0 {
		number = number.IncreaseScaleBy(int32(exponent)) // #nosec G115 -- at most schema.MaxPrecision
	}
	if binary.BigEndian.Uint16(v[4:]) == numericNegative {
		number = number.Negate()
	}
	return number
}

// groupSum adds up groups of digits, in one machine word as long as that does.
type groupSum struct {
	small uint64
	large decimal128.Num
	wide  bool
}

func (s *groupSum) add(factor, digits uint64) {
	if !s.wide && s.small <= (math.MaxUint64-groupBase)/groupBase {
		s.small = s.small*factor + digits
		return
	}
	s.large, s.wide = s.number().Mul(decimal128.FromU64(factor)).Add(decimal128.FromU64(digits)), true
}

func (s *groupSum) number() decimal128.Num {
	if s.wide {
		return s.large
	}
	return decimal128.FromU64(s.small)
}
