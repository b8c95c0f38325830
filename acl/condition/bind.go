package condition

import (
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// maxWild bounds the % and _ of a pattern: the work of matching grows with them.
const maxWild = 100

// Field is a field that a condition may speak of: its name for [Condition.Holds],
// how it is written in SQL, and its type.
type Field struct {
	Name       string
	Expression string
	Type       schema.Type
}

// Scope is what a condition may refer to.
type Scope struct {
	// Field gives the field of a name, false for one that is not there for
	// whoever asks.
	Field func(name string) (Field, bool)
	// Element gives the field that holds an element, or the one that says whom a
	// row is about for "person"; nil where there are no elements.
	Element func(id string) (Field, bool)
	// Attributes are the principal's; nil where a condition may not refer to them.
	Attributes map[string][]string
}

// Condition is an expression tied to fields of known types. The zero value
// always holds.
type Condition struct{ root bound }

// Always reports whether c is the condition that always holds.
func (c Condition) Always() bool { return c.root == nil }

// Bind ties the expression to fields. A field that is not there and a literal
// that is none of its field's type are Invalid faults with their place.
func (e Expression) Bind(scope Scope) (Condition, error) {
	if e.root == nil {
		return Condition{}, nil
	}
	root, err := e.root.bind(scope)
	return Condition{root}, err
}

// bound is a part of a condition whose literals have the types of their fields.
type bound interface {
	write(*writer)
	holds(row func(name string) Value) Truth
	outcomes() (canHold, canFail bool)
}

type boundBranch struct {
	any   bool
	parts []bound
}

type boundNegation struct{ part bound }

type boundNull struct {
	field   Field
	negated bool
}

// boundCompare compares with one literal, or with several by "in".
type boundCompare struct {
	field    Field
	operator string
	negated  bool
	right    []literal
}

// boundUnknown is a comparison with an attribute that the principal does not have.
type boundUnknown struct{}

func (b branch) bind(scope Scope) (bound, error) {
	made := boundBranch{any: b.any}
	for _, part := range b.parts {
		one, err := part.bind(scope)
		if err != nil {
			return nil, err
		}
		made.parts = append(made.parts, one)
	}
	return made, nil
}

func (n negation) bind(scope Scope) (bound, error) {
	part, err := n.part.bind(scope)
	return boundNegation{part}, err
}

func (c comparison) bind(scope Scope) (bound, error) {
	field, err := c.resolve(scope)
	if err != nil {
		return nil, err
	}
	if c.operator == isNull {
		return boundNull{field, c.negated}, nil
	}
	if (c.operator == isLike || c.operator == isContains) && field.Type.Kind != schema.String {
		return nil, fault.New(fault.Invalid, "%s: like and contains are for text; the field is of type %s", c.place(c.right[0]), field.Type)
	}
	if c.operator == isLike && strings.Count(c.right[0].text, "%")+strings.Count(c.right[0].text, "_") > maxWild {
		return nil, fault.New(fault.Invalid, "%s: more than %d of %% and _ in a pattern", c.place(c.right[0]), maxWild)
	}
	made := boundCompare{field: field, operator: c.operator, negated: c.negated}
	if c.right[0].kind == attribute {
		return c.bindAttribute(scope, made)
	}
	for _, t := range c.right {
		value, ok := valueOf(t, field.Type)
		if !ok {
			return nil, fault.New(fault.Invalid, "%s: %s is needed, for a field of type %s", c.place(t), wanted(field.Type), field.Type)
		}
		made.right = append(made.right, value)
	}
	return made, nil
}

func (c comparison) resolve(scope Scope) (Field, error) {
	find, what := scope.Field, "field"
	if c.field.kind == element {
		if find, what = scope.Element, "element"; find == nil {
			return Field{}, fault.New(fault.Invalid, "condition, character %d: elements are known in policies only; name the field", c.field.at)
		}
	}
	field, ok := find(c.field.text)
	if !ok {
		return field, fault.New(fault.Invalid, "%s: there is no %s %s that may be seen", c.place(c.field), what, c.field.text)
	}
	return field, nil
}

// bindAttribute takes those of the principal's values that are of the field's type.
func (c comparison) bindAttribute(scope Scope, made boundCompare) (bound, error) {
	if scope.Attributes == nil {
		return nil, fault.New(fault.Invalid, "condition, character %d: attributes of the principal are known in policies only", c.right[0].at)
	}
	for _, value := range scope.Attributes[c.right[0].text] {
		if one, ok := valueOf(token{kind: plain, text: value}, made.field.Type); ok {
			made.right = append(made.right, one)
		}
	}
	if len(made.right) == 0 {
		return boundUnknown{}, nil
	}
	made.negated = made.negated || c.operator == "!="
	made.operator = isIn
	return made, nil
}
