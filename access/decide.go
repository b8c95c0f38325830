package access

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Decide grants a request, in whole or in part, or refuses it. Only a steward of
// the dataset may, and not about a request of their own. What is granted counts
// at once, from the beginning of the period that was asked for.
func (d *Desk) Decide(ctx context.Context, decider acl.Principal, id string, decision Decision) (Case, error) {
	k, err := d.changeable(ctx, id)
	if err != nil {
		return Case{}, err
	}
	if err := demandSteward(decider, &k.Case); err != nil {
		return Case{}, err
	}
	if err := k.demand(Open, "decided"); err != nil {
		return Case{}, err
	}
	note, err := checkText("note", decision.Note)
	if err != nil {
		return Case{}, err
	}
	event := Event{At: d.moment(), By: decider.ID(), Did: DidRefuse, Note: note}
	if len(decision.Grant) == 0 {
		return d.refuse(ctx, k, event)
	}
	grant, err := d.grant(ctx, k, decision)
	if err != nil {
		return Case{}, err
	}
	event.Did, event.Grant = DidGrant, grant.bare()
	return d.change(ctx, k, prepared{State: Granted, Grant: grant, Event: event})
}

func (d *Desk) refuse(ctx context.Context, k *kept, event Event) (Case, error) {
	k.State = Refused
	k.History = append(k.History, event)
	if err := d.save(ctx, k); err != nil {
		return Case{}, err
	}
	return k.Case, nil
}

// grant is what a decision grants, never more than was asked for.
func (d *Desk) grant(ctx context.Context, k *kept, decision Decision) (*Grant, error) {
	made := &Grant{Period: k.Period, Rights: k.Rights, Mask: maps.Clone(decision.Mask), Rows: decision.Rows}
	for _, field := range decision.Grant {
		if !slices.Contains(k.Fields, field) {
			return nil, fault.New(fault.Invalid, "field %q was not asked for%s", field, fault.Meant(field, k.Fields))
		}
	}
	made.Fields = slices.DeleteFunc(slices.Clone(k.Fields), func(name string) bool { return !slices.Contains(decision.Grant, name) })
	var err error
	if len(decision.Rights) > 0 {
		if made.Rights, err = k.lessRights(decision.Rights); err != nil {
			return nil, err
		}
	}
	if made.Period.Until, err = d.lessTime(&k.Case, decision.Until); err != nil {
		return nil, err
	}
	if err := made.checkMask(); err != nil {
		return nil, err
	}
	if err := d.checkStill(ctx, k, made); err != nil {
		return nil, err
	}
	made.Policies = k.policies(made)
	for _, policy := range made.Policies {
		if err := policy.Check(); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// lessRights gives some of the rights that were asked for; who asks to hold asks
// to view.
func (c *Case) lessRights(rights []acl.Right) ([]acl.Right, error) {
	rights, err := checkRights(rights)
	if err != nil {
		return nil, err
	}
	asked := c.Rights
	if slices.Contains(asked, acl.Hold) {
		asked = append(slices.Clone(asked), acl.View)
	}
	for _, right := range rights {
		if !slices.Contains(asked, right) {
			return nil, fault.New(fault.Invalid, "the right to %s was not asked for", right)
		}
	}
	return rights, nil
}

// lessTime gives the end of what is granted.
func (d *Desk) lessTime(c *Case, until time.Time) (time.Time, error) {
	asked, now := c.Period.Until, d.moment()
	switch {
	case !asked.After(now):
		return until, fault.New(fault.Conflict, "the time that was asked for ended at %s: refuse the request, so that it can be asked anew", asked.Format(momentText))
	case until.IsZero():
		return asked, nil
	case until.After(asked):
		return until, fault.New(fault.Invalid, "access was asked for until %s, not longer", asked.Format(momentText))
	case !until.After(now) || !until.After(c.Period.From):
		return until, fault.New(fault.Invalid, "the access would end before it begins")
	}
	return until.UTC(), nil
}

func (g *Grant) checkMask() error {
	for _, field := range slices.Sorted(maps.Keys(g.Mask)) {
		if !slices.Contains(g.Fields, field) {
			return fault.New(fault.Invalid, "mask: field %q is not granted%s", field, fault.Meant(field, g.Fields))
		}
		if g.Mask[field] == (acl.Mask{}) {
			return fault.New(fault.Invalid, "mask: name the kind of mask for field %q", field)
		}
	}
	if len(g.Mask) > 0 && slices.Equal(g.Rights, []acl.Right{acl.Create}) {
		return fault.New(fault.Invalid, "mask: what is created is not masked, and nothing but the right to create is granted")
	}
	return nil
}

// checkStill looks at what is granted with the eyes of the catalog of today.
func (d *Desk) checkStill(ctx context.Context, k *kept, g *Grant) error {
	dataset, err := d.dataset(ctx, k.Dataset)
	if err != nil {
		return err
	}
	if _, err := checkFields(g.Fields, namesOf(dataset)); err != nil {
		return err
	}
	if g.Rows == "" {
		return nil
	}
	rows, err := condition.Parse(g.Rows)
	if err == nil {
		_, err = rows.Bind(scopeOf(dataset))
	}
	if err != nil {
		return fault.New(fault.Invalid, "rows: %s", fault.Public(err))
	}
	return nil
}

// scopeOf is what a condition over the rows of a dataset may speak of. What the
// requester's attributes are is not known here.
func scopeOf(dataset catalog.Dataset) condition.Scope {
	find := func(fits func(catalog.Field) bool) (condition.Field, bool) {
		var found []catalog.Field
		for _, field := range dataset.Fields {
			if fits(field) {
				found = append(found, field)
			}
		}
		if len(found) != 1 {
			return condition.Field{}, false
		}
		return condition.Field{Name: found[0].Name, Expression: found[0].Name, Type: found[0].Type}, true
	}
	field := func(name string) (condition.Field, bool) {
		return find(func(f catalog.Field) bool { return f.Name == name })
	}
	return condition.Scope{
		Field: field,
		Element: func(id string) (condition.Field, bool) {
			if id == "person" {
				return field(dataset.Person)
			}
			return find(func(f catalog.Field) bool { return f.Element == id })
		},
		Attributes: map[string][]string{},
	}
}
