package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"
	duckdb "github.com/duckdb/duckdb-go/v2"
)

// mirrorMemory is the limit of a mirror: some thousand lines, and a join of them.
const mirrorMemory = "64MB"

// Step is a statement that makes a mirror.
type Step struct {
	SQL  string
	Args []any
}

// Mirror is an engine of its own, in memory, that has nothing but what the steps
// made: it can reach no file, no setting and no row of the warehouse. It is safe for
// concurrent use.
type Mirror struct{ db *sql.DB }

// OpenMirror makes a database of a name, in which the steps are done.
func OpenMirror(ctx context.Context, name string, steps []Step) (*Mirror, error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("open a mirror: %w", err)
	}
	made := &Mirror{sql.OpenDB(connector)}
	made.db.SetMaxOpenConns(1) // USE is a connection's own
	if err := made.setUp(ctx, name, steps); err != nil {
		return nil, errors.Join(fmt.Errorf("make a mirror: %w", coded(ctx, err)), made.db.Close())
	}
	return made, nil
}

func (m *Mirror) setUp(ctx context.Context, name string, steps []Step) error {
	conn, err := m.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	all := []Step{
		{SQL: "SET GLOBAL TimeZone='UTC'"}, {SQL: "SET threads=1"}, {SQL: "SET memory_limit='" + mirrorMemory + "'"}, {SQL: "SET temp_directory=''"},
		{SQL: "SET autoinstall_known_extensions=false"}, {SQL: "SET autoload_known_extensions=false"},
		{SQL: "ATTACH ':memory:' AS " + Ident(name)}, {SQL: "USE " + Ident(name)}, {SQL: "BEGIN"},
	}
	all = append(append(all, steps...), Step{SQL: "COMMIT"}, Step{SQL: "SET enable_external_access=false"}, Step{SQL: "SET lock_configuration=true"})
	for _, step := range all {
		if _, err := conn.ExecContext(ctx, step.SQL, step.Args...); err != nil {
			return err
		}
	}
	return nil
}

// Query runs one statement, as [Warehouse.Query] does.
func (m *Mirror) Query(ctx context.Context, statement string, args ...any) (array.RecordReader, error) {
	conn, err := m.db.Conn(ctx)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("connect to a mirror: %w", err))
	}
	reader, err := queryArrow(ctx, conn, statement, args)
	if err != nil {
		return nil, errors.Join(coded(ctx, err), conn.Close())
	}
	return &pinned{RecordReader: reader, conn: conn, holders: 1}, nil
}

// Close gives its memory back.
func (m *Mirror) Close() error { return m.db.Close() }
