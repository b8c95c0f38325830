package condition

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// maxDepth bounds brackets inside brackets.
const maxDepth = 50

// Expression is a condition that was read but not yet tied to the fields of a
// dataset. The zero value is the condition that always holds.
type Expression struct {
	text string
	root node
}

// Parse reads a condition. Mistakes are Invalid faults with their place.
func Parse(text string) (Expression, error) {
	tokens, err := lex(text)
	if err != nil {
		return Expression{}, err
	}
	p := &parser{tokens: tokens}
	root, err := p.or(0)
	if err != nil {
		return Expression{}, err
	}
	if p.peek().kind != end {
		return Expression{}, wrong(p.peek(), "and, or, or the end of the condition")
	}
	return Expression{text: text, root: root}, nil
}

// String gives the text that was read.
func (e Expression) String() string { return e.text }

// Always reports whether e is the condition that always holds.
func (e Expression) Always() bool { return e.root == nil }

// node is a part of a condition: one of branch, negation and comparison.
type node interface{ bind(Scope) (bound, error) }

// branch joins parts by "and", or by "or" when any is set.
type branch struct {
	any   bool
	parts []node
}

type negation struct{ part node }

// comparison compares a field. right holds literals, or one attribute.
type comparison struct {
	field    token
	operator string
	negated  bool
	right    []token
	// of names the field of a filter, which has no place in a text.
	of string
}

// place says where a comparison, or a part of it, stands.
func (c comparison) place(t token) string {
	if c.of != "" {
		return "filter on " + c.of
	}
	return fmt.Sprintf("condition, character %d", t.at)
}

// Operators of comparisons beside those that are written with symbols.
const (
	isNull     = "is null"
	isIn       = "in"
	isLike     = "like"
	isContains = "contains"
)

type parser struct {
	tokens []token
	at     int
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != end {
		p.at++
	}
	return t
}

// word takes a keyword if it stands here.
func (p *parser) word(keyword string) bool {
	if t := p.peek(); t.kind == name && strings.EqualFold(t.text, keyword) {
		p.at++
		return true
	}
	return false
}

func (p *parser) symbol(wanted string) bool {
	if t := p.peek(); t.kind == symbol && t.text == wanted {
		p.at++
		return true
	}
	return false
}

func wrong(t token, wanted string) error {
	if t.kind == end {
		return fault.New(fault.Invalid, "condition, character %d: it ends where %s is needed", t.at, wanted)
	}
	return fault.New(fault.Invalid, "condition, character %d: %q stands where %s is needed", t.at, t.text, wanted)
}

func (p *parser) or(depth int) (node, error) {
	return p.chain("or", func() (node, error) {
		return p.chain("and", func() (node, error) { return p.not(depth) })
	})
}

func (p *parser) chain(keyword string, part func() (node, error)) (node, error) {
	made := branch{any: keyword == "or"}
	for {
		one, err := part()
		if err != nil {
			return nil, err
		}
		made.parts = append(made.parts, one)
		if !p.word(keyword) {
			break
		}
	}
	if len(made.parts) == 1 {
		return made.parts[0], nil
	}
	return made, nil
}

func (p *parser) not(depth int) (node, error) {
	if depth > maxDepth {
		return nil, fault.New(fault.Invalid, "condition, character %d: more than %d brackets inside each other", p.peek().at, maxDepth)
	}
	if p.word("not") {
		part, err := p.not(depth + 1)
		return negation{part}, err
	}
	if !p.symbol("(") {
		return p.comparison()
	}
	inside, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if !p.symbol(")") {
		return nil, wrong(p.peek(), `")"`)
	}
	return inside, nil
}

var keywords = []string{"and", "or", "not", "in", "is", "null", "like", "contains", "true", "false"}

func (p *parser) comparison() (node, error) {
	field := p.next()
	bare := field.kind == name && !slices.Contains(keywords, strings.ToLower(field.text))
	if !bare && field.kind != quotedName && (field.kind != element || field.text == "") {
		return nil, wrong(field, "a field")
	}
	made := comparison{field: field}
	if p.word("is") {
		made.negated, made.operator = p.word("not"), isNull
		if !p.word("null") {
			return nil, wrong(p.peek(), "null")
		}
		return made, nil
	}
	made.negated = p.word("not")
	for _, operator := range []string{isIn, isLike, isContains} {
		if p.word(operator) {
			made.operator = operator
			return p.right(made)
		}
	}
	operator := p.next()
	if made.negated {
		return nil, wrong(operator, "in, like or contains")
	}
	if operator.kind != symbol || !slices.Contains([]string{"=", "!=", "<>", "<", "<=", ">", ">="}, operator.text) {
		return nil, wrong(operator, "a comparison such as = or <")
	}
	made.operator = operator.text
	if operator.text == "<>" {
		made.operator = "!="
	}
	return p.right(made)
}

// right reads what stands behind the operator. What is bound to the field's type
// later is only taken here.
func (p *parser) right(made comparison) (node, error) {
	t := p.next()
	if t.kind == attribute && t.text != "" {
		if !slices.Contains([]string{"=", "!=", isIn}, made.operator) {
			return nil, wrong(t, "a value; an attribute can be compared with =, != and in")
		}
		made.right = []token{t}
		return made, nil
	}
	if made.operator != isIn {
		if !isLiteral(t) {
			return nil, wrong(t, "a value")
		}
		made.right = []token{t}
		return made, nil
	}
	if t.kind != symbol || t.text != "(" {
		return nil, wrong(t, `"("`)
	}
	for {
		if t = p.next(); !isLiteral(t) {
			return nil, wrong(t, "a value")
		}
		made.right = append(made.right, t)
		if p.symbol(")") {
			return made, nil
		}
		if !p.symbol(",") {
			return nil, wrong(p.peek(), `"," or ")"`)
		}
	}
}

func isLiteral(t token) bool { return t.kind == text || t.kind == number || t.kind == name }

// Fields lists the names of fields that the expression speaks of, each once.
func (e Expression) Fields() []string {
	var found []string
	var walk func(node)
	walk = func(n node) {
		switch n := n.(type) {
		case branch:
			for _, part := range n.parts {
				walk(part)
			}
		case negation:
			walk(n.part)
		case comparison:
			if n.field.kind != element && !slices.Contains(found, n.field.text) {
				found = append(found, n.field.text)
			}
		}
	}
	if e.root != nil {
		walk(e.root)
	}
	return found
}

// Equal lists the fields that the expression demands to be equal to one value.
func (e Expression) Equal() []string {
	var found []string
	var walk func(node)
	walk = func(n node) {
		switch n := n.(type) {
		case branch:
			if n.any && len(n.parts) > 1 {
				return
			}
			for _, part := range n.parts {
				walk(part)
			}
		case comparison:
			if n.operator == "=" && !n.negated && n.field.kind != element && n.right[0].kind != attribute {
				found = append(found, n.field.text)
			}
		}
	}
	if e.root != nil {
		walk(e.root)
	}
	return found
}

// Only gives the field and the text where the expression demands that one field is
// equal to one text, and nothing else.
func (e Expression) Only() (field, value string, only bool) {
	root, is := e.root.(comparison)
	if !is || root.operator != "=" || root.negated || root.field.kind == element || root.right[0].kind != text && root.right[0].kind != plain {
		return "", "", false
	}
	return root.field.text, root.right[0].text, true
}
