package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/Masterminds/squirrel"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "github.com/mattn/go-sqlite3"    // the driver "sqlite3"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/yitong-hub/yitong/internal/fault"
)

//go:embed migrations
var migrations embed.FS

// sqliteOptions: a log for concurrent readers, full sync because the audit
// record must survive a power cut, waiting instead of failing when another
// process writes, and write locks taken at the beginning of transactions so
// that two writers queue instead of one failing halfway.
const sqliteOptions = "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=10000&_foreign_keys=on&_txlock=immediate"

// Store is the opened state database. It is safe for concurrent use.
type Store struct {
	db       *sql.DB
	postgres bool
}

// Open opens dsn, a file path (SQLite, made when absent) or a postgres:// URL,
// and brings its schema up to date.
func Open(ctx context.Context, dsn string) (*Store, error) {
	opened := &Store{postgres: strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")}
	driver, source := "pgx", dsn
	if !opened.postgres {
		if err := os.MkdirAll(filepath.Dir(dsn), 0o750); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "the folder of the state database cannot be made")
		}
		driver, source = "sqlite3", "file:"+dsn+sqliteOptions
	}
	var err error
	if opened.db, err = sql.Open(driver, source); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the state database cannot be opened")
	}
	if err := opened.migrate(ctx); err != nil {
		return nil, errors.Join(fault.Wrap(err, fault.Unavailable, "the state database cannot be brought up to date"), opened.db.Close())
	}
	return opened, nil
}

func (s *Store) migrate(ctx context.Context) error {
	dialect, dir := database.DialectSQLite3, "migrations/sqlite"
	if s.postgres {
		dialect, dir = database.DialectPostgres, "migrations/postgres"
	}
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, s.db, files)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// DB gives the connection pool.
func (s *Store) DB() *sql.DB { return s.db }

// SQL builds statements with the placeholders of the dialect.
func (s *Store) SQL() squirrel.StatementBuilderType {
	if s.postgres {
		return squirrel.StatementBuilder.PlaceholderFormat(squirrel.Dollar)
	}
	return squirrel.StatementBuilder
}

// InTx runs work in one transaction, committed when it returns nil.
func (s *Store) InTx(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	if err := work(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }
