package standard

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
)

// Rule names that the defaults use.
const (
	ruleTrim        = "trim"
	ruleHalfwidth   = "halfwidth"
	ruleNullIfEmpty = "null_if_empty"
	ruleDate        = "date"
)

// blanks are the characters at the ends of a value that trim removes: Chinese
// systems pad with the ideographic space and export no-break spaces.
const blanks = " \t\r\n\u3000\u00a0\ufeff"

// rules maps a rule's name to the expression that applies it to a text expression.
var rules = map[string]func(text string) string{
	ruleTrim:          strip,
	ruleHalfwidth:     func(t string) string { return translate(t, fullForms, halfForms) },
	"fullwidth":       func(t string) string { return fmt.Sprintf("translate(%s, %s, %s)", t, halfForms, fullForms) },
	"upper":           func(t string) string { return "upper(" + t + ")" },
	"lower":           func(t string) string { return "lower(" + t + ")" },
	"digits":          func(t string) string { return fmt.Sprintf("regexp_replace(%s, '[^0-9]', '', 'g')", t) },
	ruleNullIfEmpty:   func(t string) string { return fmt.Sprintf("nullif(%s, '')", t) },
	"collapse_spaces": func(t string) string { return fmt.Sprintf("regexp_replace(%s, '[\\s\u3000\u00a0]+', ' ', 'g')", t) },
	ruleDate:          func(t string) string { return t }, // parsing is the type's matter
	"money":           money,
	"phone":           phone,
	"name":            name,
}

// Rules lists the names of all rules.
func Rules() []string { return slices.Sorted(maps.Keys(rules)) }

var fullForms, halfForms = forms()

// forms gives the full-width forms of ASCII and the space, and their
// half-width counterparts, as SQL constants.
func forms() (full, half string) {
	var wide, narrow strings.Builder
	for r := '!'; r <= '~'; r++ {
		wide.WriteRune(r + 0xfee0)
		narrow.WriteRune(r)
	}
	wide.WriteRune('\u3000')
	narrow.WriteRune(' ')
	return warehouse.Literal(wide.String()), warehouse.Literal(narrow.String())
}

// translate skips values in pure ASCII, which most are: they have as many
// bytes as characters.
func translate(text, from, to string) string {
	return fmt.Sprintf("CASE WHEN strlen(%[1]s) = length(%[1]s) THEN %[1]s ELSE translate(%[1]s, %[2]s, %[3]s) END", text, from, to)
}

// money takes currency signs, thousands separators and spaces away; brackets
// mean a negative amount, as accountants write it.
func money(text string) string {
	narrow := translate(text, fullForms, halfForms)
	bare := fmt.Sprintf("regexp_replace(%s, '[¥￥$,\\s元]|RMB|CNY', '', 'g')", narrow)
	return fmt.Sprintf("regexp_replace(%s, '^\\((.*)\\)$', '-\\1')", bare)
}

// phone takes spaces, dashes and China's country code away.
func phone(text string) string {
	narrow := translate(text, fullForms, halfForms)
	bare := fmt.Sprintf("regexp_replace(%s, '[\\s()\\-]', '', 'g')", narrow)
	return fmt.Sprintf("regexp_replace(%s, '^(\\+|00)?86(1\\d{10})$', '\\2')", bare)
}

// name takes the spaces out of a Chinese name ("张  三"), collapses those of
// others, and writes the dot of transliterated names in one way.
func name(text string) string {
	dotted := fmt.Sprintf("translate(%s, '•・‧●', '····')", text)
	joined := fmt.Sprintf("regexp_replace(%s, '(\\p{Han})[\\s\u3000\u00a0]+', '\\1', 'g')", dotted)
	single := fmt.Sprintf("regexp_replace(%s, '[\\s\u3000\u00a0]+', ' ', 'g')", joined)
	return strip(single)
}

func strip(text string) string { return fmt.Sprintf("trim(%s, %s)", text, warehouse.Literal(blanks)) }

// trimmed is strip of a column, which looks at the first character and the last
// bytes before it decodes the whole value: that takes a third of the time, and
// few values have blanks there. It names the column often, so that it is for
// values that are trimmed and nothing else.
func trimmed(column string) string {
	var first []string
	var padded strings.Builder
	for _, blank := range blanks {
		first = append(first, strconv.Itoa(int(blank)))
		fmt.Fprintf(&padded, " OR suffix(%s, %s)", column, warehouse.Literal(string(blank)))
	}
	return fmt.Sprintf("CASE WHEN unicode(%s) IN (%s)%s THEN %s ELSE %s END",
		column, strings.Join(first, ", "), padded.String(), strip(column), column)
}

// apply wraps text in the named rules, the first innermost.
func apply(text string, names []string) (string, error) {
	for _, rule := range names {
		compile, ok := rules[rule]
		if !ok {
			return "", fault.New(fault.Invalid, "unknown rule %q: the rules are %s", rule, strings.Join(Rules(), ", "))
		}
		text = compile(text)
	}
	return text, nil
}

// mapCodes replaces code values; what is not in the map stays as it is.
func mapCodes(text string, codes map[string]string) string {
	if len(codes) == 0 {
		return text
	}
	var b strings.Builder
	b.WriteString("CASE " + text)
	for _, from := range slices.Sorted(maps.Keys(codes)) {
		fmt.Fprintf(&b, " WHEN %s THEN %s", warehouse.Literal(from), warehouse.Literal(codes[from]))
	}
	b.WriteString(" ELSE " + text + " END")
	return b.String()
}
