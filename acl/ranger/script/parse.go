package script

import "strconv"

// maxDepth bounds how deeply expressions and statements may nest.
const maxDepth = 100

// Program is a script that was read.
type Program struct {
	statements []node
}

type parser struct {
	words []word
	at    int
	depth int
}

// Parse reads a script. Its errors wrap ErrUnsupported.
func Parse(source string) (*Program, error) {
	words, err := lex(source)
	if err != nil {
		return nil, err
	}
	p := &parser{words: words}
	var program Program
	for p.peek().kind != end {
		statement, err := p.statement()
		if err != nil {
			return nil, err
		}
		program.statements = append(program.statements, statement)
	}
	return &program, nil
}

func (p *parser) peek() word { return p.words[p.at] }

func (p *parser) next() word {
	found := p.words[p.at]
	if found.kind != end {
		p.at++
	}
	return found
}

// accept takes the next word if it is this symbol.
func (p *parser) accept(s string) bool {
	if w := p.peek(); w.kind == symbol && w.text == s {
		p.at++
		return true
	}
	return false
}

// acceptName takes the next word if it is this name.
func (p *parser) acceptName(n string) bool {
	if w := p.peek(); w.kind == name && w.text == n {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(s string) error {
	if p.accept(s) {
		return nil
	}
	return Unsupported("%q where %q is expected", p.peek().text, s)
}

// deeper counts a level of nesting; the returned function leaves it.
func (p *parser) deeper() (func(), error) {
	if p.depth == maxDepth {
		return nil, Unsupported("it nests more than %d levels", maxDepth)
	}
	p.depth++
	return func() { p.depth-- }, nil
}

func (p *parser) statement() (node, error) {
	leave, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer leave()
	switch {
	case p.accept(";"):
		return block{}, nil
	case p.accept("{"):
		return p.block()
	case p.acceptName("if"):
		return p.conditional()
	case p.acceptName("var"), p.acceptName("let"), p.acceptName("const"):
		return p.declaration()
	}
	expression, err := p.expression()
	if err != nil {
		return nil, err
	}
	return expression, p.finish()
}

// finish takes the end of a statement: a semicolon, or what JavaScript takes for one.
func (p *parser) finish() error {
	if p.accept(";") {
		return nil
	}
	next := p.peek()
	if next.newline || next.kind == symbol && next.text == "}" {
		return nil
	}
	return Unsupported("%q after a statement", next.text)
}

func (p *parser) block() (node, error) {
	var found block
	for !p.accept("}") {
		if p.peek().kind == end {
			return nil, Unsupported("a block is not closed")
		}
		statement, err := p.statement()
		if err != nil {
			return nil, err
		}
		found = append(found, statement)
	}
	return found, nil
}

func (p *parser) conditional() (node, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	condition, err := p.expression()
	if err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	then, err := p.statement()
	if err != nil {
		return nil, err
	}
	if !p.acceptName("else") {
		return choice{condition: condition, then: then}, nil
	}
	otherwise, err := p.statement()
	return choice{condition: condition, then: then, otherwise: otherwise}, err
}

func (p *parser) declaration() (node, error) {
	var found declaration
	for {
		variable := p.next()
		if variable.kind != name || reserved(variable.text) {
			return nil, Unsupported("%q where a variable's name is expected", variable.text)
		}
		var value node = constant{value: Undefined{}}
		if p.accept("=") {
			given, err := p.expression()
			if err != nil {
				return nil, err
			}
			value = given
		}
		found = append(found, assignment{name: variable.text, value: value, declares: true})
		if !p.accept(",") {
			return found, p.finish()
		}
	}
}

// reserved tells which names begin something that is not supported here.
func reserved(n string) bool {
	switch n {
	case "for", "while", "do", "switch", "function", "return", "new", "delete", "throw", "try",
		"class", "import", "export", "break", "continue", "yield", "await", "async", "void", "this",
		"if", "else", "var", "let", "const", "in", "instanceof", "typeof", "with", "case":
		return true
	default:
		return false
	}
}

func (p *parser) primary() (node, error) {
	switch w := p.next(); w.kind {
	case text:
		return constant{value: w.text}, nil
	case digits:
		parsed, err := strconv.ParseFloat(w.text, 64)
		if err != nil {
			return nil, Unsupported("the number %q", w.text)
		}
		return constant{value: parsed}, nil
	case name:
		return named(w.text)
	case symbol:
		return p.bracketed(w.text)
	default:
		return nil, Unsupported("it ends too early")
	}
}

func named(n string) (node, error) {
	switch n {
	case "true":
		return constant{value: true}, nil
	case "false":
		return constant{value: false}, nil
	case "null":
		return constant{value: nil}, nil
	case "undefined":
		return constant{value: Undefined{}}, nil
	}
	if reserved(n) {
		return nil, Unsupported("%q", n)
	}
	return variable(n), nil
}

func (p *parser) bracketed(s string) (node, error) {
	switch s {
	case "(":
		inner, err := p.expression()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	case "[":
		elements, err := p.list("]")
		return array(elements), err
	default:
		return nil, Unsupported("%q where a value is expected", s)
	}
}

// list reads expressions between commas up to the closing symbol.
func (p *parser) list(closing string) ([]node, error) {
	var found []node
	for !p.accept(closing) {
		if len(found) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		element, err := p.expression()
		if err != nil {
			return nil, err
		}
		found = append(found, element)
	}
	return found, nil
}
