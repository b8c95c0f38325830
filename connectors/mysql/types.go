package mysql

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/yitong-hub/yitong/connectors/sqltext"
	"github.com/yitong-hub/yitong/schema"
)

// form is how a type is read: %s stands for the quoted column.
type form struct {
	kind       schema.Kind
	expression string
	bound      string
	ruling     string
}

const (
	asText = "CAST(%s AS CHAR)"
	// The text of a moment is what FormatCursor writes; the server wants a blank.
	wallBound    = "CAST(REPLACE(?, 'T', ' ') AS DATETIME(6))"
	instantBound = "CAST(REPLACE(REPLACE(?, 'T', ' '), 'Z', '') AS DATETIME(6))"
)

// forms lists the types of fixed form.
var forms = map[string]form{
	"tinyint":    {kind: schema.Int8},
	"smallint":   {kind: schema.Int16},
	"mediumint":  {kind: schema.Int32},
	"int":        {kind: schema.Int32},
	"bigint":     {kind: schema.Int64},
	"year":       {schema.Int16, "CAST(%s + 0 AS CHAR)", "", "year: kept as a whole number"},
	"bit":        {schema.Uint64, "CAST(%s + 0 AS CHAR)", "", "bit: kept as a whole number"},
	"float":      {schema.Float32, "CAST(%s + 0e0 AS CHAR)", "", ""}, // the text of a FLOAT itself has six digits
	"double":     {kind: schema.Float64},
	"date":       {kind: schema.Date, bound: "CAST(? AS DATE)"},
	"time":       {kind: schema.Time, ruling: "time reaches to 838 hours: values outside of a day are rejected"},
	"datetime":   {kind: schema.Timestamp, bound: wallBound},
	"timestamp":  {schema.TimestampTZ, "CONCAT(%s, 'Z')", instantBound, ""},
	"uuid":       {kind: schema.UUID},
	"binary":     {kind: schema.Binary, expression: "%s"},
	"varbinary":  {kind: schema.Binary, expression: "%s"},
	"tinyblob":   {kind: schema.Binary, expression: "%s"},
	"blob":       {kind: schema.Binary, expression: "%s"},
	"mediumblob": {kind: schema.Binary, expression: "%s"},
	"longblob":   {kind: schema.Binary, expression: "%s"},
	"char":       {kind: schema.String, expression: "%s"},
	"varchar":    {kind: schema.String, expression: "%s"},
	"tinytext":   {kind: schema.String, expression: "%s"},
	"text":       {kind: schema.String, expression: "%s"},
	"mediumtext": {kind: schema.String, expression: "%s"},
	"longtext":   {kind: schema.String, expression: "%s"},
	"enum":       {kind: schema.String, ruling: "enum: kept as its word"},
	"set":        {kind: schema.String, ruling: "set: kept as its words"},
	"json":       {kind: schema.String},
	"inet4":      {kind: schema.String},
	"inet6":      {kind: schema.String},
}

var unsigned = map[schema.Kind]schema.Kind{
	schema.Int8: schema.Uint8, schema.Int16: schema.Uint16, schema.Int32: schema.Uint32, schema.Int64: schema.Uint64,
}

// spatial are the types that the server writes as well-known text.
var spatial = map[string]bool{
	"geometry": true, "point": true, "linestring": true, "polygon": true, "multipoint": true,
	"multilinestring": true, "multipolygon": true, "geometrycollection": true, "geomcollection": true,
}

// described is a column as the server's catalog has it.
type described struct {
	name, kind, declared string
	digits, scale        int64
	charset              string
	nullable             bool
	comment              string
}

// reading is what the connection says about the values.
type reading struct {
	gbk       bool
	zeroDates string
}

func columnOf(d described, r reading) sqltext.Column {
	quoted := quote(d.name)
	column := sqltext.Column{
		Column: schema.Column{Name: d.name, Nullable: d.nullable, Declared: d.declared, Wire: "text", Comment: d.comment},
		Quoted: quoted,
	}
	chosen, fixed := forms[d.kind]
	switch {
	case fixed:
		column.Type = schema.Of(chosen.kind)
		if wider, whole := unsigned[chosen.kind]; whole && d.kind != "year" && strings.Contains(d.declared, "unsigned") {
			column.Type = schema.Of(wider)
		}
	case d.kind == "decimal" && d.digits <= schema.MaxPrecision:
		column.Type = schema.DecimalOf(int32(d.digits), int32(d.scale)) // #nosec G115 -- at most 65 digits
	case d.kind == "decimal":
		column.Type, chosen.ruling = schema.Of(schema.String), "more digits than a decimal holds: kept as text"
	case spatial[d.kind]:
		chosen = form{expression: "ST_AsText(%s)", ruling: d.kind + ": kept as well-known text"}
		column.Type = schema.Of(schema.String)
	default:
		column.Type, chosen.ruling = schema.Of(schema.String), d.kind+" has no counterpart: kept as the server's text"
	}
	if chosen.expression == "" {
		chosen.expression = asText
	}
	column.Bound, column.Ruling = chosen.bound, chosen.ruling
	if column.Bound == "" {
		column.Bound = numberBound(column.Type)
	}
	column.Expression = strings.ReplaceAll(chosen.expression, "%s", quoted)
	switch column.Type.Kind {
	case schema.Binary:
		column.Wire = "bytes"
	case schema.Date, schema.Timestamp, schema.TimestampTZ:
		column = zeroDates(column, r)
	case schema.String:
		if strings.HasPrefix(d.charset, "latin1") {
			column = latin1(column, r)
		}
	default:
	}
	return column
}

// numberBound keeps a number's comparison exact: against text the server would
// compare in floating point.
func numberBound(t schema.Type) string {
	switch t.Kind {
	case schema.Int8, schema.Int16, schema.Int32, schema.Int64:
		return "CAST(? AS SIGNED)"
	case schema.Uint8, schema.Uint16, schema.Uint32, schema.Uint64:
		return "CAST(? AS UNSIGNED)"
	case schema.Decimal:
		return fmt.Sprintf("CAST(? AS DECIMAL(%d,%d))", t.Precision, t.Scale)
	default:
		return ""
	}
}

// zeroDates says what becomes of 0000-00-00.
func zeroDates(column sqltext.Column, r reading) sqltext.Column {
	if r.zeroDates == zeroDatesNull {
		column.Expression = "CASE WHEN " + column.Quoted + " + 0 = 0 THEN NULL ELSE " + column.Expression + " END"
		column.Ruling = "zero dates are read as no value (zero_dates: null)"
		return column
	}
	column.Ruling = "zero dates are rejected; zero_dates: null reads them as no value"
	return column
}

// latin1 is for text that a server keeps byte for byte: whatever the programs
// that wrote it meant.
func latin1(column sqltext.Column, r reading) sqltext.Column {
	if !r.gbk {
		column.Ruling = "latin1: read as such; charset: gbk reads its bytes as GBK"
		return column
	}
	column.Expression = "CAST(" + column.Quoted + " AS BINARY)"
	column.Ruling = "latin1 that holds GBK: read as GBK (charset: gbk)"
	column.Decode = decodeGBK
	return column
}

func decodeGBK(text []byte) ([]byte, error) {
	decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(text)
	if err == nil && bytes.ContainsRune(decoded, utf8.RuneError) {
		err = errNotGBK
	}
	return decoded, err
}

var errNotGBK = errors.New("bytes that are not GBK")

// quote makes a name an identifier.
func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
