package ranger

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// itemEvaluator is an item of a policy, ready to be asked.
type itemEvaluator struct {
	item       *Item
	users      []string
	groups     []string
	roles      []string
	anyUser    bool
	owner      bool
	accesses   []string // in lower case, what they bring with them included
	delegate   bool
	conditions []condition
	order      int
}

func newItemEvaluator(item *Item, def *ServiceDef, implied map[string][]string, accessTypes int) *itemEvaluator {
	made := &itemEvaluator{
		item:       item,
		users:      item.Users,
		groups:     item.Groups,
		roles:      item.Roles,
		anyUser:    slices.Contains(item.Users, currentUser),
		owner:      slices.Contains(item.Users, ownerUser),
		accesses:   accessesOf(item, implied),
		delegate:   item.DelegateAdmin.Or(false),
		conditions: conditionsOf(def, item.Conditions),
	}
	made.order = made.computeOrder(accessTypes)
	return made
}

// accessesOf gives the accesses that an item grants, with those that each brings
// with it. One round is made, as in Ranger: what these bring in turn is not taken.
func accessesOf(item *Item, implied map[string][]string) []string {
	var found []string
	add := func(name string) {
		if name = strings.ToLower(name); !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	for _, access := range item.Accesses {
		if !access.Allowed.Or(true) {
			continue
		}
		add(access.Type)
		for _, name := range implied[strings.ToLower(access.Type)] {
			add(name)
		}
	}
	return found
}

// Scores by which Ranger orders items and policies: the smaller comes first.
const (
	itemScore, policyScore    = 1000, 10000
	itemPrincipals            = 100
	policyPrincipals          = 25
	accessScore               = 25
	conditionScore            = 25
	conditionPenalty          = 5
	resourceScore             = 100
	anyValueScore             = 25
	manyWildcard, oneWildcard = 10, 5
	excludesScore             = 5
	recursiveScore            = 5
	tokenPenalty              = 20
)

func (i *itemEvaluator) computeOrder(accessTypes int) int {
	principals := min(itemPrincipals, len(i.users)+len(i.groups))
	if i.anyUser || slices.Contains(i.groups, publicGroup) {
		principals = itemPrincipals
	}
	return itemScore - principals - share(len(i.accesses), accessTypes) - conditionsScore(len(i.item.Conditions))
}

func share(accesses, all int) int {
	if all == 0 {
		return 0
	}
	return int(math.Round(accessScore * float64(accesses) / float64(all)))
}

func conditionsScore(conditions int) int {
	return max(0, conditionScore-conditionPenalty*conditions)
}

// matches tells whether the item speaks of this user and access.
func (i *itemEvaluator) matches(q *query, access string) bool {
	if !i.matchesPrincipal(q.User, q.Groups, q.roles, q.Resource.Owner) {
		return false
	}
	if q.admin {
		return i.delegate
	}
	return slices.Contains(i.accesses, strings.ToLower(access)) && allHold(i.conditions, q)
}

func (i *itemEvaluator) matchesPrincipal(user string, groups, roles []string, owner string) bool {
	switch {
	case user != "" && (i.anyUser || slices.Contains(i.users, user)):
		return true
	case slices.Contains(i.groups, publicGroup), intersect(i.groups, groups), intersect(i.roles, roles):
		return true
	default:
		return i.owner && user != "" && user == owner
	}
}

func allHold(conditions []condition, q *query) bool {
	for _, one := range conditions {
		if !one.holds(q) {
			return false
		}
	}
	return true
}

// itemEvaluators prepares items; those of masks and row filters keep their order.
func itemEvaluators(items []Item, def *ServiceDef, implied map[string][]string, sorted bool) []*itemEvaluator {
	made := make([]*itemEvaluator, len(items))
	for i := range items {
		made[i] = newItemEvaluator(&items[i], def, implied, len(def.AccessTypes))
	}
	if sorted {
		slices.SortStableFunc(made, func(a, b *itemEvaluator) int { return cmp.Compare(a.order, b.order) })
	}
	return made
}

// firstMatch gives the first item that matches and is not excepted.
func firstMatch(items, exceptions []*itemEvaluator, q *query, access string) *itemEvaluator {
	for _, one := range items {
		if !one.matches(q, access) {
			continue
		}
		if slices.ContainsFunc(exceptions, func(x *itemEvaluator) bool { return x.matches(q, access) }) {
			return nil
		}
		return one
	}
	return nil
}
