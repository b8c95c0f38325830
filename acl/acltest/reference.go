package acltest

import (
	"slices"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/schema"
)

// Row is a row of a resource by the names of its fields.
type Row map[string]condition.Value

// Reference judges by walking all policies, for each field of each row, and
// keeps nothing: slow, and short enough to be read as the definition.
type Reference struct {
	Policies []acl.Policy
	Purposes []acl.Purpose
	// Consented lists who consented to the purpose.
	Consented []string
}

// Asked is what is asked for.
type Asked struct {
	Who acl.Profile
	// Actor acts by Delegation, when it is set.
	Actor      *acl.Profile
	Delegation *acl.Delegation
	Resource   *acl.Resource
	Right      acl.Right
	Purpose    string
	At         time.Time
}

// Shown gives how much of a field of a row is shown.
func (r Reference) Shown(asked Asked, field acl.Field, row Row) acl.Limit {
	return r.most(asked, field, row, func(l acl.Limit) acl.Limit { return l })
}

// Counted gives how much of a field of a row counts in statistics.
func (r Reference) Counted(asked Asked, field acl.Field, row Row) acl.Limit {
	return r.most(asked, field, row, func(l acl.Limit) acl.Limit { return acl.Limit{Access: acl.Statistics, Mask: l.Mask} })
}

func (r Reference) most(asked Asked, field acl.Field, row Row, as func(acl.Limit) acl.Limit) acl.Limit {
	if !r.consented(asked, field, row) || !lent(asked, field) {
		return acl.Limit{}
	}
	var allows, denies []acl.Limit
	for _, policy := range r.Policies {
		if !right(policy, asked.Right) || len(policy.Purposes) > 0 && !slices.Contains(policy.Purposes, asked.Purpose) || !counts(policy, asked.At) {
			continue
		}
		about := func(who acl.Profile) bool {
			return subject(policy.Subject, who) && selected(policy.Resource, asked.Resource, field, who) && !excepted(policy, asked.Resource, field, who)
		}
		limit := limitOf(policy, field)
		if policy.Effect == acl.Allow && about(asked.Who) && holds(policy.Rows, asked.Who, asked.Resource, row) == condition.True {
			allows = append(allows, limit)
		}
		identities := []acl.Profile{asked.Who}
		if asked.Actor != nil {
			identities = append(identities, *asked.Actor)
		}
		for _, who := range identities {
			if policy.Effect == acl.Deny && about(who) && holds(policy.Rows, who, asked.Resource, row) != condition.False {
				denies = append(denies, limit)
			}
		}
	}
	best := acl.Limit{}
	for _, allowed := range allows {
		allowed = as(allowed)
		for _, left := range denies {
			allowed = taken(allowed, left)
		}
		if allowed.Compare(best) > 0 {
			best = allowed
		}
	}
	return best
}

// taken is what a deny that leaves a limit leaves of what is allowed.
func taken(allowed, left acl.Limit) acl.Limit {
	switch {
	case left.Access == acl.Denied || allowed.Access == acl.Denied:
		return acl.Limit{}
	case left.Access == acl.Statistics:
		return acl.Limit{Access: acl.Statistics, Mask: allowed.Mask}
	case allowed.Mask == (acl.Mask{}):
		return acl.Limit{Access: min(allowed.Access, acl.Masked), Mask: left.Mask}
	case allowed.Mask == left.Mask:
		return allowed
	}
	return acl.Limit{Access: allowed.Access, Mask: acl.Mask{Kind: acl.MaskNull}}
}

func limitOf(policy acl.Policy, field acl.Field) acl.Limit {
	if policy.Mask != nil {
		return acl.Limit{Access: acl.Masked, Mask: policy.Mask.For(field)}
	}
	if policy.Aggregate != nil {
		return acl.Limit{Access: acl.Statistics}
	}
	if policy.Effect == acl.Allow {
		return acl.Limit{Access: acl.Clear}
	}
	return acl.Limit{}
}

func (r Reference) consented(asked Asked, field acl.Field, row Row) bool {
	if !slices.ContainsFunc(r.Purposes, func(p acl.Purpose) bool { return p.ID == asked.Purpose && p.Basis == acl.BasisConsent }) {
		return true
	}
	if asked.Resource.Person == "" {
		return field.Level == schema.L1 || field.Level == schema.L2
	}
	person := row[asked.Resource.Person]
	own := asked.Who.Kind == acl.KindPerson && slices.Contains(asked.Who.Attributes["campus_id"], person.Text)
	return person.Valid && (own || slices.Contains(r.Consented, person.Text))
}

func lent(asked Asked, field acl.Field) bool {
	d := asked.Delegation
	return d == nil || !asked.At.Before(d.Valid.From) && asked.At.Before(d.Valid.Until) && slices.Contains(d.Rights, asked.Right) &&
		selected(d.Resource, asked.Resource, field, acl.Profile{})
}

func right(policy acl.Policy, wanted acl.Right) bool {
	for _, named := range policy.Rights {
		if named == wanted ||
			policy.Effect == acl.Allow && named == acl.Hold && wanted == acl.View ||
			policy.Effect == acl.Deny && named == acl.View && (wanted == acl.Hold || wanted == acl.Transmit) {
			return true
		}
	}
	return false
}

func counts(policy acl.Policy, at time.Time) bool {
	if policy.Disabled || !policy.Valid.From.IsZero() && at.Before(policy.Valid.From) || !policy.Valid.Until.IsZero() && !at.Before(policy.Valid.Until) {
		return false
	}
	return policy.Hours == nil || open(*policy.Hours, at)
}

