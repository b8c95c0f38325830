package acl

import "slices"

// matches reports whether a principal is one that the subject names.
func (s Subject) matches(who *held) bool {
	if who == nil || s.empty() || !s.named(who.profile) {
		return false
	}
	for name, values := range s.Attributes {
		if !overlap(values, who.profile.Attributes[name]) {
			return false
		}
	}
	return true
}

// named reports whether the profile is in one of the lists, or there are none.
func (s Subject) named(profile Profile) bool {
	ids := s.Applications
	if profile.Kind == KindPerson {
		ids = s.Persons
	}
	return len(s.Roles)+len(s.Groups)+len(s.Departments)+len(s.Persons)+len(s.Applications) == 0 ||
		overlap(s.Roles, profile.Roles) || overlap(s.Groups, profile.Groups) ||
		overlap(s.Departments, profile.Attributes[AttributeDepartment]) || slices.Contains(ids, profile.ID)
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return slices.Contains(b, name) })
}

// ownDepartment stands for the departments of the principal in a selector.
const ownDepartment = "@department"

// matchesDataset reports whether the part of the selector that is about the
// dataset as a whole fits.
func (s Selector) matchesDataset(resource *Resource, who *held) bool {
	if s.empty() {
		return false
	}
	if len(s.Datasets) > 0 && !matchesAny(s.Datasets, resource.Dataset) {
		return false
	}
	if len(s.Departments) == 0 {
		return true
	}
	if resource.Department == "" {
		return false
	}
	own := slices.Contains(s.Departments, ownDepartment) && slices.Contains(who.profile.Attributes[AttributeDepartment], resource.Department)
	return own || matchesAny(s.Departments, resource.Department)
}

// Fits reports whether the selector fits any field of a resource, whoever asks.
func (s Selector) Fits(resource *Resource) bool {
	anybody := &held{profile: Profile{Attributes: map[string][]string{AttributeDepartment: {resource.Department}}}}
	return s.matchesDataset(resource, anybody) && slices.ContainsFunc(resource.Fields, func(f Field) bool { return s.matchesField(resource, &f) })
}

// matchesField reports whether the part of the selector about single fields fits.
func (s Selector) matchesField(resource *Resource, field *Field) bool {
	if len(s.Fields) > 0 && !matchesAny(s.Fields, field.Name) {
		return false
	}
	if len(s.Elements) > 0 && (field.Element == "" || !matchesAny(s.Elements, field.Element)) {
		return false
	}
	if len(s.Tags) > 0 && !matchesTags(s.Tags, field.Tags) && !matchesTags(s.Tags, resource.Tags) {
		return false
	}
	return len(s.Levels) == 0 || slices.Contains(s.Levels, field.Level.Effective())
}

func matchesTags(patterns, tags []string) bool {
	return slices.ContainsFunc(tags, func(tag string) bool { return matchesAny(patterns, tag) })
}

// about reports whether the policy is about a field, for a principal of whom it
// is: what it selects less its exceptions.
func (p *Prepared) about(resource *Resource, field *Field, who *held) bool {
	if !p.Resource.matchesField(resource, field) {
		return false
	}
	for _, exception := range p.Except {
		if exception.covers(resource, field, who) {
			return false
		}
	}
	return true
}

func (e Exception) covers(resource *Resource, field *Field, who *held) bool {
	if !e.Subject.empty() && !e.Subject.matches(who) {
		return false
	}
	return e.Resource.empty() || e.Resource.matchesDataset(resource, who) && e.Resource.matchesField(resource, field)
}

// covers reports whether a policy that names the rights is about a right. Who
// may hold may view, so an allow of hold is one of view; what may not be viewed
// may be neither held nor transmitted, so a deny of view denies these too.
func (p *Prepared) covers(right Right) bool {
	switch {
	case slices.Contains(p.Rights, right):
		return true
	case p.Effect == Allow:
		return right == View && slices.Contains(p.Rights, Hold)
	}
	return (right == Hold || right == Transmit) && slices.Contains(p.Rights, View)
}

func (p *Prepared) serves(purpose string) bool {
	return len(p.Purposes) == 0 || slices.Contains(p.Purposes, purpose)
}
