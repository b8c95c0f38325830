package ranger

import (
	"cmp"
	"slices"
)

// tagPolicy is a policy that concerns one of the tags of a resource.
type tagPolicy struct {
	tag    *Tag
	policy *evaluator
}

// askTags asks the policies of the tags that the resource has.
func (e *Engine) askTags(q *query, in *zone, out *outcome) {
	if e.tags == nil {
		return
	}
	if len(q.Tags) == 0 {
		if q.tagsUnknown != "" && len(e.tags.byType[q.kind]) > 0 {
			q.doubt(q.tagsUnknown)
		}
		return
	}
	for _, one := range e.tagPolicies(q, in) {
		q.tag = one.tag
		e.askTag(q, one, out)
		if out.settled() {
			break
		}
	}
	if out.allowed {
		out.determined = true
	}
}

func (e *Engine) askTag(q *query, one tagPolicy, out *outcome) {
	found := *out
	one.policy.evaluate(q, one.tag.match(), &found)
	if found.allowed && !one.policy.hasDeny {
		found.determined = true
	}
	if found.audited {
		out.takeAudit(&found)
	}
	if !out.determined && (found.determined || !out.allowed && found.allowed) {
		out.takeAccess(&found)
	}
}

// match says how the tag lies to the resource; tags that do not say are its own.
func (t *Tag) match() MatchType {
	if t.Match == "" {
		return MatchSelf
	}
	return t.Match
}

// tagPolicies gives the policies for the tags that hold now, in the order of
// evaluation.
func (e *Engine) tagPolicies(q *query, in *zone) []tagPolicy {
	var found []tagPolicy
	for i := range q.Tags {
		tag := &q.Tags[i]
		schedules, err := tag.schedules()
		if err != nil {
			q.doubt("a schedule of the tag " + tag.Type + " cannot be read: " + err.Error())
			continue
		}
		if !anyHolds(schedules, q.time) {
			continue
		}
		for _, policy := range e.tagOrder[q.kind] {
			if inZone(policy, in) && policy.holdsAt(q.time) && policy.covers(q, tag) {
				found = append(found, tagPolicy{tag: tag, policy: policy})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b tagPolicy) int {
		switch q.kind {
		case MaskPolicy:
			order := matchOrder()
			closer := cmp.Compare(slices.Index(order, a.tag.match()), slices.Index(order, b.tag.match()))
			return cmp.Or(closer, compareNames(a.policy, b.policy))
		case RowFilterPolicy:
			return compareNames(a.policy, b.policy)
		default:
			return compareEvaluators(a.policy, b.policy)
		}
	})
	return found
}

// inZone tells whether a tag policy is for the zone: for zones that take part in
// the tag service their own, for all else the general ones.
func inZone(policy *evaluator, in *zone) bool {
	if in == nil || !in.tagged {
		return policy.policy.ZoneName == ""
	}
	return policy.policy.ZoneName == in.name
}
