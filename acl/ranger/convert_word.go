package ranger

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// wordKind says what a word of a filter is.
type wordKind int

const (
	endWord wordKind = iota
	nameWord
	columnWord // a name that is surely a column's
	textWord
	numberWord
	truthWord
	userWord
	symbolWord
)

// word is a word of a filter.
type word struct {
	kind wordKind
	text string
}

// maxFilter bounds what is read of a filter: longer ones are no conditions here.
const maxFilter = 16 << 10

// filterWords splits a condition of Hive into its words.
func filterWords(filter string) ([]word, error) {
	if len(filter) > maxFilter {
		return nil, errors.New("it is too long")
	}
	runes := []rune(filter)
	var words []word
	for i := 0; i < len(runes); {
		if unicode.IsSpace(runes[i]) {
			i++
			continue
		}
		found, next, err := filterWord(runes, i)
		if err != nil {
			return nil, err
		}
		words = append(words, found)
		i = next
	}
	return append(words, word{}), nil
}

func isWordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func isDigit(runes []rune, i int) bool { return i < len(runes) && runes[i] >= '0' && runes[i] <= '9' }

func filterWord(runes []rune, i int) (word, int, error) {
	r := runes[i]
	switch {
	case r == '\'' || r == '"':
		return quotedText(runes, i)
	case r == '`':
		return quotedColumn(runes, i)
	case isDigit(runes, i), r == '-' && isDigit(runes, i+1):
		return filterNumber(runes, i)
	case isWordRune(r):
		next := i
		for next < len(runes) && isWordRune(runes[next]) {
			next++
		}
		return word{nameWord, string(runes[i:next])}, next, nil
	}
	for _, symbol := range []string{"<=>", "<=", ">=", "<>", "!=", "==", "=", "<", ">", "(", ")", ","} {
		if strings.HasPrefix(string(runes[i:min(i+len("<=>"), len(runes))]), symbol) {
			return word{symbolWord, symbol}, i + len(symbol), nil
		}
	}
	return word{}, 0, fmt.Errorf("%q", string(r))
}

// quotedText reads a text, in which Hive has the escapes of C.
func quotedText(runes []rune, start int) (word, int, error) {
	var out strings.Builder
	for i := start + 1; i < len(runes); i++ {
		switch runes[i] {
		case runes[start]:
			return word{textWord, out.String()}, i + 1, nil
		case '\\':
			if i++; i == len(runes) || !strings.ContainsRune(`'"\`, runes[i]) {
				return word{}, 0, errors.New("a text with escapes")
			}
			out.WriteRune(runes[i])
		default:
			out.WriteRune(runes[i])
		}
	}
	return word{}, 0, errors.New("a text that is not closed")
}

func quotedColumn(runes []rune, start int) (word, int, error) {
	var out strings.Builder
	for i := start + 1; i < len(runes); i++ {
		switch {
		case runes[i] != '`':
			out.WriteRune(runes[i])
		case i+1 < len(runes) && runes[i+1] == '`':
			i++
			out.WriteRune('`')
		case out.Len() == 0:
			return word{}, 0, errors.New("a column without a name")
		default:
			return word{columnWord, out.String()}, i + 1, nil
		}
	}
	return word{}, 0, errors.New("a name that is not closed")
}

func filterNumber(runes []rune, start int) (word, int, error) {
	i := start + 1
	for isDigit(runes, i) || i < len(runes) && runes[i] == '.' && isDigit(runes, i+1) {
		i++
	}
	if i < len(runes) && (isWordRune(runes[i]) || runes[i] == '.') {
		return word{}, 0, fmt.Errorf("the number %s", string(runes[start:i+1]))
	}
	if strings.Count(string(runes[start:i]), ".") > 1 {
		return word{}, 0, fmt.Errorf("the number %s", string(runes[start:i]))
	}
	return word{numberWord, string(runes[start:i])}, i, nil
}
