package query

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/signal"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query/pgcatalog"
	"github.com/yitong-hub/yitong/query/plan"
)

const (
	// DefaultLimit and MaxLimit bound what one read holds in memory, where nothing
	// else is configured; reads of all rows hold a part.
	DefaultLimit = 100
	MaxLimit     = 1_000_000
)

// Catalog knows the datasets.
type Catalog interface {
	// Revision grows with every change of datasets.
	Revision(ctx context.Context) (int64, error)
	Dataset(ctx context.Context, id string) (catalog.Dataset, error)
	Everything(ctx context.Context) ([]catalog.Dataset, error)
}

// Recorder keeps the record of reads.
type Recorder interface {
	Append(ctx context.Context, record audit.Record) error
}

// Policies give what counts now, who consented, and the secret of hashes.
type Policies interface {
	Current() *acl.Set
	Consented(ctx context.Context, purpose, recipient string) ([]string, error)
	Salt(ctx context.Context) (string, error)
}

// Config is what a gate is made of.
type Config struct {
	Warehouse *warehouse.Warehouse
	Catalog   Catalog
	Policies  Policies
	Recorder  Recorder
	Now       func() time.Time
	// MaxRows are the rows of one read at most, MaxLimit when 0.
	MaxRows uint64
	// Stages may be nil.
	Stages Stages
}

// Gate is the one reader of published rows. It is safe for concurrent use.
type Gate struct {
	Config
	decider *acl.Decider
	known   known
	groups  groups
	// templates are the checked SQL of named mask expressions by their text.
	templates sync.Map
	// published wakes feeds.
	published signal.Signal
	// mirrors answer statements about the catalog.
	mirrors *pgcatalog.Mirrors
}

// New makes a gate.
func New(config Config) *Gate {
	if config.MaxRows == 0 {
		config.MaxRows = MaxLimit
	}
	if config.Stages == nil {
		config.Stages = unwatched{}
	}
	return &Gate{Config: config, decider: acl.NewDecider(config.Policies.Current, config.Now), mirrors: pgcatalog.NewMirrors(0)}
}

// Close gives the memory of its catalogs back.
func (g *Gate) Close() { g.mirrors.Close() }

// Request asks for rows of a dataset, or for figures over them.
type Request struct {
	Dataset string   `json:"dataset"`
	Fields  []string `json:"fields,omitempty"`
	// Where is a filter in the language of package condition; Sort names fields,
	// -field for descending.
	Where string   `json:"where,omitempty"`
	Sort  []string `json:"sort,omitempty"`
	// Filters hold beside Where.
	Filters []condition.Filter `json:"filters,omitempty"`
	// GroupBy and Metrics ask for figures instead of rows.
	GroupBy []string      `json:"group_by,omitempty"`
	Metrics []plan.Metric `json:"metrics,omitempty"`
	// AsOf asks for the state at a moment; nil is now.
	AsOf *time.Time `json:"as_of,omitempty"`
	// All asks for every row, in no order, however many there are.
	All bool `json:"all,omitempty"`
	// Limit is the number of rows, DefaultLimit when 0.
	Limit  uint64 `json:"limit,omitempty"`
	Offset uint64 `json:"offset,omitempty"`
	// Page asks for rows page by page, at most MaxPage a page; Cursor is Next of
	// the page before, "" for the first.
	Page   bool   `json:"page,omitempty"`
	Cursor string `json:"-"`
	// Right is View when empty; copies ask for Hold.
	Right acl.Right `json:"right,omitempty"`
	// Purpose is what the data is wanted for; policies may be for one purpose.
	Purpose string `json:"purpose,omitempty"`
}

// Result is the governed answer; Reader must be released.
type Result struct {
	Reader   array.RecordReader `json:"-"`
	Fields   []plan.Field       `json:"fields"`
	Withheld []plan.Withheld    `json:"withheld"`
	// SomeRows says that only some of the dataset's rows may be seen.
	SomeRows bool `json:"some_rows,omitempty"`
	// Source says where the rows are from, Version and PublishedAt which they are.
	Source      string     `json:"source"`
	Version     int64      `json:"version"`
	PublishedAt *time.Time `json:"published_at,omitempty"`
	AsOf        *time.Time `json:"as_of,omitempty"`
	// Next is the cursor of the next page, "" where there is none.
	Next string `json:"next,omitempty"`
	// Lasting says that the answer stays the same for as long as version and
	// decision do; one that consent decides does not.
	Lasting bool `json:"-"`
	// Decision is the fingerprint of what was decided, PolicyVersion by which policies.
	Decision      string `json:"decision"`
	PolicyVersion int64  `json:"policy_version"`
}

