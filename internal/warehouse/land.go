package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"
	duckdb "github.com/duckdb/duckdb-go/v2"
)

// streamView is the name under which a landing's Arrow stream is seen. Each
// landing has a connection and, in the scratch database, the name to itself.
const streamView = "stream_"

// LandRequest asks for a stream of Arrow batches to become rows of a table of
// the landing file, in one transaction.
type LandRequest struct {
	// Table is the quoted name, as [Landed] gives it.
	Table string
	// Stream is a word of letters and digits that no other landing uses now.
	Stream string
	// Reader gives the rows; it is read to its end.
	Reader array.RecordReader
	// Append adds to the table instead of making it.
	Append bool
	// After runs in the same transaction behind the rows, for what must be
	// committed together with them.
	After func(ctx context.Context, tx *Tx) error
}

// Land writes the batches of a reader into the landing file. Memory does not
// grow with their number. On an error nothing of this call is kept.
func (w *Warehouse) Land(ctx context.Context, request LandRequest) error {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return coded(ctx, fmt.Errorf("connect to the warehouse: %w", err))
	}
	defer conn.Close()
	// A stream's view belongs to the connection's default database. In memory
	// it touches neither file and is gone with the process.
	if _, err := conn.ExecContext(ctx, "USE scratch"); err != nil {
		return coded(ctx, fmt.Errorf("enter the scratch database: %w", err))
	}
	err = w.land(ctx, conn, request)
	_, back := conn.ExecContext(context.WithoutCancel(ctx), "USE warehouse")
	return coded(ctx, errors.Join(err, back))
}

func (w *Warehouse) land(ctx context.Context, conn *sql.Conn, request LandRequest) error {
	view := streamView + request.Stream
	release, err := register(conn, request.Reader, view)
	if err != nil {
		return fmt.Errorf("offer the stream to the engine: %w", err)
	}
	defer release()
	statement := "CREATE OR REPLACE TABLE " + request.Table + " AS SELECT * FROM " + Ident(view)
	if request.Append {
		statement = "INSERT INTO " + request.Table + " SELECT * FROM " + Ident(view)
	}
	err = inTx(ctx, conn, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return errors.Join(request.Reader.Err(), err)
		}
		if err := request.Reader.Err(); err != nil {
			return err
		}
		if request.After == nil {
			return nil
		}
		return request.After(ctx, tx)
	})
	_, dropped := conn.ExecContext(context.WithoutCancel(ctx), "DROP VIEW IF EXISTS "+Ident("scratch", "main", view))
	return errors.Join(err, dropped)
}

func register(conn *sql.Conn, reader array.RecordReader, view string) (func(), error) {
	var release func()
	err := conn.Raw(func(raw any) error {
		arrowConn, err := duckdb.NewArrowFromConn(raw.(driver.Conn))
		if err != nil {
			return err
		}
		release, err = arrowConn.RegisterView(reader, view)
		return err
	})
	return release, err
}
