package standard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

// Field is what is known of a field before its rows are read.
type Field struct {
	// Name is the published name, From the landed column.
	Name, From string
	// Source is the type of the landed column, Type that of the field.
	Source, Type schema.Type
	// Rules are as the definition has them; nil means the defaults.
	Rules []string
	// Codes maps code values of the source to those of the code set.
	Codes map[string]string
	// Zone is the IANA zone of wall clocks in the source.
	Zone string
	// Dropped says that the column is gone at the source: the value is NULL.
	Dropped bool
}

// Column is a field as SQL over the landed table, whose alias is [Alias].
type Column struct {
	// Value is the field's value, of its type.
	Value string
	// Bad is true for a value that is there and cannot become one of the type;
	// empty when that cannot happen.
	Bad string
	// Applied names the rules for the lineage, as "trim, halfwidth".
	Applied string
}

// Alias is the alias of the landed table in compiled expressions.
const Alias = "l"

// Compile makes SQL of a field. An unknown rule is an Invalid fault.
func Compile(field Field) (Column, error) {
	if field.Dropped {
		return Column{Value: fmt.Sprintf("CAST(NULL AS %s)", field.Type.SQL()), Applied: "dropped"}, nil
	}
	raw := warehouse.Ident(Alias, field.From)
	if field.Source.Kind != schema.String && len(field.Rules) == 0 && len(field.Codes) == 0 {
		return convert(raw, field), nil
	}
	names := field.Rules
	if names == nil {
		names = defaults(field)
	}
	if field.Source == field.Type && field.Type.Kind == schema.String && len(field.Codes) == 0 && slices.Equal(names, []string{ruleTrim}) {
		return Column{Value: trimmed(raw), Applied: describe(names, field)}, nil
	}
	text := raw
	if field.Source.Kind != schema.String {
		text = fmt.Sprintf("CAST(%s AS VARCHAR)", raw)
	}
	text, err := apply(text, names)
	if err != nil {
		return Column{}, err
	}
	text = mapCodes(text, field.Codes)
	column := parse(text, field, names)
	column.Applied = describe(names, field)
	return column, nil
}

// defaults are gentle with text and thorough with what is to be parsed.
func defaults(field Field) []string {
	if field.Type.Kind == schema.String {
		return []string{ruleTrim}
	}
	if field.Type.Kind == schema.Binary {
		return nil
	}
	return []string{ruleTrim, ruleHalfwidth, ruleNullIfEmpty}
}

func describe(names []string, field Field) string {
	parts := append([]string{}, names...)
	if len(field.Codes) > 0 {
		parts = append(parts, "codes")
	}
	if field.Source != field.Type {
		parts = append(parts, "as "+field.Type.String())
	}
	return strings.Join(parts, ", ")
}

// convert changes between types that are not text, and only where the way back
// gives the same value: a conversion that loses something fails.
func convert(raw string, field Field) Column {
	from, to := field.Source, field.Type
	if from == to {
		return Column{Value: raw}
	}
	applied := "as " + to.String()
	if from.Kind == schema.Timestamp && to.Kind == schema.TimestampTZ {
		return Column{Value: fmt.Sprintf("timezone(%s, %s)", warehouse.Literal(field.Zone), raw), Applied: applied}
	}
	value := fmt.Sprintf("TRY_CAST(%s AS %s)", raw, to.SQL())
	if to.Widens(from) {
		return Column{Value: value, Applied: applied}
	}
	bad := fmt.Sprintf("(%[1]s IS NOT NULL AND TRY_CAST(%[2]s AS %[3]s) IS DISTINCT FROM %[1]s)", raw, value, from.SQL())
	return Column{Value: value, Bad: bad, Applied: applied}
}
