package acl

import "strings"

// matchesName reports whether a name fits a pattern, in which "*" stands for
// any text, the empty one too.
func matchesName(pattern, name string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, first)
	if !ok {
		return false
	}
	for {
		part, further, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(name, part)
		}
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name, rest = name[at+len(part):], further
	}
}

// matchesAny reports whether a name fits one of the patterns.
func matchesAny(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if matchesName(pattern, name) {
			return true
		}
	}
	return false
}

func isPattern(text string) bool { return strings.Contains(text, "*") }
