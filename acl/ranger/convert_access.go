package ranger

import (
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/acl"
)

// The accesses that are carried over: select as view and hold, update as create.
const (
	accessSelect = "select"
	accessUpdate = "update"
)

func accessesCarried() []string { return []string{accessSelect, accessUpdate} }

// access makes the rules of an access policy.
func (c *converter) access(s *source) {
	c.noteAccesses(s)
	if len(s.allow)+len(s.deny) == 0 && !s.denyElse {
		c.note(s, same("a policy without items", "it is there for the audit alone", "nothing: every read is recorded here"))
		return
	}
	for _, item := range s.allow {
		c.allow(s, item)
	}
	for _, item := range s.deny {
		c.deny(s, item)
	}
	if s.denyElse {
		c.denyElse(s)
	}
}

// noteAccesses tells which accesses are not carried over.
func (c *converter) noteAccesses(s *source) {
	var others []string
	locations := false
	for _, item := range slices.Concat(s.allow, s.deny) {
		for _, access := range item.accesses {
			locations = locations || access == "read" || access == "write"
			if access != accessSelect && access != accessUpdate && access != "all" && !slices.Contains(others, access) {
				others = append(others, access)
			}
		}
	}
	if len(others) == 0 {
		return
	}
	slices.Sort(others)
	why := "they are about the making of tables and of the service, which policies here do not decide"
	if locations {
		why = "they are about the making of tables, about locations and the service, which policies here do not decide"
	}
	c.note(s, same("the accesses "+strings.Join(others, ", "), why, "neither given nor denied"))
}

// conditioned notes conditions, if there are any. Those that the service does
// not define are taken seriously too, though Ranger leaves them out.
func (c *converter) conditioned(s *source, given []Condition, consequence string) bool {
	for _, one := range given {
		what := "the condition " + one.Type
		if values := strings.Join(one.Values, ", "); values != "" {
			what += " (" + shortened(values) + ")"
		}
		c.note(s, less(what, "policies here do not turn on it", consequence))
	}
	return len(given) > 0
}

// maxQuoted is how much of a condition or filter a note repeats.
const maxQuoted = 120

func shortened(text string) string {
	if runes := []rune(text); len(runes) > maxQuoted {
		return string(runes[:maxQuoted]) + "…"
	}
	return text
}

// allow makes the rules of an item that allows.
func (c *converter) allow(s *source, item *itemEvaluator) {
	if !item.carried() {
		return
	}
	given := slices.Concat(s.policy.Conditions, item.item.Conditions)
	if c.conditioned(s, given, "what the item allows is left out") || s.policy.ZoneName != "" {
		return
	}
	subject, problems := c.subject(item, giving)
	c.note(s, problems...)
	c.add(s, kindAllow, acl.Allow, subject, item.accesses, func(access string) ([]acl.Subject, bool) {
		return c.excepted(s, s.allowExceptions, access, taking)
	})
}

// carried tells whether any of the item's accesses is carried over.
func (i *itemEvaluator) carried() bool {
	return slices.Contains(i.accesses, accessSelect) || slices.Contains(i.accesses, accessUpdate)
}

// deny makes the rules of an item that denies.
func (c *converter) deny(s *source, item *itemEvaluator) {
	if !item.carried() {
		return
	}
	c.conditioned(s, slices.Concat(s.policy.Conditions, item.item.Conditions), "it is denied whether it holds or not")
	subject, problems := c.subject(item, taking)
	c.note(s, problems...)
	c.add(s, kindDeny, acl.Deny, subject, item.accesses, func(access string) ([]acl.Subject, bool) {
		return c.excepted(s, s.denyExceptions, access, giving)
	})
}

// denyElse denies all that the policy does not allow: to those whom it excepts
// from what it allows as well.
func (c *converter) denyElse(s *source) {
	c.conditioned(s, s.policy.Conditions, "all else is denied whether it holds or not")
	c.add(s, kindDeny, acl.Deny, acl.Subject{Anyone: true}, accessesCarried(), func(access string) ([]acl.Subject, bool) {
		return c.excepted(s, s.allow, access, giving)
	})
	for _, item := range s.allowExceptions {
		subject, _ := c.subject(item, taking)
		c.add(s, kindDeny, acl.Deny, subject, item.accesses, func(string) ([]acl.Subject, bool) { return nil, false })
	}
}

// excepted gives whom items that except name, and whether that is everybody.
func (c *converter) excepted(s *source, items []*itemEvaluator, access string, towards direction) (subjects []acl.Subject, everybody bool) {
	for _, item := range items {
		if !slices.Contains(item.accesses, access) {
			continue
		}
		consequence := "the exception counts whether it holds or not: less is given than in Ranger"
		if towards == giving {
			consequence = "the exception is left out: more is hidden than in Ranger"
		}
		if c.conditioned(s, item.item.Conditions, consequence) && towards == giving {
			continue
		}
		subject, problems := c.subject(item, towards)
		c.note(s, problems...)
		everybody = everybody || subject.Anyone
		if !nobody(subject) {
			subjects = append(subjects, subject)
		}
	}
	return subjects, everybody
}

// add makes a rule for each access that is carried over.
func (c *converter) add(s *source, kind string, effect acl.Effect, subject acl.Subject, accesses []string, excepted func(string) ([]acl.Subject, bool)) {
	if nobody(subject) {
		return
	}
	towards := direction(effect == acl.Deny)
	targets, problems := c.targets(s, towards)
	spans, found := c.spans(s, towards)
	c.note(s, slices.Concat(problems, found)...)
	if len(targets)*len(spans) == 0 {
		return
	}
	for _, access := range accessesCarried() {
		if !slices.Contains(accesses, access) {
			continue
		}
		subjects, everybody := excepted(access)
		if everybody {
			continue
		}
		made := &rule{source: s, kind: kind, effect: effect, access: access, subject: subject, targets: targets, spans: spans}
		for _, one := range subjects {
			made.spared = append(made.spared, acl.Exception{Subject: one})
		}
		c.rules = append(c.rules, made)
	}
}
