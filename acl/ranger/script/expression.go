package script

// precedence gives the operators of each level, loosest first.
func precedence() [][]string {
	return [][]string{
		{"??"}, {"||"}, {"&&"}, {"==", "!=", "===", "!=="}, {"<", ">", "<=", ">="}, {"+", "-"}, {"*", "/", "%"},
	}
}

func (p *parser) expression() (node, error) {
	leave, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer leave()
	left, err := p.binary(precedence())
	if err != nil {
		return nil, err
	}
	switch {
	case p.accept("?"):
		return p.ternary(left)
	case p.accept("="):
		return p.assign(left, false)
	case p.accept("+="):
		return p.assign(left, true)
	default:
		return left, nil
	}
}

func (p *parser) ternary(condition node) (node, error) {
	then, err := p.expression()
	if err != nil {
		return nil, err
	}
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	otherwise, err := p.expression()
	return choice{condition: condition, then: then, otherwise: otherwise}, err
}

func (p *parser) assign(target node, adds bool) (node, error) {
	value, err := p.expression()
	if err != nil {
		return nil, err
	}
	if adds {
		value = operation{operator: "+", left: target, right: value}
	}
	switch t := target.(type) {
	case variable:
		return assignment{name: string(t), value: value}, nil
	case member:
		return memberAssignment{target: t, value: value}, nil
	default:
		return nil, Unsupported("an assignment to this")
	}
}

func (p *parser) binary(levels [][]string) (node, error) {
	if len(levels) == 0 {
		return p.unary()
	}
	left, err := p.binary(levels[1:])
	if err != nil {
		return nil, err
	}
	for {
		operator, ok := p.acceptAny(levels[0])
		if !ok {
			return left, nil
		}
		right, err := p.binary(levels[1:])
		if err != nil {
			return nil, err
		}
		left = operation{operator: operator, left: left, right: right}
	}
}

func (p *parser) acceptAny(operators []string) (string, bool) {
	for _, operator := range operators {
		if p.accept(operator) {
			return operator, true
		}
	}
	return "", false
}

func (p *parser) unary() (node, error) {
	leave, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer leave()
	operator, ok := p.acceptAny([]string{"!", "-", "+"})
	if !ok && p.acceptName("typeof") {
		operator, ok = "typeof", true
	}
	if !ok {
		return p.postfix()
	}
	operand, err := p.unary()
	return sign{operator: operator, operand: operand}, err
}

func (p *parser) postfix() (node, error) {
	found, err := p.primary()
	for err == nil {
		switch {
		case p.accept("."), p.accept("?."):
			found, err = p.member(found, p.words[p.at-1].text == "?.")
		case p.accept("["):
			found, err = p.index(found)
		case p.accept("("):
			var args []node
			args, err = p.list(")")
			found = call{function: found, args: args}
		default:
			return found, nil
		}
	}
	return nil, err
}

func (p *parser) member(object node, optional bool) (node, error) {
	w := p.next()
	if w.kind != name {
		return nil, Unsupported("%q where a member's name is expected", w.text)
	}
	return member{object: object, name: constant{value: w.text}, optional: optional}, nil
}

func (p *parser) index(object node) (node, error) {
	inner, err := p.expression()
	if err != nil {
		return nil, err
	}
	return member{object: object, name: inner}, p.expect("]")
}
