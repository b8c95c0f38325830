package access

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
)

const (
	// unusedFor is a term of the university, about: who read nothing in it does not
	// need the data for the work of the year.
	unusedFor = 90 * 24 * time.Hour
	// endsWithin leaves a month to ask whether access is still needed.
	endsWithin = 30 * 24 * time.Hour
)

// ReviewOptions say which grants are listed.
type ReviewOptions struct {
	// UnusedFor is for how long nothing was read; 0 is 90 days.
	UnusedFor time.Duration `json:"unused_for,omitempty"`
	// EndsWithin is how near the end is; 0 is 30 days.
	EndsWithin time.Duration `json:"ends_within,omitempty"`
}

// Reasons why a grant is on the list of a review.
const (
	ReasonEnds   = "ends"   // it ends soon
	ReasonUnused = "unused" // nothing was read for long
)

// Finding is a grant that a steward should look at.
type Finding struct {
	Case Case `json:"request"`
	// Count is how often the holder read the dataset, LastUse when last: the zero
	// time is never.
	Count   int64     `json:"count"`
	LastUse time.Time `json:"last_use,omitzero"`
	Ends    time.Time `json:"ends"`
	Reasons []string  `json:"reasons"`
	// Why says the reasons in a sentence.
	Why string `json:"why"`

	// idle is the moment since which nothing was read.
	idle time.Time
}

// Review lists the grants of a steward's datasets that end soon or are not used,
// most urgent first: those that end, by their end, then those that are unused,
// longest first. Use is counted over the dataset, by whatever policy it was
// allowed; a grant is unused from its beginning at the earliest.
func (d *Desk) Review(ctx context.Context, steward acl.Principal, options ReviewOptions) ([]Finding, error) {
	if err := demandSelf(steward); err != nil {
		return nil, err
	}
	options.UnusedFor = cmp.Or(options.UnusedFor, unusedFor)
	options.EndsWithin = cmp.Or(options.EndsWithin, endsWithin)
	// A decision that was not written down to its end is still kept as open.
	found, err := d.read(ctx, squirrel.Eq{"state": []string{string(Granted), string(Open)}})
	if err != nil {
		return nil, err
	}
	findings, owned := []Finding{}, d.owners()
	for _, k := range found {
		if k.seen != Granted {
			continue
		}
		if err := owned.own(ctx, k); err != nil {
			return nil, err
		}
		if !stewards(steward, &k.Case) {
			continue
		}
		finding, err := d.finding(ctx, k.view(), options)
		if err != nil {
			return nil, err
		}
		if len(finding.Reasons) > 0 {
			findings = append(findings, finding)
		}
	}
	slices.SortStableFunc(findings, byUrgency)
	return findings, nil
}

func (d *Desk) finding(ctx context.Context, c Case, options ReviewOptions) (Finding, error) {
	made := Finding{Case: c, Ends: c.Grant.Period.Until}
	var err error
	if made.Count, made.LastUse, err = d.usage.Usage(ctx, c.Requester, c.Dataset); err != nil {
		return made, fmt.Errorf("tell the use of a grant: %w", err)
	}
	made.idle = made.LastUse
	granted, _ := c.lastDone(DidGrant)
	for _, begun := range []time.Time{granted.At, c.Grant.Period.From} {
		if begun.After(made.idle) {
			made.idle = begun
		}
	}
	now := d.moment()
	made.judge(now, options)
	return made, nil
}

// judge says whether and why the grant is on the list.
func (f *Finding) judge(now time.Time, options ReviewOptions) {
	if !f.Ends.After(now.Add(options.EndsWithin)) {
		f.Reasons = append(f.Reasons, ReasonEnds)
		f.Why = "the access ends at " + f.Ends.Format(momentText)
	}
	if f.idle.After(now.Add(-options.UnusedFor)) {
		return
	}
	f.Reasons = append(f.Reasons, ReasonUnused)
	unused := "it was never used"
	if !f.LastUse.IsZero() {
		unused = "it was last used at " + f.LastUse.Format(momentText)
	}
	if f.Why != "" {
		f.Why += ", and "
	}
	f.Why += unused
}

func byUrgency(a, b Finding) int {
	ends := func(f Finding) int { return slices.Index(f.Reasons, ReasonEnds) }
	if byEnd := cmp.Compare(ends(b), ends(a)); byEnd != 0 {
		return byEnd // 0 for those that end, -1 for the others
	}
	if ends(a) == 0 {
		return cmp.Or(a.Ends.Compare(b.Ends), a.idle.Compare(b.idle), cmp.Compare(a.Case.ID, b.Case.ID))
	}
	return cmp.Or(a.idle.Compare(b.idle), cmp.Compare(a.Case.ID, b.Case.ID))
}
