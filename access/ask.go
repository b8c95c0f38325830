package access

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Ask files a request for access, which a steward of the dataset's department
// decides. Fields may be named that the requester cannot see yet. While one
// request for a dataset and purpose is open, the same requester cannot file
// another.
func (d *Desk) Ask(ctx context.Context, principal acl.Principal, request Request) (Case, error) {
	if err := demandSelf(principal); err != nil {
		return Case{}, err
	}
	dataset, err := d.dataset(ctx, request.Dataset)
	if err != nil {
		return Case{}, err
	}
	if request, err = d.checkRequest(ctx, request, dataset); err != nil {
		return Case{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Case{}, err
	}
	now := d.moment()
	made := &kept{Case: Case{
		ID: id.String(), Request: request, Requester: principal.ID(), Kind: principal.Profile().Kind,
		Department: dataset.Department, Steward: dataset.Steward, Asked: now, State: Open,
		History: []Event{{At: now, By: principal.ID(), Did: DidAsk}},
	}}
	if err := d.settleOpen(ctx, made); err != nil {
		return Case{}, err
	}
	if err := d.insert(ctx, made); err != nil {
		return Case{}, err
	}
	return made.Case, nil
}

func (d *Desk) checkRequest(ctx context.Context, r Request, dataset catalog.Dataset) (Request, error) {
	if strings.Contains(r.Dataset, "*") {
		return r, fault.New(fault.Invalid, `access to %q cannot be granted, for the "*" in its name`, r.Dataset)
	}
	var err error
	if r.Fields, err = checkFields(r.Fields, namesOf(dataset)); err != nil {
		return r, err
	}
	if len(r.Fields) == 0 {
		return r, fault.New(fault.Invalid, "name the fields of %s that are needed", r.Dataset)
	}
	if r.Rights, err = checkRights(r.Rights); err != nil {
		return r, err
	}
	if len(r.Rights) == 0 {
		return r, fault.New(fault.Invalid, "name the rights that are needed: view, hold, create or transmit")
	}
	if _, err := d.policies.Purpose(ctx, r.Purpose); err != nil {
		return r, err
	}
	if err := d.checkEnd(r.Period.Until); err != nil {
		return r, err
	}
	r.Period = acl.Period{From: r.Period.From.UTC(), Until: r.Period.Until.UTC()}
	if !r.Period.From.Before(r.Period.Until) {
		return r, fault.New(fault.Invalid, "the period %s is empty", r.Period)
	}
	if r.Reason, err = checkText("reason", r.Reason); err != nil {
		return r, err
	}
	if r.Reason == "" {
		return r, fault.New(fault.Invalid, "say what the data is needed for: the steward decides by it")
	}
	return r, nil
}

func namesOf(dataset catalog.Dataset) []string {
	names := make([]string, len(dataset.Fields))
	for i, field := range dataset.Fields {
		names[i] = field.Name
	}
	return names
}

// settleOpen writes down what became of the request that is kept as open for the
// same requester, dataset and purpose, so that one which is decided is in nobody's way.
func (d *Desk) settleOpen(ctx context.Context, made *kept) error {
	found, err := d.read(ctx, isOpenLike(&made.Case))
	if err != nil {
		return err
	}
	for _, k := range found {
		if k.State == Open {
			return errOpen(made.Requester, &k.Case)
		}
		// Where somebody else writes it down at this moment, all is well.
		if err := d.save(ctx, k); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}

func errOpen(requester string, found *Case) error {
	return fault.New(fault.Conflict, "%s has a request for %s and this purpose already, %s, which is not decided yet: withdraw it to ask anew", requester, found.Dataset, found.ID)
}

// Withdraw takes back a request that is not decided yet.
func (d *Desk) Withdraw(ctx context.Context, requester acl.Principal, id string) (Case, error) {
	if err := demandSelf(requester); err != nil {
		return Case{}, err
	}
	k, err := d.changeable(ctx, id)
	if err != nil {
		return Case{}, err
	}
	if !isRequester(requester, &k.Case) {
		return Case{}, fault.New(fault.Denied, "only who asked may withdraw a request")
	}
	if err := k.demand(Open, "withdrawn"); err != nil {
		return Case{}, err
	}
	k.State = Withdrawn
	k.History = append(k.History, Event{At: d.moment(), By: requester.ID(), Did: DidWithdraw})
	if err := d.save(ctx, k); err != nil {
		return Case{}, err
	}
	return k.Case, nil
}

// demand refuses what cannot be done with a case any more, or yet.
func (k *kept) demand(wanted State, done string) error {
	if k.seen == wanted {
		return nil
	}
	last := k.History[len(k.History)-1]
	if k.seen == Revoked && k.State == Granted {
		return fault.New(fault.Conflict, "the access was ended by a change of the policies, so it cannot be %s", done)
	}
	switch k.seen {
	case Open:
		return fault.New(fault.Conflict, "the request is not decided yet, so it cannot be %s", done)
	case Expired:
		return fault.New(fault.Conflict, "the access ended by itself at %s, so it cannot be %s: it has to be asked for again", k.Grant.Period.Until.Format(momentText), done)
	}
	return fault.New(fault.Conflict, "the request was %s by %s at %s, so it cannot be %s", last.Did, last.By, last.At.Format(momentText), done)
}

// momentText is how sentences for people say a moment.
const momentText = "2006-01-02 15:04 MST"

// lastDone gives the newest event of a kind.
func (c *Case) lastDone(did string) (Event, bool) {
	for _, event := range slices.Backward(c.History) {
		if event.Did == did {
			return event, true
		}
	}
	return Event{}, false
}
