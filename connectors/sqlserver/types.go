package sqlserver

import (
	"fmt"
	"strings"

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

// forms lists the types of fixed form. Float's style 3 and money's style 2 lose
// no digit (CAST and CONVERT in the manual of Transact-SQL).
var forms = map[string]form{
	"bit":              {schema.Bool, "CONVERT(varchar(1), %s)", "", ""},
	"tinyint":          {schema.Uint8, "CONVERT(varchar(3), %s)", "CONVERT(tinyint, ?)", ""},
	"smallint":         {schema.Int16, "CONVERT(varchar(6), %s)", "CONVERT(smallint, ?)", ""},
	"int":              {schema.Int32, "CONVERT(varchar(11), %s)", "CONVERT(int, ?)", ""},
	"bigint":           {schema.Int64, "CONVERT(varchar(20), %s)", "CONVERT(bigint, ?)", ""},
	"real":             {schema.Float32, "CONVERT(varchar(40), %s, 3)", "", ""},
	"float":            {schema.Float64, "CONVERT(varchar(40), %s, 3)", "", ""},
	"date":             {schema.Date, "CONVERT(varchar(10), %s, 23)", "CONVERT(date, ?, 23)", ""},
	"datetime":         {schema.Timestamp, "CONVERT(varchar(23), %s, 126)", "CONVERT(datetime, ?, 126)", "datetime counts in 1/300 second: kept as the server writes it, in milliseconds"},
	"smalldatetime":    {schema.Timestamp, "CONVERT(varchar(19), %s, 126)", "CONVERT(smalldatetime, ?, 126)", ""},
	"uniqueidentifier": {schema.UUID, "CONVERT(char(36), %s)", "", ""},
	"timestamp":        {schema.Binary, "CONVERT(binary(8), %s)", "", "rowversion: kept as its eight bytes"},
	"binary":           {schema.Binary, "%s", "", ""},
	"varbinary":        {schema.Binary, "%s", "", ""},
	"image":            {schema.Binary, "%s", "", ""},
	"char":             {schema.String, "%s", "", "char is padded with blanks: kept as it is"},
	"nchar":            {schema.String, "%s", "", "nchar is padded with blanks: kept as it is"},
	"varchar":          {schema.String, "%s", "", ""},
	"nvarchar":         {schema.String, "%s", "", ""},
	"sysname":          {schema.String, "%s", "", ""},
	"text":             {schema.String, "CONVERT(nvarchar(max), %s)", "", ""},
	"ntext":            {schema.String, "CONVERT(nvarchar(max), %s)", "", ""},
	"xml":              {schema.String, "CONVERT(nvarchar(max), %s)", "", "xml: kept as text"},
}

// described is a column as the server's catalog has it.
type described struct {
	name, kind       string
	precision, scale int32
	nullable         bool
}

func columnOf(d described) sqltext.Column {
	column := sqltext.Column{Column: schema.Column{Name: d.name, Nullable: d.nullable, Declared: d.kind, Wire: "text"}, Quoted: quote(d.name)}
	chosen, fixed := forms[d.kind]
	column.Type = schema.Of(chosen.kind)
	switch {
	case fixed:
	case d.kind == "decimal" || d.kind == "numeric":
		chosen = form{expression: "CONVERT(varchar(42), %s)", bound: fmt.Sprintf("CONVERT(decimal(%d,%d), ?)", d.precision, d.scale)}
		column.Type, column.Declared = schema.DecimalOf(d.precision, d.scale), fmt.Sprintf("%s(%d,%d)", d.kind, d.precision, d.scale)
	case d.kind == "money":
		chosen, column.Type = form{expression: "CONVERT(varchar(30), %s, 2)", bound: "CONVERT(money, ?)"}, schema.DecimalOf(19, 4)
	case d.kind == "smallmoney":
		chosen, column.Type = form{expression: "CONVERT(varchar(30), %s, 2)", bound: "CONVERT(smallmoney, ?)"}, schema.DecimalOf(10, 4)
	case d.kind == "datetime2" || d.kind == "time" || d.kind == "datetimeoffset":
		chosen = clockForm(d)
		column.Type, column.Declared = schema.Of(chosen.kind), fmt.Sprintf("%s(%d)", d.kind, d.scale)
	default:
		chosen = form{expression: "CONVERT(nvarchar(max), %s)", ruling: d.kind + " has no counterpart: kept as the server's text"}
		column.Type = schema.Of(schema.String)
	}
	column.Expression, column.Bound, column.Ruling = strings.ReplaceAll(chosen.expression, "%s", quote(d.name)), chosen.bound, chosen.ruling
	if column.Type.Kind == schema.Binary {
		column.Wire = "bytes"
	}
	return column
}

// clockForm is for the types with a chosen number of digits behind the second.
func clockForm(d described) form {
	chosen := map[string]form{
		"datetime2":      {kind: schema.Timestamp, expression: "CONVERT(varchar(27), %s, 126)", bound: fmt.Sprintf("CONVERT(datetime2(%d), ?, 126)", d.scale)},
		"time":           {kind: schema.Time, expression: "CONVERT(varchar(16), %s, 114)", bound: fmt.Sprintf("CONVERT(time(%d), ?)", d.scale)},
		"datetimeoffset": {kind: schema.TimestampTZ, expression: "CONVERT(varchar(33), %s, 127)", bound: fmt.Sprintf("CONVERT(datetimeoffset(%d), ?, 127)", d.scale)},
	}[d.kind]
	if d.kind == "time" {
		chosen.expression = "CONVERT(varchar(16), %s)" // style 114 writes milliseconds behind a colon
	}
	if d.scale > 6 {
		chosen.kind, chosen.ruling = schema.String, d.kind+" counts in 100 nanoseconds: kept as text"
	}
	return chosen
}

// quote makes a name an identifier.
func quote(name string) string { return "[" + strings.ReplaceAll(name, "]", "]]") + "]" }
