package access

import (
	"cmp"
	"context"
	"slices"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Request gives one request with all that was done about it.
func (d *Desk) Request(ctx context.Context, id string) (Case, error) {
	k, err := d.find(ctx, id)
	if err != nil {
		return Case{}, err
	}
	if err := d.owners().own(ctx, k); err != nil {
		return Case{}, err
	}
	return k.view(), nil
}

// Requests lists requests, newest first.
func (d *Desk) Requests(ctx context.Context, filter Filter) ([]Case, error) {
	if filter.State != "" && !slices.Contains(states(), string(filter.State)) {
		return nil, fault.New(fault.Invalid, "there is no state %q%s", filter.State, fault.Meant(string(filter.State), states()))
	}
	where := squirrel.Eq{}
	if filter.Requester != "" {
		where["requester"] = filter.Requester
	}
	if filter.Dataset != "" {
		where["dataset"] = filter.Dataset
	}
	found, err := d.read(ctx, where)
	if err != nil {
		return nil, err
	}
	owned := d.owners()
	cases := []Case{}
	for _, k := range found {
		if filter.State != "" && k.seen != filter.State {
			continue
		}
		if err := owned.own(ctx, k); err != nil {
			return nil, err
		}
		if filter.Department == "" || k.Department == filter.Department {
			cases = append(cases, k.view())
		}
	}
	slices.SortStableFunc(cases, func(a, b Case) int { return cmp.Or(b.Asked.Compare(a.Asked), cmp.Compare(b.ID, a.ID)) })
	return cases, nil
}
