package ranger

import (
	"encoding/json"
	"maps"
	"slices"
)

// The changes that a delta can carry.
const (
	policyCreated = 0
	policyUpdated = 1
	policyDeleted = 2
)

// UnmarshalJSON reads an object or, as some files have it, the list of deltas alone.
func (u *Update) UnmarshalJSON(data []byte) error {
	if data[0] == '[' {
		return json.Unmarshal(data, &u.Deltas)
	}
	type plain Update
	return json.Unmarshal(data, (*plain)(u))
}

// after gives the file as it is after a change of policies, if there is one.
func (f *File) after(update *Update) *File {
	if update == nil {
		return f
	}
	made := *f
	tagKind := ""
	if service, _ := f.tagService(); service != nil {
		tagKind = service.Name
	}
	var own, tags []Delta
	for _, delta := range update.Deltas {
		if tagKind != "" && delta.Policy.ServiceType == tagKind {
			tags = append(tags, delta)
		} else {
			own = append(own, delta)
		}
	}
	made.Policies = applied(f.Policies, own)
	made.TagInfo, made.TagPolicies = f.TagInfo.applied(tags), f.TagPolicies.applied(tags)
	made.Zones = maps.Clone(f.Zones)
	for name, change := range update.Zones {
		if made.Zones == nil {
			made.Zones = make(map[string]Zone)
		}
		change.Policies = applied(slices.Concat(made.Zones[name].Policies, change.Policies), change.Deltas)
		made.Zones[name] = change
	}
	return &made
}

func (t *TagPolicies) applied(deltas []Delta) *TagPolicies {
	if t == nil {
		return nil
	}
	made := *t
	made.InfoPolicies, made.Policies = applied(slices.Concat(t.InfoPolicies, t.Policies), deltas), nil
	return &made
}

// applied gives policies after changes. A changed policy comes last, as it does
// in Ranger.
func applied(policies []Policy, deltas []Delta) []Policy {
	made := slices.Clone(policies)
	for _, delta := range deltas {
		switch delta.Change {
		case policyCreated, policyUpdated, policyDeleted:
			made = slices.DeleteFunc(made, func(p Policy) bool { return p.ID == delta.Policy.ID })
		}
		if delta.Change == policyCreated || delta.Change == policyUpdated {
			made = append(made, delta.Policy)
		}
	}
	return made
}
