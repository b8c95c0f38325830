package standard

import (
	"fmt"
	"slices"

	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

// parse makes a value of the field's type from a text expression.
func parse(text string, field Field, names []string) Column {
	switch field.Type.Kind {
	case schema.String:
		if slices.Contains(names, ruleDate) {
			day := date(text)
			return Column{Value: fmt.Sprintf("strftime(%s, '%%Y-%%m-%%d')", day), Bad: lost(text, day)}
		}
		return Column{Value: text}
	case schema.Date:
		return whole(text, date(text))
	case schema.Timestamp:
		return whole(text, moment(text))
	case schema.TimestampTZ:
		return whole(text, instant(text, field.Zone))
	case schema.Decimal:
		return decimal(text, field.Type)
	case schema.Bool:
		return whole(text, boolean(text))
	case schema.Binary:
		return Column{Value: fmt.Sprintf("encode(%s)", text)}
	case schema.Float32, schema.Float64, schema.UUID, schema.Time:
		return whole(text, fmt.Sprintf("TRY_CAST(%s AS %s)", text, field.Type.SQL()))
	}
	// What is left are whole numbers: the engine would round a fraction.
	value := fmt.Sprintf("TRY_CAST(%s AS %s)", text, field.Type.SQL())
	bad := fmt.Sprintf("(%[1]s IS NOT NULL AND (%[2]s IS NULL OR NOT regexp_full_match(%[1]s, '[+-]?[0-9]+(\\.0*)?')))", text, value)
	return Column{Value: value, Bad: bad}
}

func whole(text, value string) Column { return Column{Value: value, Bad: lost(text, value)} }

func lost(text, value string) string {
	return fmt.Sprintf("(%s IS NOT NULL AND %s IS NULL)", text, value)
}

// decimal refuses more digits behind the point than the type keeps: the engine
// would round them.
func decimal(text string, to schema.Type) Column {
	value := fmt.Sprintf("TRY_CAST(%s AS %s)", text, to.SQL())
	form := fmt.Sprintf("[+-]?[0-9]*(\\.[0-9]{0,%d}0*)?", to.Scale)
	bad := fmt.Sprintf("(%[1]s IS NOT NULL AND (%[2]s IS NULL OR NOT regexp_full_match(%[1]s, '%[3]s')))", text, value, form)
	return Column{Value: value, Bad: bad}
}

// dateForms are the written forms of a day. Month and day may have one digit.
const dateForms = "['%Y-%m-%d', '%Y/%m/%d', '%Y.%m.%d', '%Y年%m月%d日', '%Y-%m-%d %H:%M:%S', '%Y/%m/%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S']"

// date reads a day: 20060102, 2006-01-02, 2006/1/2, 2006.1.2, 2006年1月2日, any
// of them at midnight, or a spreadsheet's number of days (five digits, 1927
// to 2173). A day that the calendar does not have gives NULL, so that it fails.
func date(text string) string {
	serial := fmt.Sprintf("CAST(DATE '1899-12-30' + CAST(%s AS INTEGER) AS DATE)", text)
	compact := fmt.Sprintf("CAST(try_strptime(%s, '%%Y%%m%%d') AS DATE)", text)
	written := fmt.Sprintf("try_strptime(%s, %s)", text, dateForms)
	day := fmt.Sprintf("CASE WHEN %[1]s = date_trunc('day', %[1]s) THEN CAST(%[1]s AS DATE) END", written)
	return fmt.Sprintf("CASE WHEN regexp_full_match(%[1]s, '[1-9][0-9]{4}') THEN %[2]s WHEN regexp_full_match(%[1]s, '[0-9]{8}') THEN %[3]s ELSE %[4]s END",
		text, serial, compact, day)
}

const momentForms = "['%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M:%S.%f', '%Y-%m-%dT%H:%M:%S', '%Y-%m-%dT%H:%M:%S.%f', '%Y/%m/%d %H:%M:%S', '%Y-%m-%d %H:%M', '%Y/%m/%d %H:%M', '%Y%m%d%H%M%S', '%Y年%m月%d日 %H:%M:%S', '%Y年%m月%d日 %H:%M', '%Y年%m月%d日%H时%M分%S秒', '%Y-%m-%d', '%Y/%m/%d']"

// moment reads a wall clock's date and time.
func moment(text string) string {
	return fmt.Sprintf("try_strptime(%s, %s)", text, momentForms)
}

// instant reads a date and time with its offset, or a wall clock in zone.
func instant(text, zone string) string {
	offset := fmt.Sprintf("regexp_matches(%s, ':[0-9.]+\\s*([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)$')", text)
	return fmt.Sprintf("CASE WHEN %s THEN TRY_CAST(%s AS TIMESTAMPTZ) ELSE timezone(%s, %s) END",
		offset, text, warehouse.Literal(zone), moment(text))
}

func boolean(text string) string {
	return fmt.Sprintf("CASE WHEN lower(%[1]s) IN ('1', 't', 'true', 'y', 'yes', '是', '真') THEN true WHEN lower(%[1]s) IN ('0', 'f', 'false', 'n', 'no', '否', '假') THEN false END", text)
}
