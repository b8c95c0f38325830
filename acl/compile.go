package acl

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Request is what a decision is asked for.
type Request struct {
	Right Right
	// Purpose is what the data is wanted for; empty when that is not said.
	Purpose string
	At      time.Time
}

// Compile decides. A purpose that is not known is an Invalid fault; nobody and
// nothing are decisions that deny.
func (s *Set) Compile(principal Principal, request Request, resource *Resource) (*Decision, error) {
	purpose, known := s.purposes[request.Purpose]
	if request.Purpose != "" && !known {
		return nil, fault.New(fault.Invalid, "there is no purpose %q%s", request.Purpose, fault.Meant(request.Purpose, s.purposeIDs()))
	}
	c := newCompiler(s, principal, request, resource)
	if principal.held != nil {
		c.gather(principal.held, false)
		if actor := principal.held.actor; actor != nil {
			c.gather(actor, true)
			c.delegate(principal.held.delegation)
		}
	}
	if purpose.Basis == BasisConsent {
		c.demandConsent(principal)
	}
	return c.seal()
}

// compiler gathers the terms of one decision.
type compiler struct {
	set      *Set
	request  Request
	resource *Resource
	made     *Decision
	known    map[string]int
	bound    map[rowsOf]When
	change   time.Time
}

func newCompiler(s *Set, principal Principal, request Request, resource *Resource) *compiler {
	made := &Decision{
		dataset: resource.Dataset, right: request.Right, purpose: request.Purpose, version: s.version,
		fields: make([]FieldAccess, len(resource.Fields)), place: resource.place, expressions: s.expressions, set: s,
		who: cmp.Or(principal.ID(), "nobody"),
	}
	for i := range resource.Fields {
		made.fields[i].Field = resource.Fields[i]
	}
	return &compiler{set: s, request: request, resource: resource, made: made}
}

// gather adds the terms of the policies about one identity. Of an actor only
// what is denied counts.
func (c *compiler) gather(who *held, deniesOnly bool) {
	for _, place := range c.set.candidates(who.keys, c.resource) {
		p := c.set.policies[place]
		if deniesOnly && p.Effect == Allow {
			continue
		}
		if p.Aggregate != nil && p.Resource.matchesDataset(c.resource, who) && p.Subject.matches(who) {
			c.group(*p.Aggregate)
		}
		if c.counts(p, who) {
			c.apply(place, p, who)
		}
	}
}

// counts reports whether a policy is about the request, leaving fields and rows aside.
func (c *compiler) counts(p *Prepared, who *held) bool {
	if !p.Resource.matchesDataset(c.resource, who) || !p.covers(c.request.Right) || !p.serves(c.request.Purpose) || !p.Subject.matches(who) {
		return false
	}
	counts, change := p.state(c.request.At)
	c.until(change)
	return counts
}

func (c *compiler) until(change time.Time) {
	if !change.IsZero() && (c.change.IsZero() || change.Before(c.change)) {
		c.change = change
	}
}

func (c *compiler) apply(place int, p *Prepared, who *held) {
	var when When
	bound := false
	for i := range c.made.fields {
		field := &c.made.fields[i]
		if !p.about(c.resource, &field.Field, who) {
			continue
		}
		if !bound {
			when, bound = c.bind(p, who), true
		}
		if when.Never() {
			return
		}
		field.add(place, p, when)
	}
}

// rowsOf is a row condition as one identity's policies state it.
type rowsOf struct {
	who    *held
	effect Effect
	text   string
}

// bind ties the policy's condition to the fields. Where that cannot be done, an
// allow counts on no row and a deny on all.
func (c *compiler) bind(p *Prepared, who *held) When {
	if p.rows.Always() {
		return When{Always: true}
	}
	key := rowsOf{who, p.Effect, p.Rows}
	when, known := c.bound[key]
	if !known {
		when = c.condition(p, who)
		if c.bound == nil {
			c.bound = map[rowsOf]When{}
		}
		c.bound[key] = when
	}
	return when
}

func (c *compiler) condition(p *Prepared, who *held) When {
	bound, err := p.rows.Bind(c.scope(who))
	if err != nil {
		return When{Always: p.Effect == Deny}
	}
	if canHold, canFail := bound.Outcomes(); p.Effect == Allow && !canHold || p.Effect == Deny && !canFail {
		return When{Always: p.Effect == Deny}
	}
	statement, args, err := bound.ToSql()
	if err != nil {
		return When{Always: p.Effect == Deny}
	}
	key := fmt.Sprintf("%s %q", statement, args)
	place, known := c.known[key]
	if !known {
		if c.known == nil {
			c.known = map[string]int{}
		}
		place = len(c.made.conditions)
		c.known[key] = place
		c.made.conditions = append(c.made.conditions, bound)
		c.made.rows = append(c.made.rows, p.Rows)
	}
	return When{Any: []int{place}}
}

