package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/array"
	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Query runs one statement and gives its rows as Arrow batches. The reader must
// be released; it holds a connection until then.
//
// The engine finishes the whole result before the first batch, inside its
// memory limit: callers bound the number of rows in the statement.
func (w *Warehouse) Query(ctx context.Context, statement string, args ...any) (array.RecordReader, error) {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("connect to the warehouse: %w", err))
	}
	reader, err := queryArrow(ctx, conn, statement, args)
	if err != nil {
		return nil, errors.Join(coded(ctx, err), conn.Close())
	}
	return &pinned{RecordReader: reader, conn: conn, holders: 1}, nil
}

func queryArrow(ctx context.Context, conn *sql.Conn, statement string, args []any) (array.RecordReader, error) {
	statement, args = inlined(statement, args)
	return planned(ctx, conn, statement, args)
}

func planned(ctx context.Context, conn *sql.Conn, statement string, args []any) (array.RecordReader, error) {
	var reader array.RecordReader
	err := conn.Raw(func(raw any) error {
		arrowConn, err := duckdb.NewArrowFromConn(raw.(driver.Conn))
		if err != nil {
			return err
		}
		reader, err = arrowConn.QueryContext(ctx, statement, plain(args)...)
		return err
	})
	return reader, err
}

// pinned gives its connection back with the last release of the reader.
type pinned struct {
	array.RecordReader
	mu      sync.Mutex
	holders int
	conn    *sql.Conn
}

func (p *pinned) Retain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holders++
}

func (p *pinned) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holders == 0 {
		return
	}
	p.holders--
	if p.holders == 0 {
		p.RecordReader.Release()
		_ = p.conn.Close() // gives it back to the pool, which cannot fail in a way that matters
	}
}

// Rows runs one statement for a small result in database/sql's form.
func (w *Warehouse) Rows(ctx context.Context, statement string, args ...any) (*sql.Rows, error) {
	rows, err := w.db.QueryContext(ctx, statement, args...)
	return rows, coded(ctx, err)
}

// Get scans the single row of a statement; sql.ErrNoRows when there is none.
func (w *Warehouse) Get(ctx context.Context, statement string, args []any, into ...any) error {
	return coded(ctx, w.db.QueryRowContext(ctx, statement, args...).Scan(into...))
}

// Exec runs one statement in a transaction of its own.
func (w *Warehouse) Exec(ctx context.Context, statement string, args ...any) error {
	_, err := w.db.ExecContext(ctx, statement, args...)
	return coded(ctx, err)
}

// coded marks an error that stems from the caller's cancellation as such:
// DuckDB itself says only that it was interrupted.
func coded(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := ctx.Err(); cause != nil {
		return fault.Wrap(errors.Join(cause, err), fault.Canceled, "the work was canceled")
	}
	return err
}
