package statement

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yitong-hub/yitong/internal/fault"
)

// TokenKind says what a token is.
type TokenKind int

const (
	// Word is a keyword or an identifier without quotes.
	Word TokenKind = iota
	// Quoted is an identifier in double quotes.
	Quoted
	// String is a text in quotes or dollars.
	String
	// Number is a number.
	Number
	// Sign is one character of anything else.
	Sign
)

// Token is a piece of SQL between blanks and comments.
type Token struct {
	Kind TokenKind
	// Text is the piece as it is written.
	Text string
	// At is the place of its first byte.
	At int
}

// Is reports whether the token is a word, in whatever case.
func (t Token) Is(word string) bool { return t.Kind == Word && strings.EqualFold(t.Text, word) }

// Value is what a token stands for: a text or name without its quotes, a word in
// small letters.
func (t Token) Value() string {
	switch {
	case t.Kind == Word:
		return strings.ToLower(t.Text)
	case t.Kind == Quoted:
		return strings.ReplaceAll(t.Text[1:len(t.Text)-1], `""`, `"`)
	case t.Kind == String && t.Text[0] == '$':
		tag := strings.Index(t.Text[1:], "$") + 2
		return t.Text[tag : len(t.Text)-tag]
	case t.Kind == String:
		_, text, _ := strings.Cut(t.Text, "'")
		return strings.ReplaceAll(text[:len(text)-1], "''", "'")
	}
	return t.Text
}

// Tokens takes a text apart as PostgreSQL does. A quote or comment without an end
// is an Invalid fault.
func Tokens(text string) ([]Token, error) {
	var all []Token
	for at := 0; at < len(text); {
		size, kind, blank := token(text[at:])
		if size < 0 {
			return nil, because(ErrSyntax, "the statement cannot be read as SQL: a quote or comment at character %d has no end", at+1)
		}
		if !blank {
			all = append(all, Token{kind, text[at : at+size], at})
		}
		at += size
	}
	return all, nil
}

func because(refusal RefusalError, format string, args ...any) error {
	return fault.Wrap(refusal, fault.Invalid, format, args...)
}

// token measures the token that a text begins with; -1 says that it has no end.
func token(text string) (size int, kind TokenKind, blank bool) {
	first, width := utf8.DecodeRuneInString(text)
	switch {
	case unicode.IsSpace(first):
		return width, Sign, true
	case strings.HasPrefix(text, "--"):
		if end := strings.IndexByte(text, '\n'); end >= 0 {
			return end + 1, Sign, true
		}
		return len(text), Sign, true
	case strings.HasPrefix(text, "/*"):
		return comment(text), Sign, true
	case first == '\'':
		return quoted(text, 0, '\'', false), String, false
	case first == '"':
		return quoted(text, 0, '"', false), Quoted, false
	case (first == 'E' || first == 'e') && strings.HasPrefix(text[1:], "'"):
		return quoted(text, 1, '\'', true), String, false
	case first == '$':
		if size := dollars(text); size != 0 {
			return size, String, false
		}
		return width, Sign, false
	case first >= '0' && first <= '9':
		return span(text, func(r rune) bool { return r == '.' || inWord(r) }), Number, false
	case inWord(first):
		return span(text, func(r rune) bool { return r == '$' || inWord(r) }), Word, false
	}
	return width, Sign, false
}

func inWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func span(text string, in func(rune) bool) int {
	if end := strings.IndexFunc(text, func(r rune) bool { return !in(r) }); end >= 0 {
		return end
	}
	return len(text)
}

// comment measures a comment, which may hold others.
func comment(text string) int {
	depth := 0
	for at := 0; at < len(text)-1; at++ {
		switch text[at : at+2] {
		case "/*":
			depth++
			at++
		case "*/":
			depth--
			at++
		}
		if depth == 0 {
			return at + 1
		}
	}
	return -1
}

// quoted measures a text from its quote at a place on; a double quote stands for
// one, and a backslash, where it counts, for what comes behind it.
func quoted(text string, at int, quote byte, backslash bool) int {
	for at++; at < len(text); at++ {
		switch {
		case backslash && text[at] == '\\':
			at++
		case text[at] == quote && at+1 < len(text) && text[at+1] == quote:
			at++
		case text[at] == quote:
			return at + 1
		}
	}
	return -1
}

// dollars measures a text as $$x$$ or $tag$x$tag$; 0 says that it is none.
func dollars(text string) int {
	end := strings.IndexByte(text[1:], '$')
	if end < 0 {
		return 0
	}
	tag := text[:end+2]
	name := tag[1 : len(tag)-1]
	if strings.ContainsFunc(name, func(r rune) bool { return !inWord(r) }) || name != "" && name[0] >= '0' && name[0] <= '9' {
		return 0
	}
	closing := strings.Index(text[len(tag):], tag)
	if closing < 0 {
		return -1
	}
	return closing + 2*len(tag)
}

// Split takes a text apart into its statements, without the empty ones.
func Split(text string) ([]string, error) {
	tokens, err := Tokens(text)
	if err != nil {
		return nil, err
	}
	var all []string
	begin := -1
	for i, one := range tokens {
		switch {
		case one.Text == ";" && begin >= 0:
			all = append(all, text[begin:one.At])
			begin = -1
		case one.Text != ";" && begin < 0:
			begin = tokens[i].At
		}
	}
	if begin >= 0 {
		all = append(all, text[begin:])
	}
	return all, nil
}
