package query

import (
	"context"
	"errors"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/query/statement"
)

// sqlOver is a statement over a state of the warehouse.
type sqlOver struct {
	engine
	sql  string
	args []any
}

// runSQL runs a statement over the views as they stand. The engine may work its
// expressions out for rows that are not shown and fail on one: then it runs again
// over copies of what is shown, and only what that says counts.
func (g *Gate) runSQL(ctx context.Context, asked askedSQL) (*SQLResult, error) {
	snapshot, err := g.snapshotSQL(ctx, asked.views)
	if err != nil {
		return nil, err
	}
	sql, args := asked.over(asked.sql)
	result, err := g.answerSQL(ctx, asked, sqlOver{snapshot, sql, args})
	if err == nil || !errors.As(err, &engineError{}) {
		return result, err
	}
	copies := make([]warehouse.Copy, len(asked.views))
	for i, seen := range asked.views {
		copies[i] = warehouse.Copy{Name: statement.Name(seen.dataset.ID), Statement: seen.view.SQL, Args: seen.view.Args}
	}
	apart, err := g.Warehouse.Apart(ctx, copies)
	if err != nil {
		return nil, hidden(err, "what is shown")
	}
	result, err = g.answerSQL(ctx, asked, sqlOver{apart, asked.sql, nil})
	if failed := (engineError{}); errors.As(err, &failed) {
		err = fault.Wrap(errors.Join(statement.ErrValue, err), fault.Invalid, "the statement cannot be worked out on the rows that are shown: %s", failed.kind())
	}
	return result, err
}

// engineError is an error of the engine while it worked a statement out.
type engineError struct{ err error }

func (e engineError) Error() string { return e.err.Error() }
func (e engineError) Unwrap() error { return e.err }

// kind gives what kind of error it is, without the engine's words, which may hold
// values.
func (e engineError) kind() string {
	kind, _, found := strings.Cut(e.err.Error(), " Error: ")
	if !found || len(kind) > 30 {
		return "an error"
	}
	return strings.ToLower(kind) + " error"
}

func failedSQL(err error) error {
	if err == nil || fault.Is(err, fault.Canceled) {
		return err
	}
	return engineError{err}
}

// over puts the views before a statement, with their arguments.
func (a askedSQL) over(sql string) (text string, args []any) {
	names, bodies := make([]string, len(a.views)), make([]string, len(a.views))
	for i, seen := range a.views {
		names[i], bodies[i] = warehouse.Ident(statement.Name(seen.dataset.ID)), seen.view.SQL
		args = append(args, seen.view.Args...)
	}
	return statement.With(sql, names, bodies), args
}

// snapshotSQL takes a state, and finds in it the persons whom the answer is about:
// those of the rows that it is worked out of or, where that cannot be told or the
// engine fails on rows that are not shown, all of the views.
func (g *Gate) snapshotSQL(ctx context.Context, views []viewOf) (*warehouse.Snapshot, error) {
	for {
		snapshot, err := g.Warehouse.Snapshot(ctx)
		if err != nil {
			return nil, hidden(err, "the warehouse")
		}
		failed, err := concerned(ctx, snapshot, views)
		if err == nil {
			return snapshot, nil
		}
		if err = errors.Join(err, snapshot.Close()); failed.concerned == "" || fault.Is(err, fault.Canceled) {
			return nil, hidden(err, failed.dataset.ID)
		}
		for i := range views {
			views[i].concerned = ""
		}
	}
}

// concerned fills the records' persons, and gives the view at which it failed.
func concerned(ctx context.Context, snapshot *warehouse.Snapshot, views []viewOf) (viewOf, error) {
	for i, seen := range views {
		if seen.view.WithPerson.SQL == "" {
			continue
		}
		found, err := distinctPersons(ctx, snapshot, seen.persons(views))
		if err != nil {
			return seen, err
		}
		views[i].record.Persons, views[i].record.ManyPersons = found.list, found.more
	}
	return viewOf{}, nil
}

// persons is the statement for the persons of one view.
func (v viewOf) persons(views []viewOf) plan.Statement {
	person := warehouse.Ident(plan.PersonColumn)
	if v.concerned == "" {
		return plan.Statement{
			SQL: "SELECT DISTINCT " + person + " FROM (" + v.view.WithPerson.SQL + ") AS shown WHERE " + person + " IS NOT NULL", Args: v.view.WithPerson.Args,
		}
	}
	about := plan.Statement{}
	names, bodies := make([]string, len(views)), make([]string, len(views))
	for i, seen := range views {
		body := seen.view.Statement
		if seen.dataset.ID == v.dataset.ID {
			body = seen.view.WithPerson
		}
		names[i], bodies[i] = warehouse.Ident(statement.Name(seen.dataset.ID)), body.SQL
		about.Args = append(about.Args, body.Args...)
	}
	about.SQL = statement.With(v.concerned, names, bodies)
	return about
}

// answerSQL gives the answer over one state, which it closes with the reader or
// on an error.
func (g *Gate) answerSQL(ctx context.Context, asked askedSQL, over sqlOver) (result *SQLResult, err error) {
	reader, err := over.Query(ctx, over.sql, over.args...)
	if err != nil {
		return nil, errors.Join(failedSQL(err), over.Close())
	}
	held, rows, ended, err := hold(reader, asked.limit)
	reader.Release()
	if err != nil {
		return nil, errors.Join(failedSQL(err), over.Close())
	}
	defer func() {
		for _, batch := range held {
			batch.Release()
		}
	}()
	if ended {
		return g.wholeSQL(ctx, asked, held, rows, named(reader.Schema()), over)
	}
	return g.streamSQL(ctx, asked, over)
}

