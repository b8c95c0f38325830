package schema

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/extensions"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Kind is a logical type without its parameters.
type Kind string

// The kinds. Timestamps have microseconds; [Timestamp] has no zone and is what
// a clock on the wall showed, [TimestampTZ] is an instant, kept in UTC.
const (
	Bool        Kind = "bool"
	Int8        Kind = "int8"
	Int16       Kind = "int16"
	Int32       Kind = "int32"
	Int64       Kind = "int64"
	Uint8       Kind = "uint8"
	Uint16      Kind = "uint16"
	Uint32      Kind = "uint32"
	Uint64      Kind = "uint64"
	Float32     Kind = "float32"
	Float64     Kind = "float64"
	Decimal     Kind = "decimal"
	String      Kind = "string"
	Binary      Kind = "binary"
	Date        Kind = "date"
	Time        Kind = "time"
	Timestamp   Kind = "timestamp"
	TimestampTZ Kind = "timestamptz"
	UUID        Kind = "uuid"
)

// MaxPrecision is the widest decimal that Arrow's Decimal128 and DuckDB's
// DECIMAL hold exactly; anything wider is kept as text with a ruling.
const MaxPrecision = 38

// Type is a logical column type. Precision and Scale belong to decimals only.
// Its text form, as in definitions and the catalog, is "decimal(18,4)",
// "timestamptz" and so on; see [ParseType].
type Type struct {
	Kind      Kind
	Precision int32
	Scale     int32
}

// Of makes a type without parameters.
func Of(kind Kind) Type { return Type{Kind: kind} }

// DecimalOf makes a decimal type of precision digits, scale of them after the point.
func DecimalOf(precision, scale int32) Type {
	return Type{Kind: Decimal, Precision: precision, Scale: scale}
}

// String gives the text form that [ParseType] reads.
func (t Type) String() string {
	if t.Kind == Decimal {
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	}
	return string(t.Kind)
}

// MarshalText writes the text form.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the text form.
func (t *Type) UnmarshalText(text []byte) error {
	parsed, err := ParseType(string(text))
	if err != nil {
		return err
	}
	*t = parsed
	return nil
}

var plainArrow = map[Kind]arrow.DataType{
	Bool: arrow.FixedWidthTypes.Boolean,
	Int8: arrow.PrimitiveTypes.Int8, Int16: arrow.PrimitiveTypes.Int16,
	Int32: arrow.PrimitiveTypes.Int32, Int64: arrow.PrimitiveTypes.Int64,
	Uint8: arrow.PrimitiveTypes.Uint8, Uint16: arrow.PrimitiveTypes.Uint16,
	Uint32: arrow.PrimitiveTypes.Uint32, Uint64: arrow.PrimitiveTypes.Uint64,
	Float32: arrow.PrimitiveTypes.Float32, Float64: arrow.PrimitiveTypes.Float64,
	String: arrow.BinaryTypes.String, Binary: arrow.BinaryTypes.Binary,
	Date: arrow.FixedWidthTypes.Date32, Time: arrow.FixedWidthTypes.Time64us,
	Timestamp:   &arrow.TimestampType{Unit: arrow.Microsecond},
	TimestampTZ: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	UUID:        extensions.NewUUIDType(),
}

var plainDuckDB = map[Kind]string{
	Bool: "BOOLEAN", Int8: "TINYINT", Int16: "SMALLINT", Int32: "INTEGER", Int64: "BIGINT",
	Uint8: "UTINYINT", Uint16: "USMALLINT", Uint32: "UINTEGER", Uint64: "UBIGINT",
	Float32: "FLOAT", Float64: "DOUBLE", String: "VARCHAR", Binary: "BLOB",
	Date: "DATE", Time: "TIME", Timestamp: "TIMESTAMP", TimestampTZ: "TIMESTAMPTZ", UUID: "UUID",
}

// Arrow gives the Arrow type of a column of this type.
func (t Type) Arrow() arrow.DataType {
	if t.Kind == Decimal {
		return &arrow.Decimal128Type{Precision: t.Precision, Scale: t.Scale}
	}
	return plainArrow[t.Kind]
}

// SQL gives the warehouse's name of the type.
func (t Type) SQL() string {
	if t.Kind == Decimal {
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	}
	return plainDuckDB[t.Kind]
}

// FromArrow gives the logical type of an Arrow type, or an Invalid fault for
// one that no connector may emit.
func FromArrow(dt arrow.DataType) (Type, error) {
	switch typed := dt.(type) {
	case *arrow.Decimal128Type:
		return DecimalOf(typed.Precision, typed.Scale), nil
	case *arrow.TimestampType:
		if typed.TimeZone == "" {
			return Of(Timestamp), nil
		}
		return Of(TimestampTZ), nil
	}
	for kind, candidate := range plainArrow {
		if arrow.TypeEqual(candidate, dt) {
			return Of(kind), nil
		}
	}
	return Type{}, fault.New(fault.Invalid, "Arrow type %s has no logical type", dt)
}

// ParseType reads the text form: a kind, or decimal(precision,scale).
func ParseType(text string) (Type, error) {
	name := strings.ToLower(strings.TrimSpace(text))
	if _, ok := plainArrow[Kind(name)]; ok {
		return Of(Kind(name)), nil
	}
	inner, ok := strings.CutPrefix(name, "decimal(")
	if inner, found := strings.CutSuffix(inner, ")"); ok && found {
		p, s, _ := strings.Cut(inner, ",")
		precision, errP := strconv.ParseInt(strings.TrimSpace(p), 10, 32)
		scale, errS := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
		if errP == nil && errS == nil && precision >= 1 && precision <= MaxPrecision && scale >= 0 && scale <= precision {
			return DecimalOf(int32(precision), int32(scale)), nil
		}
	}
	return Type{}, fault.New(fault.Invalid,
		"unknown type %q: write bool, int8 to int64, uint8 to uint64, float32, float64, decimal(precision,scale) with at most %d digits, string, binary, date, time, timestamp, timestamptz or uuid", text, MaxPrecision)
}

// Widens reports whether every value of from is exactly a value of t, so that
// a source's change from one to the other loses nothing.
func (t Type) Widens(from Type) bool {
	if t == from || t.Kind == String {
		return true
	}
	if t.Kind == Decimal && from.Kind == Decimal {
		return t.Scale >= from.Scale && t.Precision-t.Scale >= from.Precision-from.Scale
	}
	for _, wider := range widenings[from.Kind] {
		if wider == t.Kind {
			return true
		}
	}
	if digits, ok := integerDigits[from.Kind]; ok && t.Kind == Decimal {
		return t.Precision-t.Scale >= digits
	}
	return false
}

var widenings = map[Kind][]Kind{
	Int8:    {Int16, Int32, Int64, Float32, Float64},
	Int16:   {Int32, Int64, Float32, Float64},
	Int32:   {Int64, Float64},
	Uint8:   {Uint16, Uint32, Uint64, Int16, Int32, Int64, Float32, Float64},
	Uint16:  {Uint32, Uint64, Int32, Int64, Float32, Float64},
	Uint32:  {Uint64, Int64, Float64},
	Float32: {Float64}, Date: {Timestamp},
}

var integerDigits = map[Kind]int32{
	Int8: 3, Int16: 5, Int32: 10, Int64: 19, Uint8: 3, Uint16: 5, Uint32: 10, Uint64: 20,
}
