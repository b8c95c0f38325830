package ranger

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// rule is what one item says of one access, before it is written as policies.
type rule struct {
	source  *source
	kind    string
	effect  acl.Effect
	access  string
	subject acl.Subject
	// spared are those whom, and what, it is not about.
	spared  []acl.Exception
	targets []target
	spans   []span
	rows    string
	mask    *acl.Mask
}

// The kinds of rules, which stand in the ids of policies.
const (
	kindAllow  = "allow"
	kindDeny   = "deny"
	kindMask   = "mask"
	kindFilter = "filter"
)

// spare adds an exception, unless there would be too many names for one policy.
func (r *rule) spare(one acl.Exception) bool {
	listed := 0
	for _, exception := range append(slices.Clone(r.spared), one) {
		s := exception.Subject
		listed += 1 + len(s.Persons) + len(s.Groups) + len(s.Roles) + len(exception.Resource.Datasets) + len(exception.Resource.Fields)
	}
	if listed > maxListed {
		return false
	}
	if !slices.ContainsFunc(r.spared, func(known acl.Exception) bool { return reflect.DeepEqual(known, one) }) {
		r.spared = append(r.spared, one)
	}
	return true
}

// emit writes the rules as policies. Two that follow one another and differ in
// the access alone are one.
func (c *converter) emit() error {
	for i := 0; i < len(c.rules); i++ {
		r := c.rules[i]
		rights := r.rights()
		if i+1 < len(c.rules) && r.twin(c.rules[i+1]) {
			i++
			rights = append(rights, c.rules[i].rights()...)
		}
		for _, where := range r.targets {
			for _, when := range r.spans {
				if err := c.put(r, rights, where, when); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// twin tells whether another rule says of update what this one says of select.
func (r *rule) twin(other *rule) bool {
	as := *other
	as.access = r.access
	return r.access == accessSelect && other.access == accessUpdate && reflect.DeepEqual(*r, as)
}

func (r *rule) rights() []acl.Right {
	switch {
	case r.access == accessUpdate:
		return []acl.Right{acl.Create}
	case r.effect == acl.Allow:
		return []acl.Right{acl.View, acl.Hold}
	}
	return []acl.Right{acl.View} // what may not be viewed may not be held either
}

func (c *converter) put(r *rule, rights []acl.Right, where target, when span) error {
	prefix := r.source.label + "/" + r.kind
	policy := acl.Policy{
		ID: fmt.Sprintf("%s/%d", prefix, c.ids[prefix]+1), Description: r.source.policy.Name, Effect: r.effect,
		Subject: r.subject, Resource: where.selector, Rights: rights, Rows: r.rows, Mask: r.mask,
		Valid: when.valid, Hours: when.hours, Except: slices.Clone(r.spared), Disabled: r.source.disabled,
	}
	for _, spared := range where.spared {
		policy.Except = append(policy.Except, acl.Exception{Resource: spared})
	}
	if r.effect == acl.Allow && len(c.zoned) > 0 && mayShare(where.selector.Datasets, c.zoned) {
		policy.Except = append(policy.Except, acl.Exception{Resource: acl.Selector{Datasets: c.zoned}})
		c.note(r.source, less("what it allows in security zones", "policies here know no zones", "it is left out"))
	}
	err := keepable(policy)
	switch {
	case err == nil:
		c.ids[prefix]++
		c.made.Policies = append(c.made.Policies, policy)
	case r.effect == acl.Deny:
		return fault.New(fault.Invalid, "what it denies cannot be said by a policy here: %s", fault.Public(err)).At("policy %d (%s)", r.source.id, r.source.policy.Name)
	default:
		c.note(r.source, less("what it allows", fault.Public(err), "it is left out"))
	}
	return nil
}

// keepable says whether a policy can be kept, and read again as it is.
func keepable(policy acl.Policy) error {
	if err := policy.Check(); err != nil {
		return err
	}
	text, err := json.Marshal(policy)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "it has a time that cannot be written")
	}
	var read acl.Policy
	return json.Unmarshal(text, &read)
}

// listRoles lists the roles that the policies name, with those who have them.
func (c *converter) listRoles() {
	needed := make(map[string]bool)
	add := func(subject acl.Subject) {
		for _, role := range subject.Roles {
			needed[role] = true
		}
	}
	for _, policy := range c.made.Policies {
		add(policy.Subject)
		for _, exception := range policy.Except {
			add(exception.Subject)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(needed)) {
		made := c.holders(name)
		c.made.Roles = append(c.made.Roles, made)
		if len(made.Users)+len(made.Groups) == 0 {
			c.note(nil, same("the role "+name, "the file does not say who has it", "the directory must give it to those who have it in Ranger"))
		}
	}
}

// holders gives who has a role, by roles that bring it with them too.
func (c *converter) holders(name string) Role {
	made := Role{Name: name}
	bringing := []string{name}
	for i := 0; i < len(bringing); i++ { // grows while it is walked
		for _, role := range sortedKeys(c.file.RoleRoles) {
			if slices.Contains(c.file.RoleRoles[role], bringing[i]) && !slices.Contains(bringing, role) {
				bringing = append(bringing, role)
			}
		}
	}
	given := func(to map[string][]string) []string {
		var found []string
		for _, one := range sortedKeys(to) {
			if intersect(to[one], bringing) {
				found = append(found, one)
			}
		}
		return found
	}
	made.Users, made.Groups = given(c.file.UserRoles), given(c.file.GroupRoles)
	return made
}

// listTags lists the tags of what the tag service knows.
func (c *converter) listTags() {
	if c.file.tagged == nil {
		return
	}
	found := make(map[string][]string)
	for _, resource := range c.file.tagged.Resources {
		var parts []string
		for _, level := range []string{levelDatabase, levelTable, levelColumn} {
			if values := resource.Elements[level].Values; len(values) > 0 {
				parts = append(parts, strings.ToLower(strings.Join(values, " or ")))
			}
		}
		of := strings.Join(parts, ".")
		for _, id := range c.file.tagged.ResourceToTag[string(resource.ID)] {
			tag, known := c.file.tagged.Tags[fmt.Sprint(id)]
			if !known || of == "" || slices.Contains(found[of], tag.Type) {
				continue
			}
			found[of] = append(found[of], tag.Type)
			if len(tag.Schedules) > 0 || tag.Options[tagValidity] != "" {
				c.note(nil, same("when the tag "+tag.Type+" of "+of+" holds", "tags here hold until they are taken away", "take it away when it ends"))
			}
		}
	}
	for _, of := range sortedKeys(found) {
		c.made.Tags = append(c.made.Tags, Tagged{of, found[of]})
	}
}

// meets tells whether somebody and something may be what both rules are about.
func (r *rule) meets(other *rule) bool {
	if apart(r.subject, other.subject) {
		return false
	}
	return slices.ContainsFunc(r.targets, func(a target) bool {
		return slices.ContainsFunc(other.targets, func(b target) bool { return overlapping(a.selector, b.selector) })
	})
}

// apart tells whether surely nobody is in both subjects.
func apart(a, b acl.Subject) bool {
	listed := func(s acl.Subject) bool { return !s.Anyone && len(s.Groups)+len(s.Roles) == 0 }
	return listed(a) && listed(b) && !intersect(a.Persons, b.Persons)
}

// overlapping tells whether something may be selected by both. Of tags that is
// always so: what has one may have the other.
func overlapping(a, b acl.Selector) bool {
	return mayShare(a.Datasets, b.Datasets) && mayShare(a.Fields, b.Fields)
}

func mayShare(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	return slices.ContainsFunc(a, func(one string) bool {
		return slices.ContainsFunc(b, func(other string) bool { return !disjoint(one, other) })
	})
}

// disjoint tells whether surely no name fits both patterns.
func disjoint(a, b string) bool {
	wildA, wildB := strings.Contains(a, anything), strings.Contains(b, anything)
	switch {
	case !wildA:
		return !exactCase.like(a, b)
	case !wildB:
		return !exactCase.like(b, a)
	}
	beginA, _, _ := strings.Cut(a, anything)
	beginB, _, _ := strings.Cut(b, anything)
	endA, endB := a[strings.LastIndex(a, anything)+1:], b[strings.LastIndex(b, anything)+1:]
	begins := strings.HasPrefix(beginA, beginB) || strings.HasPrefix(beginB, beginA)
	ends := strings.HasSuffix(endA, endB) || strings.HasSuffix(endB, endA)
	return !begins || !ends
}
