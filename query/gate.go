package query

import (
	"context"
	"errors"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/plan"
)

const (
	// DefaultLimit and MaxLimit bound what one read holds in memory.
	DefaultLimit = 100
	MaxLimit     = 1_000_000
)

// Warehouse runs a planned statement.
type Warehouse interface {
	Query(ctx context.Context, statement string, args ...any) (array.RecordReader, error)
}

// Catalog knows the datasets.
type Catalog interface {
	Dataset(ctx context.Context, id string) (catalog.Dataset, error)
}

// Recorder keeps the record of reads.
type Recorder interface {
	Append(ctx context.Context, record audit.Record) error
}

// Gate is the one reader of published rows.
type Gate struct {
	warehouse Warehouse
	catalog   Catalog
	rules     acl.Rules
	recorder  Recorder
}

// New makes a gate.
func New(warehouse Warehouse, datasets Catalog, rules acl.Rules, recorder Recorder) *Gate {
	return &Gate{warehouse, datasets, rules, recorder}
}

// Request asks for rows of a dataset.
type Request struct {
	Dataset string
	Fields  []string
	// Where is a filter in the language of package where; Sort names fields,
	// -field for descending.
	Where string
	Sort  []string
	// AsOf asks for the state at a moment; nil is now.
	AsOf *time.Time
	// Limit is the number of rows, DefaultLimit when 0.
	Limit, Offset uint64
	// Right is View when empty; copies ask for Hold.
	Right acl.Right
}

// Result is the governed answer; Reader must be released.
type Result struct {
	Reader   array.RecordReader `json:"-"`
	Fields   []plan.Field       `json:"fields"`
	Withheld []plan.Withheld    `json:"withheld"`
	// Source says where the rows are from, Version and PublishedAt which they are.
	Source      string     `json:"source"`
	Version     int64      `json:"version"`
	PublishedAt *time.Time `json:"published_at,omitempty"`
	AsOf        *time.Time `json:"as_of,omitempty"`
}

// Explanation tells what a request would give and why, without any row.
type Explanation struct {
	Dataset     string          `json:"dataset"`
	Right       acl.Right       `json:"right"`
	Fields      []plan.Field    `json:"fields"`
	Withheld    []plan.Withheld `json:"withheld"`
	OwnRowsOnly bool            `json:"own_rows_only"`
	SQL         string          `json:"sql"`
	Decision    string          `json:"decision"`
}

// Read gives what the principal may see. Nothing to be seen, or a field asked
// for by name that may not be, is a Denied fault. The read is on record before
// its first row is given; what cannot be recorded is not given.
func (g *Gate) Read(ctx context.Context, principal acl.Principal, request Request) (*Result, error) {
	record := audit.Record{Principal: principal.ID, Action: "read", Dataset: request.Dataset, Fields: request.Fields, Outcome: "allowed"}
	if request.Right == acl.Hold {
		record.Action = "hold"
	}
	dataset, planned, err := g.plan(ctx, principal, request, &record)
	if err != nil {
		record.Outcome = string(fault.CodeOf(err))
		return nil, errors.Join(err, g.recorder.Append(ctx, record))
	}
	if err := g.recorder.Append(ctx, record); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the read could not be recorded, so nothing is shown")
	}
	reader, err := g.warehouse.Query(ctx, planned.SQL, planned.Args...)
	if err != nil {
		// The engine's own words may hold values: they go to the log only.
		return nil, fault.Wrap(err, fault.Unavailable, "%s could not be read", request.Dataset)
	}
	return &Result{
		Reader: reader, Fields: planned.Fields, Withheld: planned.Withheld,
		Source: dataset.System, Version: dataset.Version, PublishedAt: dataset.PublishedAt, AsOf: request.AsOf,
	}, nil
}

// Explain gives the decision for each field and the statement, and reads nothing.
func (g *Gate) Explain(ctx context.Context, principal acl.Principal, request Request) (Explanation, error) {
	record := audit.Record{}
	_, planned, err := g.plan(ctx, principal, request, &record)
	if err != nil {
		return Explanation{}, err
	}
	return Explanation{
		Dataset: request.Dataset, Right: rightOf(request), Fields: planned.Fields, Withheld: planned.Withheld,
		OwnRowsOnly: planned.OwnRows, SQL: planned.SQL, Decision: record.Decision,
	}, nil
}

func rightOf(request Request) acl.Right {
	if request.Right == "" {
		return acl.View
	}
	return request.Right
}

// decide compiles what the principal gets of a dataset.
func (g *Gate) decide(ctx context.Context, principal acl.Principal, right acl.Right, id string) (catalog.Dataset, acl.Decision, error) {
	dataset, err := g.catalog.Dataset(ctx, id)
	if err != nil {
		return dataset, acl.Decision{}, err
	}
	resource := acl.Resource{Dataset: dataset.ID, Department: dataset.Department, Person: dataset.Person}
	for _, field := range dataset.Fields {
		resource.Fields = append(resource.Fields, acl.Field{Name: field.Name, Level: field.Level})
	}
	decision, err := acl.Compile(g.rules, principal, right, resource)
	return dataset, decision, err
}

func (g *Gate) plan(ctx context.Context, principal acl.Principal, request Request, record *audit.Record) (catalog.Dataset, plan.Plan, error) {
	switch {
	case request.Limit == 0:
		request.Limit = DefaultLimit
	case request.Limit > MaxLimit:
		return catalog.Dataset{}, plan.Plan{}, fault.New(fault.Invalid, "a read gives at most %d rows", MaxLimit)
	}
	dataset, decision, err := g.decide(ctx, principal, rightOf(request), request.Dataset)
	if err != nil {
		return dataset, plan.Plan{}, err
	}
	record.Decision = decision.Fingerprint()
	planned, err := plan.New(dataset, decision, plan.Request{
		Fields: request.Fields, Where: request.Where, Sort: request.Sort, AsOf: request.AsOf, Limit: request.Limit, Offset: request.Offset,
	})
	if err != nil {
		return dataset, plan.Plan{}, err
	}
	if dataset.Version == 0 {
		return dataset, plan.Plan{}, fault.New(fault.NotFound, "%s has not been published yet: synchronise its system first", dataset.ID)
	}
	record.Fields = nil
	for _, field := range planned.Fields {
		record.Fields = append(record.Fields, field.Name)
	}
	return dataset, planned, nil
}
