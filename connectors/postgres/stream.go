package postgres

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

const (
	// batchBytes ends a batch early when rows are wide.
	batchBytes = 16 << 20
	// batchRejects ends a batch early in a table full of unreadable rows.
	batchRejects = 1000
)

// stream hands over batches that a goroutine of its own reads, so that the
// server writes, this side decodes and the pipelines land at the same time.
type stream struct {
	schema  *arrow.Schema
	batches chan connectors.Batch
	cancel  context.CancelFunc
	done    chan struct{}
	err     error // read when done is closed
	stop    sync.Once
}

// Schema implements connectors.Stream.
func (s *stream) Schema() *arrow.Schema { return s.schema }

// Next implements connectors.Stream.
func (s *stream) Next(ctx context.Context) (connectors.Batch, error) {
	if err := ctx.Err(); err != nil {
		return connectors.Batch{}, fault.Wrap(err, fault.Canceled, "the reading was canceled")
	}
	select {
	case batch, more := <-s.batches:
		if more {
			return batch, nil
		}
		<-s.done
		if s.err != nil {
			return connectors.Batch{}, s.err
		}
		return connectors.Batch{}, io.EOF
	case <-ctx.Done():
		return connectors.Batch{}, fault.Wrap(ctx.Err(), fault.Canceled, "the reading was canceled")
	}
}

// Close implements connectors.Stream.
func (s *stream) Close() error {
	s.stop.Do(func() {
		s.cancel()
		for batch := range s.batches {
			batch.Record.Release()
		}
		<-s.done
	})
	return nil
}

// start runs a reading in the background. produce gives the tuples' bytes to
// the gatherer; its error ends the stream.
func start(ctx context.Context, table table, request connectors.ReadRequest, produce func(context.Context, *gatherer) error) *stream {
	ctx, cancel := context.WithCancel(ctx)
	s := &stream{schema: table.describe().Arrow(), batches: make(chan connectors.Batch, 1), cancel: cancel, done: make(chan struct{})}
	go func() {
		g := newGatherer(ctx, s.schema, table, request, s.batches)
		defer g.record.Release()
		s.err = produce(ctx, g)
		if s.err == nil {
			s.err = g.flush()
		}
		if s.err != nil && ctx.Err() != nil {
			s.err = fault.Wrap(ctx.Err(), fault.Canceled, "the reading was canceled")
		}
		close(s.batches)
		close(s.done)
		cancel()
	}()
	return s
}

// gatherer makes batches of tuples. It is used by one goroutine.
type gatherer struct {
	ctx      context.Context //nolint:containedctx // of the one reading that it belongs to
	columns  []column
	record   *array.RecordBuilder
	decoders []decoder
	values   [][]byte
	out      chan<- connectors.Batch

	limit     int
	cursor    int
	rows      int
	bytes     int
	number    int64
	rejects   []connectors.Reject
	position  string
	restarted bool
}

func newGatherer(ctx context.Context, layout *arrow.Schema, table table, request connectors.ReadRequest, out chan<- connectors.Batch) *gatherer {
	g := &gatherer{
		ctx: ctx, columns: table.columns, record: array.NewRecordBuilder(memory.DefaultAllocator, layout), values: make([][]byte, len(table.columns)),
		out: out, limit: request.BatchRows, cursor: -1, position: request.Since, restarted: request.Resume != "",
	}
	if g.limit <= 0 {
		g.limit = connectors.DefaultBatchRows
	}
	for i, c := range table.columns {
		g.decoders = append(g.decoders, decoderOf(g.record.Field(i), c))
		if c.Name == request.Cursor {
			g.cursor = i
		}
	}
	g.record.Reserve(g.limit)
	return g
}

// add takes the row in g.values, nil being NULL. Nothing of a row is appended
// unless all of it can be.
func (g *gatherer) add() error {
	g.number++
	for i, value := range g.values {
		if value == nil {
			continue
		}
		g.bytes += len(value)
		if code, reason := g.decoders[i].check(value); code != "" {
			reason = fmt.Sprintf("column %s: %s", g.columns[i].Name, reason)
			g.rejects = append(g.rejects, connectors.Reject{Row: g.number, Code: code, Column: g.columns[i].Name, Reason: reason, Raw: g.raw()})
			return g.full()
		}
	}
	for i, value := range g.values {
		if value == nil {
			g.record.Field(i).AppendNull()
			continue
		}
		g.decoders[i].append(value)
	}
	g.rows++
	return g.full()
}

