package query

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query/plan"
)

// bufferedRows is the number of rows up to which an answer is held whole until
// its record is written. Larger ones are counted first, in the same snapshot.
const bufferedRows = 10_000

// record begins the record of a read.
func (g *Gate) record(principal acl.Principal, request Request) audit.Record {
	record := audit.Record{
		Principal: principal.ID(), Action: "read", Dataset: request.Dataset, Purpose: request.Purpose, Outcome: "allowed",
	}
	if actor := principal.Actor(); actor != "" {
		record.Principal, record.OnBehalfOf = actor, principal.ID()
	}
	switch {
	case len(request.GroupBy)+len(request.Metrics) > 0:
		record.Action = "aggregate"
	case request.Right == acl.Hold:
		record.Action = "hold"
	}
	if text, err := json.Marshal(request); err == nil { // texts and numbers: cannot fail
		record.Query = string(text)
	}
	for _, name := range request.Fields {
		record.Fields = append(record.Fields, audit.FieldAccess{Name: name, Access: "asked"})
	}
	return record
}

func recorded(fields []plan.Field) []audit.FieldAccess {
	made := make([]audit.FieldAccess, len(fields))
	for i, field := range fields {
		made[i] = audit.FieldAccess{Name: field.Name, Access: field.Access, Mask: field.Mask}
	}
	return made
}

// run executes the plan and writes the record before it gives the rows.
func (g *Gate) run(ctx context.Context, asked asked, record *audit.Record) (reader array.RecordReader, next string, err error) {
	ctx, end := g.Stages.Begin(ctx, "query")
	defer func() { end(err) }()
	if asked.key != nil {
		reader, err = g.together(ctx, asked, record)
		return reader, "", err
	}
	if asked.limit <= bufferedRows && (asked.plan.HasPerson || asked.plan.Persons.SQL == "") {
		return g.buffer(ctx, g.Warehouse, asked, record) // one statement is one state
	}
	snapshot, err := g.Warehouse.Snapshot(ctx)
	if err != nil {
		return nil, "", unreadable(err, asked)
	}
	if asked.limit > bufferedRows {
		reader, err = g.stream(ctx, snapshot, asked, record)
		if err != nil {
			return nil, "", errors.Join(err, snapshot.Close())
		}
		return reader, "", nil
	}
	reader, next, err = g.buffer(ctx, snapshot, asked, record)
	return reader, next, errors.Join(err, snapshot.Close())
}

// unreadable hides the engine's own words, which may hold values: they go to the
// log only.
func unreadable(err error, asked asked) error { return hidden(err, asked.dataset.ID) }

func hidden(err error, of string) error {
	if fault.Is(err, fault.Canceled) {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "%s could not be read", of)
}

func (g *Gate) append(ctx context.Context, record audit.Record) error {
	return fault.Wrap(g.Recorder.Append(ctx, record), fault.Unavailable, "the read could not be recorded, so nothing is shown")
}

// state is what statements read: a snapshot or, for a single one, the warehouse.
type state interface {
	Query(ctx context.Context, statement string, args ...any) (array.RecordReader, error)
}

// buffer holds the whole answer until its record is written.
func (g *Gate) buffer(ctx context.Context, state state, asked asked, record *audit.Record) (array.RecordReader, string, error) {
	reader, err := state.Query(ctx, asked.plan.SQL, asked.plan.Args...)
	if err != nil {
		return nil, "", unreadable(err, asked)
	}
	defer reader.Release()
	shown := shownSchema(reader.Schema(), asked.plan)
	var batches []arrow.RecordBatch
	defer func() {
		for _, batch := range batches {
			batch.Release()
		}
	}()
	seen := &persons{}
	var last []*string
	for reader.Next() {
		batch := reader.RecordBatch()
		record.Rows += batch.NumRows()
		last = lastRow(asked.plan, batch, last)
		if asked.plan.HasPerson {
			seen.add(batch.Column(int(batch.NumCols()) - 1))
		}
		batches = append(batches, array.NewRecordBatch(shown, batch.Columns()[:shown.NumFields()], batch.NumRows()))
	}
	if err := reader.Err(); err != nil {
		return nil, "", unreadable(err, asked)
	}
	if !asked.plan.HasPerson && asked.plan.Persons.SQL != "" {
		if seen, err = listPersons(ctx, state, asked); err != nil {
			return nil, "", err
		}
	}
	record.Persons, record.ManyPersons = seen.list, seen.more
	if err := g.append(ctx, *record); err != nil {
		return nil, "", err
	}
	next, err := asked.next(last, record.Rows)
	if err != nil {
		return nil, "", err
	}
	answer, err := array.NewRecordReader(shown, batches)
	return answer, next, err
}

