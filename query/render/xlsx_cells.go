package render

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// cellWriter writes the value of one row of a column as a cell; NULL is none.
type cellWriter func(s *sheet, column, row int)

// cellsOf chooses how the values of a column are written: as numbers and dates
// where a cell keeps every digit of them, as text otherwise.
func cellsOf(values arrow.Array) cellWriter {
	var write cellWriter
	switch typed := values.(type) {
	case *array.String:
		write = func(s *sheet, column, row int) { s.value(column, typed.Value(row)) }
	case *array.Boolean:
		write = func(s *sheet, column, row int) { s.boolean(column, typed.Value(row)) }
	case *array.Decimal128:
		scale := typed.DataType().(*arrow.Decimal128Type).Scale
		write = func(s *sheet, column, row int) {
			s.decimal(column, int(scale), typed.Value(row).ToString(scale))
		}
	case *array.Float32:
		write = func(s *sheet, column, row int) { s.float(column, float64(typed.Value(row)), 32) }
	case *array.Float64:
		write = func(s *sheet, column, row int) { s.float(column, typed.Value(row), 64) }
	case *array.Date32:
		write = func(s *sheet, column, row int) {
			s.moment(column, styleDate, styleDate, typed.Value(row).ToTime(), typed, row)
		}
	case *array.Timestamp:
		write = timestamps(typed)
	default:
		write = func(s *sheet, column, row int) { s.value(column, values.ValueStr(row)) }
		if arrow.IsInteger(values.DataType().ID()) {
			write = func(s *sheet, column, row int) { s.number(column, styleInteger, values.ValueStr(row)) }
		}
	}
	return func(s *sheet, column, row int) {
		if !values.IsNull(row) {
			write(s, column, row)
		}
	}
}

func timestamps(values *array.Timestamp) cellWriter {
	kind := values.DataType().(*arrow.TimestampType)
	whole, millis := styleTimestamp, styleTimestampMillis
	if kind.TimeZone != "" {
		whole, millis = styleMoment, styleMomentMillis
	}
	return func(s *sheet, column, row int) {
		s.moment(column, whole, millis, values.Value(row).ToTime(kind.Unit), values, row)
	}
}

// open begins a cell with its place and style.
func (s *sheet) open(column, style int, kind string) {
	s.text = append(s.text, `<c r="`...)
	s.text = append(s.text, s.names[column]...)
	s.text = strconv.AppendInt(s.text, s.line, 10)
	s.text = append(s.text, `" s="`...)
	s.text = strconv.AppendInt(s.text, int64(style), 10)
	s.text = append(s.text, kind...)
}

// value writes text: never a formula, whatever it begins with.
func (s *sheet) value(column int, text string) {
	style := styleText
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		style = styleQuoted
	}
	s.cellText(column, style, text)
}

func (s *sheet) cellText(column, style int, text string) {
	if len(text) > maxXLSXCharacters { // bytes: never fewer than characters
		text = s.shorten(column, text)
	}
	s.open(column, style, `" t="inlineStr"><is><t xml:space="preserve">`)
	s.text = appendEscaped(s.text, text)
	s.text = append(s.text, "</t></is></c>"...)
}

// shorten cuts a text that a cell cannot hold, says so in the cell, and lists it.
func (s *sheet) shorten(column int, text string) string {
	length := 0
	for _, r := range text {
		length += units(r)
	}
	if length <= maxXLSXCharacters {
		return text
	}
	if len(s.book.cuts) < maxCutsListed {
		s.book.cuts = append(s.book.cuts, cut{s.names[column] + strconv.FormatInt(s.line, 10), length})
	} else {
		s.book.cutMore++
	}
	note := fmt.Sprintf("…[cut: %d characters]", length)
	left := maxXLSXCharacters - utf8.RuneCountInString(note)
	for i, r := range text {
		if left -= units(r); left < 0 {
			return text[:i] + note
		}
	}
	return text
}