func (g *gatherer) full() error {
	if g.rows < g.limit && g.bytes < batchBytes && len(g.rejects) < batchRejects {
		return nil
	}
	return g.flush()
}

// flush hands the batch over.
func (g *gatherer) flush() error {
	if g.rows == 0 && len(g.rejects) == 0 {
		return nil
	}
	batch := connectors.Batch{
		Record: g.record.NewRecordBatch(), Rejects: g.rejects, Restarted: g.restarted,
		Token: connectors.Token("row:" + strconv.FormatInt(g.number, 10)),
	}
	if g.cursor >= 0 {
		// The rows come in order of the cursor, those without a value last.
		cursors := batch.Record.Column(g.cursor)
		for i := cursors.Len() - 1; i >= 0; i-- {
			if text := connectors.FormatCursor(cursors, i); text != "" {
				g.position = text
				break
			}
		}
		batch.Position = g.position
	}
	g.rows, g.bytes, g.rejects, g.restarted = 0, 0, nil, false
	select {
	case g.out <- batch:
		g.record.Reserve(g.limit)
		return nil
	case <-g.ctx.Done():
		batch.Record.Release()
		return g.ctx.Err()
	}
}

// raw is the row as text: legible columns as they are, others in hexadecimal.
func (g *gatherer) raw() string {
	parts := make([]string, len(g.values))
	for i, value := range g.values {
		switch {
		case value == nil:
		case g.columns[i].Type.Kind == schema.String:
			parts[i] = strings.ToValidUTF8(string(value), string(utf8.RuneError))
		default:
			parts[i] = `\x` + hex.EncodeToString(value)
		}
	}
	return strings.Join(parts, "|")
}

// The binary form of COPY (manual, "COPY", Binary Format).
const copySignature = "PGCOPY\n\xff\r\n\x00"

const (
	copyHead      = len(copySignature) + 8
	tupleHead     = 2
	valueHead     = 4
	copyEnd       = -1
	nullLength    = -1
	flagsWithOIDs = 1 << 16
)

var errCopy = errors.New("the server's COPY data is not in the binary form of PostgreSQL")

// copyReader splits the bytes of a COPY into tuples, wherever the messages that
// carry them end.
type copyReader struct {
	to    *gatherer
	rest  []byte
	begun bool
	ended bool
}

// Write implements io.Writer.
func (r *copyReader) Write(data []byte) (int, error) {
	all := data
	if len(r.rest) > 0 {
		r.rest = append(r.rest, data...)
		all = r.rest
	}
	taken, err := r.take(all)
	if err != nil {
		return 0, err
	}
	r.rest = append(r.rest[:0], all[taken:]...)
	return len(data), nil
}

// take gives the number of bytes that whole tuples had.
func (r *copyReader) take(data []byte) (int, error) {
	taken := 0
	if !r.begun {
		if len(data) < copyHead {
			return 0, nil
		}
		if string(data[:len(copySignature)]) != copySignature || binary.BigEndian.Uint32(data[len(copySignature):])&flagsWithOIDs != 0 {
			return 0, errCopy
		}
		extension := int(binary.BigEndian.Uint32(data[copyHead-4:]))
		if len(data) < copyHead+extension {
			return 0, nil
		}
		taken, r.begun = copyHead+extension, true
	}
	for !r.ended {
		size, err := r.tuple(data[taken:])
		if err != nil || size == 0 {
			return taken, err
		}
		taken += size
	}
	return taken, nil
}

// tuple takes one tuple and gives its size, 0 when its end has not come yet.
func (r *copyReader) tuple(data []byte) (int, error) {
	if len(data) < tupleHead {
		return 0, nil
	}
	count := int(int16(binary.BigEndian.Uint16(data))) // #nosec G115 -- two's complement
	if count == copyEnd {
		r.ended = true
		return tupleHead, nil
	}
	if count != len(r.to.values) {
		return 0, errCopy
	}
	at := tupleHead
	for i := range r.to.values {
		if len(data) < at+valueHead {
			return 0, nil
		}
		length := int(int32(binary.BigEndian.Uint32(data[at:]))) // #nosec G115 -- as above
		at += valueHead
		if length == nullLength {
			r.to.values[i] = nil
			continue
		}
		if length < 0 {
			return 0, errCopy
		}
		if len(data) < at+length {
			return 0, nil
		}
		r.to.values[i] = data[at : at+length : at+length]
		at += length
	}
	return at, r.to.add()
}
