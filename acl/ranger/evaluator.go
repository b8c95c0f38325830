package ranger

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/internal/fault"
)

// evaluator is a policy, ready to be asked.
type evaluator struct {
	policy   *Policy
	kind     PolicyType
	id       int64
	priority int64
	audited  bool
	denyElse bool
	hasDeny  bool

	matchers   []*resourceMatcher
	conditions []condition
	schedules  []*schedule

	allow, allowExceptions []*itemEvaluator
	deny, denyExceptions   []*itemEvaluator

	order int
}

func newEvaluator(policy *Policy, def *ServiceDef, defined *definition) (*evaluator, error) {
	schedules, err := schedulesOf(policy.Schedules)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s", fault.Public(err)).At("policy %d (%s)", policy.ID, policy.Name)
	}
	made := &evaluator{
		policy:     policy,
		kind:       PolicyType(policy.Type),
		id:         int64(policy.ID),
		priority:   int64(policy.Priority),
		audited:    policy.Audited.Or(true),
		denyElse:   policy.DenyAllElse.Or(false),
		conditions: conditionsOf(def, policy.Conditions),
		schedules:  schedules,
	}
	made.hasDeny = made.denyElse || len(policy.Deny) > 0
	for _, resources := range append([]map[string]PolicyResource{policy.Resources}, policy.AdditionalResources...) {
		made.matchers = append(made.matchers, newResourceMatcher(defined, resources))
	}
	made.addItems(def, defined.implied)
	made.order = made.computeOrder(def)
	return made, nil
}

func (e *evaluator) addItems(def *ServiceDef, implied map[string][]string) {
	switch e.kind {
	case MaskPolicy:
		e.allow = itemEvaluators(e.policy.Masks, def, implied, false)
	case RowFilterPolicy:
		e.allow = itemEvaluators(e.policy.RowFilters, def, implied, false)
	default:
		e.allow = itemEvaluators(e.policy.Allow, def, implied, true)
		if optionFlag(def.Options, "enableDenyAndExceptionsInPolicies", true) {
			e.allowExceptions = itemEvaluators(e.policy.AllowExceptions, def, implied, true)
			e.deny = itemEvaluators(e.policy.Deny, def, implied, true)
			e.denyExceptions = itemEvaluators(e.policy.DenyExceptions, def, implied, true)
		}
	}
}

// computeOrder gives Ranger's score: what is likely to match and cheap to test
// comes first.
func (e *evaluator) computeOrder(def *ServiceDef) int {
	resources, tokens := 0, false
	for _, resource := range e.policy.Resources {
		resources += resourcePoints(resource)
		tokens = tokens || slices.ContainsFunc(resource.Values, func(v string) bool { return strings.Contains(v, "{") })
	}
	order := policyScore - min(resourceScore, resources)
	if tokens {
		order += tokenPenalty
	}
	principals, accesses, conditions := e.counts()
	return order - principals - share(accesses, len(def.AccessTypes)) - conditionsScore(conditions)
}

func resourcePoints(resource PolicyResource) int {
	points, all := 0, false
	for _, value := range resource.Values {
		switch {
		case value == "" || value == anything:
			all = true
		case strings.Contains(value, "*"):
			points = max(points, manyWildcard)
		case strings.Contains(value, "?"):
			points = max(points, oneWildcard)
		}
	}
	if all {
		points = anyValueScore
	}
	if resource.Excludes.Or(false) {
		points += excludesScore
	}
	if resource.Recursive.Or(false) {
		points += recursiveScore
	}
	return points
}

// counts gives the points for principals, and how many kinds of access and
// conditions there are.
func (e *evaluator) counts() (principals, accesses, conditions int) {
	users, groups, kinds := map[string]bool{}, map[string]bool{}, map[string]bool{}
	everybody := e.denyElse
	conditions = len(e.policy.Conditions)
	for _, item := range slices.Concat(e.allow, e.deny) {
		for _, user := range item.users {
			users[user] = true
		}
		for _, group := range item.groups {
			groups[group] = true
		}
		for _, access := range item.accesses {
			kinds[access] = true
		}
		everybody = everybody || item.anyUser
		conditions += len(item.item.Conditions)
	}
	principals = min(policyPrincipals, len(users)+len(groups))
	if everybody || groups[publicGroup] {
		principals = policyPrincipals
	}
	return principals, len(kinds), conditions
}

func (e *evaluator) holdsAt(at time.Time) bool { return anyHolds(e.schedules, at) }

// compareEvaluators orders policies: by priority, with denials before those
// without, then by score.
func compareEvaluators(a, b *evaluator) int {
	return cmp.Or(cmp.Compare(b.priority, a.priority), denialsFirst(a, b), cmp.Compare(a.order, b.order))
}

// compareNames is the order of policies of tags that mask or filter.
func compareNames(a, b *evaluator) int {
	return cmp.Or(cmp.Compare(b.priority, a.priority), denialsFirst(a, b), cmp.Compare(a.policy.Name, b.policy.Name))
}

func denialsFirst(a, b *evaluator) int {
	switch {
	case a.hasDeny == b.hasDeny:
		return 0
	case a.hasDeny:
		return -1
	default:
		return 1
	}
}

// evaluate asks the policy and notes in out what it says. tagMatch is how the
// tag lies to the resource when the policy is a tag's, "" otherwise. It tells
// whether the policy is about the resource, or something above or below it.
func (e *evaluator) evaluate(q *query, tagMatch MatchType, out *outcome) bool {
	about := false
	for _, matcher := range e.matchers {
		if out.settled() {
			break
		}
		match := tagMatch
		if tagMatch == "" {
			match = matcher.match(q.Resource, q.ElementScopes, q)
		}
		about = about || match != MatchNone
		if !matched(q, match, tagMatch != "") || !allHold(e.conditions, q) {
			continue
		}
		if !out.auditDetermined && e.audited {
			out.audit(true)
		}
		if !out.determined {
			e.evaluateItems(q, match, out)
		}
	}
	return about
}

func matched(q *query, match MatchType, byTag bool) bool {
	switch match {
	case MatchSelf, MatchSelfAndDescendants:
		return true
	case MatchAncestor:
		return byTag
	case MatchDescendant:
		return q.broad()
	default:
		return false
	}
}

// covers tells whether one of the policy's resources is, or holds, the tag.
func (e *evaluator) covers(q *query, tag *Tag) bool {
	resource := Resource{Elements: map[string]Element{tagLevel: One(tag.Type)}}
	return slices.ContainsFunc(e.matchers, func(m *resourceMatcher) bool {
		match := m.match(resource, nil, q)
		return match == MatchSelf || match == MatchSelfAndDescendants
	})
}

// tagLevel is the only level of resources that a tag service has.
const tagLevel = "tag"
