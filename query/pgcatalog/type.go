package pgcatalog

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jackc/pgx/v5/pgtype"
)

// Type is a column's type as PostgreSQL's clients know it.
type Type struct {
	OID uint32
	// Size is the number of bytes of a value, -1 where they differ.
	Size int16
	// Modifier holds precision and scale of a numeric; -1 is none.
	Modifier int32
}

// TypeOf gives the type that stands for an Arrow type. What PostgreSQL has no type
// for is text: UUIDs come from the engine as texts, structs and maps are written
// as JSON.
func TypeOf(of arrow.DataType) Type {
	switch of := of.(type) {
	case *arrow.ListType:
		return arrayOf(of.Elem())
	case *arrow.FixedSizeListType:
		return arrayOf(of.Elem())
	case arrow.DecimalType:
		return Type{pgtype.NumericOID, -1, (of.GetPrecision()<<16 | of.GetScale()) + 4}
	case *arrow.TimestampType:
		if of.TimeZone != "" {
			return Type{pgtype.TimestamptzOID, 8, -1}
		}
		return Type{pgtype.TimestampOID, 8, -1}
	}
	switch of.ID() {
	case arrow.BOOL:
		return Type{pgtype.BoolOID, 1, -1}
	case arrow.INT8, arrow.INT16, arrow.UINT8:
		return Type{pgtype.Int2OID, 2, -1}
	case arrow.INT32, arrow.UINT16:
		return Type{pgtype.Int4OID, 4, -1}
	case arrow.INT64, arrow.UINT32:
		return Type{pgtype.Int8OID, 8, -1}
	case arrow.UINT64:
		return Type{pgtype.NumericOID, -1, -1}
	case arrow.FLOAT32:
		return Type{pgtype.Float4OID, 4, -1}
	case arrow.FLOAT64:
		return Type{pgtype.Float8OID, 8, -1}
	case arrow.BINARY, arrow.LARGE_BINARY:
		return Type{pgtype.ByteaOID, -1, -1}
	case arrow.DATE32:
		return Type{pgtype.DateOID, 4, -1}
	case arrow.TIME64:
		return Type{pgtype.TimeOID, 8, -1}
	case arrow.INTERVAL_MONTH_DAY_NANO:
		return Type{pgtype.IntervalOID, 16, -1}
	}
	return Type{pgtype.TextOID, -1, -1}
}

// arrays are the types of arrays by those of what is in them.
var arrays = map[uint32]uint32{
	pgtype.BoolOID: pgtype.BoolArrayOID, pgtype.Int2OID: pgtype.Int2ArrayOID, pgtype.Int4OID: pgtype.Int4ArrayOID, pgtype.Int8OID: pgtype.Int8ArrayOID,
	pgtype.NumericOID: pgtype.NumericArrayOID, pgtype.Float4OID: pgtype.Float4ArrayOID, pgtype.Float8OID: pgtype.Float8ArrayOID,
	pgtype.ByteaOID: pgtype.ByteaArrayOID, pgtype.DateOID: pgtype.DateArrayOID, pgtype.TimeOID: pgtype.TimeArrayOID,
	pgtype.TimestampOID: pgtype.TimestampArrayOID, pgtype.TimestamptzOID: pgtype.TimestamptzArrayOID,
	pgtype.IntervalOID: pgtype.IntervalArrayOID, pgtype.TextOID: pgtype.TextArrayOID,
}

// arrayOf gives the type of lists. Lists of lists are texts: PostgreSQL's are
// rectangular.
func arrayOf(element arrow.DataType) Type {
	switch element.ID() {
	case arrow.LIST, arrow.FIXED_SIZE_LIST, arrow.STRUCT, arrow.MAP, arrow.SPARSE_UNION, arrow.DENSE_UNION:
		return Type{pgtype.TextOID, -1, -1}
	}
	of := TypeOf(element)
	return Type{arrays[of.OID], -1, of.Modifier}
}
