package acl

import (
	"cmp"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// MaskKind is a way to show less than a value.
type MaskKind string

// The kinds of masks. Those for texts see other types as their text.
const (
	// MaskAuto is the mask that suits the field: by its element where values have
	// a known form, the first character of other texts, the year of dates, and
	// nothing of all else.
	MaskAuto       MaskKind = "auto"
	MaskNull       MaskKind = "null"
	MaskConstant   MaskKind = "constant"   // Value in place of every value
	MaskFirst      MaskKind = "first"      // the first Keep characters, 1 when 0
	MaskLast       MaskKind = "last"       // the last Keep characters, 1 when 0
	MaskName       MaskKind = "name"       // the first character of a person's name
	MaskPhone      MaskKind = "phone"      // the first three and last four digits
	MaskIDNumber   MaskKind = "id_number"  // the first three and last two characters
	MaskEmail      MaskKind = "email"      // the first character and the domain
	MaskBankCard   MaskKind = "bank_card"  // the last four digits
	MaskYear       MaskKind = "year"       // the first day of a date's or moment's year
	MaskRange      MaskKind = "range"      // the range of a number, by Step or by Bounds
	MaskHash       MaskKind = "hash"       // a salted hash, equal for equal values inside one purpose
	MaskExpression MaskKind = "expression" // the named expression Name
)

// revealing orders masks for who may see a field by several: the one that shows
// most, as a rule, comes last.
var revealing = []MaskKind{
	MaskNull, MaskConstant, MaskHash, MaskName, MaskFirst, MaskLast, MaskIDNumber, MaskBankCard, MaskPhone, MaskEmail,
	MaskRange, MaskYear, MaskExpression,
}

// Mask shows less than a value. NULL stays NULL under every mask but constant.
// It is written as the name of its kind, or as an object with the kind.
type Mask struct {
	Kind  MaskKind `json:"kind" yaml:"kind"`
	Value string   `json:"value,omitempty" yaml:"value,omitempty"`
	Keep  int      `json:"keep,omitempty" yaml:"keep,omitempty"`
	// Step is the width of equal ranges that begin at 0.
	Step string `json:"step,omitempty" yaml:"step,omitempty"`
	// Bounds are rising numbers separated by commas, between which ranges lie.
	Bounds string `json:"bounds,omitempty" yaml:"bounds,omitempty"`
	Name   string `json:"name,omitempty" yaml:"name,omitempty"`
}

// plainMask has the fields of a mask without its ways of reading.
type plainMask Mask

// UnmarshalYAML reads a kind or an object.
func (m *Mask) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		m.Kind = MaskKind(node.Value)
		return nil
	}
	return node.Decode((*plainMask)(m))
}

// UnmarshalJSON reads a kind or an object.
func (m *Mask) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(string(text), `"`) {
		return json.Unmarshal(text, &m.Kind)
	}
	return json.Unmarshal(text, (*plainMask)(m))
}

// String names the mask with its settings, as "first 2" or "range of 1000".
func (m Mask) String() string {
	switch m.Kind {
	case MaskFirst, MaskLast:
		return string(m.Kind) + " " + strconv.Itoa(max(m.Keep, 1))
	case MaskConstant:
		return "constant " + strconv.Quote(m.Value)
	case MaskRange:
		return "range of " + cmp.Or(m.Step, m.Bounds)
	case MaskExpression:
		return "expression " + m.Name
	}
	return string(m.Kind)
}

func (m Mask) check() error {
	switch m.Kind {
	case MaskAuto, MaskNull, MaskConstant, MaskName, MaskPhone, MaskIDNumber, MaskEmail, MaskBankCard, MaskYear, MaskHash:
		return nil
	case MaskFirst, MaskLast:
		if m.Keep < 0 {
			return fault.New(fault.Invalid, "mask %s: keep is a number of characters, 1 when not given", m.Kind)
		}
		return nil
	case MaskRange:
		_, err := m.bounds()
		return err
	case MaskExpression:
		if m.Name == "" {
			return fault.New(fault.Invalid, "mask expression: name the expression")
		}
		return nil
	}
	return fault.New(fault.Invalid, "unknown mask %q%s", m.Kind, fault.Meant(string(m.Kind), maskNames()))
}

