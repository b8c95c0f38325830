package access

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
)

// Origin is the origin of the policies that carry grants out.
const Origin = policystore.OriginGrants

// part is fields that are granted alike.
type part struct {
	fields []string
	rights []acl.Right
	mask   *acl.Mask
}

// parts splits a grant into what one policy can say. What is created has no
// mask, so masked fields may be created by a part of its own.
func (g *Grant) parts() []part {
	var plain, masked []string
	byMask := map[acl.Mask][]string{}
	for _, field := range g.Fields {
		if mask, limited := g.Mask[field]; limited {
			masked = append(masked, field)
			byMask[mask] = append(byMask[mask], field)
		} else {
			plain = append(plain, field)
		}
	}
	seen := slices.DeleteFunc(slices.Clone(g.Rights), func(right acl.Right) bool { return right == acl.Create })
	made := []part{{fields: plain, rights: g.Rights}}
	byText := func(a, b acl.Mask) int { return acl.Limit{Mask: a}.Compare(acl.Limit{Mask: b}) }
	for _, mask := range slices.SortedFunc(maps.Keys(byMask), byText) {
		made = append(made, part{fields: byMask[mask], rights: seen, mask: &mask})
	}
	if slices.Contains(g.Rights, acl.Create) {
		made = append(made, part{fields: masked, rights: []acl.Right{acl.Create}})
	}
	return slices.DeleteFunc(made, func(p part) bool { return len(p.fields)*len(p.rights) == 0 })
}

// policies writes the policies that carry a grant of a case out.
func (c *Case) policies(g *Grant) []acl.Policy {
	subject := acl.Subject{Applications: []string{c.Requester}}
	if c.Kind == acl.KindPerson {
		subject = acl.Subject{Persons: []string{c.Requester}}
	}
	parts := g.parts()
	made := make([]acl.Policy, len(parts))
	for i, p := range parts {
		id := "grant:" + c.ID
		if len(parts) > 1 {
			id += "/" + strconv.Itoa(i+1)
		}
		made[i] = acl.Policy{
			ID: id, Description: "granted on request: " + c.Reason, Effect: acl.Allow, Subject: subject,
			Resource: acl.Selector{Datasets: []string{c.Dataset}, Fields: p.fields},
			Rights:   p.rights, Rows: g.Rows, Mask: p.mask, Purposes: []string{c.Purpose}, Valid: g.Period,
		}
	}
	return made
}

// stand reports whether all of the policies are those that count.
func (g *Grant) stand(set *acl.Set) bool {
	for _, wanted := range g.Policies {
		if found, known := set.Policy(wanted.ID); !known || !same(found, wanted) {
			return false
		}
	}
	return true
}

// standing lists the ids of the grant's policies that count.
func (g *Grant) standing(set *acl.Set) []string {
	var ids []string
	if g == nil {
		return nil
	}
	for _, policy := range g.Policies {
		if _, known := set.Policy(policy.ID); known {
			ids = append(ids, policy.ID)
		}
	}
	return ids
}

// same compares policies as they are written.
func same(a, b acl.Policy) bool {
	one, err := json.Marshal(a)
	if err != nil {
		return false
	}
	other, err := json.Marshal(b)
	return err == nil && string(one) == string(other)
}

// bare is a grant without its policies.
func (g *Grant) bare() *Grant {
	made := *g
	made.Policies = nil
	return &made
}
