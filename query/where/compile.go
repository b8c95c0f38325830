package where

import (
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Field is a field that a filter may speak of: how it is written in SQL, and
// its type.
type Field struct {
	Expression string
	Type       schema.Type
}

// Condition is a compiled filter: SQL with places for its arguments.
type Condition struct {
	SQL  string
	Args []any
}

// ToSql implements squirrel.Sqlizer.
func (c Condition) ToSql() (string, []any, error) { return c.SQL, c.Args, nil } //nolint:revive // squirrel's name

// maxDepth bounds brackets inside brackets.
const maxDepth = 50

// Compile reads a filter. fields gives the field of a name, false for one that
// is not there for whoever asks. Mistakes are Invalid faults with their place.
func Compile(filter string, fields func(name string) (Field, bool)) (Condition, error) {
	tokens, err := lex(filter)
	if err != nil {
		return Condition{}, err
	}
	p := &parser{tokens: tokens, fields: fields}
	if err := p.or(0); err != nil {
		return Condition{}, err
	}
	if p.peek().kind != end {
		return Condition{}, p.wrong(p.peek(), "and, or, or the end of the filter")
	}
	return Condition{SQL: p.sql.String(), Args: p.args}, nil
}

type parser struct {
	tokens []token
	at     int
	fields func(string) (Field, bool)
	sql    strings.Builder
	args   []any
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

func (p *parser) wrong(t token, wanted string) error {
	if t.kind == end {
		return fault.New(fault.Invalid, "filter, character %d: it ends where %s is needed", t.at, wanted)
	}
	return fault.New(fault.Invalid, "filter, character %d: %q stands where %s is needed", t.at, t.text, wanted)
}

func (p *parser) or(depth int) error {
	return p.chain("or", " OR ", func() error {
		return p.chain("and", " AND ", func() error { return p.not(depth) })
	})
}

func (p *parser) chain(keyword, sql string, part func() error) error {
	p.sql.WriteString("(")
	for {
		if err := part(); err != nil {
			return err
		}
		if !p.word(keyword) {
			p.sql.WriteString(")")
			return nil
		}
		p.sql.WriteString(sql)
	}
}

func (p *parser) not(depth int) error {
	if depth > maxDepth {
		return fault.New(fault.Invalid, "filter, character %d: more than %d brackets inside each other", p.peek().at, maxDepth)
	}
	if p.word("not") {
		p.sql.WriteString("NOT ")
		return p.not(depth + 1)
	}
	if p.symbol("(") {
		if err := p.or(depth + 1); err != nil {
			return err
		}
		if !p.symbol(")") {
			return p.wrong(p.peek(), `")"`)
		}
		return nil
	}
	return p.comparison()
}

var keywords = []string{"and", "or", "not", "in", "is", "null", "like", "contains", "true", "false"}

func (p *parser) comparison() error {
	t := p.next()
	if t.kind != quotedName && (t.kind != name || slices.Contains(keywords, strings.ToLower(t.text))) {
		return p.wrong(t, "a field")
	}
	field, ok := p.fields(t.text)
	if !ok {
		return fault.New(fault.Invalid, "filter, character %d: there is no field %s that may be seen", t.at, t.text)
	}
	if p.word("is") {
		negated := p.word("not")
		if !p.word("null") {
			return p.wrong(p.peek(), "null")
		}
		p.sql.WriteString(field.Expression + map[bool]string{false: " IS NULL", true: " IS NOT NULL"}[negated])
		return nil
	}
	negated := p.word("not")
	if negated {
		p.sql.WriteString("NOT ")
	}
	switch {
	case p.word("in"):
		return p.in(field)
	case p.word("like"):
		return p.match(field, " LIKE ")
	case p.word("contains"):
		return p.contains(field)
	case negated:
		return p.wrong(p.peek(), "in, like or contains")
	}
	return p.compare(field)
}

func (p *parser) compare(field Field) error {
	t := p.next()
	if t.kind != symbol || !slices.Contains([]string{"=", "!=", "<>", "<", "<=", ">", ">="}, t.text) {
		return p.wrong(t, "a comparison such as = or <")
	}
	p.sql.WriteString(field.Expression + " " + t.text + " ")
	return p.literal(field)
}

func (p *parser) in(field Field) error {
	if !p.symbol("(") {
		return p.wrong(p.peek(), `"("`)
	}
	p.sql.WriteString(field.Expression + " IN (")
	for {
		if err := p.literal(field); err != nil {
			return err
		}
		if p.symbol(")") {
			p.sql.WriteString(")")
			return nil
		}
		if !p.symbol(",") {
			return p.wrong(p.peek(), `"," or ")"`)
		}
		p.sql.WriteString(", ")
	}
}

func (p *parser) match(field Field, operator string) error {
	t := p.next()
	if t.kind != text {
		return p.wrong(t, "text in '…'")
	}
	if field.Type.Kind != schema.String {
		return fault.New(fault.Invalid, "filter, character %d: like and contains are for text; the field is of type %s", t.at, field.Type)
	}
	p.sql.WriteString(field.Expression + operator + "?")
	p.args = append(p.args, t.text)
	return nil
}

func (p *parser) contains(field Field) error {
	inner := &parser{tokens: p.tokens, at: p.at, fields: p.fields}
	if err := inner.match(field, ""); err != nil {
		return err
	}
	p.at = inner.at
	p.sql.WriteString("contains(" + field.Expression + ", ?)")
	p.args = append(p.args, inner.args...)
	return nil
}

// literal binds the next word as a value of the field's type.
func (p *parser) literal(field Field) error {
	t := p.next()
	value, ok := valueOf(t, field.Type)
	if !ok {
		if t.kind == text || t.kind == number || t.kind == name {
			return fault.New(fault.Invalid, "filter, character %d: %s is needed, for a field of type %s", t.at, wanted(field.Type), field.Type)
		}
		return p.wrong(t, "a value")
	}
	// The engine reads text in its own form of the type; it was checked above.
	p.sql.WriteString("CAST(? AS " + field.Type.SQL() + ")")
	p.args = append(p.args, value)
	return nil
}
