package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"
)

// Copy is a statement whose rows are copied under a name.
type Copy struct {
	Name, Statement string
	Args            []any
}

// Apart is a connection with copies of rows: its statements read nothing else
// when they name nothing else. It is for one goroutine.
type Apart struct {
	conn   *sql.Conn
	copies []string
}

// Apart makes the copies. They spill to the folder tmp where they are large, and
// are gone with Close.
func (w *Warehouse) Apart(ctx context.Context, copies []Copy) (*Apart, error) {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("connect to the warehouse: %w", err))
	}
	made := &Apart{conn: conn}
	for _, one := range copies {
		name := Ident(one.Name)
		if _, err := conn.ExecContext(ctx, "CREATE TEMP TABLE "+name+" AS "+one.Statement, plain(one.Args)...); err != nil {
			return nil, errors.Join(coded(ctx, fmt.Errorf("copy rows apart: %w", err)), made.Close())
		}
		made.copies = append(made.copies, Ident("temp", "main", one.Name))
	}
	return made, nil
}

// Query runs one statement, as [Warehouse.Query] does. Its reader is to be
// released before the next statement and before Close.
func (a *Apart) Query(ctx context.Context, statement string, args ...any) (array.RecordReader, error) {
	reader, err := queryArrow(ctx, a.conn, statement, args)
	return reader, coded(ctx, err)
}

// Close drops the copies and gives the connection back.
func (a *Apart) Close() error {
	var errs []error
	for _, name := range a.copies {
		_, err := a.conn.ExecContext(context.Background(), "DROP TABLE "+name)
		errs = append(errs, err)
	}
	return errors.Join(append(errs, a.conn.Close())...)
}
