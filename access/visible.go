package access

import (
	"context"
	"slices"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// RequestFor gives one request to a party to it: to who asked, who holds what was
// granted, and the stewards of the dataset. To others there is none.
func (d *Desk) RequestFor(ctx context.Context, viewer acl.Principal, id string) (Case, error) {
	if err := demandSelf(viewer); err != nil {
		return Case{}, err
	}
	found, err := d.Request(ctx, id)
	if err != nil {
		return Case{}, err
	}
	if !isParty(viewer, &found) {
		return Case{}, fault.New(fault.NotFound, "there is no request %q", id)
	}
	return found, nil
}

// RequestsFor lists the requests to which somebody is a party, newest first.
func (d *Desk) RequestsFor(ctx context.Context, viewer acl.Principal, filter Filter) ([]Case, error) {
	return d.visible(ctx, viewer, filter, isParty)
}

// RequestsToSteward lists the requests for datasets that a steward answers for,
// newest first.
func (d *Desk) RequestsToSteward(ctx context.Context, steward acl.Principal, filter Filter) ([]Case, error) {
	return d.visible(ctx, steward, filter, stewards)
}

func (d *Desk) visible(ctx context.Context, viewer acl.Principal, filter Filter, sees func(acl.Principal, *Case) bool) ([]Case, error) {
	if err := demandSelf(viewer); err != nil {
		return nil, err
	}
	found, err := d.Requests(ctx, filter)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(c Case) bool { return !sees(viewer, &c) }), nil
}

// isParty reports whether a request is somebody's business. A grant is held by
// who asked for it.
func isParty(p acl.Principal, c *Case) bool { return isRequester(p, c) || stewards(p, c) }

// Shortfall is a field of which the holder of a grant gets less than was granted.
type Shortfall struct {
	Field  string    `json:"field"`
	Right  acl.Right `json:"right"`
	Access string    `json:"access"`
	// SomeRows says that it is not shown alike on all rows that were granted.
	SomeRows bool `json:"some_rows,omitempty"`
	// Reason names the policies.
	Reason string `json:"reason"`
}

// Shortfalls lists what a grant does not bring about, because other policies
// deny it: a grant allows, and denies win.
func Shortfalls(policies *acl.Set, holder acl.Principal, resource *acl.Resource, c Case, now time.Time) ([]Shortfall, error) {
	found := []Shortfall{}
	if c.Grant == nil {
		return found, nil
	}
	if c.Grant.Period.From.After(now) {
		now = c.Grant.Period.From
	}
	for _, right := range c.Grant.Rights {
		decision, err := policies.Compile(holder, acl.Request{Right: right, Purpose: c.Purpose, At: now}, resource)
		if err != nil {
			return nil, err
		}
		for _, name := range c.Grant.Fields {
			field := decision.Field(name)
			if field == nil {
				continue
			}
			one := Shortfall{Field: name, Right: right, Access: field.Best().String(), SomeRows: c.Grant.Rows == "" && !field.Whole(), Reason: decision.Reason(name)}
			if one.SomeRows || field.Best().Compare(c.Grant.limit(field.Field, right)) < 0 {
				found = append(found, one)
			}
		}
	}
	return found, nil
}

// limit is how much of a field a grant shows.
func (g *Grant) limit(field acl.Field, right acl.Right) acl.Limit {
	if mask, limited := g.Mask[field.Name]; limited && right != acl.Create {
		return acl.Limit{Access: acl.Masked, Mask: mask.For(field)}
	}
	return acl.Limit{Access: acl.Clear}
}
