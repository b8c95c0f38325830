package ranger

// evaluateItems decides each access that is asked for and puts them together.
func (e *evaluator) evaluateItems(q *query, match MatchType, out *outcome) {
	for _, access := range q.types {
		one := e.decideAccess(q, access, match)
		if one == nil {
			continue
		}
		kept := e.keep(q, access, one)
		if q.either && one.allowed == q.ignoresDescendantDeny() && (kept || !one.allowed) {
			break
		}
	}
	if whole := q.compose(); whole != nil {
		out.takeAccess(whole)
	}
}

// decideAccess gives what the policy says to one access, nil if nothing.
func (e *evaluator) decideAccess(q *query, access string, match MatchType) *outcome {
	one := newOutcome()
	one.policyID, one.priority = e.id, e.priority
	if item := firstMatch(e.deny, e.denyExceptions, q, access); item != nil {
		return e.denial(q, match, one)
	}
	if item := firstMatch(e.allow, e.allowExceptions, q, access); item != nil {
		return e.grant(q, item, one)
	}
	if e.denyElse && e.kind == AccessPolicy {
		return e.denial(q, match, one)
	}
	return nil
}

// denial denies, unless only what lies below the resource is denied and that
// does not count.
func (e *evaluator) denial(q *query, match MatchType, one *outcome) *outcome {
	if match == MatchDescendant && q.ignoresDescendantDeny() {
		return nil
	}
	one.deny()
	return one
}

func (e *evaluator) grant(q *query, item *itemEvaluator, one *outcome) *outcome {
	switch e.kind {
	case MaskPolicy:
		mask := item.item.Mask
		if mask == nil {
			return nil
		}
		one.maskType, one.maskCondition = mask.Type, mask.Condition
		one.maskValue = q.resolved(mask.Value)
	case RowFilterPolicy:
		filter := item.item.RowFilter
		if filter == nil || filter.Expr == nil {
			return nil
		}
		one.filter = q.resolved(filter.Expr)
	}
	one.allowed = true
	return one
}

// resolved puts the values of scripts into a text.
func (q *query) resolved(text *string) *string {
	if text == nil {
		return nil
	}
	made := q.expressions(*text)
	return &made
}

// keep remembers what was found for an access, unless an earlier policy's word
// counts for more, and tells whether it did.
func (e *evaluator) keep(q *query, access string, found *outcome) bool {
	old := q.outcomes[access]
	if old != nil && !e.replaces(old, found) {
		return false
	}
	q.outcomes[access] = found
	return true
}

// replaces tells whether a later policy's word counts for more. Only a higher
// priority undoes a denial: since RANGER-5797 this is so for any access too.
func (e *evaluator) replaces(old, found *outcome) bool {
	higher, notLower := found.priority > old.priority, found.priority >= old.priority
	switch {
	case old.allowed && !found.allowed:
		return notLower
	case old.allowed:
		return higher || e.kind != AccessPolicy && notLower
	default:
		return higher
	}
}

// compose gives the outcome for all accesses together, nil while it is open.
func (q *query) compose() *outcome {
	groups := q.groups
	if len(groups) == 0 {
		groups = [][]string{q.types}
	}
	var grant *outcome
	for _, group := range groups {
		one := q.composeAny(group)
		switch {
		case one == nil && len(q.tolerated) > 0 && containsAll(q.tolerated, group):
			// Nobody denies it, which is enough.
		case one == nil || !one.allowed:
			return q.firstDenial(groups)
		case grant == nil:
			grant = one
		}
	}
	if grant == nil {
		grant = newOutcome()
		grant.allowed = true
	}
	return grant
}

// firstDenial gives the denial of the first group that is denied, if any is.
func (q *query) firstDenial(groups [][]string) *outcome {
	for _, group := range groups {
		if one := q.composeAny(group); one != nil && !one.allowed {
			return one
		}
	}
	return nil
}

// composeAny gives the first grant among the accesses, or a denial if all of
// them are denied.
func (q *query) composeAny(accesses []string) *outcome {
	var denial *outcome
	open := false
	for _, access := range accesses {
		one := q.outcomes[access]
		switch {
		case one == nil:
			open = true
		case one.allowed:
			return one
		case denial == nil:
			denial = one
		}
	}
	if open {
		return nil
	}
	return denial
}