// Explanation tells what a request would give and why, without any row.
type Explanation struct {
	Dataset  string          `json:"dataset"`
	Right    acl.Right       `json:"right"`
	Purpose  string          `json:"purpose,omitempty"`
	Fields   []plan.Field    `json:"fields"`
	Withheld []plan.Withheld `json:"withheld"`
	SomeRows bool            `json:"some_rows"`
	SQL      string          `json:"sql"`
	Decision string          `json:"decision"`
}

// Read gives what the principal may see. Nothing to be seen, or a field asked
// for by name that may not be, is a Denied fault. The read is on record before
// its first row is given; what cannot be recorded is not given.
func (g *Gate) Read(ctx context.Context, principal acl.Principal, request Request) (*Result, error) {
	record := g.record(principal, request)
	asked, err := g.plan(ctx, principal, request, &record)
	if err != nil {
		record.Outcome = string(fault.CodeOf(err))
		return nil, errors.Join(err, g.Recorder.Append(ctx, record))
	}
	reader, next, err := g.run(ctx, asked, &record)
	if err != nil {
		record.Outcome = string(fault.CodeOf(err))
		return nil, errors.Join(err, g.Recorder.Append(ctx, record))
	}
	dataset, decision := asked.dataset, asked.decision
	return &Result{
		Reader: reader, Fields: asked.plan.Fields, Withheld: asked.plan.Withheld, SomeRows: asked.plan.SomeRows,
		Source: dataset.System, Version: dataset.Version, PublishedAt: dataset.PublishedAt, AsOf: request.AsOf, Next: next,
		Lasting:  decision.Consent() == nil,
		Decision: decision.Fingerprint(), PolicyVersion: decision.Version(),
	}, nil
}

// Explain gives the decision for each field and the statement, and reads nothing.
func (g *Gate) Explain(ctx context.Context, principal acl.Principal, request Request) (Explanation, error) {
	asked, err := g.plan(ctx, principal, request, &audit.Record{})
	if err != nil {
		return Explanation{}, err
	}
	return Explanation{
		Dataset: request.Dataset, Right: rightOf(request), Purpose: request.Purpose, Fields: asked.plan.Fields,
		Withheld: asked.plan.Withheld, SomeRows: asked.plan.SomeRows, SQL: asked.plan.SQL, Decision: asked.decision.Fingerprint(),
	}, nil
}

func rightOf(request Request) acl.Right {
	if request.Right == "" {
		return acl.View
	}
	return request.Right
}

// Decide gives the dataset and what the principal gets of it now.
func (g *Gate) Decide(ctx context.Context, principal acl.Principal, right acl.Right, purpose, id string) (_ catalog.Dataset, _ *acl.Decision, err error) {
	ctx, end := g.Stages.Begin(ctx, "decide")
	defer func() { end(err) }()
	described, err := g.known.find(ctx, g.Catalog, id)
	if err != nil {
		return catalog.Dataset{}, nil, err
	}
	decision, err := g.decider.Decide(principal, right, purpose, described.resource)
	return described.dataset, decision, err
}

// ResourceOf gives a dataset as policies see it.
func ResourceOf(dataset catalog.Dataset) *acl.Resource {
	resource := acl.Resource{
		Dataset: dataset.ID, Department: dataset.Department, Person: dataset.Person, Tags: dataset.Tags,
		Fields: make([]acl.Field, len(dataset.Fields)),
	}
	for i, field := range dataset.Fields {
		resource.Fields[i] = acl.Field{
			Name: field.Name, Element: field.Element, Level: field.Level, Tags: field.Tags, Type: field.Type, Column: warehouse.Ident(field.Name),
		}
	}
	return acl.NewResource(resource)
}

