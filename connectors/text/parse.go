package text

import (
	"bytes"
	"encoding/hex"
	"math"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/google/uuid"

	"github.com/yitong-hub/yitong/schema"
)

// value is one parsed cell; which part counts is told by the column's kind.
type value struct {
	null    bool
	integer int64
	natural uint64
	float   float64
	decimal decimal128.Num
	bytes   []byte
}

// parser reads the cells of one column. It reports false for a cell that is
// not a value of the column's type.
type parser func(cell []byte) (value, bool)

// parserOf gives the parser of a type; zone is where wall clocks stand.
func parserOf(t schema.Type, zone *time.Location) parser {
	switch t.Kind {
	case schema.String:
		return func(cell []byte) (value, bool) { return value{bytes: cell}, true }
	case schema.Bool:
		return parseBool
	case schema.Int8, schema.Int16, schema.Int32, schema.Int64:
		return integerParser(bitsOf[t.Kind])
	case schema.Uint8, schema.Uint16, schema.Uint32, schema.Uint64:
		return naturalParser(bitsOf[t.Kind])
	case schema.Float32, schema.Float64:
		return floatParser(bitsOf[t.Kind])
	case schema.Decimal:
		return func(cell []byte) (value, bool) { return parseDecimal(cell, t.Precision, t.Scale) }
	case schema.Binary:
		return parseHex
	case schema.Date:
		return parseDate
	case schema.Time:
		return parseTime
	case schema.Timestamp:
		return func(cell []byte) (value, bool) { return parseMoment(cell, nil) }
	case schema.TimestampTZ:
		return func(cell []byte) (value, bool) { return parseMoment(cell, zone) }
	case schema.UUID:
		return parseUUID
	}
	return func([]byte) (value, bool) { return value{}, false }
}

var bitsOf = map[schema.Kind]int{
	schema.Int8: 8, schema.Int16: 16, schema.Int32: 32, schema.Int64: 64,
	schema.Uint8: 8, schema.Uint16: 16, schema.Uint32: 32, schema.Uint64: 64,
	schema.Float32: 32, schema.Float64: 64,
}

func parseBool(cell []byte) (value, bool) {
	switch string(bytes.ToLower(cell)) {
	case "1", "t", "true", "y", "yes", "是", "真":
		return value{integer: 1}, true
	case "0", "f", "false", "n", "no", "否", "假":
		return value{}, true
	}
	return value{}, false
}

func integerParser(bits int) parser {
	return func(cell []byte) (value, bool) {
		n, err := strconv.ParseInt(string(cell), 10, bits)
		return value{integer: n}, err == nil
	}
}

func naturalParser(bits int) parser {
	return func(cell []byte) (value, bool) {
		n, err := strconv.ParseUint(string(cell), 10, bits)
		return value{natural: n}, err == nil
	}
}

// floatParser takes the nearest float, which is what the type means; text that
// is beyond its range or not a number is refused.
func floatParser(bits int) parser {
	return func(cell []byte) (value, bool) {
		n, err := strconv.ParseFloat(string(cell), bits)
		return value{float: n}, err == nil && !math.IsInf(n, 0) && !math.IsNaN(n)
	}
}

// parseDecimal reads digits with an optional sign and point. Digits beyond the
// scale must be zeros.
func parseDecimal(cell []byte, precision, scale int32) (value, bool) {
	digits, negative := cell, false
	if len(digits) > 0 && (digits[0] == '-' || digits[0] == '+') {
		negative, digits = digits[0] == '-', digits[1:]
	}
	whole, fraction, _ := bytes.Cut(digits, []byte{'.'})
	whole = bytes.TrimLeft(whole, "0")
	if len(digits) == 0 || len(digits) == 1 && digits[0] == '.' {
		return value{}, false
	}
	fraction = bytes.TrimRight(fraction, "0")
	if len(fraction) > int(scale) || len(whole) > int(precision-scale) {
		return value{}, false
	}
	var number [schema.MaxPrecision]byte
	n := copy(number[:], whole)
	n += copy(number[n:], fraction)
	for range int(scale) - len(fraction) {
		number[n] = '0'
		n++
	}
	parsed, ok := digitsToNumber(number[:n])
	if negative {
		parsed = parsed.Negate()
	}
	return value{decimal: parsed}, ok
}

