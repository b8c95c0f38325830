package script

import (
	"cmp"
	"math"
)

// Globals finds what a script's names stand for.
type Globals func(name string) (Value, bool)

// machine is one run of a program.
type machine struct {
	globals   Globals
	variables map[string]Value
}

// node is a part of a program.
type node interface {
	eval(m *machine) (Value, error)
}

// Run executes the program and gives the value of its last statement.
func (p *Program) Run(globals Globals) (Value, error) {
	m := &machine{globals: globals, variables: make(map[string]Value)}
	return block(p.statements).eval(m)
}

type (
	block       []node
	declaration []assignment
	array       []node
	variable    string
	constant    struct{ value Value }
	sign        struct {
		operator string
		operand  node
	}
	operation struct {
		operator    string
		left, right node
	}
	choice struct{ condition, then, otherwise node }
	member struct {
		object, name node
		optional     bool
	}
	assignment struct {
		name     string
		value    node
		declares bool
	}
	memberAssignment struct {
		target member
		value  node
	}
	call struct {
		function node
		args     []node
	}
)

func (b block) eval(m *machine) (Value, error) {
	var last Value = Undefined{}
	for _, statement := range b {
		value, err := statement.eval(m)
		if err != nil {
			return nil, err
		}
		// A declaration and an empty block have no value of their own.
		switch s := statement.(type) {
		case declaration:
		case block:
			if len(s) > 0 {
				last = value
			}
		default:
			last = value
		}
	}
	return last, nil
}

func (d declaration) eval(m *machine) (Value, error) {
	for _, one := range d {
		if _, err := one.eval(m); err != nil {
			return nil, err
		}
	}
	return Undefined{}, nil
}

func (c constant) eval(*machine) (Value, error) { return c.value, nil }

func (v variable) eval(m *machine) (Value, error) {
	if value, ok := m.variables[string(v)]; ok {
		return value, nil
	}
	if value, ok := m.globals(string(v)); ok {
		return value, nil
	}
	return global(string(v))
}

func (a array) eval(m *machine) (Value, error) {
	values, err := evalAll(m, a)
	for _, value := range values {
		// Lists in lists could be written out without end.
		if _, nested := value.(List); nested {
			return nil, Unsupported("a list in a list")
		}
	}
	return values, err
}

func evalAll(m *machine, nodes []node) (List, error) {
	values := make(List, len(nodes))
	for i, one := range nodes {
		value, err := one.eval(m)
		if err != nil {
			return nil, err
		}
		values[i] = value
	}
	return values, nil
}

func (s sign) eval(m *machine) (Value, error) {
	if v, ok := s.operand.(variable); ok && s.operator == "typeof" {
		if _, err := v.eval(m); err != nil && !isUnsupported(err) {
			return "undefined", nil
		}
	}
	value, err := s.operand.eval(m)
	if err != nil {
		return nil, err
	}
	switch s.operator {
	case "!":
		return !Truth(value), nil
	case "-":
		return -number(value), nil
	case "+":
		return number(value), nil
	default:
		return typeName(value), nil
	}
}

func typeName(value Value) string {
	switch value.(type) {
	case Undefined:
		return "undefined"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case Function:
		return "function"
	default:
		return "object"
	}
}

func (o operation) eval(m *machine) (Value, error) {
	left, err := o.left.eval(m)
	if err != nil {
		return nil, err
	}
	if o.operator == "&&" && !Truth(left) || o.operator == "||" && Truth(left) || o.operator == "??" && !Missing(left) {
		return left, nil
	}
	right, err := o.right.eval(m)
	if err != nil {
		return nil, err
	}
	switch o.operator {
	case "&&", "||", "??":
		return right, nil
	case "==", "===", "!=", "!==":
		return equality(o.operator, left, right)
	case "<", ">", "<=", ">=":
		return ordered(o.operator, left, right)
	default:
		return arithmetic(o.operator, left, right)
	}
}

