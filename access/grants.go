package access

import (
	"context"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Renew lets a grant end later. Only a steward of the dataset may, and not for
// themselves.
func (d *Desk) Renew(ctx context.Context, steward acl.Principal, id string, until time.Time, note string) (Case, error) {
	k, err := d.changeable(ctx, id)
	if err != nil {
		return Case{}, err
	}
	if err := demandSteward(steward, &k.Case); err != nil {
		return Case{}, err
	}
	if err := k.demand(Granted, DidRenew); err != nil {
		return Case{}, err
	}
	if note, err = checkText("note", note); err != nil {
		return Case{}, err
	}
	if err := d.checkEnd(until); err != nil {
		return Case{}, err
	}
	if !until.After(k.Grant.Period.Until) {
		return Case{}, fault.New(fault.Invalid, "the access lasts until %s already: to end it earlier, revoke it", k.Grant.Period.Until.Format(momentText))
	}
	grant := k.Grant.bare()
	grant.Period.Until = until.UTC()
	grant.Policies = k.policies(grant)
	event := Event{At: d.moment(), By: steward.ID(), Did: DidRenew, Note: note, Grant: grant.bare()}
	return d.change(ctx, k, prepared{State: Granted, Grant: grant, Event: event})
}

// Revoke ends a grant at once. A steward of the dataset may, and who holds it.
func (d *Desk) Revoke(ctx context.Context, by acl.Principal, id, note string) (Case, error) {
	k, err := d.changeable(ctx, id)
	if err != nil {
		return Case{}, err
	}
	if err := demandSelf(by); err != nil {
		return Case{}, err
	}
	if !stewards(by, &k.Case) && !isRequester(by, &k.Case) {
		return Case{}, fault.New(fault.Denied, "only a steward of department %q, which owns %s, or who holds the access may end it", k.Department, k.Dataset)
	}
	if err := k.demand(Granted, DidRevoke); err != nil {
		return Case{}, err
	}
	if note, err = checkText("note", note); err != nil {
		return Case{}, err
	}
	event := Event{At: d.moment(), By: by.ID(), Did: DidRevoke, Note: note}
	return d.change(ctx, k, prepared{State: Revoked, Event: event})
}
