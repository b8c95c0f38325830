package script

import (
	"errors"
	"math"
	"slices"
	"strings"
)

func isUnsupported(err error) bool { return errors.Is(err, ErrUnsupported) }

// global gives the names that JavaScript itself has.
func global(n string) (Value, error) {
	switch n {
	case "Object":
		return Object{"keys": Function(keys)}, nil
	case "NaN":
		return math.NaN(), nil
	case "String":
		return Function(func(args []Value) (Value, error) { return Text(Argument(args, 0)), nil }), nil
	case "Number":
		return Function(func(args []Value) (Value, error) { return number(Argument(args, 0)), nil }), nil
	case "Array", "Boolean", "Date", "Infinity", "JSON", "Java", "JavaImporter", "Map", "Math", "Packages",
		"Polyglot", "Promise", "RegExp", "Set", "Symbol", "console", "eval", "globalThis", "isFinite", "isNaN",
		"java", "load", "org", "parseFloat", "parseInt", "print":
		return nil, Unsupported("%s", n)
	default:
		return nil, raised("%s is not defined", n)
	}
}

// Argument gives an argument of a call, or undefined when it is not given.
func Argument(args []Value, at int) Value {
	if at < len(args) {
		return args[at]
	}
	return Undefined{}
}

func keys(args []Value) (Value, error) {
	switch v := Argument(args, 0).(type) {
	case Object:
		names := make([]string, 0, len(v))
		for key := range v {
			names = append(names, key)
		}
		slices.Sort(names)
		return Strings(names), nil
	case nil, Undefined:
		return nil, raised("no object to take keys of")
	default:
		return nil, Unsupported("keys of what is no object")
	}
}

func memberOf(object, key Value) (Value, error) {
	switch o := object.(type) {
	case nil, Undefined:
		return nil, raised("%s has no member %s", Text(object), Text(key))
	case Object:
		return fieldOf(o, Text(key)), nil
	case Host:
		return o.Member(Text(key))
	case string:
		return textMember(o, key)
	case List:
		return listMember(o, key)
	default:
		return nil, Unsupported("the member %s of a %s", Text(key), typeName(object))
	}
}

// fieldOf gives a field, or what a map of the host would have under the name.
func fieldOf(object Object, key string) Value {
	if value, ok := object[key]; ok {
		return value
	}
	switch key {
	case "get":
		return Function(func(args []Value) (Value, error) { return object[Text(Argument(args, 0))], nil })
	case "containsKey":
		return Function(func(args []Value) (Value, error) {
			_, ok := object[Text(Argument(args, 0))]
			return ok, nil
		})
	case "size":
		return Function(func([]Value) (Value, error) { return float64(len(object)), nil })
	case "isEmpty":
		return Function(func([]Value) (Value, error) { return len(object) == 0, nil })
	default:
		return Undefined{}
	}
}

func listMember(list List, key Value) (Value, error) {
	if at, ok := key.(float64); ok {
		return placed(len(list), at, func(i int) Value { return list[i] }), nil
	}
	switch n := Text(key); n {
	case "length":
		return float64(len(list)), nil
	case "size":
		return Function(func([]Value) (Value, error) { return float64(len(list)), nil }), nil
	case "isEmpty":
		return Function(func([]Value) (Value, error) { return len(list) == 0, nil }), nil
	case "includes", "contains":
		return Function(func(args []Value) (Value, error) { return indexIn(list, Argument(args, 0)) >= 0, nil }), nil
	case "indexOf":
		return Function(func(args []Value) (Value, error) { return float64(indexIn(list, Argument(args, 0))), nil }), nil
	case "intersects":
		return Function(func(args []Value) (Value, error) { return intersects(list, Argument(args, 0)), nil }), nil
	case "join":
		return Function(func(args []Value) (Value, error) { return join(list, args) }), nil
	default:
		return nil, Unsupported("the member %s of a list", n)
	}
}

