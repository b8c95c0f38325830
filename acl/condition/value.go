package condition

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/yitong-hub/yitong/schema"
)

// literal is a value in the form in which the engine reads its type, and in the
// canonical text of the type.
type literal struct {
	argument  any
	canonical string
}

// valueOf reads a literal as a value of a type. What it takes the engine can read:
// an error while a statement runs would tell that there are rows.
func valueOf(t token, of schema.Type) (literal, bool) {
	if t.kind == plain {
		if t.kind = writtenAs(of); t.kind == number && !numberShape.MatchString(t.text) {
			return literal{}, false
		}
	}
	switch of.Kind {
	case schema.String:
		return literal{t.text, t.text}, t.kind == text && utf8.ValidString(t.text)
	case schema.Bool:
		yes, err := strconv.ParseBool(strings.ToLower(t.text))
		return literal{yes, strconv.FormatBool(yes)}, err == nil && t.kind == name
	case schema.Float32, schema.Float64:
		bits := map[schema.Kind]int{schema.Float32: 32, schema.Float64: 64}[of.Kind]
		f, err := strconv.ParseFloat(t.text, bits)
		return literal{f, strconv.FormatFloat(f, 'g', -1, bits)}, err == nil && t.kind == number
	case schema.Binary:
		return literal{}, false
	}
	canonical, ok := canonicalOf(t, of)
	return literal{canonical, canonical}, ok
}

// numberShape is how numbers are written: the readers of types know more forms.
var numberShape = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]*)?$`)

// writtenAs says as what kind of token values of a type are written.
func writtenAs(of schema.Type) kind {
	switch of.Kind {
	case schema.String, schema.Date, schema.Time, schema.Timestamp, schema.TimestampTZ, schema.UUID:
		return text
	case schema.Bool:
		return name
	}
	return number
}

// canonicalOf gives a literal of a type that the engine reads as text.
func canonicalOf(t token, of schema.Type) (string, bool) {
	switch of.Kind {
	case schema.Decimal:
		return decimalText(t, of)
	case schema.Date:
		day, err := time.Parse(time.DateOnly, t.text)
		return day.Format(time.DateOnly), err == nil && t.kind == text
	case schema.Time:
		clock, err := time.Parse("15:04:05.999999", t.text)
		return clock.Format("15:04:05.999999"), err == nil && t.kind == text
	case schema.Timestamp, schema.TimestampTZ:
		return momentText(t, of.Kind == schema.TimestampTZ)
	case schema.UUID:
		id, err := uuid.Parse(t.text)
		return id.String(), err == nil && t.kind == text
	}
	return wholeText(t, of.Kind)
}

var wholeBits = map[schema.Kind]int{
	schema.Int8: 8, schema.Int16: 16, schema.Int32: 32, schema.Int64: 64,
	schema.Uint8: 8, schema.Uint16: 16, schema.Uint32: 32, schema.Uint64: 64,
}

func wholeText(t token, kind schema.Kind) (string, bool) {
	if t.kind != number {
		return "", false
	}
	if strings.HasPrefix(string(kind), "u") {
		n, err := strconv.ParseUint(t.text, 10, wholeBits[kind])
		return strconv.FormatUint(n, 10), err == nil
	}
	n, err := strconv.ParseInt(t.text, 10, wholeBits[kind])
	return strconv.FormatInt(n, 10), err == nil
}

// decimalText takes only what the type holds exactly.
func decimalText(t token, of schema.Type) (string, bool) {
	value, ok := new(big.Rat).SetString(t.text)
	if !ok || t.kind != number || strings.HasSuffix(t.text, ".") {
		return "", false
	}
	unscaled := new(big.Rat).Mul(value, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(of.Scale)), nil)))
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(of.Precision)), nil)
	fits := unscaled.IsInt() && new(big.Int).Abs(unscaled.Num()).Cmp(limit) < 0
	return value.FloatString(int(of.Scale)), fits
}

func momentText(t token, zoned bool) (string, bool) {
	if t.kind != text {
		return "", false
	}
	layouts := []string{"2006-01-02", "2006-01-02 15:04:05.999999", "2006-01-02T15:04:05.999999"}
	if zoned {
		layouts = []string{time.RFC3339Nano}
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, t.text); err == nil {
			if zoned {
				return at.UTC().Format("2006-01-02 15:04:05.999999Z07:00"), true
			}
			return at.Format("2006-01-02 15:04:05.999999"), true
		}
	}
	return "", false
}

// wanted says how a value of a type is written.
func wanted(of schema.Type) string {
	switch of.Kind {
	case schema.String:
		return "text in '…'"
	case schema.Bool:
		return "true or false"
	case schema.Date:
		return "a date such as '2026-01-31'"
	case schema.Time:
		return "a time such as '08:00:00'"
	case schema.Timestamp:
		return "a moment such as '2026-01-31 08:00:00'"
	case schema.TimestampTZ:
		return "a moment with its zone such as '2026-01-31T08:00:00+08:00'"
	case schema.UUID:
		return "a UUID in '…'"
	case schema.Binary:
		return "is null or is not null"
	}
	return "a number that the type can hold"
}
