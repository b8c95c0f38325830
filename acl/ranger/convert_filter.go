package ranger

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	conditions "github.com/yitong-hub/yitong/acl/condition"
)

// hidden are the rows that a row filter hides: those on which the condition is
// not false, all without one, or none.
type hidden struct {
	condition string
	none      bool
}

// hiddenBy takes a row filter in the language of Hive. One that cannot be said
// hides all rows.
func hiddenBy(filter string) (hidden, []problem) {
	if filter == "" {
		return hidden{none: true}, nil
	}
	kept, err := parseFilter(filter)
	if err != nil {
		return hidden{}, []problem{less("the row filter "+shortened(filter), "conditions here cannot say it: "+err.Error(), "no rows are shown")}
	}
	if kept.join == constantly {
		return hidden{none: kept.holds}, nil
	}
	made := hidden{condition: not(kept).text}
	if _, err := conditions.Parse(made.condition); err != nil {
		return hidden{}, []problem{less("the row filter "+shortened(filter), "it is longer than conditions here may be", "no rows are shown")}
	}
	return made, nil
}

// test is a part of a filter as a condition here.
type test struct {
	text string
	join joining
	// holds is the outcome of one that is the same for all rows.
	holds bool
}

// joining says what a test consists of, the looser the later.
type joining int

const (
	constantly joining = iota
	alone
	negation
	allOf
	anyOf
)

// enclosed writes the test so that it may stand in one of another kind.
func (t test) enclosed(within joining) string {
	if t.join > within {
		return "(" + t.text + ")"
	}
	return t.text
}

func not(t test) test {
	if t.join == constantly {
		return test{holds: !t.holds}
	}
	return test{text: "not (" + t.text + ")", join: negation}
}

// joinTests joins tests. As in SQL one false part decides "and", one true part
// "or", whatever is not known of the others.
func joinTests(parts []test, as joining) test {
	decisive := as == anyOf
	var texts []string
	for _, part := range parts {
		switch {
		case part.join != constantly:
			texts = append(texts, part.enclosed(as))
		case part.holds == decisive:
			return part
		}
	}
	switch len(texts) {
	case 0:
		return test{holds: !decisive}
	case 1:
		return parts[slices.IndexFunc(parts, func(t test) bool { return t.join != constantly })]
	}
	word := " and "
	if as == anyOf {
		word = " or "
	}
	return test{text: strings.Join(texts, word), join: as}
}

// operand is what stands on a side of a comparison.
type operand struct {
	kind wordKind
	text string
}

// literal writes an operand as a literal of conditions.
func (o operand) literal() string {
	if o.kind == textWord {
		return "'" + strings.ReplaceAll(o.text, "'", "''") + "'"
	}
	return o.text
}

// fieldName writes a column, which Hive knows in lower case only, as a field.
func fieldName(column string) string {
	column = strings.ToLower(column)
	odd := func(r rune) bool { return !isWordRune(r) }
	first, _ := utf8.DecodeRuneInString(column)
	if strings.IndexFunc(column, odd) < 0 && !unicode.IsDigit(first) && !slices.Contains([]string{"and", "or", "not", "in", "is", "null", "like", "contains", "true", "false"}, column) {
		return column
	}
	return `"` + strings.ReplaceAll(column, `"`, `""`) + `"`
}