// units is the length of a character in UTF-16.
func units(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

func (s *sheet) boolean(column int, value bool) {
	digit := byte('0')
	if value {
		digit = '1'
	}
	s.open(column, 0, `" t="b"><v>`)
	s.text = append(s.text, digit)
	s.text = append(s.text, "</v></c>"...)
}

// number writes a decimal number where a cell keeps and shows all its digits.
func (s *sheet) number(column, style int, text string) {
	if significant(text) > maxDigits {
		s.cellText(column, styleText, text)
		return
	}
	s.plainNumber(column, style, text)
}

func (s *sheet) decimal(column, scale int, text string) {
	if scale < 0 || scale > maxScale {
		s.cellText(column, styleText, text)
		return
	}
	s.number(column, styleScale0+scale, text)
}

func (s *sheet) plainNumber(column, style int, text string) {
	s.open(column, style, `"><v>`)
	s.text = append(s.text, text...)
	s.text = append(s.text, "</v></c>"...)
}

// significant counts the digits from the first that is not 0, those behind the
// point that only show the scale included.
func significant(text string) int {
	digits := 0
	for _, r := range text {
		if r >= '1' && r <= '9' || r == '0' && digits > 0 {
			digits++
		}
	}
	return digits
}

func (s *sheet) float(column int, value float64, bits int) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		s.cellText(column, styleText, strconv.FormatFloat(value, 'g', -1, bits))
		return
	}
	s.plainNumber(column, 0, strconv.FormatFloat(value, 'g', -1, bits))
}

// Days are counted from the last of December 1899, with the 29th of February of
// a 1900 that had none: what is before March 1900 has no number that all
// programs read alike.
var (
	firstDay = time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)
	lastDay  = time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
)

const (
	firstDayNumber = 61
	millisOfDay    = 24 * 60 * 60 * 1000
)

// moment writes a date or time as its number of days; as text where that number
// would not tell it to the last digit.
func (s *sheet) moment(column, whole, millis int, at time.Time, values arrow.Array, row int) {
	if at.Before(firstDay) || at.After(lastDay) || at.Nanosecond()%int(time.Millisecond) != 0 {
		s.cellText(column, styleText, values.ValueStr(row))
		return
	}
	style := whole
	if at.Nanosecond() != 0 {
		style = millis
	}
	since := at.UnixMilli() - firstDay.UnixMilli()
	days := float64(firstDayNumber+since/millisOfDay) + float64(since%millisOfDay)/millisOfDay
	s.plainNumber(column, style, strconv.FormatFloat(days, 'f', -1, 64))
}

// appendEscaped writes text for XML. Characters that XML cannot hold become
// _xHHHH_, and so does the _ of a text that only looks like one (ECMA-376,
// 22.9.2.19).
func appendEscaped(into []byte, text string) []byte {
	for i, r := range text {
		switch {
		case r == '&':
			into = append(into, "&amp;"...)
		case r == '<':
			into = append(into, "&lt;"...)
		case r == '>':
			into = append(into, "&gt;"...)
		case coded(r):
			into = fmt.Appendf(into, "_x%04X_", r)
		case r == '_' && looksCoded(text[i:]):
			into = append(into, "_x005F_"...)
		default:
			into = utf8.AppendRune(into, r)
		}
	}
	return into
}

// coded reports whether a character is written as _xHHHH_. A carriage return
// would be read as the end of a line.
func coded(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' || r == 0xFFFE || r == 0xFFFF
}

// looksCoded reports whether a text begins with _xHHHH and what would end it.
func looksCoded(text string) bool {
	const plain = len("_xHHHH")
	if len(text) <= plain || text[1] != 'x' {
		return false
	}
	for _, digit := range []byte(text[2:plain]) {
		if !strings.ContainsRune("0123456789abcdefABCDEF", rune(digit)) {
			return false
		}
	}
	next, _ := utf8.DecodeRuneInString(text[plain:])
	return next == '_' || coded(next)
}
