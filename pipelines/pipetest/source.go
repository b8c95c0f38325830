package pipetest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// DriverName is what definitions write to use a [Source].
const DriverName = "memory"

// Table is a dataset as Go values: nil for NULL, anything else in the text form
// of its type.
type Table struct {
	Columns []schema.Column
	Rows    [][]any
	Rejects []connectors.Reject
	// Version is what the source answers when asked for it; empty: unknown.
	Version string
	// Changes makes it a change stream; the column [connectors.OpColumn] must be there.
	Changes bool
	// FailAt ends a read with an error before this row, once; 0 never does.
	FailAt int
	// NoResume makes a resumed read begin anew.
	NoResume bool
	// Pause is the time between two batches.
	Pause time.Duration
	// Hang makes a read wait behind this many batches until it is closed or the
	// context ends; nil never does.
	Hang      chan struct{}
	HangAfter int
}

// Source is a connector over tables in memory. It is safe for concurrent use.
type Source struct {
	mu     sync.Mutex
	tables map[string]Table
	reads  []connectors.ReadRequest
}

// NewSource makes a source without tables.
func NewSource() *Source { return &Source{tables: map[string]Table{}} }

// Put adds or replaces a table.
func (s *Source) Put(name string, table Table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables[name] = table
}

// Reads lists the reads so far.
func (s *Source) Reads() []connectors.ReadRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reads)
}

// Driver gives the driver that opens s.
func (s *Source) Driver() connectors.Driver {
	return connectors.Driver{Name: DriverName, Title: "tables in memory", Open: func(connectors.Config) (connectors.Source, error) { return s, nil }}
}

// Check implements connectors.Source.
func (s *Source) Check(ctx context.Context) error { return ctx.Err() }

// Close implements connectors.Source.
func (s *Source) Close() error { return nil }

// Discover implements connectors.Source.
func (s *Source) Discover(context.Context) ([]schema.Dataset, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []schema.Dataset
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		found = append(found, schema.Dataset{Name: name, Columns: s.tables[name].Columns, RowEstimate: int64(len(s.tables[name].Rows))})
	}
	return found, nil
}

// Version implements connectors.Versioner.
func (s *Source) Version(_ context.Context, dataset string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tables[dataset].Version, nil
}

// Changes implements connectors.ChangeReader.
func (s *Source) Changes(dataset string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tables[dataset].Changes
}

// Read implements connectors.Source. A token is the number of rows given.
func (s *Source) Read(_ context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads = append(s.reads, request)
	table, ok := s.tables[request.Dataset]
	if !ok {
		return nil, fault.New(fault.NotFound, "there is no table %s", request.Dataset)
	}
	if table.FailAt > 0 {
		again := table
		again.FailAt = 0
		s.tables[request.Dataset] = again
	}
	projected := schema.Dataset{Columns: table.Columns}.Project(request.Columns)
	st := &stream{table: table, request: request, columns: projected.Columns, schema: projected.Arrow()}
	if request.BatchRows > 0 {
		st.batch = request.BatchRows
	} else {
		st.batch = connectors.DefaultBatchRows
	}
	st.rows = since(table, request)
	if request.Resume != "" {
		if table.NoResume {
			st.restarted = true
		} else if at, err := strconv.Atoi(string(request.Resume)); err == nil {
			st.at = at
		}
	}
	return st, nil
}

func since(table Table, request connectors.ReadRequest) [][]any {
	if request.Cursor == "" || request.Since == "" {
		return table.Rows
	}
	place := slices.IndexFunc(table.Columns, func(c schema.Column) bool { return c.Name == request.Cursor })
	var rows [][]any
	for _, row := range table.Rows {
		if row[place] != nil && compareText(fmt.Sprint(row[place]), request.Since) >= 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// compareText orders numbers as numbers and everything else as text.
func compareText(a, b string) int {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a, b)
}

type stream struct {
	table     Table
	request   connectors.ReadRequest
	columns   []schema.Column
	schema    *arrow.Schema
	rows      [][]any
	at, batch int
	position  string
	restarted bool
	rejected  bool
}

func (s *stream) Schema() *arrow.Schema { return s.schema }

func (s *stream) Close() error { return nil }

func (s *stream) Next(ctx context.Context) (connectors.Batch, error) {
	select {
	case <-ctx.Done():
		return connectors.Batch{}, fault.Wrap(ctx.Err(), fault.Canceled, "the read was canceled")
	case <-time.After(s.table.Pause):
	}
	if s.table.Hang != nil && s.at >= s.table.HangAfter*s.batch {
		select {
		case <-ctx.Done():
			return connectors.Batch{}, fault.Wrap(ctx.Err(), fault.Canceled, "the read was canceled")
		case <-s.table.Hang:
		}
	}
	if s.at >= len(s.rows) && (s.rejected || len(s.table.Rejects) == 0) {
		return connectors.Batch{}, io.EOF
	}
	if s.table.FailAt > 0 && s.at+s.batch >= s.table.FailAt {
		return connectors.Batch{}, fault.New(fault.Unavailable, "the connection broke off")
	}
	end := min(s.at+s.batch, len(s.rows))
	record, err := s.record(s.rows[s.at:end])
	if err != nil {
		return connectors.Batch{}, err
	}
	s.at = end
	batch := connectors.Batch{Record: record, Token: connectors.Token(strconv.Itoa(end)), Position: s.position, Restarted: s.restarted}
	s.restarted = false
	if !s.rejected {
		batch.Rejects, s.rejected = s.table.Rejects, true
	}
	return batch, nil
}

func (s *stream) record(rows [][]any) (arrow.RecordBatch, error) {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, s.schema)
	defer builder.Release()
	for i, column := range s.columns {
		place := slices.IndexFunc(s.table.Columns, func(c schema.Column) bool { return c.Name == column.Name })
		for _, row := range rows {
			if row[place] == nil {
				builder.Field(i).AppendNull()
				continue
			}
			text := fmt.Sprint(row[place])
			if err := builder.Field(i).AppendValueFromString(text); err != nil {
				return nil, fmt.Errorf("column %s: %w", column.Name, err)
			}
			if column.Name == s.request.Cursor && (s.position == "" || compareText(text, s.position) > 0) {
				s.position = text
			}
		}
	}
	return builder.NewRecordBatch(), nil
}
