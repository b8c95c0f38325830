package pgcatalog

import (
	"container/list"
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query/statement"
)

const (
	// DefaultSize is how many catalogs are kept: each takes some megabytes, and some
	// hundred milliseconds to make.
	DefaultSize = 8
	// MaxRows bounds an answer about the catalog, which is held in memory.
	MaxRows = 50_000
)

// Mirrors keep the catalogs that were asked for last. They are safe for concurrent
// use.
type Mirrors struct {
	size int
	// known reads once what catalogs are made of.
	known func() (shapes, error)

	mu   sync.Mutex
	kept map[string]*mirror
	// order has the catalogs, the last asked one first.
	order *list.List
}

// mirror is a catalog; it is closed when nobody asks it and it is kept no longer.
type mirror struct {
	key   string
	place *list.Element
	// made is closed when engine and err are there.
	made   chan struct{}
	engine *warehouse.Mirror
	err    error

	holders int
	dropped bool
}

// NewMirrors keeps up to size catalogs, DefaultSize when 0.
func NewMirrors(size int) *Mirrors {
	if size == 0 {
		size = DefaultSize
	}
	return &Mirrors{size: size, known: sync.OnceValues(readShapes), kept: map[string]*mirror{}, order: list.New()}
}

// shapes are what catalogs are made of.
type shapes struct {
	system    []relation
	relations map[string]bool
	functions map[string]bool
}

func readShapes() (shapes, error) {
	system, err := relations()
	return shapes{system, names(system), functions()}, err
}

// Answer carries out a statement that is about the catalog alone, with its values
// bound, up to a number of rows; more says that there are more.
func (m *Mirrors) Answer(ctx context.Context, parser statement.Engine, contents Contents, asked *statement.Statement, limit int64) (answer array.RecordReader, more bool, err error) {
	limit = min(limit, MaxRows)
	asked.Cap(uint64(limit) + 1)
	reader, done, err := m.query(ctx, parser, contents, asked)
	if err != nil {
		return nil, false, err
	}
	defer done()
	return whole(reader, limit)
}

// Describe gives the columns of the answer to such a statement.
func (m *Mirrors) Describe(ctx context.Context, parser statement.Engine, contents Contents, asked *statement.Statement) (*arrow.Schema, error) {
	asked.Cap(0)
	reader, done, err := m.query(ctx, parser, contents, asked)
	if err != nil {
		return nil, err
	}
	defer done()
	return reader.Schema(), nil
}

func (m *Mirrors) query(ctx context.Context, parser statement.Engine, contents Contents, asked *statement.Statement) (reader array.RecordReader, done func(), err error) {
	known, err := m.known()
	if err != nil {
		return nil, nil, err
	}
	if err := asked.Catalog(known.relations, known.functions); err != nil {
		return nil, nil, err
	}
	text, err := asked.SQL(ctx, parser)
	if err != nil {
		return nil, nil, err
	}
	held, err := m.hold(ctx, contents)
	if err != nil {
		return nil, nil, err
	}
	reader, err = held.engine.Query(ctx, text)
	if err != nil {
		m.release(held)
		return nil, nil, wrong(err)
	}
	return reader, func() { reader.Release(); m.release(held) }, nil
}

// wrong gives the engine's words: what it knows is nobody's secret.
func wrong(err error) error {
	if fault.Is(err, fault.Canceled) {
		return err
	}
	said, _, _ := strings.Cut(err.Error(), "\nLINE ")
	said, _, _ = strings.Cut(said, "Did you mean")
	said = strings.ReplaceAll(strings.TrimSpace(said), "\n", " ")
	said = strings.ReplaceAll(strings.ReplaceAll(said, statement.SystemSchema(""), ""), `\`, "")
	return fault.Wrap(errors.Join(statement.RefusalOf(said), err), fault.Invalid, "the statement cannot be carried out: %s", said)
}

// whole reads an answer into memory.
func whole(reader array.RecordReader, limit int64) (answer array.RecordReader, more bool, err error) {
	var batches []arrow.RecordBatch
	defer func() {
		for _, batch := range batches {
			batch.Release()
		}
	}()
	for left := limit; reader.Next(); {
		batch := reader.RecordBatch()
		size := min(left, batch.NumRows())
		more = more || size < batch.NumRows()
		batches = append(batches, batch.NewSlice(0, size))
		left -= size
	}
	if err := reader.Err(); err != nil {
		return nil, false, wrong(err)
	}
	answer, err = array.NewRecordReader(reader.Schema(), batches)
	return answer, more, err
}

// hold gives a catalog, which is released afterwards.
func (m *Mirrors) hold(ctx context.Context, contents Contents) (*mirror, error) {
	key, err := contents.key()
	if err != nil {
		return nil, err
	}
	held, found := m.take(key)
	if !found {
		held.engine, held.err = m.open(context.WithoutCancel(ctx), contents) // others may wait for it
		close(held.made)
	}
	select {
	case <-held.made:
	case <-ctx.Done():
		m.release(held)
		return nil, fault.Wrap(ctx.Err(), fault.Canceled, "the work was canceled")
	}
	if held.err != nil {
		m.drop(held)
		m.release(held)
		return nil, held.err
	}
	return held, nil
}

func (m *Mirrors) open(ctx context.Context, contents Contents) (*warehouse.Mirror, error) {
	known, err := m.known()
	if err != nil {
		return nil, err
	}
	steps, err := contents.steps(known.system)
	if err != nil {
		return nil, err
	}
	return warehouse.OpenMirror(ctx, database, steps)
}

// take gives a catalog that is kept, or a place for one that the caller makes.
func (m *Mirrors) take(key string) (held *mirror, found bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	held, found = m.kept[key]
	if found {
		m.order.MoveToFront(held.place)
	} else {
		held = &mirror{key: key, made: make(chan struct{})}
		held.place = m.order.PushFront(held)
		m.kept[key] = held
		for m.order.Len() > m.size {
			m.forget(m.order.Back().Value.(*mirror))
		}
	}
	held.holders++
	return held, found
}

// forget keeps a catalog no longer; m.mu is held.
func (m *Mirrors) forget(held *mirror) {
	if held.dropped {
		return
	}
	held.dropped = true
	m.order.Remove(held.place)
	delete(m.kept, held.key)
	held.closeUnused()
}

func (m *Mirrors) drop(held *mirror) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(held)
}

func (m *Mirrors) release(held *mirror) {
	m.mu.Lock()
	defer m.mu.Unlock()
	held.holders--
	held.closeUnused()
}

// closeUnused closes a catalog that is neither kept nor asked.
func (m *mirror) closeUnused() {
	if m.dropped && m.holders == 0 && m.engine != nil {
		_ = m.engine.Close() // in memory: nothing can be lost
	}
}

// Close gives the memory of all catalogs back that nobody asks now.
func (m *Mirrors) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, held := range m.kept {
		m.forget(held)
	}
}
