package ranger

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// filterParser reads conditions of Hive as far as conditions here can say them:
//
//	comparisons of a column with literals or the user, in, between, like, is null,
//	and, or, not; comparisons of literals, which are worked out
type filterParser struct {
	words []word
	at    int
}

// maxBrackets bounds brackets and negations inside each other.
const maxBrackets = 40

func parseFilter(filter string) (test, error) {
	words, err := filterWords(filter)
	if err != nil {
		return test{}, err
	}
	p := &filterParser{words: words}
	made, err := p.anyOf(0)
	if err == nil && p.peek().kind != endWord {
		err = p.unexpected()
	}
	return made, err
}

func (p *filterParser) peek() word { return p.words[p.at] }

func (p *filterParser) next() word {
	found := p.words[p.at]
	if found.kind != endWord {
		p.at++
	}
	return found
}

func (p *filterParser) unexpected() error {
	found := p.peek()
	if found.kind == endWord {
		return errors.New("it ends too early")
	}
	return fmt.Errorf("%q", found.text)
}

// keyword takes a keyword if it stands here.
func (p *filterParser) keyword(wanted string) bool {
	if found := p.peek(); found.kind == nameWord && strings.EqualFold(found.text, wanted) {
		p.at++
		return true
	}
	return false
}

func (p *filterParser) symbol(wanted ...string) bool {
	if found := p.peek(); found.kind == symbolWord && slices.Contains(wanted, found.text) {
		p.at++
		return true
	}
	return false
}

func (p *filterParser) anyOf(depth int) (test, error) {
	return p.chain("or", anyOf, func() (test, error) {
		return p.chain("and", allOf, func() (test, error) { return p.one(depth) })
	})
}

func (p *filterParser) chain(keyword string, as joining, part func() (test, error)) (test, error) {
	var parts []test
	for {
		one, err := part()
		if err != nil {
			return test{}, err
		}
		if parts = append(parts, one); !p.keyword(keyword) {
			return joinTests(parts, as), nil
		}
	}
}

func (p *filterParser) one(depth int) (test, error) {
	if depth > maxBrackets {
		return test{}, errors.New("too many brackets inside each other")
	}
	if p.keyword("not") {
		part, err := p.one(depth + 1)
		return not(part), err
	}
	if !p.symbol("(") {
		return p.comparison()
	}
	inside, err := p.anyOf(depth + 1)
	if err == nil && !p.symbol(")") {
		err = p.unexpected()
	}
	return inside, err
}

func (p *filterParser) comparison() (test, error) {
	left, err := p.operand()
	if err != nil {
		return test{}, err
	}
	if operator := p.peek(); p.symbol("=", "==", "<>", "!=", "<", "<=", ">", ">=", "<=>") {
		right, err := p.operand()
		if err != nil {
			return test{}, err
		}
		return compare(left, operator.text, right)
	}
	switch {
	case left.kind == truthWord:
		return test{holds: left.text == "true"}, nil
	case left.kind != columnWord:
		return test{}, p.unexpected()
	case p.keyword("is"):
		return p.isNull(fieldName(left.text))
	}
	negated := p.keyword("not")
	made, err := p.predicate(fieldName(left.text), negated)
	if err == nil && negated {
		made = not(made)
	}
	return made, err
}

func (p *filterParser) isNull(field string) (test, error) {
	operator := " is null"
	if p.keyword("not") {
		operator = " is not null"
	}
	if !p.keyword("null") {
		return test{}, p.unexpected()
	}
	return test{text: field + operator, join: alone}, nil
}

