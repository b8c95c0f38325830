package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/plan"
)

const (
	// DefaultChanges and MaxChanges bound the events of one batch.
	DefaultChanges = 100
	MaxChanges     = 5_000
)

// Where a feed begins that has no offset yet.
const (
	// FromBeginning: with the rows of now, as inserts.
	FromBeginning = "beginning"
	// FromNow: with what changes from now on.
	FromNow = "now"
)

// Types of changes.
const (
	Insert = plan.OpInsert
	Update = plan.OpUpdate
	Delete = plan.OpDelete
	// Reset tells the subscriber to drop all that it has: inserts of all rows follow.
	Reset = "reset"
)

// Reasons of resets.
const (
	// DecisionChanged: what may be seen, or the form of it, is another.
	DecisionChanged = "decision_changed"
	// ConsentChanged: who consented changed while rows were being delivered.
	ConsentChanged = "consent_changed"
)

// What the key of events is.
const (
	KeyOfDataset = "dataset"
	KeyHashed    = "hashed"
	KeyOfContent = "content"
)

// ChangesRequest asks for the changes of a dataset. A feed is a copy, so the
// right to hold is needed.
type ChangesRequest struct {
	Dataset string   `json:"dataset"`
	Fields  []string `json:"fields,omitempty"`
	// Where is a filter over what is shown: a row that comes to fit is an insert,
	// one that no longer does a delete.
	Where   string `json:"where,omitempty"`
	Purpose string `json:"purpose,omitempty"`
	// From is FromBeginning or FromNow; it counts when After is empty. After is
	// the offset behind which to go on.
	From  string `json:"from,omitempty"`
	After string `json:"-"`
	// Limit is the number of events, DefaultChanges when 0, MaxChanges at most.
	Limit int `json:"limit,omitempty"`
	// Again says that the feed was on record before: nothing new is then not.
	Again bool `json:"-"`
}

func (r *ChangesRequest) check() error {
	switch {
	case r.Limit == 0:
		r.Limit = DefaultChanges
	case r.Limit < 0 || r.Limit > MaxChanges:
		return fault.New(fault.Invalid, "limit: a batch has 1 to %d events", MaxChanges)
	}
	if r.After == "" && r.From != FromBeginning && r.From != FromNow && r.From != "" {
		return fault.New(fault.Invalid, "from is %s or %s", FromBeginning, FromNow)
	}
	return nil
}

// Changes are the next events of a feed, in order.
type Changes struct {
	Events []Change
	// Start is the offset at which they begin, Next where to go on. More says
	// that there is more already.
	Start, Next string
	More        bool
	// Reached is the version up to which everything was given before Next.
	Reached  int64
	Fields   []plan.Field
	Withheld []plan.Withheld
	SomeRows bool
	// Key says what the keys of events are: one of the Key constants.
	Key           string
	Source        string
	Version       int64
	PublishedAt   *time.Time
	Decision      string
	PolicyVersion int64

	set   *acl.Set
	until time.Time
}

// Change is one event. Offset tells it from all others of the feed, and is
// where to go on behind it.
type Change struct {
	Offset string
	// Type is Insert, Update, Delete or Reset.
	Type string
	// Key tells the row from others for as long as the feed is not reset.
	Key string
	// Version and At are those of the publish that made the change.
	Version int64
	At      time.Time
	// Row has the values of the fields after an insert or update, nil for NULL.
	Row []*string
	// Why is the reason of a reset.
	Why string
}

// Changes gives what changed, for the principal, behind an offset. What looks
// the same to the principal is no change. An offset that is older than what is
// kept is a Gone fault. Events are on record before they are given.
func (g *Gate) Changes(ctx context.Context, principal acl.Principal, request ChangesRequest) (*Changes, error) {
	record := g.changesRecord(principal, request)
	made, err := g.changes(ctx, principal, request, &record)
	if err != nil {
		if request.Again && fault.Is(err, fault.Canceled) {
			return nil, err // a feed that ends while it looks for news
		}
		record.Outcome = string(fault.CodeOf(err))
		return nil, errors.Join(err, g.Recorder.Append(ctx, record))
	}
	if len(made.Events) > 0 || !request.Again {
		if err := g.append(ctx, record); err != nil {
			return nil, err
		}
	}
	return made, nil
}

func (g *Gate) changesRecord(principal acl.Principal, request ChangesRequest) audit.Record {
	record := g.record(principal, Request{Dataset: request.Dataset, Fields: request.Fields, Purpose: request.Purpose, Right: acl.Hold})
	if text, err := json.Marshal(map[string]any{"changes": request}); err == nil { // texts and numbers: cannot fail
		record.Query = string(text)
	}
	return record
}

