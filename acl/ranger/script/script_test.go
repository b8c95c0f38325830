package script_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl/ranger/script"
)

// host is an object with a result that scripts set.
type host struct{ set map[string]script.Value }

func (h host) Member(name string) (script.Value, error) {
	if value, ok := h.set[name]; ok {
		return value, nil
	}
	return nil, script.Unsupported("h.%s", name)
}

func (h host) Assign(name string, value script.Value) error {
	h.set[name] = value
	return nil
}

func globals(name string) (script.Value, bool) {
	switch name {
	case "user":
		return script.Object{"name": "li", "level": "3", "groups": script.Strings([]string{"a", "b"}), "none": nil}, true
	case "h":
		return host{set: map[string]script.Value{}}, true
	case "twice":
		return script.Function(func(args []script.Value) (script.Value, error) {
			text := script.Text(script.Argument(args, 0))
			return text + text, nil
		}), true
	default:
		return nil, false
	}
}

func run(source string) (script.Value, error) {
	program, err := script.Parse(source)
	if err != nil {
		return nil, err
	}
	return program.Run(globals)
}

func TestValues(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]script.Value{
		"":                                   script.Undefined{},
		"1 + 2 * 3":                          7.0,
		"(1 + 2) * 3 % 5":                    4.0,
		"'a' + 1 + true":                     "a1true",
		"1 / 0":                              math.Inf(1),
		"'10' - 1":                           9.0,
		"-'2'":                               -2.0,
		"1 == '1' && 1 !== '1'":              true,
		"null == undefined":                  true,
		"null === undefined":                 false,
		"null == 0":                          false,
		"'b' > 'a' && '10' < '9'":            true,
		"'10' < 9":                           false,
		"user.level > 2":                     true,
		"user.nothing > 2":                   false,
		"user.nothing == null":               true,
		"user['name']":                       "li",
		"user?.none?.deeper":                 script.Undefined{},
		"user.name == 'li' ? 'yes' : 'no'":   "yes",
		"!user.nothing || false":             true,
		"user.nothing ?? 'none'":             "none",
		"user.groups.includes('b')":          true,
		"user.groups.indexOf('c')":           -1.0,
		"user.groups.length":                 2.0,
		"user.groups[1] + user.groups[7]":    "bundefined",
		"user.groups.intersects(['x','b'])":  true,
		"user.groups.join('|')":              "a|b",
		"['a', 'b'].contains('a')":           true,
		"Object.keys(user).length":           4.0,
		"user.containsKey('name')":           true,
		"user.get('nothing') == null":        true,
		"'Abc'.toLowerCase().equals('abc')":  true,
		"'Abc'.equalsIgnoreCase('aBC')":      true,
		"'a,b'.split(',')[1]":                "b",
		"'abcdef'.substring(4, 2)":           "cd",
		"'abc'.indexOf('c')":                 2.0,
		"'abc'.startsWith('ab') == true":     true,
		"'中文'.length":                        2.0,
		"typeof nothing":                     "undefined",
		"typeof user.groups":                 "object",
		"twice('ab')":                        "abab",
		"String(1.5) + Number('2')":          "1.52",
		"var a = 1, b; a = a + 1; a":         2.0,
		"var a = 'x'\na += 'y'\na":           "xy",
		"if (false) 1; else if (true) { 2 }": 2.0,
		"if (false) 1":                       script.Undefined{},
		"h.result = 1 > 0":                   true,
		"/* so */ 1 // and so":               1.0,
		`"it's" + '\'\n'`:                    "it's'\n",
		"[1, [2][0]].length":                 2.0,
	} {
		got, err := run(source)
		require.NoError(t, err, source)
		require.Equal(t, want, got, source)
	}
}

func TestRaised(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		"nothing", "nothing.more", "user.none.more", "user.nothing()", "'a'()", "null.x = 1", "Object.keys(null)",
	} {
		_, err := run(source)
		require.ErrorIs(t, err, script.ErrRaised, source)
		require.NotErrorIs(t, err, script.ErrUnsupported, source)
	}
}

func TestUnsupported(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		"for (;;) {}", "while (true) {}", "function f() {}", "new Date()", "Math.max(1, 2)", "java.lang", "x => x",
		"'a'.replace('a', 'b')", "user.groups.map(twice)", "h.nothing", "user.name = 'x'", "1 = 2", "/a/.test('a')",
		"`a`", "'a", "(1", "[1", "{ 1", "1 +", "if 1", "a ? b", "var 1", "'\\u0041'", "1 2", "user == user", "[[1]]",
		"'ab'.startsWith('b', 1)", "\xff", strings.Repeat("(", 500), strings.Repeat("!", 500) + "1",
		strings.Repeat("{", 500), strings.Repeat("1;", 5000), strings.Repeat("a", 20000),
		"var a = 'aaaaaaaaaaaaaaaa';" + strings.Repeat("a = a + a;", 40),
	} {
		_, err := run(source)
		require.ErrorIs(t, err, script.ErrUnsupported, "%.40s", source)
	}
}

func FuzzScript(f *testing.F) {
	for _, seed := range []string{"1 + 2", "if (a) ctx.result = 'b'; else c", "user.groups[0].x('y') ? 1 : [2]", "var a = 'b'"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, source string) {
		if value, err := run(source); err == nil {
			_ = script.Text(value)
		}
	})
}
