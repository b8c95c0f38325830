package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Tx is one transaction. It writes to one of the two files only, and is used
// by one goroutine.
type Tx struct {
	conn *sql.Conn
}

// InTx runs work in one transaction: committed when work returns nil, rolled
// back otherwise, also when ctx is canceled.
func (w *Warehouse) InTx(ctx context.Context, work func(*Tx) error) error {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return coded(ctx, fmt.Errorf("connect to the warehouse: %w", err))
	}
	defer conn.Close()
	return coded(ctx, inTx(ctx, conn, work))
}

func inTx(ctx context.Context, conn *sql.Conn, work func(*Tx) error) error {
	if _, err := conn.ExecContext(ctx, "BEGIN TRANSACTION"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := work(&Tx{conn: conn}); err != nil {
		return errors.Join(err, rollback(ctx, conn))
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(err, rollback(ctx, conn))
	}
	// A commit is not broken off halfway: its outcome must be known.
	if _, err := conn.ExecContext(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return errors.Join(fmt.Errorf("commit: %w", err), rollback(ctx, conn))
	}
	return nil
}

func rollback(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	if err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// Exec runs a statement and gives the number of rows it wrote.
func (tx *Tx) Exec(ctx context.Context, statement string, args ...any) (int64, error) {
	result, err := tx.conn.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Get scans the single row of a statement; sql.ErrNoRows when there is none.
func (tx *Tx) Get(ctx context.Context, statement string, args []any, into ...any) error {
	return tx.conn.QueryRowContext(ctx, statement, args...).Scan(into...)
}

// Rows runs a statement for a small result.
func (tx *Tx) Rows(ctx context.Context, statement string, args ...any) (*sql.Rows, error) {
	return tx.conn.QueryContext(ctx, statement, args...)
}