// open looks at each minute's day, and at the day before for hours that pass midnight.
func open(h acl.Hours, at time.Time) bool {
	zone, err := time.LoadLocation(map[bool]string{true: acl.DefaultZone, false: h.Zone}[h.Zone == ""])
	if err != nil {
		return false
	}
	local := at.In(zone)
	minute := func(text string) int {
		clock, _ := time.Parse("15:04", text)
		return clock.Hour()*60 + clock.Minute()
	}
	now, from, until := local.Hour()*60+local.Minute(), minute(h.From), minute(h.Until)
	onDay := func(back int) bool {
		name := strings.ToLower(local.AddDate(0, 0, -back).Weekday().String()[:3])
		return len(h.Days) == 0 || slices.Contains(h.Days, name)
	}
	if from < until {
		return onDay(0) && from <= now && now < until
	}
	return onDay(0) && from <= now || onDay(1) && now < until
}

func subject(s acl.Subject, who acl.Profile) bool {
	common := func(a, b []string) bool {
		return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
	}
	for name, values := range s.Attributes {
		if !common(values, who.Attributes[name]) {
			return false
		}
	}
	lists := len(s.Roles) + len(s.Groups) + len(s.Departments) + len(s.Persons) + len(s.Applications)
	if lists == 0 {
		return s.Anyone || len(s.Attributes) > 0
	}
	if who.Kind == acl.KindPerson && slices.Contains(s.Persons, who.ID) || who.Kind != acl.KindPerson && slices.Contains(s.Applications, who.ID) {
		return true
	}
	return common(s.Roles, who.Roles) || common(s.Groups, who.Groups) || common(s.Departments, who.Attributes["department"])
}

func selected(s acl.Selector, resource *acl.Resource, field acl.Field, who acl.Profile) bool {
	fits := func(patterns []string, names ...string) bool {
		for _, pattern := range patterns {
			for _, name := range names {
				if wild(pattern, name) {
					return true
				}
			}
		}
		return false
	}
	parts := 0
	for _, part := range []struct {
		given int
		fits  func() bool
	}{
		{len(s.Datasets), func() bool { return fits(s.Datasets, resource.Dataset) }},
		{len(s.Fields), func() bool { return fits(s.Fields, field.Name) }},
		{len(s.Elements), func() bool { return field.Element != "" && fits(s.Elements, field.Element) }},
		{len(s.Tags), func() bool { return fits(s.Tags, slices.Concat(field.Tags, resource.Tags)...) }},
		{len(s.Levels), func() bool { return slices.Contains(s.Levels, field.Level.Effective()) }},
		{len(s.Departments), func() bool {
			own := slices.Contains(s.Departments, "@department") && slices.Contains(who.Attributes["department"], resource.Department)
			return resource.Department != "" && (own || fits(s.Departments, resource.Department))
		}},
	} {
		if part.given > 0 {
			parts++
			if !part.fits() {
				return false
			}
		}
	}
	return parts > 0
}

// wild tries every way to read the first "*".
func wild(pattern, name string) bool {
	if pattern == "" {
		return name == ""
	}
	if pattern[0] != '*' {
		return name != "" && name[0] == pattern[0] && wild(pattern[1:], name[1:])
	}
	return wild(pattern[1:], name) || name != "" && wild(pattern, name[1:])
}

func excepted(policy acl.Policy, resource *acl.Resource, field acl.Field, who acl.Profile) bool {
	return slices.ContainsFunc(policy.Except, func(e acl.Exception) bool {
		s, r := e.Subject, e.Resource
		noSubject := !s.Anyone && len(s.Roles)+len(s.Groups)+len(s.Departments)+len(s.Persons)+len(s.Applications)+len(s.Attributes) == 0
		noResource := len(r.Datasets)+len(r.Fields)+len(r.Elements)+len(r.Tags)+len(r.Levels)+len(r.Departments) == 0
		return (noSubject || subject(s, who)) && (noResource || selected(r, resource, field, who))
	})
}

func holds(text string, who acl.Profile, resource *acl.Resource, row Row) condition.Truth {
	if text == "" {
		return condition.True
	}
	parsed, err := condition.Parse(text)
	if err != nil {
		return condition.Unknown
	}
	find := func(fits func(acl.Field) bool) (condition.Field, bool) {
		var found []acl.Field
		for _, field := range resource.Fields {
			if fits(field) {
				found = append(found, field)
			}
		}
		if len(found) != 1 {
			return condition.Field{}, false
		}
		return condition.Field{Name: found[0].Name, Expression: found[0].Column, Type: found[0].Type}, true
	}
	attributes := map[string][]string{"id": {who.ID}, "role": who.Roles, "group": who.Groups}
	for name, values := range who.Attributes {
		attributes[name] = values
	}
	bound, err := parsed.Bind(condition.Scope{
		Field: func(name string) (condition.Field, bool) {
			return find(func(f acl.Field) bool { return f.Name == name })
		},
		Element: func(id string) (condition.Field, bool) {
			return find(func(f acl.Field) bool {
				return id == "person" && f.Name == resource.Person || id != "person" && f.Element == id
			})
		},
		Attributes: attributes,
	})
	if err != nil {
		return condition.Unknown
	}
	return bound.Holds(func(name string) condition.Value { return row[name] })
}
