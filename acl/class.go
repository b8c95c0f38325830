package acl

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Class names what the policies can tell of a principal. Principals of one class
// differ only in the values that row conditions bind: they get the same fields,
// masked alike, on rows chosen by the same conditions. So questions about
// everybody are answered once for each class.
func (s *Set) Class(principal Principal) string {
	if principal.held == nil {
		return ""
	}
	var parts []string
	for _, key := range principal.held.keys {
		_, mentioned := s.mentioned[key]
		if mentioned || strings.HasPrefix(key, keyAttribute+AttributeDepartment+"=") {
			parts = append(parts, key)
		}
	}
	profile := principal.held.profile
	for _, name := range slices.Sorted(maps.Keys(profile.Attributes)) {
		if len(profile.Attributes[name]) > 0 {
			parts = append(parts, name)
		}
	}
	// "role" and "group" are attributes to row conditions too.
	if len(profile.Roles) > 0 {
		parts = append(parts, "role")
	}
	if len(profile.Groups) > 0 {
		parts = append(parts, "group")
	}
	parts = append(parts, profile.Kind)
	if principal.held.actor != nil {
		parts = append(parts, string(principal.held.signature[:]))
	}
	return strings.Join(parts, "\x00")
}

// mention remembers every name of a subject: classes are told apart by these.
func (s *Set) mention(subject Subject, keys []string) {
	for _, key := range keys {
		s.mentioned[key] = struct{}{}
	}
	for name, values := range subject.Attributes {
		for _, value := range values {
			s.mentioned[keyAttribute+name+"="+value] = struct{}{}
		}
	}
}

// Changed lists the policies that two sets do not have alike: as they are before,
// and as they are after.
func Changed(before, after *Set) []Policy {
	var changed []Policy
	differs := func(p *Prepared, other *Set) bool {
		place, known := other.places[p.ID]
		if !known {
			return true
		}
		twin := other.policies[place]
		return twin != p && !reflect.DeepEqual(twin.Policy, p.Policy)
	}
	for _, p := range before.policies {
		if differs(p, after) {
			changed = append(changed, p.Policy)
		}
	}
	for _, p := range after.policies {
		if differs(p, before) {
			changed = append(changed, p.Policy)
		}
	}
	return changed
}

// Concerns reports whether the policy is about a principal, exceptions aside.
func (p Policy) Concerns(principal Principal) bool {
	return principal.held != nil && (p.Subject.matches(principal.held) || p.Subject.matches(principal.held.actor))
}