// predicate reads what may stand behind a column, or behind it and not.
func (p *filterParser) predicate(field string, negated bool) (test, error) {
	switch {
	case p.keyword("in"):
		return p.in(field)
	case p.keyword("like"):
		pattern := p.peek()
		if pattern.kind != textWord || strings.Contains(pattern.text, `\`) || strings.Contains(pattern.text, exprStart) {
			return test{}, errors.New("a pattern of like with escapes or expressions")
		}
		p.at++
		return test{text: field + " like " + operand(pattern).literal(), join: alone}, nil
	case p.keyword("between"):
		return p.between(field)
	case negated:
		return test{}, p.unexpected()
	}
	return test{text: field + " = true", join: alone}, nil // a column of yes and no
}

func (p *filterParser) in(field string) (test, error) {
	if !p.symbol("(") {
		return test{}, p.unexpected()
	}
	var values []string
	for {
		value, err := p.operand()
		if err != nil {
			return test{}, err
		}
		if value.kind != textWord && value.kind != numberWord {
			return test{}, fmt.Errorf("%q in a list", value.text)
		}
		values = append(values, value.literal())
		if p.symbol(")") {
			return test{text: field + " in (" + strings.Join(values, ", ") + ")", join: alone}, nil
		}
		if !p.symbol(",") {
			return test{}, p.unexpected()
		}
	}
}

func (p *filterParser) between(field string) (test, error) {
	low, err := p.operand()
	if err != nil {
		return test{}, err
	}
	if !p.keyword("and") {
		return test{}, p.unexpected()
	}
	high, err := p.operand()
	if err != nil {
		return test{}, err
	}
	for _, bound := range []operand{low, high} {
		if bound.kind != textWord && bound.kind != numberWord {
			return test{}, fmt.Errorf("%q as a bound", bound.text)
		}
	}
	return test{text: field + " >= " + low.literal() + " and " + field + " <= " + high.literal(), join: allOf}, nil
}

// operand reads a column, a literal, or a call that stands for the user.
func (p *filterParser) operand() (operand, error) {
	found := p.next()
	switch found.kind {
	case textWord:
		if strings.Contains(found.text, exprStart) {
			if inner := strings.TrimSuffix(strings.TrimPrefix(found.text, exprStart), exprEnd); strings.TrimSpace(inner) != "USER._name" {
				return operand{}, fmt.Errorf("the expression %s", found.text)
			}
			return operand{kind: userWord, text: found.text}, nil
		}
		return operand(found), nil
	case numberWord, columnWord:
		return operand(found), nil
	case nameWord:
		return p.called(found)
	}
	p.at = max(p.at-1, 0)
	return operand{}, p.unexpected()
}

func (p *filterParser) called(found word) (operand, error) {
	name := strings.ToLower(found.text)
	call := p.symbol("(")
	switch {
	case call && name == "current_user" && p.symbol(")"):
		return operand{kind: userWord, text: name}, nil
	case call:
		return operand{}, fmt.Errorf("the function %s", found.text)
	case name == "true" || name == "false":
		return operand{kind: truthWord, text: name}, nil
	case isPredicate(found), slices.Contains([]string{"case", "cast", "exists", "interval", "current_date", "current_timestamp", "select"}, name):
		return operand{}, fmt.Errorf("%q", found.text)
	}
	return operand{kind: columnWord, text: found.text}, nil
}

// compare makes the test of two operands, with the column on the left.
func compare(left operand, operator string, right operand) (test, error) {
	if right.kind == columnWord && left.kind != columnWord {
		flipped := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}
		left, right, operator = right, left, cmp.Or(flipped[operator], operator)
	}
	operator = cmp.Or(map[string]string{"==": "=", "<>": "!="}[operator], operator)
	equality := operator == "=" || operator == "!="
	switch {
	case left.kind != columnWord:
		return compareLiterals(left, operator, right)
	case right.kind == columnWord:
		return test{}, errors.New("a comparison of two columns")
	case operator == "<=>":
		equal, err := compare(left, "=", right)
		known := test{text: fieldName(left.text) + " is not null", join: alone}
		return joinTests([]test{equal, known}, allOf), err
	case right.kind == userWord && equality:
		return test{text: fieldName(left.text) + " " + operator + " @id", join: alone}, nil
	case right.kind == userWord, right.kind == truthWord && !equality:
		return test{}, fmt.Errorf("%s with %s", operator, right.text)
	}
	return test{text: fieldName(left.text) + " " + operator + " " + right.literal(), join: alone}, nil
}

// compareLiterals works a comparison out.
func compareLiterals(left operand, operator string, right operand) (test, error) {
	order := strings.Compare(left.text, right.text)
	switch {
	case left.kind != right.kind, left.kind != textWord && left.kind != numberWord:
		return test{}, fmt.Errorf("a comparison of %s with %s", left.text, right.text)
	case left.kind == numberWord:
		a, okA := new(big.Rat).SetString(left.text)
		b, okB := new(big.Rat).SetString(right.text)
		if !okA || !okB {
			return test{}, fmt.Errorf("a comparison of %s with %s", left.text, right.text)
		}
		order = a.Cmp(b)
	}
	outcomes := map[string]bool{
		"=": order == 0, "<=>": order == 0, "!=": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0,
	}
	return test{holds: outcomes[operator]}, nil
}
