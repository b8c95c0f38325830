package condition

import (
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Filter is one comparison with plain texts instead of literals, as query parameters
// have it: what they mean depends on the type of the field.
type Filter struct {
	Field string `json:"field"`
	// Operator is one of eq, ne, lt, le, gt, ge, in, like, contains and null; "" is eq.
	Operator string `json:"operator,omitempty"`
	// Value is a list separated by commas for in, and true or false for null.
	Value string `json:"value"`
}

// filterOperators gives the operators of conditions by those of filters.
var filterOperators = map[string]string{
	"": "=", "eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "in": isIn, "like": isLike, "contains": isContains, "null": isNull,
}

// And gives the condition that holds where e and all filters do.
func (e Expression) And(filters ...Filter) (Expression, error) {
	if len(filters) == 0 {
		return e, nil
	}
	made := branch{}
	if e.root != nil {
		made.parts = append(made.parts, e.root)
	}
	for _, filter := range filters {
		one, err := filter.comparison()
		if err != nil {
			return Expression{}, err
		}
		made.parts = append(made.parts, one)
	}
	if len(made.parts) == 1 {
		return Expression{text: e.text, root: made.parts[0]}, nil
	}
	return Expression{text: e.text, root: made}, nil
}

func (f Filter) comparison() (node, error) {
	operator, known := filterOperators[strings.ToLower(f.Operator)]
	if !known {
		return nil, fault.New(fault.Invalid, "filter on %s: there is no operator %q: write eq, ne, lt, le, gt, ge, in, like, contains or null", f.Field, f.Operator)
	}
	made := comparison{field: token{kind: name, text: f.Field}, operator: operator, of: f.Field}
	switch operator {
	case isNull:
		if !slices.Contains([]string{"true", "false"}, f.Value) {
			return nil, fault.New(fault.Invalid, "filter on %s: null is true or false", f.Field)
		}
		made.negated = f.Value == "false"
	case isIn:
		if strings.Count(f.Value, ",") >= maxTokens {
			return nil, fault.New(fault.Invalid, "filter on %s: more than %d values", f.Field, maxTokens)
		}
		for value := range strings.SplitSeq(f.Value, ",") {
			made.right = append(made.right, token{kind: plain, text: value})
		}
	default:
		made.right = []token{{kind: plain, text: f.Value}}
	}
	return made, nil
}
