package ranger

import (
	"maps"
	"slices"
	"strings"
)

// Who is who the policies give a kind of access to a resource, and whom they
// deny it. Conditions are not looked at.
type Who struct {
	AllowedUsers  []string
	AllowedGroups []string
	DeniedUsers   []string
	DeniedGroups  []string
	// Unevaluated gives the reasons, if any, why this is not Ranger's answer.
	Unevaluated []string
}

// principals collects users and groups.
type principals struct {
	users, groups map[string]bool
}

func newPrincipals() principals {
	return principals{users: make(map[string]bool), groups: make(map[string]bool)}
}

func (p principals) add(items []*itemEvaluator, access string) {
	for _, item := range items {
		if !item.grants(access) {
			continue
		}
		for _, user := range item.users {
			p.users[user] = true
		}
		for _, group := range item.groups {
			p.groups[group] = true
		}
	}
}

func (p principals) remove(other principals) {
	for user := range other.users {
		delete(p.users, user)
	}
	for group := range other.groups {
		delete(p.groups, group)
	}
}

func (p principals) include(other principals) {
	maps.Copy(p.users, other.users)
	maps.Copy(p.groups, other.groups)
}

// grants tells whether the item speaks of an access, or of any.
func (i *itemEvaluator) grants(access string) bool {
	switch access {
	case adminAccess:
		return i.delegate
	case anyAccess:
		return len(i.accesses) > 0
	default:
		return slices.Contains(i.accesses, strings.ToLower(access))
	}
}

// Who says who has the access that is asked for, whoever asks.
func (e *Engine) Who(request Request) Who {
	q := e.newQuery(request, AccessPolicy)
	allowed, denied := newPrincipals(), newPrincipals()
	if e.tags != nil {
		if len(q.Tags) == 0 && q.tagsUnknown != "" {
			q.doubt(q.tagsUnknown)
		}
		for _, one := range e.tagPolicies(q, nil) {
			one.policy.collect(q.AccessType, one.tag.match(), allowed, denied)
		}
	}
	policies := e.policies
	if zones, _ := e.zonesOf(q); len(zones) == 1 {
		policies = zones[0].policies
	}
	for _, policy := range policies.byType[AccessPolicy] {
		if !policy.holdsAt(q.time) {
			continue
		}
		for _, matcher := range policy.matchers {
			if match := matcher.match(q.Resource, q.ElementScopes, q); match != MatchNone {
				policy.collect(q.AccessType, match, allowed, denied)
				break
			}
		}
	}
	allowed.remove(denied)
	return Who{
		AllowedUsers:  slices.Sorted(maps.Keys(allowed.users)),
		AllowedGroups: slices.Sorted(maps.Keys(allowed.groups)),
		DeniedUsers:   slices.Sorted(maps.Keys(denied.users)),
		DeniedGroups:  slices.Sorted(maps.Keys(denied.groups)),
		Unevaluated:   q.doubts,
	}
}

// collect adds whom the policy gives access and whom it denies it.
func (e *evaluator) collect(access string, match MatchType, allowed, denied principals) {
	given := newPrincipals()
	given.add(e.allow, access)
	excepted := newPrincipals()
	excepted.add(e.allowExceptions, access)
	given.remove(excepted)
	allowed.include(given)
	if match == MatchDescendant {
		return // what lies below may be denied, not this
	}
	taken := newPrincipals()
	taken.add(e.deny, access)
	excepted = newPrincipals()
	excepted.add(e.denyExceptions, access)
	taken.remove(excepted)
	denied.include(taken)
}
