package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

// expression is SQL with its arguments.
type expression struct {
	sql  string
	args []any
}

// ValueName is how the SQL of a named expression calls the value; it stands
// quoted in templates, where no other name can be.
const ValueName = "\x01value"

// hashLength is the length of what the hash mask shows: 128 bits in hexadecimal.
const hashLength = 32

// textMasks show a part of a text; "@" stands for the text. One that is too
// short for its form shows nothing.
var textMasks = map[acl.MaskKind]string{
	acl.MaskName:     "CASE WHEN length(@) < 2 THEN '**' ELSE left(@, 1) || '**' END",
	acl.MaskPhone:    "CASE WHEN length(@) < 11 THEN '***' ELSE left(@, 3) || '****' || right(@, 4) END",
	acl.MaskIDNumber: "CASE WHEN length(@) < 9 THEN '***' ELSE left(@, 3) || '***********' || right(@, 2) END",
	acl.MaskEmail:    "CASE WHEN strpos(@, chr(64)) > 1 THEN left(@, 1) || '***' || substr(@, strpos(@, chr(64))) ELSE '***' END",
	acl.MaskBankCard: "CASE WHEN length(@) < 12 THEN '***' ELSE '**** **** ' || right(@, 4) END",
}

// masked writes a mask over a field. Only constant shows anything for NULL. What
// cannot be worked out of a value is NULL as well: an error would tell of it.
func (b *builder) masked(field acl.Field, mask acl.Mask) (expression, error) {
	column := field.Column
	switch mask.Kind {
	case acl.MaskNull:
		return expression{sql: null(field.Type)}, nil
	case acl.MaskConstant:
		return expression{"CAST(? AS VARCHAR)", []any{mask.Value}}, nil
	case acl.MaskHash:
		return expression{fmt.Sprintf("left(sha256(? || %s), %d)", asText(field), hashLength), []any{warehouse.Secret(b.salt)}}, nil
	case acl.MaskYear:
		if field.Type.Kind == schema.Date {
			return expression{sql: "TRY(make_date(year(" + column + "), 1, 1))"}, nil
		}
		return expression{sql: "TRY(CAST(date_trunc('year', " + guarded(field) + ") AS " + field.Type.SQL() + "))"}, nil
	case acl.MaskRange:
		return rangeOf(field, mask)
	case acl.MaskExpression:
		return b.named(field, mask.Name)
	case acl.MaskFirst, acl.MaskLast:
		return expression{sql: part(asText(field), mask.Kind, max(mask.Keep, 1))}, nil
	}
	form, known := textMasks[mask.Kind]
	if !known {
		return expression{}, fmt.Errorf("there is no SQL for the mask %s", mask)
	}
	return expression{sql: "CASE WHEN " + column + " IS NULL THEN NULL ELSE " + strings.ReplaceAll(form, "@", asText(field)) + " END"}, nil
}

// part shows the first or last characters of a longer text.
func part(text string, kind acl.MaskKind, keep int) string {
	shown := fmt.Sprintf("left(%s, %d) || '***'", text, keep)
	if kind == acl.MaskLast {
		shown = fmt.Sprintf("'***' || right(%s, %d)", text, keep)
	}
	return fmt.Sprintf("CASE WHEN %[1]s IS NULL THEN NULL WHEN length(%[1]s) <= %[2]d THEN '***' ELSE %[3]s END", text, keep, shown)
}

func null(of schema.Type) string { return "CAST(NULL AS " + of.SQL() + ")" }

// guarded is the column without what the engine knows of it as a whole: of the
// least and largest value it would work expressions out while it plans, where
// nothing hides an error, be the row shown or not.
func guarded(field acl.Field) string { return "TRY(" + field.Column + ")" }

// tried is an expression over the guarded column that is NULL where it fails. It
// stands in a CASE, since the engine takes parts that occur twice out of all else:
// out of TRY too, and they would fail before it.
func tried(field acl.Field, ofNull, sql string) string {
	return "CASE WHEN " + guarded(field) + " IS NULL THEN " + ofNull + " ELSE TRY(" + sql + ") END"
}

func asText(field acl.Field) string {
	if field.Type.Kind == schema.String {
		return field.Column
	}
	return "CAST(" + field.Column + " AS VARCHAR)"
}

// named writes a named expression, whose errors are NULL: they would tell of values.
func (b *builder) named(field acl.Field, name string) (expression, error) {
	template, known := b.templates[name]
	if !known {
		return expression{}, fault.New(fault.Unavailable, "the mask expression %s is not ready", name)
	}
	declared, _ := b.decision.Expression(name)
	of := func(value string) string {
		return "CAST((" + strings.ReplaceAll(template, warehouse.Ident(ValueName), value) + ") AS " + declared.Type.SQL() + ")"
	}
	return expression{sql: tried(field, "TRY("+of(null(field.Type))+")", of(guarded(field)))}, nil
}

// rangeOf shows between which numbers a number lies: the lower one is in the
// range, the upper one is not.
func rangeOf(field acl.Field, mask acl.Mask) (expression, error) {
	if mask.Step == "" {
		return boundsOf(field, strings.Split(mask.Bounds, ",")), nil
	}
	// Exact: steps are counted in whole units of the last digit.
	scale := max(digits(mask.Step), int(field.Type.Scale))
	if field.Type.Kind == schema.Float32 || field.Type.Kind == schema.Float64 {
		scale = max(scale, 6)
	}
	if scale > 18 {
		return expression{}, fault.New(fault.Invalid, "mask range: more than 18 digits behind the point")
	}
	units := fmt.Sprintf("CAST(CAST(%s AS DECIMAL(38,%d)) * CAST(1%s AS BIGINT) AS HUGEINT)", guarded(field), scale, strings.Repeat("0", scale))
	if scale == 0 {
		units = fmt.Sprintf("CAST(%s AS HUGEINT)", guarded(field))
	}
	step := strings.Replace(mask.Step, ".", "", 1) + strings.Repeat("0", scale-digits(mask.Step))
	count := fmt.Sprintf("CAST((%[1]s - (((%[1]s %% %[2]s) + %[2]s) %% %[2]s)) // %[2]s AS BIGINT)", units, "CAST('"+step+"' AS HUGEINT)")
	width := fmt.Sprintf("CAST('%s' AS DECIMAL(18,%d))", mask.Step, digits(mask.Step))
	shown := fmt.Sprintf("CAST(%[1]s * %[2]s AS VARCHAR) || '–' || CAST((%[1]s + 1) * %[2]s AS VARCHAR)", count, width)
	return expression{sql: tried(field, "NULL", shown)}, nil
}

func digits(number string) int {
	_, behind, _ := strings.Cut(number, ".")
	return len(behind)
}

func boundsOf(field acl.Field, bounds []string) expression {
	sql := "CASE"
	lower := "< "
	for _, bound := range bounds {
		bound = strings.TrimSpace(bound)
		sql += " WHEN " + guarded(field) + " < CAST('" + bound + "' AS DECIMAL(38," + strconv.Itoa(digits(bound)) + ")) THEN " + warehouse.Literal(lower+bound)
		lower = bound + "–"
	}
	last := strings.TrimSpace(bounds[len(bounds)-1])
	return expression{sql: tried(field, "NULL", sql+" ELSE "+warehouse.Literal("≥ "+last)+" END")}
}
