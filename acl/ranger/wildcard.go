package ranger

import (
	"slices"
	"strings"
)

const (
	// anything is the pattern that everything matches.
	anything  = "*"
	wildcards = "*?"
)

// casing says whether upper and lower case are one.
type casing bool

const (
	exactCase  casing = false
	ignoreCase casing = true
)

func (c casing) fold(text string) string {
	if c == ignoreCase {
		return strings.ToLower(text)
	}
	return text
}

func (c casing) equal(a, b string) bool     { return c.fold(a) == c.fold(b) }
func (c casing) hasPrefix(a, b string) bool { return strings.HasPrefix(c.fold(a), c.fold(b)) }
func (c casing) hasSuffix(a, b string) bool { return strings.HasSuffix(c.fold(a), c.fold(b)) }

// like matches a text with a pattern in which * stands for any characters, a
// separator included, and ? for one.
func (c casing) like(text, pattern string) bool {
	return like([]rune(c.fold(text)), []rune(c.fold(pattern)))
}

func like(text, pattern []rune) bool {
	at, star, retry := 0, -1, 0
	for i := 0; i < len(text); {
		switch {
		case at < len(pattern) && pattern[at] == '*':
			star, retry = at, i
			at++
		case at < len(pattern) && (pattern[at] == '?' || pattern[at] == text[i]):
			at++
			i++
		case star >= 0:
			retry++
			at, i = star+1, retry
		default:
			return false
		}
	}
	return !slices.ContainsFunc(pattern[at:], func(r rune) bool { return r != '*' })
}

// begins tells whether a text and a pattern agree as far as the shorter goes.
func (c casing) begins(text, pattern string) bool {
	t, p := []rune(c.fold(text)), []rune(c.fold(pattern))
	for i := range min(len(t), len(p)) {
		switch p[i] {
		case '*':
			return true
		case '?', t[i]:
		default:
			return false
		}
	}
	return true
}

// elementsOf splits a path at the separator and leaves out what is empty.
func elementsOf(path string, separator byte) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == rune(separator) })
}

// likePath matches a path, or a directory above it, with a pattern. Elements of
// the pattern without wildcards, up to the first with one, must be the path's.
func (c casing) likePath(path, pattern string, separator byte) bool {
	elements, wanted := elementsOf(path, separator), elementsOf(pattern, separator)
	if path == "" {
		return false
	}
	if len(elements) == 0 {
		return c.like(path, pattern)
	}
	literal := literalElements(wanted)
	for i := range min(len(elements), literal) {
		if !c.equal(elements[i], wanted[i]) {
			return false
		}
	}
	if len(elements) <= literal {
		return len(elements) == len(wanted) || endsWith(path, separator) &&
			len(elements) == len(wanted)-1 && wanted[len(wanted)-1] == anything
	}
	upTo := ""
	if path[0] == separator {
		upTo = string(separator)
	}
	for i, element := range elements {
		upTo += element
		if i >= literal && c.like(upTo, pattern) {
			return true
		}
		upTo += string(separator)
	}
	return false
}

// literalElements counts the elements before the first with a wildcard.
func literalElements(elements []string) int {
	for i, element := range elements {
		if strings.ContainsAny(element, wildcards) {
			return i
		}
	}
	return len(elements)
}

func endsWith(text string, separator byte) bool {
	return text != "" && text[len(text)-1] == separator
}

// likeURL matches a URL, or what lies above it, with a pattern.
func (c casing) likeURL(url, pattern string, separator byte) bool {
	url = strings.TrimSpace(url)
	colon := strings.Index(url, ":")
	if !strings.Contains(url, "://") || strings.Contains(url, ":///") || len(url) < colon+len("://") {
		return false
	}
	scheme, rest := url[:colon+len("://")], url[colon+len(":/"):]
	elements := elementsOf(rest, separator)
	if len(elements) == 0 {
		return c.like(url, pattern)
	}
	for i := range elements {
		if c.like(scheme+strings.Join(elements[:i+1], string(separator)), pattern) {
			return true
		}
	}
	whole := scheme + strings.Join(elements, string(separator))
	return endsWith(url, separator) && c.like(whole+string(separator), pattern)
}
