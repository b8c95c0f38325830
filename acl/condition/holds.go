package condition

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/yitong-hub/yitong/schema"
)

// Truth is the outcome of a condition for a row.
type Truth int

// The outcomes. The zero value is Unknown.
const (
	Unknown Truth = iota
	False
	True
)

func truth(holds bool) Truth {
	if holds {
		return True
	}
	return False
}

func (t Truth) not() Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	}
	return Unknown
}

// Value is a value of a row in the canonical text of its type; the zero value
// is NULL.
type Value struct {
	Text  string
	Valid bool
}

// Holds evaluates the condition for a row, whose values row gives by the names
// of [Field]. It means what the SQL means.
func (c Condition) Holds(row func(name string) Value) Truth {
	if c.root == nil {
		return True
	}
	return c.root.holds(row)
}

// Outcomes reports whether the condition can be true and whether it can be false
// of any row: one that compares with an attribute that is not there can be
// neither.
func (c Condition) Outcomes() (canHold, canFail bool) {
	if c.root == nil {
		return true, false
	}
	return c.root.outcomes()
}

func (b boundBranch) outcomes() (canHold, canFail bool) {
	canHold, canFail = !b.any, b.any
	for _, part := range b.parts {
		holds, fails := part.outcomes()
		if b.any {
			canHold, canFail = canHold || holds, canFail && fails
		} else {
			canHold, canFail = canHold && holds, canFail || fails
		}
	}
	return canHold, canFail
}

func (n boundNegation) outcomes() (canHold, canFail bool) {
	holds, fails := n.part.outcomes()
	return fails, holds
}

func (boundNull) outcomes() (canHold, canFail bool)    { return true, true }
func (boundCompare) outcomes() (canHold, canFail bool) { return true, true }
func (boundUnknown) outcomes() (canHold, canFail bool) { return false, false }

func (b boundBranch) holds(row func(string) Value) Truth {
	decisive := truth(b.any)
	outcome := decisive.not()
	for _, part := range b.parts {
		switch part.holds(row) {
		case decisive:
			return decisive
		case Unknown:
			outcome = Unknown
		}
	}
	return outcome
}

func (n boundNegation) holds(row func(string) Value) Truth { return n.part.holds(row).not() }

func (n boundNull) holds(row func(string) Value) Truth {
	return truth(row(n.field.Name).Valid == n.negated)
}

func (boundUnknown) holds(func(string) Value) Truth { return Unknown }

func (c boundCompare) holds(row func(string) Value) Truth {
	value := row(c.field.Name)
	if !value.Valid {
		return Unknown
	}
	outcome := False
	for _, right := range c.right {
		if c.matches(value.Text, right.canonical) {
			outcome = True
		}
	}
	if c.negated {
		return outcome.not()
	}
	return outcome
}

func (c boundCompare) matches(value, right string) bool {
	switch c.operator {
	case isLike:
		return like([]rune(value), []rune(right))
	case isContains:
		return strings.Contains(value, right)
	}
	order := compare(c.field.Type.Kind, value, right)
	switch c.operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "!=":
		return order != 0
	}
	return order == 0
}

// compare orders two values by their canonical texts: numbers by value, all
// else as text, which is the engine's order for dates, moments and UUIDs too.
func compare(kind schema.Kind, a, b string) int {
	switch kind {
	case schema.Float32, schema.Float64:
		x, _ := strconv.ParseFloat(a, 64)
		y, _ := strconv.ParseFloat(b, 64)
		return int(truth(x > y)) - int(truth(x < y))
	case schema.String:
		return strings.Compare(a, b)
	case schema.Decimal, schema.Int8, schema.Int16, schema.Int32, schema.Int64, schema.Uint8, schema.Uint16, schema.Uint32, schema.Uint64:
		x, okX := new(big.Rat).SetString(a)
		y, okY := new(big.Rat).SetString(b)
		if okX && okY {
			return x.Cmp(y)
		}
	}
	// Without the zone's Z a moment with a fraction sorts behind one without.
	return strings.Compare(strings.TrimSuffix(a, "Z"), strings.TrimSuffix(b, "Z"))
}

// like matches % with any text and _ with one character. It goes back to the
// last % only, which is enough: an earlier one could match no more.
func like(value, pattern []rune) bool {
	v, p, star, kept := 0, 0, -1, 0
	for v < len(value) {
		switch {
		case p < len(pattern) && pattern[p] == '%':
			star, kept = p, v
			p++
		case p < len(pattern) && (pattern[p] == '_' || pattern[p] == value[v]):
			v++
			p++
		case star >= 0:
			kept++
			v, p = kept, star+1
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '%' {
		p++
	}
	return p == len(pattern)
}
