package pgwire

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jackc/pgx/v5/pgtype"
)

// engineTypes are the engine's names of the types of parameters. Others, and
// numeric, take the type of what they stand beside.
var engineTypes = map[uint32]string{
	pgtype.BoolOID: "BOOLEAN", pgtype.Int2OID: "SMALLINT", pgtype.Int4OID: "INTEGER", pgtype.Int8OID: "BIGINT", pgtype.OIDOID: "BIGINT",
	pgtype.Float4OID: "FLOAT", pgtype.Float8OID: "DOUBLE", pgtype.DateOID: "DATE", pgtype.TimeOID: "TIME",
	pgtype.TimestampOID: "TIMESTAMP", pgtype.TimestamptzOID: "TIMESTAMP WITH TIME ZONE", pgtype.IntervalOID: "INTERVAL", pgtype.UUIDOID: "UUID",
	pgtype.ByteaOID: "BLOB",
}

// parameter gives a value as a text, nil for NULL, with the engine's name of its
// type, "" where it takes that of what it stands beside.
func parameter(oid uint32, format int16, value []byte) (text *string, kind string, err error) {
	kind = engineTypes[oid]
	if value == nil {
		return nil, kind, nil
	}
	var made string
	switch format {
	case textFormat:
		made, err = fromText(oid, value)
	case binaryFormat:
		made, err = fromBinary(oid, value)
	default:
		err = failed(stateProtocol, "there is no format %d", format)
	}
	if err != nil {
		return nil, "", err
	}
	if !utf8.ValidString(made) {
		return nil, "", failed(stateEncoding, "invalid byte sequence for encoding \"UTF8\"")
	}
	if oid == pgtype.NumericOID {
		kind = decimalOf(made)
	}
	return &made, kind, nil
}

// decimalOf gives the decimal that holds a number exactly, "" where none does: then
// it takes the type of what it stands beside.
func decimalOf(text string) string {
	digits := strings.TrimPrefix(text, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole == "" || len(whole)+len(fraction) > 38 || strings.ContainsFunc(whole+fraction, func(r rune) bool { return r < '0' || r > '9' }) {
		return ""
	}
	return "DECIMAL(38," + strconv.Itoa(len(fraction)) + ")"
}

func fromText(oid uint32, value []byte) (string, error) {
	if oid != pgtype.ByteaOID {
		return string(value), nil
	}
	digits, is := strings.CutPrefix(string(value), `\x`)
	bytes, err := hex.DecodeString(digits)
	if !is || err != nil {
		return "", failed(stateText, "bytes are written as \\x and hexadecimal digits")
	}
	return blob(bytes), nil
}

// blob writes bytes as the engine reads them.
func blob(value []byte) string {
	var made strings.Builder
	for _, one := range value {
		made.WriteString(`\x` + strings.ToUpper(hex.EncodeToString([]byte{one})))
	}
	return made.String()
}

// sizes are the lengths of binary values.
var sizes = map[uint32]int{
	pgtype.BoolOID: 1, pgtype.Int2OID: 2, pgtype.Int4OID: 4, pgtype.Int8OID: 8, pgtype.OIDOID: 4, pgtype.Float4OID: 4, pgtype.Float8OID: 8,
	pgtype.DateOID: 4, pgtype.TimeOID: 8, pgtype.TimestampOID: 8, pgtype.TimestamptzOID: 8, pgtype.IntervalOID: 16, pgtype.UUIDOID: 16,
}

func fromBinary(oid uint32, value []byte) (string, error) {
	if size, fixed := sizes[oid]; fixed && len(value) != size {
		return "", failed(stateProtocol, "a value of type %d has %d bytes, and not %d", oid, size, len(value))
	}
	switch oid {
	case 0, pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID, pgtype.NameOID, pgtype.UnknownOID, pgtype.JSONOID, pgtype.QCharOID:
		return string(value), nil
	case pgtype.BoolOID:
		return strconv.FormatBool(value[0] != 0), nil
	case pgtype.Int2OID:
		return strconv.Itoa(int(int16(binary.BigEndian.Uint16(value)))), nil
	case pgtype.Int4OID:
		return strconv.Itoa(int(int32(binary.BigEndian.Uint32(value)))), nil
	case pgtype.OIDOID:
		return strconv.FormatUint(uint64(binary.BigEndian.Uint32(value)), 10), nil
	case pgtype.Int8OID:
		return strconv.FormatInt(int64(binary.BigEndian.Uint64(value)), 10), nil
	case pgtype.Float4OID:
		return strconv.FormatFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(value))), 'g', -1, 32), nil
	case pgtype.Float8OID:
		return strconv.FormatFloat(math.Float64frombits(binary.BigEndian.Uint64(value)), 'g', -1, 64), nil
	case pgtype.ByteaOID:
		return blob(value), nil
	case pgtype.UUIDOID:
		text := hex.EncodeToString(value)
		return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:], nil
	case pgtype.NumericOID:
		return numericText(value)
	}
	return momentText(oid, value)
}

func numericText(value []byte) (string, error) {
	var number pgtype.Numeric
	if err := pgtype.NewMap().Scan(pgtype.NumericOID, binaryFormat, value, &number); err != nil {
		return "", failed(stateText, "the bytes are no numeric")
	}
	if number.Exp > 1000 || number.Exp < -1000 {
		return "", failed(stateText, "the numeric is too long")
	}
	text, err := number.Value()
	made, is := text.(string)
	if err != nil || !is {
		return "", failed(stateText, "the bytes are no numeric")
	}
	return made, nil
}

func momentText(oid uint32, value []byte) (string, error) {
	switch oid {
	case pgtype.DateOID:
		switch days := int32(binary.BigEndian.Uint32(value)); days {
		case math.MaxInt32:
			return "infinity", nil
		case math.MinInt32:
			return "-infinity", nil
		default:
			made, before := appendDay(nil, int64(days)+epochDays)
			return era(made, before), nil
		}
	case pgtype.TimeOID:
		return string(appendClock(nil, int64(binary.BigEndian.Uint64(value)))), nil
	case pgtype.TimestampOID, pgtype.TimestamptzOID:
		return instant(int64(binary.BigEndian.Uint64(value)), oid == pgtype.TimestamptzOID), nil
	case pgtype.IntervalOID:
		return string(appendInterval(nil, arrow.MonthDayNanoInterval{
			Months: int32(binary.BigEndian.Uint32(value[12:])), Days: int32(binary.BigEndian.Uint32(value[8:])),
			Nanoseconds: int64(binary.BigEndian.Uint64(value)) * 1000,
		})), nil
	}
	return "", failed(stateUnsupported, "values of type %d are taken as text alone, and not binary", oid)
}

// era writes a day before Christ as the engine reads it.
func era(text []byte, before bool) string {
	if before {
		return string(text) + " (BC)"
	}
	return string(text)
}

func instant(value int64, zone bool) string {
	switch value {
	case math.MaxInt64:
		return "infinity"
	case math.MinInt64:
		return "-infinity"
	}
	day := floorDiv(value, microsOfDay)
	made, before := appendDay(nil, day+epochDays)
	text := string(appendClock([]byte(era(made, before)+" "), value-day*microsOfDay))
	if zone {
		text += "+00"
	}
	return text
}
