package demo

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/mattn/go-sqlite3" // the databases are SQLite files
)

// writeDatabase writes data/<system>.db.
func writeDatabase(ctx context.Context, dir string, s system, fill filler) error {
	return writeTables(ctx, filepath.Join(dir, s.id+".db"), s.tables, fill)
}

// writeServed writes http/<system>.db beside the other data.
func writeServed(ctx context.Context, dir string, s system, fill filler) error {
	folder := filepath.Join(dir, "http")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	return writeTables(ctx, filepath.Join(folder, s.id+".db"), s.tables, fill)
}

// writeTables makes a new SQLite file in one transaction. A half-written file
// of an interrupted build is begun anew.
func writeTables(ctx context.Context, path string, tables []table, fill filler) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=OFF&_synchronous=OFF")
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	for _, t := range tables {
		if err := writeTable(ctx, tx, t, fill); err != nil {
			return errors.Join(err, tx.Rollback(), db.Close())
		}
	}
	return errors.Join(tx.Commit(), db.Close())
}

func writeTable(ctx context.Context, tx *sql.Tx, t table, fill filler) error {
	columns := strings.Join(t.columns, ", ")
	if t.key != "" {
		columns += ", PRIMARY KEY (" + t.key + ")"
	}
	// Names and types are those of the demo's own tables.
	if _, err := tx.ExecContext(ctx, "CREATE TABLE "+t.name+" ("+columns+")"); err != nil {
		return err
	}
	places := strings.TrimSuffix(strings.Repeat("?,", len(t.columns)), ",")
	insert, err := tx.PrepareContext(ctx, "INSERT INTO "+t.name+" VALUES ("+places+")") //nolint:sqlclosecheck // closed by the deferred call below
	if err != nil {
		return err
	}
	defer insert.Close()
	return fill(t, func(values ...any) error {
		_, err := insert.ExecContext(ctx, values...)
		return err
	})
}
