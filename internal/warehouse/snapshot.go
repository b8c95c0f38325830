package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"
)

// Snapshot is one state of the warehouse: all its statements see the same rows.
// It holds a connection until it is closed and is for one goroutine.
type Snapshot struct{ conn *sql.Conn }

// Snapshot takes the state of now.
func (w *Warehouse) Snapshot(ctx context.Context) (*Snapshot, error) {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("connect to the warehouse: %w", err))
	}
	if _, err := conn.ExecContext(ctx, "BEGIN TRANSACTION READ ONLY"); err != nil {
		return nil, errors.Join(coded(ctx, fmt.Errorf("begin to read: %w", err)), conn.Close())
	}
	return &Snapshot{conn}, nil
}

// Query runs one statement, as [Warehouse.Query] does. Its reader is to be
// released before the next statement and before Close.
func (s *Snapshot) Query(ctx context.Context, statement string, args ...any) (array.RecordReader, error) {
	reader, err := queryArrow(ctx, s.conn, statement, args)
	return reader, coded(ctx, err)
}

// Close gives the connection back.
func (s *Snapshot) Close() error {
	return errors.Join(rollback(context.Background(), s.conn), s.conn.Close())
}