// named gives the columns their names without how tables are called inside: an
// expression without a name is called by its text.
func named(of *arrow.Schema) *arrow.Schema {
	fields := of.Fields()
	for i := range fields {
		fields[i].Name = strings.ReplaceAll(fields[i].Name, statement.Name(""), "")
	}
	metadata := of.Metadata()
	return arrow.NewSchema(fields, &metadata)
}

// hold reads rows up to what is held in memory or one more than limit; ended says
// that these are all.
func hold(reader array.RecordReader, limit int64) (held []arrow.RecordBatch, rows int64, ended bool, err error) {
	for rows <= min(bufferedRows, limit) {
		if !reader.Next() {
			if err := reader.Err(); err != nil {
				for _, batch := range held {
					batch.Release()
				}
				return nil, 0, false, err
			}
			return held, rows, true, nil
		}
		batch := reader.RecordBatch()
		batch.Retain()
		held = append(held, batch)
		rows += batch.NumRows()
	}
	return held, rows, rows > limit, nil
}

// wholeSQL gives an answer that is held.
func (g *Gate) wholeSQL(ctx context.Context, asked askedSQL, held []arrow.RecordBatch, rows int64, schema *arrow.Schema, over sqlOver) (*SQLResult, error) {
	more := rows > asked.limit
	if err := errors.Join(over.Close(), asked.tooMany(more)); err != nil {
		return nil, err
	}
	given, left := make([]arrow.RecordBatch, 0, len(held)), asked.limit
	for _, batch := range held {
		size := min(left, batch.NumRows())
		part := batch.NewSlice(0, size)
		given = append(given, array.NewRecordBatch(schema, part.Columns(), size))
		part.Release()
		left -= size
	}
	defer func() {
		for _, batch := range given {
			batch.Release()
		}
	}()
	if err := g.recordRows(ctx, asked.views, min(rows, asked.limit)); err != nil {
		return nil, err
	}
	answer, err := array.NewRecordReader(schema, given)
	if err != nil {
		return nil, err
	}
	return &SQLResult{Reader: answer, Datasets: shown(asked.views), More: more}, nil
}

// tooMany refuses an answer that has more rows than the right gives, where the
// caller did not ask for a part.
func (a askedSQL) tooMany(more bool) error {
	if !more || a.limit < a.most {
		return nil
	}
	if a.most == MaxPage {
		return fault.Wrap(statement.ErrRows, fault.Invalid, "the answer has more than %d rows, as many as may be viewed at once: filter, add figures or LIMIT, or ask for a copy", a.most)
	}
	return fault.Wrap(statement.ErrRows, fault.Invalid, "the answer has more than %d rows: filter, add figures or LIMIT", a.most)
}

// streamSQL counts a large answer, records it, and gives it batch by batch.
func (g *Gate) streamSQL(ctx context.Context, asked askedSQL, over sqlOver) (*SQLResult, error) {
	rows, err := number(ctx, over, plan.Statement{SQL: "SELECT count(*) FROM (" + over.sql + ") AS counted", Args: over.args})
	if err != nil {
		return nil, errors.Join(failedSQL(err), over.Close())
	}
	if err := asked.tooMany(rows > asked.limit); err != nil {
		return nil, errors.Join(err, over.Close())
	}
	if err := g.recordRows(ctx, asked.views, rows); err != nil {
		return nil, errors.Join(err, over.Close())
	}
	reader, err := over.Query(ctx, over.sql, over.args...)
	if err != nil {
		return nil, errors.Join(failedSQL(err), over.Close())
	}
	streamed := &shownReader{
		RecordReader: reader, schema: named(reader.Schema()), snapshot: over.engine, holders: 1,
		hide: func(err error) error { return hidden(err, "the rest of the answer") },
	}
	return &SQLResult{Reader: streamed, Datasets: shown(asked.views)}, nil
}

// recordRows puts the answer on record, once for each dataset.
func (g *Gate) recordRows(ctx context.Context, views []viewOf, rows int64) error {
	for i := range views {
		views[i].record.Rows = rows
	}
	return fault.Wrap(g.recordSQL(ctx, views), fault.Unavailable, "the read could not be recorded, so nothing is shown")
}

func (g *Gate) recordSQL(ctx context.Context, views []viewOf) error {
	for _, seen := range views {
		if err := g.Recorder.Append(ctx, seen.record); err != nil {
			return err
		}
	}
	return nil
}

func shown(views []viewOf) []Shown {
	made := make([]Shown, len(views))
	for i, seen := range views {
		made[i] = Shown{
			Dataset: seen.dataset.ID, Source: seen.dataset.System, Version: seen.dataset.Version, PublishedAt: seen.dataset.PublishedAt,
			Fields: seen.view.Fields, Withheld: append([]plan.Withheld{}, seen.view.Withheld...), SomeRows: seen.view.SomeRows,
			Decision: seen.decision.Fingerprint(), PolicyVersion: seen.decision.Version(),
		}
	}
	return made
}