// chunkDigits is how many digits fit a machine word.
const chunkDigits = 18

var tenPowers = func() [chunkDigits + 1]uint64 {
	var powers [chunkDigits + 1]uint64
	powers[0] = 1
	for i := 1; i <= chunkDigits; i++ {
		powers[i] = powers[i-1] * 10
	}
	return powers
}()

func digitsToNumber(digits []byte) (decimal128.Num, bool) {
	var number decimal128.Num
	for len(digits) > 0 {
		count := min(len(digits), chunkDigits)
		var chunk uint64
		for _, digit := range digits[:count] {
			if digit < '0' || digit > '9' {
				return number, false
			}
			chunk = chunk*10 + uint64(digit-'0')
		}
		number = number.Mul(decimal128.FromU64(tenPowers[count])).Add(decimal128.FromU64(chunk))
		digits = digits[count:]
	}
	return number, true
}

func parseHex(cell []byte) (value, bool) {
	cell = bytes.TrimPrefix(bytes.TrimPrefix(cell, []byte("0x")), []byte(`\x`))
	decoded := make([]byte, hex.DecodedLen(len(cell)))
	_, err := hex.Decode(decoded, cell)
	return value{bytes: decoded}, err == nil
}

func parseUUID(cell []byte) (value, bool) {
	id, err := uuid.ParseBytes(cell)
	return value{bytes: id[:]}, err == nil
}

// dateLayouts are the ways in which systems write a day.
var dateLayouts = []string{"2006-01-02", "2006/1/2", "20060102", "2006.1.2", "2006年1月2日", "2006-1-2"}

func parseDate(cell []byte) (value, bool) {
	text := string(cell)
	for _, layout := range dateLayouts {
		if day, err := time.Parse(layout, text); err == nil {
			return value{integer: int64(arrow.Date32FromTime(day))}, true
		}
	}
	return value{}, false
}

var timeLayouts = []string{"15:04:05.999999", "15:04"}

func parseTime(cell []byte) (value, bool) {
	text := string(cell)
	for _, layout := range timeLayouts {
		if clock, err := time.Parse(layout, text); err == nil && exact(clock) {
			midnight := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
			return value{integer: clock.Sub(midnight).Microseconds()}, true
		}
	}
	return value{}, false
}

var (
	wallLayouts = []string{
		"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006/1/2 15:04:05.999999999",
		"2006/1/2 15:04", "20060102150405", "2006-01-02", "2006/1/2", "20060102",
	}
	zonedLayouts = []string{
		"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z07:00",
		"2006-01-02 15:04:05.999999999-07", "2006-01-02T15:04:05.999999999-0700",
	}
)

// parseMoment reads a wall clock when zone is nil. Otherwise it reads an
// instant: by the offset that the text gives, or by the zone that the source's
// clocks stand in. A wall clock with an offset is refused: which is meant?
func parseMoment(cell []byte, zone *time.Location) (value, bool) {
	text := string(cell)
	location := time.UTC
	if zone != nil {
		location = zone
		for _, layout := range zonedLayouts {
			if at, err := time.Parse(layout, text); err == nil {
				return value{integer: at.UnixMicro()}, exact(at)
			}
		}
	}
	for _, layout := range wallLayouts {
		if at, err := time.ParseInLocation(layout, text, location); err == nil {
			return value{integer: at.UnixMicro()}, exact(at)
		}
	}
	return value{}, false
}

// exact reports whether a moment has no more than microseconds.
func exact(at time.Time) bool { return at.Nanosecond()%1000 == 0 }
