package query

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query/plan"
)

// pieceRows is the number of places of a table that one statement of a copy reads.
// The engine finishes each in memory: three are held at most, one that is given,
// one that is ready and one that is read.
const pieceRows = 61_440

// wholly gives many rows piece by piece, in one snapshot, which it closes in the
// end. While one piece is given the next one is read.
func (g *Gate) wholly(ctx context.Context, snapshot *warehouse.Snapshot, asked asked) (array.RecordReader, error) {
	places, err := piecesOf(ctx, snapshot, asked)
	if err != nil {
		return nil, unreadable(err, asked)
	}
	shown, err := describeStatement(ctx, snapshot, asked.plan)
	if err != nil {
		return nil, unreadable(err, asked)
	}
	ctx, cancel := context.WithCancel(ctx)
	made := &pieceReader{schema: shown, ready: make(chan piece), cancel: cancel, holders: 1}
	made.running.Go(func() {
		defer close(made.ready)
		defer snapshot.Close() // it was only read from
		left := asked.limit
		for _, place := range places {
			if left == 0 {
				return
			}
			read := readPiece(ctx, snapshot, asked, shown, place, left)
			left -= read.rows
			select {
			case made.ready <- read:
			case <-ctx.Done():
				read.release()
				return
			}
			if read.err != nil {
				return
			}
		}
	})
	return made, nil
}

// piecesOf cuts the rows that are published and, for a moment of the past, those
// that were, by their places.
func piecesOf(ctx context.Context, snapshot *warehouse.Snapshot, asked asked) ([]plan.Piece, error) {
	var made []plan.Piece
	for _, closed := range []bool{false, true} {
		table := warehouse.Published(asked.dataset.ID)
		if closed {
			if !asked.past {
				break
			}
			table = warehouse.History(asked.dataset.ID)
		}
		last, err := number(ctx, snapshot, plan.Statement{SQL: "SELECT CAST(coalesce(max(rowid), -1) AS BIGINT) FROM " + table})
		if err != nil {
			return nil, err
		}
		for from := int64(0); from <= last; from += pieceRows {
			made = append(made, plan.Piece{Closed: closed, From: from, Until: from + pieceRows})
		}
	}
	return made, nil
}

// describeStatement gives the columns that are shown.
func describeStatement(ctx context.Context, snapshot *warehouse.Snapshot, planned plan.Plan) (*arrow.Schema, error) {
	reader, err := snapshot.Query(ctx, "SELECT * FROM ("+planned.SQL+") AS described LIMIT 0", planned.Args...)
	if err != nil {
		return nil, err
	}
	defer reader.Release()
	return shownSchema(reader.Schema(), planned), nil
}

// number reads the one number that a statement gives.
func number(ctx context.Context, snapshot state, statement plan.Statement) (int64, error) {
	reader, err := snapshot.Query(ctx, statement.SQL, statement.Args...)
	if err != nil {
		return 0, err
	}
	defer reader.Release()
	var found int64
	for reader.Next() {
		column, ok := reader.RecordBatch().Column(0).(*array.Int64)
		if !ok {
			return 0, fmt.Errorf("a count is a %s", reader.Schema().Field(0).Type)
		}
		found = column.Value(0)
	}
	return found, reader.Err()
}

// piece is a part of the rows that was read, or why it was not.
type piece struct {
	batches []arrow.RecordBatch
	rows    uint64
	err     error
}

func (p *piece) release() {
	for _, batch := range p.batches {
		batch.Release()
	}
	p.batches = nil
}

func readPiece(ctx context.Context, snapshot *warehouse.Snapshot, asked asked, shown *arrow.Schema, place plan.Piece, limit uint64) piece {
	planned, err := asked.piece(place, limit)
	if err != nil {
		return piece{err: err}
	}
	reader, err := snapshot.Query(ctx, planned.SQL, planned.Args...)
	if err != nil {
		return piece{err: unreadable(err, asked)}
	}
	defer reader.Release()
	made := piece{}
	for reader.Next() {
		batch := reader.RecordBatch()
		made.batches = append(made.batches, array.NewRecordBatch(shown, batch.Columns()[:shown.NumFields()], batch.NumRows()))
		made.rows += uint64(batch.NumRows())
	}
	if err := reader.Err(); err != nil {
		made.release()
		return piece{err: unreadable(err, asked)}
	}
	return made
}

// pieceReader gives pieces as one reader.
type pieceReader struct {
	schema  *arrow.Schema
	ready   chan piece
	cancel  context.CancelFunc
	running sync.WaitGroup
	current piece
	at      int
	err     error

	mu      sync.Mutex
	holders int
}

func (r *pieceReader) Schema() *arrow.Schema { return r.schema }

func (r *pieceReader) Next() bool {
	if r.at < len(r.current.batches) {
		r.current.batches[r.at].Release()
		r.current.batches[r.at] = nil
		r.at++
	}
	for r.at == len(r.current.batches) {
		r.current.batches, r.at = nil, 0
		next, more := <-r.ready
		if !more || next.err != nil {
			r.err = errors.Join(r.err, next.err)
			return false
		}
		r.current = next
	}
	return true
}

func (r *pieceReader) RecordBatch() arrow.RecordBatch { return r.current.batches[r.at] }

// Record is RecordBatch by its older name.
func (r *pieceReader) Record() arrow.RecordBatch { return r.RecordBatch() }

func (r *pieceReader) Err() error { return r.err }

func (r *pieceReader) Retain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holders++
}

func (r *pieceReader) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holders == 0 {
		return
	}
	if r.holders--; r.holders > 0 {
		return
	}
	r.cancel()
	for left := range r.ready {
		left.release()
	}
	r.running.Wait()
	for _, batch := range r.current.batches[r.at:] {
		batch.Release()
	}
	r.current = piece{}
}

// demandAll refuses what all rows cannot be asked with.
func demandAll(request Request) error {
	if request.Limit > 0 {
		return fault.New(fault.Invalid, "all rows are read without a limit")
	}
	return demandUnordered(request)
}

// demandUnordered refuses what cannot be read piece by piece.
func demandUnordered(request Request) error {
	if request.Offset > 0 || len(request.Sort)+len(request.GroupBy)+len(request.Metrics) > 0 || request.Page {
		return fault.New(fault.Invalid, "all rows are read in no order and without figures: leave the order out, or give a limit of up to %d", MaxLimit)
	}
	return nil
}