// asked is a request that was decided and planned.
type asked struct {
	dataset  catalog.Dataset
	decision *acl.Decision
	plan     plan.Plan
	limit    uint64
	// cursors seal the places where pages end; nil where none are asked for.
	cursors *cursors
	offset  uint64
	// piece plans a part of a large read in no order, of so many rows at most; nil
	// for others. past says that it is of a moment of the past.
	piece func(part plan.Piece, limit uint64) (plan.Plan, error)
	past  bool
	// key is set where the row with one key is asked for.
	key *byKey
}

func (g *Gate) plan(ctx context.Context, principal acl.Principal, request Request, record *audit.Record) (_ asked, err error) {
	ctx, end := g.Stages.Begin(ctx, "plan")
	defer func() { end(err) }()
	if request.All {
		if err := demandAll(request); err != nil {
			return asked{}, err
		}
	}
	switch {
	case request.All:
		request.Limit = math.MaxInt64
	case request.Limit == 0:
		request.Limit = DefaultLimit
	case request.Limit > g.MaxRows:
		return asked{}, fault.New(fault.Invalid, "a read gives at most %d rows", g.MaxRows)
	}
	if request.Right == acl.Create { // a deny of view does not take it, and who may write need not see
		return asked{}, fault.New(fault.Invalid, "rows are read by the right to view, hold or transmit, not to create")
	}
	dataset, decision, err := g.Decide(ctx, principal, rightOf(request), request.Purpose, request.Dataset)
	if err != nil {
		return asked{}, err
	}
	record.Decision, record.PolicyVersion = decision.Fingerprint(), decision.Version()
	means, err := g.means(ctx, principal, decision)
	if err != nil {
		return asked{}, err
	}
	cursors, page, err := g.page(ctx, principal, &request)
	if err != nil {
		return asked{}, err
	}
	wanted := plan.Request{
		Fields: request.Fields, Where: request.Where, Filters: request.Filters, Sort: request.Sort, GroupBy: request.GroupBy, Metrics: request.Metrics,
		AsOf: request.AsOf, Limit: request.Limit, Offset: request.Offset, Page: page,
	}
	planned, err := plan.New(dataset, decision, wanted, means)
	if err != nil {
		return asked{}, err
	}
	if dataset.Version == 0 {
		return asked{}, fault.New(fault.NotFound, "%s has not been published yet: synchronise its system first", dataset.ID)
	}
	record.Fields = recorded(planned.Fields)
	made := asked{dataset: dataset, decision: decision, plan: planned, limit: request.Limit, cursors: cursors, offset: request.Offset, past: request.AsOf != nil}
	made.key = keyOfRequest(dataset, decision, principal, wanted, planned, means)
	if request.All || request.Limit > bufferedRows && demandUnordered(request) == nil {
		made.piece = func(piece plan.Piece, limit uint64) (plan.Plan, error) {
			part := wanted
			part.Piece, part.Limit = &piece, limit
			return plan.New(dataset, decision, part, means)
		}
	}
	return made, nil
}

// means gathers what the plan needs: who consented, the salt of the purpose, and
// the SQL of mask expressions.
func (g *Gate) means(ctx context.Context, principal acl.Principal, decision *acl.Decision) (plan.Means, error) {
	means := plan.Means{Consented: []string{}, Templates: map[string]string{}}
	if consent := decision.Consent(); consent != nil {
		consented, err := g.Policies.Consented(ctx, consent.Purpose, consent.Recipient)
		if err != nil {
			return means, fmt.Errorf("look up who consented: %w", err)
		}
		means.Consented = append(means.Consented, consented...)
	}
	for _, mask := range decision.Masks() {
		switch mask.Kind {
		case acl.MaskHash:
			secret, err := g.Policies.Salt(ctx)
			if err != nil {
				return means, fmt.Errorf("read the secret of hashes: %w", err)
			}
			means.Salt = SaltOf(secret, decision.Purpose(), principal.ID())
		case acl.MaskExpression:
			declared, _ := decision.Expression(mask.Name)
			template, err := g.template(ctx, declared)
			if err != nil {
				return means, err
			}
			means.Templates[mask.Name] = template
		}
	}
	return means, nil
}
