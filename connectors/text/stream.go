package text

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Row is one row of a source, or what could not be read of it.
type Row struct {
	// Number is the row's place in the source, from 1.
	Number int64
	// Cells holds a cell for each column of the dataset, nil for NULL.
	Cells [][]byte
	// Raw gives the row as it came, for rejects.
	Raw func() string
	// Reject is set for a row that could not be read.
	Reject *connectors.Reject
}

// Rows gives the rows of a source one after another. It is used by one goroutine.
type Rows interface {
	// Next gives the next row, valid until the next call, or io.EOF.
	Next(ctx context.Context) (Row, error)
	// Token is the place behind the last row.
	Token() connectors.Token
	Close() error
}

// Stream makes batches of rows of text; it implements connectors.Stream.
type Stream struct {
	rows      Rows
	builder   *Builder
	request   connectors.ReadRequest
	indices   []int
	cursor    int
	bound     *connectors.Bound
	canonical func([]byte) string
	cells     [][]byte
	restarted bool
	ended     bool
}

const (
	// batchBytes ends a batch early when rows are wide.
	batchBytes = 16 << 20
	// batchRejects ends a batch early in a source full of unreadable rows.
	batchRejects = 1000
)

// NewStream makes the stream of a request over rows that have all columns of
// the dataset. restarted says that the request's token could not be used. On an
// error the rows are closed.
func NewStream(dataset schema.Dataset, request connectors.ReadRequest, options Options, rows Rows, restarted bool) (*Stream, error) {
	columns, err := connectors.Project(dataset, request)
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	bound, err := connectors.NewBound(dataset, request)
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	s := &Stream{rows: rows, builder: NewBuilder(columns, options), request: request, bound: bound, restarted: restarted, cursor: -1}
	for _, column := range columns {
		s.indices = append(s.indices, slices.IndexFunc(dataset.Columns, func(c schema.Column) bool { return c.Name == column.Name }))
	}
	if bound != nil {
		s.cursor = slices.IndexFunc(dataset.Columns, func(c schema.Column) bool { return c.Name == request.Cursor })
		s.canonical = CursorText(dataset.Columns[s.cursor].Type, options)
	}
	if s.request.BatchRows <= 0 {
		s.request.BatchRows = connectors.DefaultBatchRows
	}
	return s, nil
}

// Schema implements connectors.Stream.
func (s *Stream) Schema() *arrow.Schema { return s.builder.Schema() }

// Next implements connectors.Stream.
func (s *Stream) Next(ctx context.Context) (connectors.Batch, error) {
	var rejects []connectors.Reject
	size, taken := 0, 0
	for !s.ended && s.builder.Rows() < s.request.BatchRows && len(rejects) < batchRejects && size < batchBytes {
		if err := ctx.Err(); err != nil {
			return connectors.Batch{}, fault.Wrap(err, fault.Canceled, "the reading was canceled")
		}
		row, err := s.rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			s.ended = true
			break
		}
		if err != nil {
			return connectors.Batch{}, err
		}
		taken++
		if reject := s.take(row); reject != nil {
			rejects = append(rejects, *reject)
		}
		for _, cell := range row.Cells {
			size += len(cell)
		}
	}
	if taken == 0 {
		return connectors.Batch{}, io.EOF
	}
	batch := connectors.Batch{Record: s.builder.NewBatch(), Rejects: rejects, Token: s.rows.Token(), Restarted: s.restarted}
	s.restarted = false
	if s.bound != nil {
		batch.Position = s.bound.Position()
	}
	return batch, nil
}

func (s *Stream) take(row Row) *connectors.Reject {
	if row.Reject != nil {
		return row.Reject
	}
	if s.bound != nil && !s.bound.Admits(s.canonical(row.Cells[s.cursor])) {
		return nil
	}
	s.cells = s.cells[:0]
	for _, index := range s.indices {
		s.cells = append(s.cells, row.Cells[index])
	}
	if mismatch := s.builder.Append(s.cells); mismatch != nil {
		reject := mismatch.Reject(row.Number, row.Raw())
		return &reject
	}
	return nil
}

// Close implements connectors.Stream.
func (s *Stream) Close() error {
	if s.builder == nil {
		return nil
	}
	s.builder.Release()
	s.builder = nil
	return s.rows.Close()
}

// Restart marks the next batch as the first of a reading that began anew.
func (s *Stream) Restart() { s.restarted = true }
