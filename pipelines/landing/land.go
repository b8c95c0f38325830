package landing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/proof"
	"github.com/yitong-hub/yitong/schema"
)

// RowColumn is the column that the landing adds: the place of a row in the
// stream, from 1.
const RowColumn = "_row"

const (
	// DefaultChunkRows is four of DuckDB's row groups: a chunk is then written
	// straight into the file, and no more than this is read twice after a crash.
	DefaultChunkRows = 4 * 122_880
	// DefaultResumeWithin bounds how old the first part of a continued landing
	// may be: beyond it, the two parts would show the source at too different times.
	DefaultResumeWithin = 6 * time.Hour
)

// Request asks for one dataset to be landed.
type Request struct {
	// Name is the name of the landed table: the dataset's id.
	Name string
	Run  string
	// Identity tells readings apart: a landing is continued only when its
	// identity is the same (same definition, same bounds).
	Identity string
	Source   connectors.Source
	Read     connectors.ReadRequest
	// ChunkRows is the number of rows in one commit, DefaultChunkRows when 0.
	ChunkRows int64
	// StallAfter ends a read that gives nothing for so long; 0 means never.
	StallAfter time.Duration
	// Permit is held while batches are in memory; nil means that nobody counts.
	Permit Permit
	Clock  func() time.Time
	Logger *slog.Logger
	// Progress gets the number of rows landed so far; nil when nobody looks.
	Progress func(rows int64)
}

// Result is what was landed.
type Result struct {
	// Columns are the stream's columns, without RowColumn.
	Columns []schema.Column
	// Sum is the checksum of the rows as the connector gave them.
	Sum      proof.Sum
	Rejects  int64
	Token    connectors.Token
	Position string
	// Resumed says that an earlier landing was continued.
	Resumed bool
}

// Land reads the whole stream. After an error, what was committed stays for a
// later call with the same identity; [Drop] throws it away.
func Land(ctx context.Context, w *warehouse.Warehouse, request Request) (Result, error) {
	if request.ChunkRows == 0 {
		request.ChunkRows = DefaultChunkRows
	}
	l := &lander{w: w, request: request}
	if err := l.recall(ctx); err != nil {
		return Result{}, fmt.Errorf("look for a broken-off landing: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := l.open(ctx); err != nil {
		return Result{}, err
	}
	defer l.feed.stop()
	for !l.feed.ended {
		if err := l.chunk(ctx); err != nil {
			return Result{}, err
		}
	}
	return Result{
		Columns: l.columns, Sum: l.state.sum, Rejects: l.state.rejects, Token: l.state.token,
		Position: l.state.position, Resumed: l.resumed,
	}, nil
}

// lander is one landing under way.
type lander struct {
	w       *warehouse.Warehouse
	request Request
	columns []schema.Column
	state   state
	resumed bool
	feed    *feed
}

// open starts the stream, from the recalled token when there is one, and falls
// back to the start when the connector cannot continue.
func (l *lander) open(ctx context.Context) error {
	read := l.request.Read
	if l.state.chunks > 0 {
		read.Resume = l.state.token
		l.resumed = true
	}
	begun, err := l.begin(ctx, read)
	if err != nil {
		return err
	}
	stream, first, err := begun.stream, begun.first, begun.end
	l.columns = begun.columns
	if err == nil && l.resumed && (first.Restarted || !l.fits(ctx)) {
		return l.startAgain(ctx, stream, first)
	}
	l.feed = newFeed(ctx, l, stream, first, err)
	return nil
}

// beginning is an opened stream with its first batch, or its end.
type beginning struct {
	stream  connectors.Stream
	columns []schema.Column
	first   connectors.Batch
	end     error
	err     error
}

// begin opens the stream and reads its first batch, no longer than the source
// may keep us waiting.
func (l *lander) begin(ctx context.Context, read connectors.ReadRequest) (beginning, error) {
	answers := make(chan beginning, 1)
	go func() { answers <- l.readFirst(ctx, read) }()
	begun, answered, err := wait(ctx, l.patience(), answers)
	switch {
	case err == nil:
		return begun, begun.err
	case answered:
		begun.abandon()
	default:
		go func() { (<-answers).abandon() }() // the source may still answer; what it opens is closed
	}
	return beginning{}, err
}

func (l *lander) patience() patience {
	return patience{permit: l.request.Permit, stall: l.request.StallAfter}
}

func (l *lander) readFirst(ctx context.Context, read connectors.ReadRequest) (begun beginning) {
	begun.stream, begun.err = l.request.Source.Read(ctx, read)
	if begun.err != nil {
		return beginning{err: begun.err}
	}
	if begun.columns, begun.err = columnsOf(begun.stream); begun.err == nil {
		begun.first, begun.end = begun.stream.Next(ctx)
		if begun.end == nil || errors.Is(begun.end, io.EOF) {
			return begun
		}
		begun.err = begun.end
	}
	return beginning{err: errors.Join(begun.err, begun.stream.Close())}
}

func (b beginning) abandon() {
	release(b.first)
	if b.stream != nil {
		_ = b.stream.Close() // the waiting has ended with an error of its own
	}
}

// startAgain throws away what an earlier landing left. A connector that has
// restarted goes on with its stream; any other is asked anew from the start.
func (l *lander) startAgain(ctx context.Context, stream connectors.Stream, first connectors.Batch) error {
	l.resumed = false
	if err := Drop(ctx, l.w, l.request.Name); err != nil {
		return errors.Join(err, stream.Close())
	}
	l.state = state{}
	if first.Restarted {
		l.feed = newFeed(ctx, l, stream, first, nil)
		return nil
	}
	if first.Record != nil {
		first.Record.Release()
	}
	if err := stream.Close(); err != nil {
		return err
	}
	return l.open(ctx)
}

func columnsOf(stream connectors.Stream) ([]schema.Column, error) {
	fields := stream.Schema().Fields()
	columns := make([]schema.Column, len(fields))
	for i, field := range fields {
		logical, err := schema.FromArrow(field.Type)
		if err != nil {
			return nil, err
		}
		if field.Name == RowColumn {
			return nil, fault.New(fault.Invalid, "the source has a column %s, a name that is taken: rename it in the source's query", RowColumn)
		}
		columns[i] = schema.Column{Name: field.Name, Type: logical, Nullable: true}
	}
	return columns, nil
}
