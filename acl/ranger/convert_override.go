package ranger

import (
	"slices"

	"github.com/yitong-hub/yitong/acl"
)

// override spares those whom a policy of higher priority allows from the denials
// of lower ones.
func (c *converter) override() {
	for _, allowing := range c.rules {
		if allowing.effect != acl.Allow || allowing.source.disabled {
			continue
		}
		for _, denying := range c.rules {
			if denying.effect == acl.Deny && denying.access == allowing.access && !denying.source.disabled {
				c.weigh(allowing, denying)
			}
		}
	}
}

// weigh says which of two rules counts where both are about the same.
func (c *converter) weigh(allowing, denying *rule) {
	lower := denying.source.priority < allowing.source.priority
	byTag := allowing.source.byTag && !denying.source.byTag
	switch {
	case !lower && !byTag, !allowing.meets(denying):
	case lower && !c.overrides(allowing, denying):
		c.note(allowing.source, less(
			"that it overrides "+denying.source.label, "what it allows is more than one exception can say, or other policies of high priority are about the same",
			"what both are about stays denied",
		))
	case !lower && c.outranked(denying):
		// In Ranger what tags allow is settled by such a policy, though it says nothing.
		c.note(allowing.source, less(
			"that it counts before "+denying.source.label, "in Ranger a silent policy of higher priority brings that about, which is no rule here",
			"what both are about stays denied",
		))
	}
}

// overrides spares whom a rule allows from another that denies, as far as that
// can be said.
func (c *converter) overrides(allowing, denying *rule) bool {
	if len(allowing.spared) > 0 || allowing.source.conditional() {
		return false
	}
	if denying.source.byTag && !allowing.source.byTag && c.ahead(allowing, denying.source.priority) {
		return false
	}
	said := true
	for _, where := range allowing.targets {
		said = said && len(where.spared) == 0 && denying.spare(acl.Exception{Subject: allowing.subject, Resource: where.selector})
	}
	return said
}

// ahead tells whether Ranger may ask another policy about the same before that of
// a rule, and after those of tags. As one of a higher priority than the tag's,
// it settles what the tag's said, even if it says nothing itself.
func (c *converter) ahead(of *rule, above int64) bool {
	own := slices.IndexFunc(c.sources, func(s *source) bool { return s == of.source })
	return slices.ContainsFunc(c.sources, func(s *source) bool {
		if s == of.source || s.byTag || s.disabled || s.kind != of.source.kind || s.priority <= above {
			return false
		}
		order := compareEvaluators(s.evaluator, of.source.evaluator)
		earlier := slices.Index(c.sources, s) < own
		return (order < 0 || order == 0 && earlier) && c.shares(s, of)
	})
}

// outranked tells whether a policy that denies nothing itself, of a higher
// priority than a rule that does, may be about the same.
func (c *converter) outranked(denying *rule) bool {
	return slices.ContainsFunc(c.sources, func(s *source) bool {
		return !s.byTag && !s.disabled && !s.hasDeny && s.kind == AccessPolicy && s.priority > denying.source.priority && c.shares(s, denying)
	})
}

// shares tells whether a policy may be about something that a rule is about.
func (c *converter) shares(s *source, with *rule) bool {
	targets, _ := c.targets(s, taking)
	return (&rule{subject: acl.Subject{Anyone: true}, targets: targets}).meets(&rule{subject: acl.Subject{Anyone: true}, targets: with.targets})
}