func maskNames() []string {
	names := []string{string(MaskAuto)}
	for _, kind := range revealing {
		names = append(names, string(kind))
	}
	return names
}

// bounds gives the step alone, or the rising bounds.
func (m Mask) bounds() ([]*big.Rat, error) {
	if (m.Step == "") == (m.Bounds == "") {
		return nil, fault.New(fault.Invalid, "mask range: give either step, as 1000, or bounds, as 0,1000,5000")
	}
	var numbers []*big.Rat
	for _, text := range strings.Split(cmp.Or(m.Step, m.Bounds), ",") {
		number, ok := new(big.Rat).SetString(strings.TrimSpace(text))
		if !ok || strings.Trim(strings.TrimSpace(text), "-0123456789.") != "" {
			return nil, fault.New(fault.Invalid, "mask range: %q is no number", text)
		}
		if len(numbers) > 0 && number.Cmp(numbers[len(numbers)-1]) <= 0 {
			return nil, fault.New(fault.Invalid, "mask range: the bounds must rise")
		}
		numbers = append(numbers, number)
	}
	if m.Step != "" && (len(numbers) != 1 || numbers[0].Sign() <= 0) {
		return nil, fault.New(fault.Invalid, "mask range: step is one number above 0")
	}
	return numbers, nil
}

// maskOfElement gives the mask of elements whose values have a known form.
var maskOfElement = map[string]MaskKind{
	"person.name": MaskName, "person.former_name": MaskName, "person.emergency_contact": MaskName, "person.family_member": MaskName,
	"person.mobile": MaskPhone, "person.telephone": MaskPhone, "person.emergency_phone": MaskPhone,
	"person.id_number": MaskIDNumber, "person.passport_number": MaskIDNumber, "person.email": MaskEmail, "person.bank_card": MaskBankCard,
}

// For says what a mask is for a field: which one auto is, and that masks
// that cannot be said of a type show nothing.
func (m Mask) For(field Field) Mask {
	temporal := field.Type.Kind == schema.Date || field.Type.Kind == schema.Timestamp || field.Type.Kind == schema.TimestampTZ
	switch m.Kind {
	case MaskAuto:
		if temporal {
			return Mask{Kind: MaskYear}
		}
		if field.Type.Kind != schema.String {
			return Mask{Kind: MaskNull}
		}
		return Mask{Kind: cmp.Or(maskOfElement[field.Element], MaskFirst)}
	case MaskYear:
		if !temporal {
			return Mask{Kind: MaskNull}
		}
	case MaskRange:
		if !isNumber(field.Type.Kind) {
			return Mask{Kind: MaskNull}
		}
	}
	if field.Type.Kind == schema.Binary && m.Kind != MaskConstant {
		return Mask{Kind: MaskNull}
	}
	return m
}

func isNumber(kind schema.Kind) bool {
	switch kind {
	case schema.Int8, schema.Int16, schema.Int32, schema.Int64, schema.Uint8, schema.Uint16, schema.Uint32, schema.Uint64,
		schema.Float32, schema.Float64, schema.Decimal:
		return true
	}
	return false
}

// meet is what is shown where two masks must both hold: nothing, unless they are
// the same, since each may show what the other hides.
func (m Mask) meet(other Mask) Mask {
	if m == other {
		return m
	}
	return Mask{Kind: MaskNull}
}

// typeOf is the type of what a settled mask shows of a field.
func (m Mask) typeOf(field Field, expressions map[string]Expression) schema.Type {
	switch m.Kind {
	case MaskNull, MaskYear:
		return field.Type
	case MaskExpression:
		return expressions[m.Name].Type
	}
	return schema.Of(schema.String)
}
