package plan

import (
	"strings"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

// Names of masks.
const (
	MaskNull  = "null"
	MaskFirst = "first"
	MaskName  = "name"
	MaskPhone = "phone"
	MaskID    = "id_number"
	MaskEmail = "email"
	MaskCard  = "bank_card"
	MaskYear  = "year"
)

// maskOfElement gives the mask of elements whose values have a known form.
var maskOfElement = map[string]string{
	"person.name": MaskName, "person.former_name": MaskName, "person.emergency_contact": MaskName, "person.family_member": MaskName,
	"person.mobile": MaskPhone, "person.telephone": MaskPhone, "person.emergency_phone": MaskPhone,
	"person.id_number": MaskID, "person.passport_number": MaskID, "person.email": MaskEmail, "person.bank_card": MaskCard,
}

// maskOf chooses a field's mask. Every mask keeps the field's type.
func maskOf(field catalog.Field) string {
	switch field.Type.Kind {
	case schema.Date, schema.Timestamp, schema.TimestampTZ:
		return MaskYear
	case schema.String:
	default:
		return MaskNull
	}
	if mask, known := maskOfElement[field.Element]; known {
		return mask
	}
	return MaskFirst
}

// masked writes a mask over a column; a NULL stays NULL, and a text too short
// for its form shows nothing.
func masked(field catalog.Field, mask string) string {
	column := warehouse.Ident(field.Name)
	if mask == MaskNull {
		return "CAST(NULL AS " + field.Type.SQL() + ")"
	}
	shown := map[string]string{
		MaskFirst: "CASE WHEN length(@) < 2 THEN '***' ELSE left(@, 1) || '***' END",
		MaskName:  "CASE WHEN length(@) < 2 THEN '**' ELSE left(@, 1) || '**' END",
		MaskPhone: "CASE WHEN length(@) < 11 THEN '***' ELSE left(@, 3) || '****' || right(@, 4) END",
		MaskID:    "CASE WHEN length(@) < 9 THEN '***' ELSE left(@, 3) || '***********' || right(@, 2) END",
		MaskEmail: "CASE WHEN contains(@, '@@') THEN left(@, 1) || '***@@' || split_part(@, '@@', 2) ELSE '***' END",
		MaskCard:  "CASE WHEN length(@) < 12 THEN '***' ELSE '**** **** ' || right(@, 4) END",
		MaskYear:  "CAST(date_trunc('year', @) AS " + field.Type.SQL() + ")",
	}[mask]
	// "@@" is the character itself, "@" the column.
	shown = strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(shown, "@@", "\x00"), "@", column), "\x00", "@")
	return "CASE WHEN " + column + " IS NULL THEN NULL ELSE " + shown + " END"
}
