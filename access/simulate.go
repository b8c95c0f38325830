package access

import (
	"cmp"
	"slices"
	"time"

	"github.com/yitong-hub/yitong/acl"
)

// What a change of policies does to somebody.
const (
	Gains   = "gains"
	Loses   = "loses"
	Changes = "changes" // as much as before, on other rows or for other reasons
)

// Difference is what a change of policies does to those who are alike in it.
type Difference struct {
	Effect  string    `json:"effect"`
	Dataset string    `json:"dataset"`
	Field   string    `json:"field"`
	Right   acl.Right `json:"right"`
	Purpose string    `json:"purpose,omitempty"`
	Before  string    `json:"before"`
	After   string    `json:"after"`
	// Principals are those concerned, in the order of the directory.
	Principals []string `json:"principals"`
}

// differenceKey is all of a difference but whom it concerns.
type differenceKey struct {
	effect, dataset, field, before, after, purpose string
	right                                          acl.Right
}

// class is those whom no policy, before or after, tells apart.
type class struct {
	first   acl.Principal
	members []string
}

// Simulate compares what everybody gets by two versions of the policies, for
// every field, right and purpose; what stays as it is is left out.
func Simulate(before, after *acl.Set, principals []acl.Principal, resources []*acl.Resource, at time.Time) ([]Difference, error) {
	asked := questions(before, after, at)
	principals, resources = concerned(before, after, principals, resources)
	found := map[differenceKey]int{}
	differences := []Difference{}
	for _, class := range classes(before, after, principals) {
		for _, resource := range resources {
			for _, request := range asked {
				keys, err := compare(before, after, class.first, request, resource)
				if err != nil {
					return nil, err
				}
				for _, key := range keys {
					// A purpose is told only where it makes a difference of its own.
					general := key
					if general.purpose = ""; key.purpose != "" {
						if place, known := found[general]; known && slices.Contains(differences[place].Principals, class.members[0]) {
							continue
						}
					}
					place, known := found[key]
					if !known {
						place = len(differences)
						found[key] = place
						differences = append(differences, Difference{
							Effect: key.effect, Dataset: key.dataset, Field: key.field, Right: key.right, Purpose: key.purpose, Before: key.before, After: key.after,
						})
					}
					differences[place].Principals = append(differences[place].Principals, class.members...)
				}
			}
		}
	}
	slices.SortStableFunc(differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Effect, b.Effect), cmp.Compare(a.Dataset, b.Dataset))
	})
	return differences, nil
}

// concerned leaves whom and what the changed policies are about. Where the legal
// basis of a purpose changed, that is everybody and everything.
func concerned(before, after *acl.Set, principals []acl.Principal, resources []*acl.Resource) ([]acl.Principal, []*acl.Resource) {
	for _, purpose := range after.Purposes() {
		if was, known := before.Purpose(purpose.ID); known && was.Basis != purpose.Basis {
			return principals, resources
		}
	}
	changed := acl.Changed(before, after)
	var people []acl.Principal
	for _, principal := range principals {
		if slices.ContainsFunc(changed, func(p acl.Policy) bool { return p.Concerns(principal) }) {
			people = append(people, principal)
		}
	}
	var touched []*acl.Resource
	for _, resource := range resources {
		if slices.ContainsFunc(changed, func(p acl.Policy) bool { return p.Resource.Fits(resource) }) {
			touched = append(touched, resource)
		}
	}
	return people, touched
}

func classes(before, after *acl.Set, principals []acl.Principal) []*class {
	known := map[string]*class{}
	var made []*class
	for _, principal := range principals {
		name := before.Class(principal) + "\x01" + after.Class(principal)
		one := known[name]
		if one == nil {
			one = &class{first: principal}
			known[name] = one
			made = append(made, one)
		}
		one.members = append(one.members, principal.ID())
	}
	return made
}

// questions are all rights, without a purpose and for each that both versions know.
func questions(before, after *acl.Set, at time.Time) []acl.Request {
	var asked []acl.Request
	for _, right := range acl.Rights() {
		asked = append(asked, acl.Request{Right: right, At: at})
		for _, purpose := range after.Purposes() {
			if _, known := before.Purpose(purpose.ID); known {
				asked = append(asked, acl.Request{Right: right, Purpose: purpose.ID, At: at})
			}
		}
	}
	return asked
}

func compare(before, after *acl.Set, principal acl.Principal, request acl.Request, resource *acl.Resource) ([]differenceKey, error) {
	was, err := before.Compile(principal, request, resource)
	if err != nil {
		return nil, err
	}
	is, err := after.Compile(principal, request, resource)
	if err != nil {
		return nil, err
	}
	if was.Fingerprint() == is.Fingerprint() {
		return nil, nil
	}
	var keys []differenceKey
	for i := range is.Fields() {
		name := is.Fields()[i].Field.Name
		one := differenceKey{
			effect: Changes, dataset: resource.Dataset, field: name, right: request.Right, purpose: request.Purpose,
			before: was.Summary(name), after: is.Summary(name),
		}
		if one.before == one.after {
			continue
		}
		switch order := is.Field(name).Best().Compare(was.Field(name).Best()); {
		case order > 0:
			one.effect = Gains
		case order < 0:
			one.effect = Loses
		case was.Field(name).Whole() != is.Field(name).Whole():
			one.effect = map[bool]string{true: Gains, false: Loses}[is.Field(name).Whole()]
		}
		keys = append(keys, one)
	}
	return keys, nil
}