// Begin gives the offset at which a feed begins now, and up to which version
// nothing is left to give there. It refuses what Changes would, and gives no row.
func (g *Gate) Begin(ctx context.Context, principal acl.Principal, request ChangesRequest) (offset string, reached int64, err error) {
	record := g.changesRecord(principal, request)
	offset, reached, err = g.begin(ctx, principal, request, &record)
	record.Outcome = outcomeOf(err)
	return offset, reached, errors.Join(err, g.append(ctx, record))
}

func (g *Gate) begin(ctx context.Context, principal acl.Principal, request ChangesRequest, record *audit.Record) (string, int64, error) {
	if err := request.check(); err != nil {
		return "", 0, err
	}
	f, err := g.feed(ctx, principal, request, record)
	if err != nil {
		return "", 0, err
	}
	record.Fields = recorded(f.plan.Fields)
	snapshot, err := g.Warehouse.Snapshot(ctx)
	if err != nil {
		return "", 0, unreadable(err, asked{dataset: f.dataset})
	}
	d := &delivery{gate: g, feed: f, snapshot: snapshot}
	if err := errors.Join(d.begin(ctx, request), snapshot.Close()); err != nil {
		return "", 0, err
	}
	offset, err := f.offsets.seal(d.at)
	return offset, d.at.reached(), err
}

func outcomeOf(err error) string {
	if err == nil {
		return audit.Allowed
	}
	return string(fault.CodeOf(err))
}

// Newest gives the version of a dataset that is published, 0 for none.
func (g *Gate) Newest(ctx context.Context, dataset string) (int64, error) {
	found, err := g.Catalog.Dataset(ctx, dataset)
	return found.Version, err
}

// feed is a request for changes that was decided and planned.
type feed struct {
	dataset  catalog.Dataset
	decision *acl.Decision
	plan     plan.Feed
	offsets  *offsets
	view     string
	consent  *acl.Consent
	consents string
	now      time.Time
}

func (g *Gate) changes(ctx context.Context, principal acl.Principal, request ChangesRequest, record *audit.Record) (*Changes, error) {
	if err := request.check(); err != nil {
		return nil, err
	}
	set := g.Policies.Current()
	f, err := g.feed(ctx, principal, request, record)
	if err != nil {
		return nil, err
	}
	record.Fields = recorded(f.plan.Fields)
	made := &Changes{
		Fields: f.plan.Fields, Withheld: f.plan.Withheld, SomeRows: f.plan.SomeRows, Key: keyOf(f.plan),
		Source: f.dataset.System, Version: f.dataset.Version, PublishedAt: f.dataset.PublishedAt,
		Decision: f.decision.Fingerprint(), PolicyVersion: f.decision.Version(), set: set, until: f.decision.Changes(),
	}
	snapshot, err := g.Warehouse.Snapshot(ctx)
	if err != nil {
		return nil, unreadable(err, asked{dataset: f.dataset})
	}
	d := &delivery{gate: g, feed: f, snapshot: snapshot, made: made, limit: request.Limit, seen: &persons{}}
	if err := errors.Join(d.deliver(ctx, request), snapshot.Close()); err != nil {
		return nil, err
	}
	record.Rows, record.Persons, record.ManyPersons = int64(len(made.Events)), d.seen.list, d.seen.more
	return made, nil
}

func keyOf(planned plan.Feed) string {
	switch {
	case !planned.Keyed:
		return KeyOfContent
	case planned.KeyShown:
		return KeyOfDataset
	}
	return KeyHashed
}

// feed decides and plans.
func (g *Gate) feed(ctx context.Context, principal acl.Principal, request ChangesRequest, record *audit.Record) (*feed, error) {
	dataset, decision, err := g.Decide(ctx, principal, acl.Hold, request.Purpose, request.Dataset)
	if err != nil {
		return nil, err
	}
	record.Decision, record.PolicyVersion = decision.Fingerprint(), decision.Version()
	f := &feed{dataset: dataset, decision: decision, consent: decision.Consent(), now: g.Now()}
	means, err := g.means(ctx, principal, decision)
	if err != nil {
		return nil, err
	}
	var keys string
	if f.offsets, keys, err = g.offsets(ctx, principal, request); err != nil {
		return nil, err
	}
	f.plan, err = plan.NewFeed(dataset, decision, plan.FeedRequest{Fields: request.Fields, Where: request.Where, Secret: keys}, means)
	if err != nil {
		return nil, err
	}
	if dataset.Version == 0 {
		return nil, fault.New(fault.NotFound, "%s has not been published yet: synchronise its system first", dataset.ID)
	}
	view, err := f.plan.View()
	if err != nil {
		return nil, err
	}
	f.view = digest([]byte(view))
	if f.consent != nil {
		if f.consents, err = digestOf(means.Consented); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func digestOf(consented []string) (string, error) {
	text, err := json.Marshal(consented)
	if err != nil {
		return "", fmt.Errorf("tell consents apart: %w", err)
	}
	return digest(text), nil
}
