package script

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Value is what a script works on: nil (null), [Undefined], bool, float64,
// string, [List], [Object], [Function] or a [Host].
type Value any

// Undefined is JavaScript's undefined.
type Undefined struct{}

// List is an array, or a collection of the host.
type List []Value

// Object is a map with text keys.
type Object map[string]Value

// Function is something that can be called.
type Function func(args []Value) (Value, error)

// Host is an object whose members the caller supplies.
type Host interface {
	// Member gives a member; an error wrapping ErrUnsupported says that it is not known.
	Member(name string) (Value, error)
	// Assign sets a member.
	Assign(name string, value Value) error
}

var (
	// ErrUnsupported is wrapped by errors for what this package cannot evaluate.
	ErrUnsupported = errors.New("the script uses what is not supported")
	// ErrRaised is wrapped by errors that JavaScript would raise as well.
	ErrRaised = errors.New("the script fails")
)

// maxText bounds the text that a script can build up.
const maxText = 64 << 10

// Unsupported makes an error that wraps ErrUnsupported.
func Unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
}

func raised(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRaised, fmt.Sprintf(format, args...))
}

// Strings makes a list of texts.
func Strings(texts []string) List {
	list := make(List, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

// Truth tells how JavaScript takes a value in a condition.
func Truth(value Value) bool {
	switch v := value.(type) {
	case nil, Undefined:
		return false
	case bool:
		return v
	case float64:
		return v != 0 && !math.IsNaN(v)
	case string:
		return v != ""
	default:
		return true
	}
}

// Missing tells whether a value is null or undefined.
func Missing(value Value) bool {
	switch value.(type) {
	case nil, Undefined:
		return true
	default:
		return false
	}
}

// Text gives a value as JavaScript writes it.
func Text(value Value) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case Undefined:
		return "undefined"
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return numberText(v)
	case string:
		return v
	case List:
		return joined(v, ",")
	default:
		return "[object Object]"
	}
}

func numberText(number float64) string {
	switch {
	case math.IsNaN(number):
		return "NaN"
	case math.IsInf(number, 1):
		return "Infinity"
	case math.IsInf(number, -1):
		return "-Infinity"
	case math.Abs(number) >= 1e21:
		return strconv.FormatFloat(number, 'g', -1, 64)
	default:
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
}

// joined writes a list with a separator; what is missing is written as nothing.
func joined(list List, separator string) string {
	parts := make([]string, len(list))
	for i, value := range list {
		if !Missing(value) {
			parts[i] = Text(value)
		}
	}
	return strings.Join(parts, separator)
}

func number(value Value) float64 {
	switch v := value.(type) {
	case nil:
		return 0
	case bool:
		if v {
			return 1
		}
		return 0
	case float64:
		return v
	case string:
		return textNumber(v)
	case List:
		return textNumber(Text(v))
	default:
		return math.NaN()
	}
}

func textNumber(text string) float64 {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0
	}
	for _, r := range text {
		if !strings.ContainsRune("0123456789.eE+-", r) {
			return math.NaN()
		}
	}
	parsed, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return math.NaN()
	}
	return parsed
}

// same is JavaScript's ===.
func same(left, right Value) bool {
	switch l := left.(type) {
	case nil:
		return right == nil
	case Undefined:
		_, ok := right.(Undefined)
		return ok
	case bool:
		r, ok := right.(bool)
		return ok && l == r
	case float64:
		r, ok := right.(float64)
		return ok && l == r
	case string:
		r, ok := right.(string)
		return ok && l == r
	default:
		return false
	}
}

// equal is JavaScript's ==.
func equal(left, right Value) bool {
	if Missing(left) || Missing(right) {
		return Missing(left) && Missing(right)
	}
	_, leftText := left.(string)
	_, rightText := right.(string)
	_, leftList := left.(List)
	_, rightList := right.(List)
	switch {
	case leftText && rightText:
		return left == right
	case leftList && rightList:
		return false
	case leftText && rightList, leftList && rightText:
		return Text(left) == Text(right)
	default:
		return number(left) == number(right)
	}
}