func equality(operator string, left, right Value) (Value, error) {
	if opaque(left) && !Missing(right) || opaque(right) && !Missing(left) {
		return nil, Unsupported("a comparison of objects")
	}
	switch operator {
	case "==":
		return equal(left, right), nil
	case "!=":
		return !equal(left, right), nil
	case "===":
		return same(left, right), nil
	default:
		return !same(left, right), nil
	}
}

// opaque tells which values have an identity that is not kept here.
func opaque(value Value) bool {
	switch value.(type) {
	case Object, Function, Host:
		return true
	default:
		return false
	}
}

func ordered(operator string, left, right Value) (Value, error) {
	if opaque(left) || opaque(right) {
		return nil, Unsupported("a comparison of objects")
	}
	order := 0
	leftText, leftOK := left.(string)
	rightText, rightOK := right.(string)
	if leftOK && rightOK {
		order = cmp.Compare(leftText, rightText)
	} else {
		l, r := number(left), number(right)
		switch {
		case math.IsNaN(l) || math.IsNaN(r):
			return false, nil
		case l < r:
			order = -1
		case l > r:
			order = 1
		}
	}
	switch operator {
	case "<":
		return order < 0, nil
	case ">":
		return order > 0, nil
	case "<=":
		return order <= 0, nil
	default:
		return order >= 0, nil
	}
}

func arithmetic(operator string, left, right Value) (Value, error) {
	if opaque(left) || opaque(right) {
		return nil, Unsupported("arithmetic with objects")
	}
	if operator == "+" && (isText(left) || isText(right)) {
		joined := Text(left) + Text(right)
		if len(joined) > maxText {
			return nil, Unsupported("a text of more than %d bytes", maxText)
		}
		return joined, nil
	}
	l, r := number(left), number(right)
	switch operator {
	case "+":
		return l + r, nil
	case "-":
		return l - r, nil
	case "*":
		return l * r, nil
	case "/":
		return l / r, nil
	default:
		return math.Mod(l, r), nil
	}
}

func isText(value Value) bool {
	switch value.(type) {
	case string, List:
		return true
	default:
		return false
	}
}

func (c choice) eval(m *machine) (Value, error) {
	condition, err := c.condition.eval(m)
	switch {
	case err != nil:
		return nil, err
	case Truth(condition):
		return c.then.eval(m)
	case c.otherwise != nil:
		return c.otherwise.eval(m)
	default:
		return Undefined{}, nil
	}
}

func (a assignment) eval(m *machine) (Value, error) {
	value, err := a.value.eval(m)
	if err != nil {
		return nil, err
	}
	m.variables[a.name] = value
	return value, nil
}

func (a memberAssignment) eval(m *machine) (Value, error) {
	object, err := a.target.object.eval(m)
	if err != nil {
		return nil, err
	}
	key, err := a.target.name.eval(m)
	if err != nil {
		return nil, err
	}
	value, err := a.value.eval(m)
	if err != nil {
		return nil, err
	}
	if Missing(object) {
		return nil, raised("%s has no member %s", Text(object), Text(key))
	}
	host, ok := object.(Host)
	if !ok {
		return nil, Unsupported("an assignment to the member %s", Text(key))
	}
	return value, host.Assign(Text(key), value)
}

func (e member) eval(m *machine) (Value, error) {
	object, err := e.object.eval(m)
	if err != nil {
		return nil, err
	}
	if e.optional && Missing(object) {
		return Undefined{}, nil
	}
	key, err := e.name.eval(m)
	if err != nil {
		return nil, err
	}
	return memberOf(object, key)
}

func (c call) eval(m *machine) (Value, error) {
	function, err := c.function.eval(m)
	if err != nil {
		return nil, err
	}
	args, err := evalAll(m, c.args)
	if err != nil {
		return nil, err
	}
	callable, ok := function.(Function)
	if !ok {
		return nil, raised("%s is not a function", Text(function))
	}
	return callable(args)
}