// stream records the counted answer and then gives it batch by batch.
func (g *Gate) stream(ctx context.Context, snapshot *warehouse.Snapshot, asked asked, record *audit.Record) (array.RecordReader, error) {
	var err error
	if record.Rows, err = number(ctx, snapshot, asked.plan.Probe); err != nil {
		return nil, unreadable(err, asked)
	}
	if asked.plan.Persons.SQL != "" {
		seen, err := listPersons(ctx, snapshot, asked)
		if err != nil {
			return nil, err
		}
		record.Persons, record.ManyPersons = seen.list, seen.more
	}
	if err := g.append(ctx, *record); err != nil {
		return nil, err
	}
	if asked.piece != nil {
		return g.wholly(ctx, snapshot, asked)
	}
	reader, err := snapshot.Query(ctx, asked.plan.SQL, asked.plan.Args...)
	if err != nil {
		return nil, unreadable(err, asked)
	}
	return &shownReader{
		RecordReader: reader, schema: shownSchema(reader.Schema(), asked.plan), snapshot: snapshot, holders: 1,
		hide: func(err error) error { return unreadable(err, asked) },
	}, nil
}

// listPersons asks whom the answer is about, up to what the record keeps. Where
// the first rows already are about more, the others are not looked at.
func listPersons(ctx context.Context, snapshot state, asked asked) (*persons, error) {
	seen, err := distinctPersons(ctx, snapshot, asked.plan.FirstPersons)
	if err == nil && !seen.more {
		seen, err = distinctPersons(ctx, snapshot, asked.plan.Persons)
	}
	if err != nil {
		return nil, unreadable(err, asked)
	}
	return seen, nil
}

func distinctPersons(ctx context.Context, snapshot state, statement plan.Statement) (*persons, error) {
	reader, err := snapshot.Query(ctx, statement.SQL+" LIMIT ?", append(slices.Clone(statement.Args), int64(audit.MaxPersons+1))...)
	if err != nil {
		return nil, err
	}
	defer reader.Release()
	seen := &persons{}
	for reader.Next() {
		seen.add(reader.RecordBatch().Column(0))
	}
	return seen, reader.Err()
}

// persons gathers the people concerned, up to what the record keeps.
type persons struct {
	list  []string
	known map[string]bool
	more  bool
}

func (p *persons) add(column arrow.Array) {
	texts, ok := column.(*array.String)
	if !ok || p.more {
		return
	}
	if p.known == nil {
		p.known = map[string]bool{}
	}
	for row := range texts.Len() {
		if texts.IsNull(row) || p.known[texts.Value(row)] {
			continue
		}
		if len(p.list) == audit.MaxPersons {
			p.list, p.more = nil, true
			return
		}
		id := string([]byte(texts.Value(row))) // the batch's memory is given back
		p.known[id] = true
		p.list = append(p.list, id)
	}
}

// shownSchema leaves out the columns that are not shown.
func shownSchema(of *arrow.Schema, planned plan.Plan) *arrow.Schema {
	return arrow.NewSchema(of.Fields()[:len(planned.Fields)], nil)
}

// shownReader leaves out the person column of each batch, hides the engine's
// words and gives the snapshot back with its last release.
type shownReader struct {
	array.RecordReader
	schema   *arrow.Schema
	current  arrow.RecordBatch
	snapshot io.Closer
	hide     func(error) error

	mu      sync.Mutex
	holders int
}

func (r *shownReader) Schema() *arrow.Schema { return r.schema }

func (r *shownReader) Next() bool {
	r.drop()
	if !r.RecordReader.Next() {
		return false
	}
	batch := r.RecordReader.RecordBatch()
	r.current = array.NewRecordBatch(r.schema, batch.Columns()[:r.schema.NumFields()], batch.NumRows())
	return true
}

func (r *shownReader) drop() {
	if r.current != nil {
		r.current.Release()
		r.current = nil
	}
}

func (r *shownReader) RecordBatch() arrow.RecordBatch { return r.current }

// Record is RecordBatch by its older name.
func (r *shownReader) Record() arrow.RecordBatch { return r.current }

func (r *shownReader) Err() error {
	if err := r.RecordReader.Err(); err != nil {
		return r.hide(err)
	}
	return nil
}

func (r *shownReader) Retain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holders++
}

func (r *shownReader) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holders == 0 {
		return
	}
	r.holders--
	if r.holders > 0 {
		return
	}
	r.drop()
	r.RecordReader.Release()
	_ = r.snapshot.Close() // it was only read from
}

// SaltOf makes the salt of one purpose. Reads without a purpose have one of
// their own for each principal, so that two of them cannot join what they got.
func SaltOf(secret, purpose, principal string) string {
	scope := "purpose:" + purpose
	if purpose == "" {
		scope = "principal:" + principal
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(scope))
	return hex.EncodeToString(mac.Sum(nil))
}