// placed gives an element by its place, or undefined outside.
func placed(length int, at float64, element func(int) Value) Value {
	if at < 0 || at >= float64(length) || at != math.Trunc(at) {
		return Undefined{}
	}
	return element(int(at))
}

func indexIn(list List, wanted Value) int {
	return slices.IndexFunc(list, func(value Value) bool { return same(value, wanted) })
}

func intersects(list List, other Value) bool {
	others, ok := other.(List)
	return ok && slices.ContainsFunc(others, func(value Value) bool { return indexIn(list, value) >= 0 })
}

func join(list List, args []Value) (Value, error) {
	separator := ","
	if len(args) > 0 {
		separator = Text(args[0])
	}
	out := joined(list, separator)
	if len(out) > maxText {
		return nil, Unsupported("a text of more than %d bytes", maxText)
	}
	return out, nil
}

// textTest gives the functions that ask something of a text and another.
func textTest(t, n string) (func(other string) bool, bool) {
	switch n {
	case "includes", "contains":
		return func(other string) bool { return strings.Contains(t, other) }, true
	case "equals":
		return func(other string) bool { return t == other }, true
	case "equalsIgnoreCase":
		return func(other string) bool { return strings.EqualFold(t, other) }, true
	case "startsWith":
		return func(other string) bool { return strings.HasPrefix(t, other) }, true
	case "endsWith":
		return func(other string) bool { return strings.HasSuffix(t, other) }, true
	default:
		return nil, false
	}
}

func textMember(t string, key Value) (Value, error) {
	runes := []rune(t)
	if at, ok := key.(float64); ok {
		return placed(len(runes), at, func(i int) Value { return string(runes[i]) }), nil
	}
	n := Text(key)
	if test, ok := textTest(t, n); ok {
		return Function(func(args []Value) (Value, error) {
			if len(args) > 1 {
				return nil, Unsupported("%s with a place", n)
			}
			return test(Text(Argument(args, 0))), nil
		}), nil
	}
	switch n {
	case "length":
		return float64(len(runes)), nil
	case "isEmpty":
		return Function(func([]Value) (Value, error) { return t == "", nil }), nil
	case "toLowerCase":
		return Function(func([]Value) (Value, error) { return strings.ToLower(t), nil }), nil
	case "toUpperCase":
		return Function(func([]Value) (Value, error) { return strings.ToUpper(t), nil }), nil
	case "trim":
		return Function(func([]Value) (Value, error) { return strings.TrimSpace(t), nil }), nil
	case "toString":
		return Function(func([]Value) (Value, error) { return t, nil }), nil
	case "indexOf":
		return Function(func(args []Value) (Value, error) { return indexOf(t, args) }), nil
	case "substring":
		return Function(func(args []Value) (Value, error) { return substring(runes, args), nil }), nil
	case "split":
		return Function(func(args []Value) (Value, error) { return split(t, args) }), nil
	default:
		return nil, Unsupported("the member %s of a text", n)
	}
}

func indexOf(t string, args []Value) (Value, error) {
	if len(args) > 1 {
		return nil, Unsupported("indexOf with a place")
	}
	before, _, found := strings.Cut(t, Text(Argument(args, 0)))
	if !found {
		return float64(-1), nil
	}
	return float64(len([]rune(before))), nil
}

func substring(runes []rune, args []Value) Value {
	place := func(at int, otherwise int) int {
		value := Argument(args, at)
		if _, missing := value.(Undefined); missing {
			return otherwise
		}
		n := number(value)
		if math.IsNaN(n) {
			return 0
		}
		return int(min(max(n, 0), float64(len(runes))))
	}
	from, to := place(0, 0), place(1, len(runes))
	return string(runes[min(from, to):max(from, to)])
}

func split(t string, args []Value) (Value, error) {
	separator, ok := Argument(args, 0).(string)
	switch {
	case len(args) == 0:
		return List{t}, nil
	case !ok || len(args) > 1:
		return nil, Unsupported("split by what is no text")
	default:
		return Strings(strings.Split(t, separator)), nil
	}
}
