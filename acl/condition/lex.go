package condition

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yitong-hub/yitong/internal/fault"
)

type kind int

const (
	end kind = iota
	name
	quotedName
	text
	number
	symbol
	element
	attribute
	// plain is a value from elsewhere: what it means depends on the type of the field.
	plain
)

// token is a word of the condition with its place, counted in characters from 1.
type token struct {
	kind kind
	text string
	at   int
}

const (
	// maxText and maxTokens bound what is worth reading.
	maxText   = 16 << 10
	maxTokens = 2000
)

func lex(source string) ([]token, error) {
	if len(source) > maxText {
		return nil, fault.New(fault.Invalid, "the condition is longer than %d bytes", maxText)
	}
	if !utf8.ValidString(source) {
		return nil, fault.New(fault.Invalid, "the condition is not UTF-8 text")
	}
	runes := []rune(source)
	var tokens []token
	for i := 0; i < len(runes); {
		r := runes[i]
		if unicode.IsSpace(r) {
			i++
			continue
		}
		if len(tokens) == maxTokens {
			return nil, fault.New(fault.Invalid, "the condition has more than %d words", maxTokens)
		}
		found, next, err := one(runes, i)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, found)
		i = next
	}
	return append(tokens, token{kind: end, at: len(runes) + 1}), nil
}

func one(runes []rune, i int) (token, int, error) {
	r := runes[i]
	switch {
	case r == '\'':
		return enclosed(runes, i, text)
	case r == '"':
		return enclosed(runes, i, quotedName)
	case isWord(r) && !unicode.IsDigit(r):
		next := behind(runes, i, isWord)
		return token{name, string(runes[i:next]), i + 1}, next, nil
	case r == '#' || r == '@':
		next := behind(runes, i+1, func(r rune) bool { return isWord(r) || r == '.' })
		kind := map[rune]kind{'#': element, '@': attribute}[r]
		return token{kind, string(runes[i+1 : next]), i + 1}, next, nil
	case r >= '0' && r <= '9' || (r == '-' || r == '+') && i+1 < len(runes) && runes[i+1] >= '0' && runes[i+1] <= '9':
		next := i + 1
		for next < len(runes) && (runes[next] >= '0' && runes[next] <= '9' || runes[next] == '.') {
			next++
		}
		return token{number, string(runes[i:next]), i + 1}, next, nil
	}
	for _, known := range []string{"<=", ">=", "!=", "<>", "=", "<", ">", "(", ")", ","} {
		if strings.HasPrefix(string(runes[i:min(i+2, len(runes))]), known) {
			return token{symbol, known, i + 1}, i + len(known), nil
		}
	}
	return token{}, 0, fault.New(fault.Invalid, "condition, character %d: %q has no meaning here; text stands in '…'", i+1, string(r))
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

// behind gives the place behind the runes that belong together.
func behind(runes []rune, i int, belongs func(rune) bool) int {
	for i < len(runes) && belongs(runes[i]) {
		i++
	}
	return i
}

// enclosed reads up to the closing quote; two of them stand for one.
func enclosed(runes []rune, start int, as kind) (token, int, error) {
	var b strings.Builder
	for i := start + 1; i < len(runes); i++ {
		if runes[i] != runes[start] {
			b.WriteRune(runes[i])
			continue
		}
		if i+1 < len(runes) && runes[i+1] == runes[start] {
			b.WriteRune(runes[i])
			i++
			continue
		}
		return token{as, b.String(), start + 1}, i + 1, nil
	}
	return token{}, 0, fault.New(fault.Invalid, "condition, character %d: the %c that begins here is not closed", start+1, runes[start])
}
