package warehouse

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxInlined bounds the texts that are written into a statement.
const maxInlined = 1024

// Secret is a value that no statement's text may hold: errors of the engine repeat
// the text. A statement with one keeps all its parameters.
type Secret string

// plain gives the arguments as the engine's driver takes them.
func plain(args []any) []any {
	made := slices.Clone(args)
	for i, arg := range made {
		if secret, is := arg.(Secret); is {
			made[i] = string(secret)
		}
	}
	return made
}

// inlined writes short values into a statement in the place of its parameters.
// DuckDB plans a statement with parameters when it is prepared and once more when
// it is run; one without them only once, which is a third of a read by key. What
// is not certain to mean the same stays a parameter, and so do all with it.
func inlined(statement string, args []any) (string, []any) {
	if len(args) == 0 {
		return statement, args
	}
	var made strings.Builder
	made.Grow(len(statement) + 64)
	left := args
	for i := 0; i < len(statement); {
		switch c := statement[i]; {
		case c == '\'' || c == '"':
			end := closing(statement, i)
			if end < 0 || i > 0 && isWordByte(statement[i-1]) { // E'…' has escapes of its own
				return statement, args
			}
			made.WriteString(statement[i:end])
			i = end
			continue
		case c == '$' || strings.HasPrefix(statement[i:], "--") || strings.HasPrefix(statement[i:], "/*"):
			return statement, args
		case c == '?':
			if len(left) == 0 {
				return statement, args
			}
			constant, ok := constantOf(left[0])
			if !ok {
				return statement, args
			}
			made.WriteString(constant)
			left = left[1:]
		default:
			made.WriteByte(c)
		}
		i++
	}
	if len(left) > 0 {
		return statement, args
	}
	return made.String(), nil
}

// closing gives the place behind a quoted part; two quotes inside stand for one.
func closing(statement string, start int) int {
	quote := statement[start]
	for i := start + 1; i < len(statement); i++ {
		if statement[i] != quote {
			continue
		}
		if i+1 < len(statement) && statement[i+1] == quote {
			i++
			continue
		}
		return i + 1
	}
	return -1
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

// constantOf writes a value as a constant. Numbers stand in brackets: a minus
// behind another one would begin a comment.
func constantOf(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return Literal(value), len(value) <= maxInlined && utf8.ValidString(value) && !strings.ContainsRune(value, 0)
	case bool:
		return strings.ToUpper(strconv.FormatBool(value)), true
	case int64:
		return "(" + strconv.FormatInt(value, 10) + ")", true
	case int:
		return "(" + strconv.Itoa(value) + ")", true
	}
	return "", false
}
