package ranger

import (
	"maps"
	"slices"
)

// zone is a security zone, ready to be asked.
type zone struct {
	name     string
	matchers []*resourceMatcher
	policies *repository
	// tagged says that the zone's tag policies apply, and not the general ones.
	tagged bool
}

func newZone(name string, given Zone, defined *definitions) (*zone, error) {
	repository, err := newRepository(defined, given.Policies)
	if err != nil {
		return nil, err
	}
	made := &zone{name: name, policies: repository, tagged: given.ContainsTagService.Or(false)}
	levels := defined.of(AccessPolicy)
	for _, named := range given.Resources {
		resources := make(map[string]PolicyResource, len(named))
		for level, values := range named {
			resource := PolicyResource{Values: values}
			if found := levels.levels[level]; found != nil && found.recursive {
				resource.Recursive = yes
			}
			resources[level] = resource
		}
		made.matchers = append(made.matchers, newResourceMatcher(levels, resources))
	}
	return made, nil
}

// zonesOf gives the zones that the resource, or something below it, is in. With
// general set, what lies above all zones counts as in none as well.
func (e *Engine) zonesOf(q *query) (zones []*zone, general bool) {
	for _, name := range slices.Sorted(maps.Keys(e.zones)) {
		candidate := e.zones[name]
		best := MatchNone
		for _, matcher := range candidate.matchers {
			match := matcher.match(q.Resource, q.ElementScopes, q)
			if match != MatchNone && (best == MatchNone || best == MatchDescendant) {
				best = match
			}
		}
		if best != MatchNone {
			zones = append(zones, candidate)
			general = general || best == MatchDescendant
		}
	}
	return zones, general
}

// zoned evaluates a request in the zone of its resource.
func (e *Engine) zoned(q *query) (*outcome, string) {
	var found *outcome
	zones, general := e.zonesOf(q)
	count := len(zones)
	if general {
		count++
	}
	switch {
	case len(zones) == 0 || count > 1 && !q.any:
		found = e.evaluate(q, nil)
	default:
		if general {
			if found = e.evaluate(q, nil); found.allowed {
				return found, ""
			}
		}
		for _, one := range zones {
			if found = e.evaluate(q, one); found.allowed {
				return found, one.name
			}
		}
		return found, zones[len(zones)-1].name
	}
	if q.any && len(q.Resource.Elements) == 0 {
		for _, name := range slices.Sorted(maps.Keys(e.zones)) {
			if found.allowed {
				break
			}
			if other := e.evaluate(q, e.zones[name]); other.allowed {
				return other, name
			}
		}
	}
	return found, ""
}
