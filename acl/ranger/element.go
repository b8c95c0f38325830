package ranger

import "strings"

// expander puts what a request has into what a policy says.
type expander interface {
	token(name string) (string, bool)
	expressions(text string) string
}

// elementMatcher matches the values of one level of requests with a policy's.
type elementMatcher struct {
	any      bool
	excludes bool
	patterns []pattern
}

// pattern is one value of a policy.
type pattern struct {
	text      string
	test      func(value, pattern string) bool
	begins    func(value, pattern string) bool
	child     func(value, pattern string) bool // nil where there is none
	tokens    tokens
	hasTokens bool
	hasExpr   bool
}

// matcherKind says which of Ranger's matchers a level has.
type matcherKind int

const (
	plainMatcher matcherKind = iota
	pathMatcher
	urlMatcher
)

func kindOf(class string) matcherKind {
	switch className(class) {
	case "RangerPathResourceMatcher":
		return pathMatcher
	case "RangerURLResourceMatcher":
		return urlMatcher
	default:
		return plainMatcher
	}
}

// patternMaker makes the patterns of one level.
type patternMaker struct {
	kind      matcherKind
	recursive bool
	wild      bool
	quoted    string // the characters that begin names whose case counts
	casing    casing
	separator byte
	tokens    tokens
	exprs     bool
}

func newElementMatcher(level *level, resource PolicyResource) *elementMatcher {
	options := level.options
	maker := patternMaker{
		kind:      level.matcher,
		recursive: resource.Recursive.Or(false),
		wild:      optionFlag(options, "wildCard", true),
		casing:    casing(optionFlag(options, "ignoreCase", true)),
		separator: optionByte(options, "pathSeparatorChar", '/'),
		tokens:    tokensOf(options),
		exprs:     optionFlag(options, "replaceReqExpressions", true),
	}
	if maker.kind != pathMatcher && optionFlag(options, "quotedCaseSensitive", false) {
		maker.quoted = `"`
		if chars := options["quoteChars"]; chars != "" {
			maker.quoted = chars
		}
	}
	return maker.matcher(resource)
}

func (m *patternMaker) matcher(resource PolicyResource) *elementMatcher {
	made := &elementMatcher{excludes: resource.Excludes.Or(false)}
	for _, value := range resource.Values {
		if value == "" {
			continue
		}
		if m.wild && m.everything(value) {
			made.any = true
			return made
		}
		made.patterns = append(made.patterns, m.pattern(value))
	}
	made.any = len(made.patterns) == 0
	return made
}

// everything tells whether a value matches all; a recursive one only as a single star.
func (m *patternMaker) everything(value string) bool {
	if m.kind != plainMatcher && m.recursive {
		return value == anything
	}
	return strings.Trim(value, anything) == ""
}

func (m *patternMaker) pattern(value string) pattern {
	made := pattern{
		tokens:    m.tokens,
		hasTokens: m.tokens.in(value),
		hasExpr:   m.exprs && strings.Contains(value, exprStart),
	}
	if m.kind != plainMatcher && m.recursive {
		m.recursivePattern(&made, value)
	} else {
		m.plainPattern(&made, value)
	}
	return made
}

// plainPattern tells apart what has a wildcard at one end only, as Ranger does:
// there, wildcards that a token brings with it do not count.
func (m *patternMaker) plainPattern(made *pattern, value string) {
	inner := strings.Trim(value, anything)
	made.text, made.begins = value, m.beginning
	switch {
	case !m.wild || !strings.ContainsAny(value, wildcards):
		made.test = m.equal
	case strings.ContainsAny(inner, wildcards), strings.HasPrefix(value, anything) && strings.HasSuffix(value, anything):
		made.test = func(v, p string) bool { return m.caseOf(v).like(v, p) }
		made.begins = func(v, p string) bool { return m.caseOf(v).begins(v, p) }
	case strings.HasPrefix(value, anything):
		made.text = inner
		made.test = func(v, p string) bool { return m.caseOf(v).hasSuffix(v, p) }
		made.begins = func(string, string) bool { return true }
	default:
		made.text = inner
		made.test = func(v, p string) bool { return m.caseOf(v).hasPrefix(v, p) }
	}
	if m.kind == pathMatcher {
		made.child = m.parentTest(made.test)
	}
}

func (m *patternMaker) equal(value, pattern string) bool {
	return m.caseOf(value).equal(value, pattern)
}

func (m *patternMaker) beginning(value, pattern string) bool {
	return m.caseOf(value).hasPrefix(pattern, value)
}

// caseOf says whether case counts for a value: it does for quoted names where
// the definition says so.
func (m *patternMaker) caseOf(value string) casing {
	if m.quoted != "" {
		return casing(value == "" || !strings.ContainsRune(m.quoted, rune(value[0])))
	}
	return m.casing
}

func (m *patternMaker) recursivePattern(made *pattern, value string) {
	if m.wild && endsWith(value, m.separator) {
		value += anything
	}
	made.text = value
	made.begins = m.casing.begins
	switch {
	case !m.wild || !strings.ContainsAny(value, wildcards):
		made.test = m.below
		parent := m.parentTest(m.casing.equal)
		made.child = func(v, p string) bool { return parent(v, strings.TrimSuffix(p, string(m.separator))) }
		if m.kind == urlMatcher {
			made.begins = func(v, p string) bool { return m.casing.hasPrefix(p, v) }
		}
	case m.kind == pathMatcher:
		made.test = func(v, p string) bool { return m.casing.likePath(v, p, m.separator) }
		made.child = m.parentTest(made.test)
	default:
		made.test = func(v, p string) bool { return m.casing.likeURL(v, p, m.separator) }
	}
	if m.kind == urlMatcher {
		made.child = nil
	}
}

// below matches a path itself and what lies under it.
func (m *patternMaker) below(value, pattern string) bool {
	pattern = strings.TrimSuffix(pattern, string(m.separator))
	return m.casing.equal(value, pattern) || m.casing.hasPrefix(value, pattern+string(m.separator))
}

// parentTest matches a directory in which the pattern names something.
func (m *patternMaker) parentTest(test func(value, pattern string) bool) func(value, pattern string) bool {
	return func(value, pattern string) bool {
		last := strings.LastIndexByte(pattern, m.separator)
		return last >= 0 && test(strings.TrimSuffix(value, string(m.separator)), pattern[:last])
	}
}

// matches tells whether a level of a request is what the policy names.
func (e *elementMatcher) matches(value Element, scope ElementScope, x expander) bool {
	everything := value.everything() && scope != ElementSelfOrPrefix
	matched := e.any
	if !everything && !e.any {
		matched = e.matchesOne(value, scope, x)
	}
	if e.excludes && (!everything || e.any) {
		return !matched
	}
	return matched
}

func (e *elementMatcher) matchesOne(value Element, scope ElementScope, x expander) bool {
	values := value.values
	if value.missing() {
		values = []string{""}
	}
	for _, one := range values {
		for i := range e.patterns {
			if e.patterns[i].matches(one, scope, x) {
				return true
			}
		}
	}
	return false
}

func (p *pattern) matches(value string, scope ElementScope, x expander) bool {
	wanted := p.text
	if p.hasExpr {
		wanted = x.expressions(wanted)
	}
	if p.hasTokens || p.hasExpr && p.tokens.enabled {
		wanted = p.tokens.replace(wanted, x.token)
	}
	if p.test(value, wanted) {
		return true
	}
	switch scope {
	case ElementSelfOrPrefix:
		return p.begins(value, wanted)
	case ElementSelfOrChild:
		return p.child != nil && p.child(value, wanted)
	default:
		return false
	}
}
