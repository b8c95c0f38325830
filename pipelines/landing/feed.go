package landing

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines/proof"
	"github.com/yitong-hub/yitong/schema"
)

// feed reads a connector's stream ahead by one batch, so that decoding and
// writing overlap, and gives it in chunks as Arrow readers.
type feed struct {
	ctx     context.Context
	batches chan delivery
	stopped chan struct{}
	cancel  context.CancelFunc
	schema  *arrow.Schema
	wait    patience

	// ended says that the stream is at its end.
	ended bool
}

type delivery struct {
	batch connectors.Batch
	err   error
}

// newFeed takes over stream, whose first batch (or error) was read already.
func newFeed(ctx context.Context, l *lander, stream connectors.Stream, first connectors.Batch, err error) *feed {
	ctx, cancel := context.WithCancel(ctx)
	f := &feed{
		ctx: ctx, batches: make(chan delivery, 1), stopped: make(chan struct{}), cancel: cancel,
		schema: withRow(stream.Schema()), wait: l.patience(),
	}
	go f.run(stream, delivery{batch: first, err: err})
	return f
}

func (f *feed) run(stream connectors.Stream, next delivery) {
	defer close(f.stopped)
	defer close(f.batches)
	for {
		if errors.Is(next.err, io.EOF) {
			next.err = stream.Close()
			if next.err == nil {
				return
			}
		}
		select {
		case f.batches <- next:
		case <-f.ctx.Done():
			release(next.batch)
			_ = stream.Close() // the cancellation is the error that counts
			return
		}
		if next.err != nil {
			_ = stream.Close() // next.err is the error that counts
			return
		}
		next.batch, next.err = stream.Next(f.ctx)
	}
}

// stop ends the reading and waits until the stream is closed.
func (f *feed) stop() {
	f.cancel()
	for d := range f.batches {
		release(d.batch)
	}
	<-f.stopped
}

func release(batch connectors.Batch) {
	if batch.Record != nil {
		batch.Record.Release()
	}
}

// next gives the next batch, or io.EOF.
func (f *feed) next() (connectors.Batch, error) {
	d, open, err := wait(f.ctx, f.wait, f.batches)
	switch {
	case err != nil:
		release(d.batch)
		f.cancel()
		return connectors.Batch{}, err
	case open:
		return d.batch, d.err
	case f.ctx.Err() != nil:
		return connectors.Batch{}, fault.Wrap(f.ctx.Err(), fault.Canceled, "the reading was canceled")
	}
	f.ended = true
	return connectors.Batch{}, io.EOF
}

func withRow(source *arrow.Schema) *arrow.Schema {
	fields := append(source.Fields(), arrow.Field{Name: RowColumn, Type: arrow.PrimitiveTypes.Int64})
	return arrow.NewSchema(fields, nil)
}

// chunkReader is one chunk of a feed as an Arrow reader. It numbers the rows
// and adds them to the checksum. The engine drives it from a thread of its own.
type chunkReader struct {
	feed    *feed
	hasher  *proof.Hasher
	limit   int64
	rows    int64
	current arrow.RecordBatch
	err     error

	rejects  []connectors.Reject
	token    connectors.Token
	position string
	progress func(int64)
}

func newChunkReader(l *lander) *chunkReader {
	names, types := split(l.columns)
	return &chunkReader{
		feed: l.feed, hasher: proof.New(names, types, l.state.sum), limit: l.request.ChunkRows,
		token: l.state.token, position: l.state.position, progress: l.request.Progress,
	}
}

func split(columns []schema.Column) ([]string, []schema.Type) {
	names, types := make([]string, len(columns)), make([]schema.Type, len(columns))
	for i, column := range columns {
		names[i], types[i] = column.Name, column.Type
	}
	return names, types
}

// maxRejects ends a chunk early, so that a source full of unreadable rows does
// not gather them in memory.
const maxRejects = 2_000

// Next implements array.RecordReader.
func (c *chunkReader) Next() bool {
	c.drop()
	for c.err == nil && c.rows < c.limit && len(c.rejects) < maxRejects {
		batch, err := c.feed.next()
		if errors.Is(err, io.EOF) {
			return false
		}
		if err != nil {
			c.err = err
			return false
		}
		if c.take(batch) {
			return true
		}
	}
	return false
}

// take keeps a batch's token and rejects, and its rows if it has any.
func (c *chunkReader) take(batch connectors.Batch) bool {
	c.rejects = append(c.rejects, batch.Rejects...)
	c.token = batch.Token
	if batch.Position != "" {
		c.position = batch.Position
	}
	if batch.Record == nil {
		return false
	}
	defer batch.Record.Release()
	if batch.Record.NumRows() == 0 {
		return false
	}
	first := c.hasher.Sum().Rows + 1
	if err := c.hasher.Add(batch.Record); err != nil {
		c.err = fmt.Errorf("prove a batch: %w", err)
		return false
	}
	c.rows += batch.Record.NumRows()
	c.current = number(c.feed.schema, batch.Record, first)
	if c.progress != nil {
		c.progress(c.hasher.Sum().Rows)
	}
	return true
}

// number adds RowColumn to a batch.
func number(schema *arrow.Schema, record arrow.RecordBatch, first int64) arrow.RecordBatch {
	builder := array.NewInt64Builder(memory.DefaultAllocator)
	defer builder.Release()
	builder.Reserve(int(record.NumRows()))
	for i := range record.NumRows() {
		builder.UnsafeAppend(first + i)
	}
	places := builder.NewArray()
	defer places.Release()
	columns := make([]arrow.Array, 0, record.NumCols()+1)
	columns = append(append(columns, record.Columns()...), places)
	return array.NewRecordBatch(schema, columns, record.NumRows())
}

func (c *chunkReader) drop() {
	if c.current != nil {
		c.current.Release()
		c.current = nil
	}
}

// Schema implements array.RecordReader.
func (c *chunkReader) Schema() *arrow.Schema { return c.feed.schema }

// RecordBatch implements array.RecordReader.
func (c *chunkReader) RecordBatch() arrow.RecordBatch { return c.current }

// Record implements array.RecordReader.
func (c *chunkReader) Record() arrow.RecordBatch { return c.current }

// Err implements array.RecordReader.
func (c *chunkReader) Err() error { return c.err }

// Retain implements array.RecordReader.
func (c *chunkReader) Retain() {}

// Release implements array.RecordReader.
func (c *chunkReader) Release() { c.drop() }
