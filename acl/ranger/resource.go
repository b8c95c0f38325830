package ranger

import (
	"maps"
	"slices"
)

// resourceMatcher matches the resources of requests with those of a policy.
type resourceMatcher struct {
	definition *definition
	names      []string // the levels that the policy names
	elements   map[string]*elementMatcher
	// only is the hierarchy if there is but one for the policy's levels.
	only  []string
	valid bool
}

func newResourceMatcher(definition *definition, resources map[string]PolicyResource) *resourceMatcher {
	m := &resourceMatcher{
		definition: definition,
		names:      slices.Sorted(maps.Keys(resources)),
		elements:   make(map[string]*elementMatcher, len(resources)),
	}
	count := 0
	for _, hierarchy := range definition.hierarchies {
		if !containsAll(hierarchy, m.names) || hasGap(hierarchy, func(name string) bool { _, ok := resources[name]; return ok }) {
			continue
		}
		count++
		m.only = hierarchy
	}
	if count != 1 {
		m.only = nil
	}
	m.valid = count > 0
	for name, resource := range resources {
		if level := definition.levels[name]; level != nil {
			m.elements[name] = newElementMatcher(level, resource)
		}
	}
	return m
}

func containsAll(all, some []string) bool {
	for _, one := range some {
		if !slices.Contains(all, one) {
			return false
		}
	}
	return true
}

// hasGap tells whether a level is present below one that is not.
func hasGap(hierarchy []string, present func(name string) bool) bool {
	gap := false
	for _, name := range hierarchy {
		switch {
		case !present(name):
			gap = true
		case gap:
			return true
		}
	}
	return false
}

// match says how a resource lies to what the policy names.
func (m *resourceMatcher) match(resource Resource, scopes map[string]ElementScope, x expander) MatchType {
	if len(m.names) == 0 && len(resource.Elements) == 0 {
		return MatchSelf
	}
	if !m.valid {
		return MatchNone
	}
	hierarchy := m.hierarchyFor(resource)
	if hierarchy == nil {
		return MatchNone
	}
	found := m.walk(hierarchy, resource, scopes, x)
	if found != MatchSelf || len(resource.Elements) >= len(m.names) {
		return found
	}
	if len(resource.Elements) > m.lastNarrow(hierarchy) {
		return MatchSelfAndDescendants
	}
	return MatchDescendant
}

func (m *resourceMatcher) walk(hierarchy []string, resource Resource, scopes map[string]ElementScope, x expander) MatchType {
	found := MatchNone
	if len(resource.Elements) == 0 {
		found = MatchSelf
	}
	for _, name := range hierarchy {
		matcher := m.elements[name]
		given := resource.given(name)
		switch {
		case matcher == nil && given:
			return MatchAncestor
		case matcher == nil:
			return found
		case !given && !matcher.any:
			continue
		case !matcher.matches(resource.Elements[name], scopes[name], x):
			return MatchNone
		}
		found = MatchSelf
	}
	return found
}

// lastNarrow is the place of the last level for which the policy does not take
// everything, -1 if there is none.
func (m *resourceMatcher) lastNarrow(hierarchy []string) int {
	last := -1
	for i, name := range hierarchy {
		matcher := m.elements[name]
		if matcher == nil {
			break
		}
		if !matcher.any {
			last = i
		}
	}
	return last
}

// hierarchyFor gives the hierarchy along which a resource is compared.
func (m *resourceMatcher) hierarchyFor(resource Resource) []string {
	requested := slices.Sorted(maps.Keys(resource.Elements))
	hierarchy := m.only
	switch {
	case len(requested) == 0:
		if hierarchy == nil {
			hierarchy = m.shortest(m.names)
		}
	case hierarchy != nil:
		if !containsAll(hierarchy, requested) {
			return nil
		}
	case containsAll(m.names, requested):
		hierarchy = m.shortest(m.names)
	case containsAll(requested, m.names):
		hierarchy = m.shortest(requested)
	}
	if hierarchy == nil || hasGap(hierarchy, resource.given) {
		return nil
	}
	return hierarchy
}

// shortest gives the shortest hierarchy with all these levels.
func (m *resourceMatcher) shortest(names []string) []string {
	for _, hierarchy := range m.definition.hierarchies {
		if containsAll(hierarchy, names) {
			return hierarchy
		}
	}
	return nil
}

// names tells whether the policy names this very resource, or everything where
// the resource says nothing.
func (m *resourceMatcher) namesIt(resource Resource, x expander) bool {
	for name := range resource.Elements {
		if !slices.Contains(m.names, name) {
			return false
		}
	}
	for name := range m.definition.levels {
		matcher, given := m.elements[name], resource.given(name)
		switch {
		case matcher == nil && given:
			return false
		case matcher == nil:
		case !given && !matcher.any:
			return false
		case given && !matcher.matches(resource.Elements[name], ElementSelf, x):
			return false
		}
	}
	return true
}
