package warehouse

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	mainFile    = "warehouse.duckdb"
	landingFile = "landing.duckdb"

	// DefaultMemory is DuckDB's limit when none is given: enough for sorts and
	// joins of some million rows, which spill to the folder tmp beyond it.
	DefaultMemory = 192 << 20
	// DefaultThreads suits a small server; more threads need more memory each.
	DefaultThreads = 2
	// landingKept is the size up to which the landing file is kept when nothing
	// is open in it; beyond it, starting anew gives the disk back.
	landingKept = 64 << 20
)

//go:embed sql/warehouse.sql
var warehouseTables string

//go:embed sql/landing.sql
var landingTables string

// Config says where the warehouse is and what it may use.
type Config struct {
	// Dir holds both files and the folder for spilled data; it is created.
	Dir string
	// Memory is DuckDB's limit in bytes, DefaultMemory when 0.
	Memory int64
	// Threads is the number of DuckDB's workers, DefaultThreads when 0.
	Threads int
	// Logger gets sizes and names, never values.
	Logger *slog.Logger
}

// Warehouse is the opened pair of files. It is safe for concurrent use; one
// process may have it open.
type Warehouse struct {
	db      *sql.DB
	version string
	logger  *slog.Logger
}

// Open opens or creates the warehouse and recovers from an unclean end: DuckDB
// replays its log, so every committed transaction is there and no other.
func Open(ctx context.Context, config Config) (*Warehouse, error) {
	if config.Memory == 0 {
		config.Memory = DefaultMemory
	}
	if config.Threads == 0 {
		config.Threads = DefaultThreads
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the warehouse's folder %s cannot be made", config.Dir)
	}
	connector, err := duckdb.NewConnector(filepath.Join(config.Dir, mainFile), nil)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the warehouse in %s cannot be opened: another process may have it open", config.Dir)
	}
	w := &Warehouse{db: sql.OpenDB(connector), logger: config.Logger}
	if err := w.setUp(ctx, config); err != nil {
		return nil, errors.Join(fmt.Errorf("open the warehouse: %w", err), w.db.Close())
	}
	return w, nil
}

func (w *Warehouse) setUp(ctx context.Context, config Config) error {
	landing := filepath.Join(config.Dir, landingFile)
	settings := []string{
		"SET GLOBAL TimeZone='UTC'",
		"SET preserve_insertion_order=false",
		fmt.Sprintf("SET threads=%d", config.Threads),
		fmt.Sprintf("SET memory_limit='%dB'", config.Memory),
		"SET temp_directory=" + Literal(filepath.Join(config.Dir, "tmp")),
		"SET autoinstall_known_extensions=false",
		// Freed memory goes back to the system soon: what the engine holds beside
		// its limit counts for the machine as well.
		"SET allocator_flush_threshold='16MB'",
		"SET allocator_bulk_deallocation_flush_threshold='16MB'",
		"ATTACH ':memory:' AS scratch",
		"CREATE SCHEMA scratch.verdicts",
		"ATTACH " + Literal(landing) + " AS landing",
	}
	for _, statement := range settings {
		if _, err := w.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := w.createTables(ctx, warehouseTables); err != nil {
		return err
	}
	if err := w.createTables(ctx, landingTables); err != nil {
		return err
	}
	if err := w.shrinkLanding(ctx, landing); err != nil {
		return err
	}
	// What is locked now stays locked: SQL from the gate can open no file.
	for _, statement := range []string{"SET enable_external_access=false", "SET lock_configuration=true"} {
		if _, err := w.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return w.db.QueryRowContext(ctx, "SELECT version()").Scan(&w.version)
}

func (w *Warehouse) createTables(ctx context.Context, script string) error {
	for statement := range strings.SplitSeq(script, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := w.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// shrinkLanding starts the landing file anew when it has grown and holds
// nothing that a broken-off load could continue from.
func (w *Warehouse) shrinkLanding(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil || info.Size() <= landingKept {
		return err
	}
	var open int64
	if err := w.db.QueryRowContext(ctx, "SELECT count(*) FROM landing.meta.landings").Scan(&open); err != nil || open > 0 {
		return err
	}
	if _, err := w.db.ExecContext(ctx, "DETACH landing"); err != nil {
		return err
	}
	for _, file := range []string{path, path + ".wal"} {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	w.logger.Info("landing file started anew", "bytes", info.Size())
	if _, err := w.db.ExecContext(ctx, "ATTACH "+Literal(path)+" AS landing"); err != nil {
		return err
	}
	return w.createTables(ctx, landingTables)
}

// EngineVersion is DuckDB's version: row hashes are comparable within one.
func (w *Warehouse) EngineVersion() string { return w.version }

// Close closes both files; what is committed is in them.
func (w *Warehouse) Close() error { return w.db.Close() }
