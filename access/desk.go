package access

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
)

const (
	// periodYears bounds how far ahead access may end: a purpose that lasts longer
	// is looked at again after two years, as the inspections of the campus are.
	periodYears = 2
	// maxText bounds reasons and notes: people read them on one screen.
	maxText = 2000
	// RoleSteward is the role whose holders decide for their department's data.
	RoleSteward = "steward"
)

// Datasets is what the desk asks the catalog.
type Datasets interface {
	// Dataset gives one dataset with its fields, or a NotFound fault.
	Dataset(ctx context.Context, id string) (catalog.Dataset, error)
	// Datasets lists the datasets of a system, or of all for "".
	Datasets(ctx context.Context, system string) ([]catalog.Dataset, error)
}

// Usage tells what is done with access.
type Usage interface {
	// Usage gives how often a principal read a dataset and when last, the zero
	// time for never.
	Usage(ctx context.Context, principal, dataset string) (count int64, last time.Time, err error)
}

// Desk is where access is asked for, decided, renewed, revoked and reviewed. It
// is safe for concurrent use, by several processes too.
type Desk struct {
	policies *policystore.Store
	catalog  Datasets
	usage    Usage
	store    *store.Store
	now      func() time.Time
}

// New makes a desk over an opened state database.
func New(policies *policystore.Store, datasets Datasets, usage Usage, opened *store.Store, now func() time.Time) *Desk {
	return &Desk{policies: policies, catalog: datasets, usage: usage, store: opened, now: now}
}

// moment is now, as it is written.
func (d *Desk) moment() time.Time { return d.now().UTC().Round(time.Microsecond) }

// dataset finds a dataset, or names the nearest one.
func (d *Desk) dataset(ctx context.Context, id string) (catalog.Dataset, error) {
	found, err := d.catalog.Dataset(ctx, id)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return found, err
	}
	all, err := d.catalog.Datasets(ctx, "")
	if err != nil {
		return found, err
	}
	ids := make([]string, len(all))
	for i, one := range all {
		ids[i] = one.ID
	}
	return found, fault.New(fault.NotFound, "there is no dataset %q%s", id, fault.Meant(id, ids))
}

// owners remembers who owns which dataset while requests are listed.
type owners struct {
	catalog Datasets
	known   map[string]catalog.Dataset
}

func (d *Desk) owners() *owners { return &owners{d.catalog, map[string]catalog.Dataset{}} }

// own updates who owns the case's dataset. One that is gone from the catalog
// stays with those who owned it.
func (o *owners) own(ctx context.Context, k *kept) error {
	found, known := o.known[k.Dataset]
	if !known {
		var err error
		if found, err = o.catalog.Dataset(ctx, k.Dataset); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		o.known[k.Dataset] = found
	}
	if found.ID != "" {
		k.Department, k.Steward = found.Department, found.Steward
	}
	return nil
}

// stewards reports whether a principal answers for the case's dataset.
func stewards(p acl.Principal, c *Case) bool {
	named := c.Steward != "" && p.ID() == c.Steward && p.Profile().Kind == acl.KindPerson
	return named || p.HasRole(RoleSteward) && p.Has(acl.AttributeDepartment, c.Department)
}

// demandSteward refuses everybody who may not decide about a case.
func demandSteward(p acl.Principal, c *Case) error {
	if err := demandSelf(p); err != nil {
		return err
	}
	if !stewards(p, c) {
		return fault.New(fault.Denied, "only a steward of department %q, which owns %s, decides who may use it", c.Department, c.Dataset)
	}
	if p.ID() == c.Requester {
		return fault.New(fault.Denied, "nobody decides about their own access: another steward of department %q has to", c.Department)
	}
	return nil
}

// demandSelf refuses nobody, and who acts for another: a delegation lends rights
// on data, not the word of who lent them.
func demandSelf(p acl.Principal) error {
	if p.ID() == "" {
		return fault.New(fault.Denied, "sign in first")
	}
	if p.Actor() != "" {
		return fault.New(fault.Denied, "what is decided about access cannot be done for %s by delegation", p.ID())
	}
	return nil
}

// isRequester reports whether a case is the principal's own.
func isRequester(p acl.Principal, c *Case) bool {
	return p.ID() == c.Requester && p.Profile().Kind == c.Kind
}

// checkText trims what somebody wrote.
func checkText(what, text string) (string, error) {
	text = strings.TrimSpace(text)
	if len([]rune(text)) > maxText {
		return "", fault.New(fault.Invalid, "%s: at most %d characters", what, maxText)
	}
	return text, nil
}

// checkFields gives the names in the order of the dataset, each once.
func checkFields(names []string, known []string) ([]string, error) {
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fault.New(fault.Invalid, "there is no field %q%s", name, fault.Meant(name, known))
		}
		// Policies would take it for a pattern and be about more.
		if strings.Contains(name, "*") {
			return nil, fault.New(fault.Invalid, `access to the field %q cannot be granted, for the "*" in its name`, name)
		}
	}
	return slices.DeleteFunc(slices.Clone(known), func(name string) bool { return !slices.Contains(names, name) }), nil
}

// checkRights gives the rights in the order of 看拥造传, each once.
func checkRights(rights []acl.Right) ([]acl.Right, error) {
	for _, right := range rights {
		if !slices.Contains(acl.Rights(), right) {
			return nil, fault.New(fault.Invalid, "%q is none of the rights view, hold, create and transmit", right)
		}
	}
	return slices.DeleteFunc(acl.Rights(), func(right acl.Right) bool { return !slices.Contains(rights, right) }), nil
}

// checkEnd looks at when access is to end.
func (d *Desk) checkEnd(until time.Time) error {
	now := d.moment()
	switch {
	case until.IsZero():
		return fault.New(fault.Invalid, "say until when the access is needed")
	case !until.After(now):
		return fault.New(fault.Invalid, "the access would end in the past")
	// The day more is for ends written as a day, which is in the period as a whole.
	case until.After(now.AddDate(periodYears, 0, 1)):
		return fault.New(fault.Invalid, "access may end at most %d years ahead; it can be renewed then", periodYears)
	}
	return nil
}
