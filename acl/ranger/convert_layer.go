package ranger

import (
	"slices"

	"github.com/yitong-hub/yitong/acl"
)

// layer is an item of a policy of masks or row filters. Of the items that match,
// Ranger takes the first: those behind it are not about whom and what it is
// surely about.
type layer struct {
	source *source
	item   *itemEvaluator
	// rule hides what the item hides, if hides is set.
	rule  *rule
	hides bool
	// subject and targets are whom and what the item is surely about.
	subject acl.Subject
	targets []target
	// inside says that it stands in front of items of its own policy only,
	// shadowed that such an item stands before it.
	inside, shadowed bool
}

// layers makes the rules of all policies of one type.
func (c *converter) layers(kind PolicyType) {
	var sources []*source
	for _, s := range c.sources {
		if s.kind == kind {
			sources = append(sources, s)
		}
	}
	slices.SortStableFunc(sources, func(a, b *source) int { return compareEvaluators(a.evaluator, b.evaluator) })
	var all []*layer
	for _, s := range sources {
		all = append(all, c.layersOf(s)...)
	}
	for at, behind := range all {
		for before, front := range all {
			if front.precedes(behind, before < at) {
				c.stand(front, behind)
			}
		}
	}
	for _, one := range all {
		if one.hides {
			c.rules = append(c.rules, one.rule)
		}
	}
	c.noteTags(all)
}

// layersOf makes the layers of one policy.
func (c *converter) layersOf(s *source) []*layer {
	var made []*layer
	for _, item := range s.allow {
		if !slices.Contains(item.accesses, accessSelect) {
			continue
		}
		c.conditioned(s, slices.Concat(s.policy.Conditions, item.item.Conditions), "it hides whether it holds or not")
		subject, problems := c.subject(item, taking)
		targets, found := c.targets(s, taking)
		spans, late := c.spans(s, taking)
		c.note(s, slices.Concat(problems, found, late)...)
		if nobody(subject) || len(targets)*len(spans) == 0 {
			continue
		}
		one := &layer{source: s, item: item, rule: &rule{
			source: s, kind: kindMask, effect: acl.Deny, access: accessSelect, subject: subject, targets: targets, spans: spans,
		}}
		one.subject, _ = c.subject(item, giving)
		one.targets, _ = c.targets(s, giving)
		one.shadowed = slices.ContainsFunc(made, func(before *layer) bool { return before.inside })
		c.hide(one)
		made = append(made, one)
	}
	return made
}

// hide says what the layer hides.
func (c *converter) hide(one *layer) {
	item := one.item.item
	switch {
	case one.source.kind == MaskPolicy && item.Mask == nil, one.source.kind == RowFilterPolicy && (item.RowFilter == nil || item.RowFilter.Expr == nil):
		one.inside = true
	case one.source.kind == MaskPolicy:
		mask, problems := maskOf(*item.Mask)
		c.note(one.source, problems...)
		one.rule.mask, one.hides = mask, mask != nil
	default:
		one.rule.kind = kindFilter
		rows, problems := hiddenBy(*item.RowFilter.Expr)
		c.note(one.source, problems...)
		one.rule.rows, one.hides = rows.condition, !rows.none
	}
}

// precedes tells whether Ranger asks this item before another, whenever both
// match. Of the policies of several tags nobody can say that; and which of their
// row filters counts turns on the tags of tables alone.
func (l *layer) precedes(other *layer, earlier bool) bool {
	switch {
	case l == other, !other.hides:
		return false
	case l.source == other.source:
		return earlier
	case l.inside, l.source.disabled, other.source.disabled, l.source.byTag && other.source.byTag:
		return false
	case l.source.byTag:
		return l.source.kind == MaskPolicy && l.source.priority >= other.source.priority
	case other.source.byTag:
		return l.source.priority > other.source.priority
	}
	return earlier
}

// stand spares whom the front layer is surely about from the one behind it.
func (c *converter) stand(front, behind *layer) {
	if front.source == behind.source {
		if len(front.item.item.Conditions) > 0 || nobody(front.subject) {
			return
		}
		if front.subject.Anyone {
			behind.hides = false
			return
		}
		if !behind.rule.spare(acl.Exception{Subject: front.subject}) {
			c.noteStand(front, behind)
		}
		return
	}
	if !front.rule.meets(behind.rule) {
		return
	}
	if behind.source.byTag && !front.source.byTag && c.ahead(front.rule, behind.source.priority) {
		c.noteStand(front, behind)
		return
	}
	if len(front.item.item.Conditions) > 0 || front.source.conditional() || front.shadowed || front.source.hasDeny { // behind one that denies Ranger looks on
		c.noteStand(front, behind)
		return
	}
	for _, where := range front.targets {
		if len(where.spared) > 0 || !nobody(front.subject) && !behind.rule.spare(acl.Exception{Subject: front.subject, Resource: where.selector}) {
			c.noteStand(front, behind)
		}
	}
}

func (c *converter) noteStand(front, behind *layer) {
	c.note(behind.source, less(
		"that "+front.source.label+" comes before it", "whom and what that is about is more than one exception can say",
		"where both are about the same, both count: different masks show NULL, and rows must pass both filters",
	))
}

// noteTags tells what policies by tags make of near and far tags.
func (c *converter) noteTags(all []*layer) {
	tagged := map[*source]bool{}
	for _, one := range all {
		if one.source.byTag && !one.source.disabled {
			tagged[one.source] = true
		}
	}
	for _, one := range all {
		switch {
		case !tagged[one.source]:
		case one.source.kind == RowFilterPolicy:
			c.note(one.source, less(
				"that its tags are those of tables", "a field here has its own tags and those of its table",
				"rows are filtered for a field that has the tag as well; and where several filters are about a field, rows must pass all of them",
			))
		case len(tagged) > 1:
			c.note(one.source, less(
				"that the closest of several tags counts", "policies here do not tell near tags from far ones",
				"where several tags mask, all of them do: different masks show NULL",
			))
		}
	}
}
