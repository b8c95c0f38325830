package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/yitong-hub/yitong/schema"
)

// column is a column with what the SELECT says of it.
type column struct {
	schema.Column
	quoted string
	// expression gives a value whose binary form the decoder of the column's
	// type reads.
	expression string
	// bound makes a cursor's text, a question mark, comparable with the column.
	bound string
	// prefix is what stands before the text in the binary form.
	prefix int
}

var kinds = map[string]schema.Kind{
	"smallint": schema.Int16, "integer": schema.Int32, "bigint": schema.Int64, "real": schema.Float32, "double precision": schema.Float64,
	"boolean": schema.Bool, "text": schema.String, "character varying": schema.String, "character": schema.String, "name": schema.String,
	"date": schema.Date, "time without time zone": schema.Time, "timestamp without time zone": schema.Timestamp,
	"timestamp with time zone": schema.TimestampTZ, "uuid": schema.UUID, "bytea": schema.Binary, "json": schema.String, "jsonb": schema.String,
}

// described is a column as the server's catalog has it; modifier holds the
// precision and scale of a NUMERIC.
type described struct {
	name, kind, declared string
	modifier             int32
	nullable             bool
	comment              string
}

// numericHeader is what a NUMERIC's modifier is counted from (pg_type.h, VARHDRSZ).
const numericHeader = 4

func columnOf(d described) column {
	quoted := quote(d.name)
	c := column{
		Column: schema.Column{Name: d.name, Nullable: d.nullable, Declared: d.declared, Wire: "binary " + d.kind, Comment: d.comment},
		quoted: quoted, expression: quoted, bound: "CAST(CAST(? AS text) AS " + d.kind + ")",
	}
	kind, known := kinds[d.kind]
	switch {
	case d.kind == "jsonb":
		c.prefix = 1 // the version of the form (jsonb_send)
	case d.kind == "character":
		c.Ruling = "character is padded with blanks, which the server does not count as content: read without them"
		c.expression = "CAST(" + quoted + " AS text)"
	case known:
	case d.kind == "numeric" && d.modifier >= numericHeader:
		precision, scale := (d.modifier-numericHeader)>>16&0xffff, (d.modifier-numericHeader)&0x7ff
		if precision <= schema.MaxPrecision && scale <= precision {
			c.Type = schema.DecimalOf(precision, scale)
			return c
		}
		return c.asText("more digits than a decimal holds: kept as text")
	case d.kind == "numeric":
		return c.asText("numeric without precision: kept as text")
	default:
		return c.asText(d.kind + " has no counterpart: kept as the server's text")
	}
	c.Type = schema.Of(kind)
	return c
}

func (c column) asText(ruling string) column {
	c.Type, c.Ruling, c.Wire = schema.Of(schema.String), ruling, "text"
	c.expression = "CAST(" + c.quoted + " AS text)"
	return c
}

// quote makes a name an identifier.
func quote(parts ...string) string { return pgx.Identifier(parts).Sanitize() }

func split(dataset string) (owner, name string) {
	owner, name, qualified := strings.Cut(dataset, ".")
	if !qualified {
		return "public", dataset
	}
	return owner, name
}