func (c *compiler) scope(who *held) condition.Scope {
	as := func(field Field, ok bool) (condition.Field, bool) {
		return condition.Field{Name: field.Name, Expression: field.Column, Type: field.Type}, ok
	}
	return condition.Scope{
		Field:      func(name string) (condition.Field, bool) { return as(c.resource.Field(name)) },
		Element:    func(id string) (condition.Field, bool) { return as(c.resource.element(id)) },
		Attributes: Principal{who}.attributes(),
	}
}

// add joins a policy's term to the field's.
func (f *FieldAccess) add(place int, p *Prepared, when When) {
	limit := p.limit
	if limit.Access == Masked {
		limit.Mask = limit.Mask.For(f.Field)
	}
	if p.Effect == Allow {
		f.allowedBy = append(f.allowedBy, place)
		f.Allows = join(f.Allows, limit, when)
		return
	}
	f.deniedBy = append(f.deniedBy, place)
	switch limit.Access {
	case Masked:
		f.Caps = join(f.Caps, limit, when)
	case Statistics:
		f.Statistics = f.Statistics.Or(when)
	default:
		f.Denied = f.Denied.Or(when)
	}
}

func join(terms []Term, limit Limit, when When) []Term {
	for i := range terms {
		if terms[i].Limit == limit {
			terms[i].When = terms[i].When.Or(when)
			return terms
		}
	}
	return append(terms, Term{limit, when})
}

// group joins the bounds of statistics of all policies about the principal and
// the dataset, for whatever right, purpose and time: figures for two purposes
// that were parted in two ways could tell of one person by their difference.
func (c *compiler) group(a Aggregate) {
	if c.made.grouping == nil {
		c.made.grouping = &Grouping{}
	}
	g := c.made.grouping
	g.MinPeople = max(g.MinPeople, a.MinPeople)
	g.Dimensions = append(g.Dimensions, a.Dimensions...)
	slices.Sort(g.Dimensions)
	g.Dimensions = slices.Compact(g.Dimensions)
}

// delegate takes away what a delegation does not lend.
func (c *compiler) delegate(d *Delegation) {
	lent := d.Valid.Contains(c.request.At) && slices.Contains(d.Rights, c.request.Right)
	for _, bound := range []time.Time{d.Valid.From, d.Valid.Until} {
		if bound.After(c.request.At) {
			c.until(bound)
		}
	}
	lent = lent && d.Resource.matchesDataset(c.resource, &held{})
	for i := range c.made.fields {
		if field := &c.made.fields[i]; !lent || !d.Resource.matchesField(c.resource, &field.Field) {
			field.Denied, field.note = When{Always: true}, "not lent by the delegation of "+d.From
		}
	}
}

// demandConsent limits rows to those about people who consented. Where nobody
// can say whom a row is about, what is sensitive is not shown.
func (c *compiler) demandConsent(principal Principal) {
	if person, known := c.resource.Field(c.resource.Person); known {
		demand := &Consent{Purpose: c.request.Purpose, Recipient: principal.ID(), Person: person.Name}
		if principal.Profile().Kind == KindPerson {
			demand.Own = principal.Profile().Attributes[AttributeCampusID]
		}
		c.made.consent = demand
		return
	}
	for i := range c.made.fields {
		if field := &c.made.fields[i]; field.Field.Level.Effective() >= schema.L3 {
			field.Denied, field.note = When{Always: true}, "it takes the consent of the people concerned, whom the dataset does not name"
		}
	}
}

// seal puts the terms in order and takes the fingerprint.
func (c *compiler) seal() (*Decision, error) {
	d := c.made
	for i := range d.fields {
		d.fields[i].order()
		for _, term := range slices.Concat(d.fields[i].Allows, d.fields[i].Caps) {
			if mask := term.Limit.Mask; mask != (Mask{}) && !slices.Contains(d.masks, mask) {
				d.masks = append(d.masks, mask)
			}
		}
	}
	d.changes = c.change
	type written struct {
		SQL  string
		Args []any
	}
	conditions := make([]written, len(d.conditions))
	for i, bound := range d.conditions {
		var err error
		if conditions[i].SQL, conditions[i].Args, err = bound.ToSql(); err != nil {
			return nil, fmt.Errorf("write a row condition: %w", err)
		}
	}
	text, err := json.Marshal([]any{d.dataset, d.right, d.purpose, d.fields, conditions, d.consent, d.grouping})
	if err != nil {
		return nil, fmt.Errorf("seal the decision: %w", err)
	}
	sum := sha256.Sum256(text)
	d.fingerprint = hex.EncodeToString(sum[:])
	return d, nil
}

// order sorts what is allowed from most to least, and drops what comes behind
// clear values on all rows: no deny leaves more of anything else.
func (f *FieldAccess) order() {
	slices.SortStableFunc(f.Allows, func(a, b Term) int { return b.Limit.Compare(a.Limit) })
	if len(f.Allows) > 0 && f.Allows[0].Limit.Access == Clear && f.Allows[0].When.Always {
		f.Allows = f.Allows[:1]
	}
	slices.SortStableFunc(f.Caps, func(a, b Term) int { return b.Limit.Compare(a.Limit) })
}
