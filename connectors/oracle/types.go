package oracle

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/yitong-hub/yitong/connectors/sqltext"
	"github.com/yitong-hub/yitong/schema"
)

// described is a column as the server's dictionary has it.
type described struct {
	name, kind       string
	precision, scale *int32
	nullable         bool
}

const (
	numberText = `TO_CHAR(%s, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,''')`
	dayFormat  = `YYYY-MM-DD"T"HH24:MI:SS`
)

// columnOf maps a column; gbk says that character columns hold GBK bytes.
func columnOf(d described, gbk bool) sqltext.Column {
	column := sqltext.Column{
		Column: schema.Column{Name: d.name, Nullable: d.nullable, Declared: d.kind, Wire: "text", Type: schema.Of(schema.String)},
		Quoted: quote(d.name), Expression: quote(d.name),
	}
	put := func(expression string) { column.Expression = strings.ReplaceAll(expression, "%s", column.Quoted) }
	switch kind, _, _ := strings.Cut(d.kind, "("); {
	case kind == "NUMBER":
		put(numberText)
		column.Bound = "TO_NUMBER(?)"
		column.Type, column.Declared, column.Ruling = numberOf(d)
	case kind == "FLOAT":
		put(numberText)
		column.Bound, column.Ruling = "TO_NUMBER(?)", "FLOAT has up to 38 decimal digits: kept as text"
	case kind == "BINARY_FLOAT":
		column.Type, column.Wire = schema.Of(schema.Float32), "binary float"
	case kind == "BINARY_DOUBLE":
		column.Type, column.Wire = schema.Of(schema.Float64), "binary double"
	case kind == "DATE":
		put("TO_CHAR(%s, '" + dayFormat + "')")
		column.Bound = "TO_DATE(?, '" + dayFormat + "')"
		column.Type = schema.Of(schema.Timestamp)
	case strings.HasPrefix(d.kind, "TIMESTAMP"):
		timestampOf(d, &column)
	case kind == "RAW" || kind == "BLOB" || kind == "LONG RAW":
		column.Type, column.Wire = schema.Of(schema.Binary), "bytes"
	default:
		characters(kind, gbk, &column)
	}
	return column
}

// numberOf maps NUMBER(p,s). A negative scale means zeros before the point; a
// scale beyond the precision means zeros behind it.
func numberOf(d described) (schema.Type, string, string) {
	if d.precision == nil && d.scale == nil {
		return schema.Of(schema.String), "NUMBER", "NUMBER without scale: kept as text"
	}
	precision, scale := int32(schema.MaxPrecision), int32(0)
	if d.precision != nil {
		precision = *d.precision
	}
	if d.scale != nil {
		scale = *d.scale
	}
	declared := fmt.Sprintf("NUMBER(%d,%d)", precision, scale)
	ruling := ""
	if scale < 0 {
		ruling = "negative scale: the zeros before the point are digits"
		precision, scale = precision-scale, 0
	}
	precision = max(precision, scale)
	if precision > schema.MaxPrecision {
		return schema.Of(schema.String), declared, "number beyond 38 digits: kept as text"
	}
	return schema.DecimalOf(precision, scale), declared, ruling
}

// timestampOf maps the TIMESTAMP types; those with a zone become instants.
func timestampOf(d described, column *sqltext.Column) {
	digits := int32(6)
	if d.scale != nil {
		digits = *d.scale
	}
	format := dayFormat
	if digits > 0 {
		format += fmt.Sprintf(".FF%d", digits)
	}
	expression, suffix, kind := column.Quoted, "", schema.Timestamp
	column.Bound = "TO_TIMESTAMP(?, '" + format + "')"
	if strings.Contains(d.kind, "TIME ZONE") {
		expression, suffix, kind = "SYS_EXTRACT_UTC("+column.Quoted+")", ` || 'Z'`, schema.TimestampTZ
		column.Bound = "FROM_TZ(TO_TIMESTAMP(RTRIM(?, 'Z'), '" + format + "'), 'UTC')"
	}
	column.Expression = "TO_CHAR(" + expression + ", '" + format + "')" + suffix
	column.Type = schema.Of(kind)
	if digits > 6 {
		column.Type, column.Ruling = schema.Of(schema.String), "TIMESTAMP finer than microseconds: kept as text"
	}
}

// characters maps text and all that has no counterpart.
func characters(kind string, gbk bool, column *sqltext.Column) {
	switch kind {
	case "CHAR", "VARCHAR2", "VARCHAR":
		if gbk {
			column.Expression, column.Wire, column.Decode = "UTL_RAW.CAST_TO_RAW("+column.Quoted+")", "GBK bytes", decodeGBK
		}
	case "NCHAR", "NVARCHAR2", "CLOB", "NCLOB", "LONG":
	case "ROWID", "UROWID":
		column.Expression, column.Ruling = "ROWIDTOCHAR("+column.Quoted+")", "row address: kept as text"
	default:
		column.Expression, column.Ruling = "TO_CHAR("+column.Quoted+")", kind+" has no counterpart: kept as the server's text"
	}
	if kind == "CHAR" || kind == "NCHAR" {
		column.Ruling = kind + " is padded with blanks: kept as it is"
	}
}

// decodeGBK reads GBK and its superset GB 18030; bytes that are neither are refused.
func decodeGBK(cell []byte) ([]byte, error) {
	decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(cell)
	if err != nil {
		return nil, err
	}
	if strings.ContainsRune(string(decoded), utf8.RuneError) {
		return nil, errors.New("not GBK")
	}
	return decoded, nil
}

// quote makes a name an identifier; Oracle's cannot hold a double quote.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, "") + `"` }
