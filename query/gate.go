package query

import (
	"context"
	"errors"

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
	MaxLimit     = 100_000
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
	// Limit is the number of rows, DefaultLimit when 0.
	Limit uint64
}

// Result is the governed answer; Reader must be released.
type Result struct {
	Reader   array.RecordReader `json:"-"`
	Fields   []plan.Field       `json:"fields"`
	Withheld []plan.Withheld    `json:"withheld"`
}

// Read gives what the principal may see. Nothing to be seen, or a field asked
// for by name that may not be, is a Denied fault. The read is on record before
// its first row is given; what cannot be recorded is not given.
func (g *Gate) Read(ctx context.Context, principal acl.Principal, request Request) (*Result, error) {
	record := audit.Record{Principal: principal.ID, Action: "read", Dataset: request.Dataset, Fields: request.Fields, Outcome: "allowed"}
	planned, err := g.plan(ctx, principal, request, &record)
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
	return &Result{Reader: reader, Fields: planned.Fields, Withheld: planned.Withheld}, nil
}

func (g *Gate) plan(ctx context.Context, principal acl.Principal, request Request, record *audit.Record) (plan.Plan, error) {
	switch {
	case request.Limit == 0:
		request.Limit = DefaultLimit
	case request.Limit > MaxLimit:
		return plan.Plan{}, fault.New(fault.Invalid, "a read gives at most %d rows", MaxLimit)
	}
	dataset, err := g.catalog.Dataset(ctx, request.Dataset)
	if err != nil {
		return plan.Plan{}, err
	}
	resource := acl.Resource{Dataset: dataset.ID, Department: dataset.Department, Person: dataset.Person}
	for _, field := range dataset.Fields {
		resource.Fields = append(resource.Fields, acl.Field{Name: field.Name, Level: field.Level})
	}
	decision, err := acl.Compile(g.rules, principal, resource)
	if err != nil {
		return plan.Plan{}, err
	}
	record.Decision = decision.Fingerprint()
	planned, err := plan.New(dataset, decision, plan.Request{Fields: request.Fields, Limit: request.Limit})
	if err != nil {
		return plan.Plan{}, err
	}
	if dataset.Version == 0 {
		return plan.Plan{}, fault.New(fault.NotFound, "%s has not been published yet: synchronise its system first", dataset.ID)
	}
	record.Fields = nil
	for _, field := range planned.Fields {
		record.Fields = append(record.Fields, field.Name)
	}
	return planned, nil
}
