package script

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind int

const (
	end kind = iota
	name
	text
	digits
	symbol
)

// word is a token of the script.
type word struct {
	kind    kind
	text    string
	newline bool // a new line begins before it
}

const (
	maxSource = 16 << 10
	maxWords  = 4000
)

// symbols lists the operators, longer ones first.
func symbols() []string {
	return []string{
		"===", "!==", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "+=",
		"(", ")", "[", "]", "{", "}", ".", ",", ";", ":", "?", "!", "<", ">", "=", "+", "-", "*", "/", "%",
	}
}

type lexer struct {
	rest    string
	newline bool
	words   []word
	symbols []string
}

func lex(source string) ([]word, error) {
	if len(source) > maxSource {
		return nil, Unsupported("it is longer than %d bytes", maxSource)
	}
	if !utf8.ValidString(source) {
		return nil, Unsupported("it is not UTF-8 text")
	}
	l := lexer{rest: source, symbols: symbols()}
	for {
		if err := l.space(); err != nil {
			return nil, err
		}
		if l.rest == "" {
			return append(l.words, word{kind: end, newline: true}), nil
		}
		if len(l.words) == maxWords {
			return nil, Unsupported("it has more than %d words", maxWords)
		}
		if err := l.one(); err != nil {
			return nil, err
		}
	}
}

// space skips white space and comments.
func (l *lexer) space() error {
	for l.rest != "" {
		r, size := utf8.DecodeRuneInString(l.rest)
		switch {
		case unicode.IsSpace(r):
			l.newline = l.newline || r == '\n'
			l.rest = l.rest[size:]
		case strings.HasPrefix(l.rest, "//"):
			_, after, found := strings.Cut(l.rest, "\n")
			l.rest, l.newline = after, l.newline || found
		case strings.HasPrefix(l.rest, "/*"):
			_, after, found := strings.Cut(l.rest[2:], "*/")
			if !found {
				return Unsupported("a comment is not closed")
			}
			l.rest = after
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) add(k kind, t string, length int) {
	l.words = append(l.words, word{kind: k, text: t, newline: l.newline})
	l.newline = false
	l.rest = l.rest[length:]
}

func (l *lexer) one() error {
	first, _ := utf8.DecodeRuneInString(l.rest)
	switch {
	case first == '\'' || first == '"':
		return l.quoted(first)
	case unicode.IsDigit(first):
		length := span(l.rest, func(r rune) bool { return unicode.IsDigit(r) || r == '.' })
		l.add(digits, l.rest[:length], length)
		return nil
	case inName(first):
		length := span(l.rest, inName)
		l.add(name, l.rest[:length], length)
		return nil
	}
	for _, s := range l.symbols {
		if strings.HasPrefix(l.rest, s) {
			l.add(symbol, s, len(s))
			return nil
		}
	}
	return Unsupported("the character %q", first)
}

func inName(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// span is the length of what the text begins with.
func span(t string, belongs func(rune) bool) int {
	for at, r := range t {
		if !belongs(r) {
			return at
		}
	}
	return len(t)
}

func (l *lexer) quoted(quote rune) error {
	var out strings.Builder
	escaped := false
	for at, r := range l.rest {
		switch {
		case at == 0:
		case escaped:
			plain, ok := unescaped(r)
			if !ok {
				return Unsupported("the escape \\%c in a text", r)
			}
			out.WriteRune(plain)
			escaped = false
		case r == '\\':
			escaped = true
		case r == '\n':
			return Unsupported("a text is not closed")
		case r == quote:
			l.add(text, out.String(), at+1)
			return nil
		default:
			out.WriteRune(r)
		}
	}
	return Unsupported("a text is not closed")
}

func unescaped(r rune) (rune, bool) {
	switch r {
	case 'n':
		return '\n', true
	case 't':
		return '\t', true
	case 'r':
		return '\r', true
	case '\\', '\'', '"', '/':
		return r, true
	default:
		return 0, false
	}
}
