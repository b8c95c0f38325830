package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/Masterminds/squirrel"
	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
	"github.com/zeebo/xxh3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Driver is the connector "sqlite".
func Driver() connectors.Driver {
	return connectors.Driver{Name: "sqlite", Title: "SQLite database file", Open: open}
}

// options are the `connection:` mapping.
type options struct {
	// Path is the database file, relative to the campus.
	Path string `yaml:"path"`
}

type source struct {
	db     *sql.DB
	path   string
	system string
}

var (
	_ connectors.Source    = (*source)(nil)
	_ connectors.Versioner = (*source)(nil)
)

func open(config connectors.Config) (connectors.Source, error) {
	var given options
	if err := config.DecodeConnection(&given); err != nil {
		return nil, err
	}
	if given.Path == "" {
		return nil, fault.New(fault.Invalid, "the connection of system %s has no path: write connection: {path: data/file.db}", config.System)
	}
	path := config.Path(given.Path)
	uri := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: "mode=ro&_busy_timeout=10000"}
	db, err := sql.Open("sqlite3", uri.String())
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the database of system %s cannot be opened", config.System)
	}
	return &source{db: db, path: path, system: config.System}, nil
}

func (s *source) Close() error { return s.db.Close() }

func (s *source) Check(ctx context.Context) error {
	if _, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Unavailable, "the database file %s of system %s does not exist", s.path, s.system)
	}
	var tables int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return s.unavailable(err)
	}
	return nil
}

func (s *source) unavailable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "the database file of system %s cannot be read", s.system)
}

func (s *source) Discover(ctx context.Context) ([]schema.Dataset, error) {
	rows, err := s.db.QueryContext(ctx,
		"SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")
	if err != nil {
		return nil, s.unavailable(err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, s.unavailable(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		return nil, s.unavailable(err)
	}
	return connectors.CollectDatasets(ctx, names, s.describe)
}

func (s *source) describe(ctx context.Context, table string) (schema.Dataset, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?) ORDER BY cid", table)
	if err != nil {
		return schema.Dataset{}, s.unavailable(err)
	}
	defer rows.Close()
	dataset := schema.Dataset{Name: table, RowEstimate: -1}
	keys := map[int]string{}
	for rows.Next() {
		var column schema.Column
		var notNull bool
		var keyPosition int
		if err := rows.Scan(&column.Name, &column.Declared, &notNull, &keyPosition); err != nil {
			return schema.Dataset{}, s.unavailable(err)
		}
		column.Type, column.Ruling = typeOf(column.Declared)
		column.Nullable, column.Wire = !notNull, "SQLite value"
		if keyPosition > 0 {
			keys[keyPosition] = column.Name
		}
		dataset.Columns = append(dataset.Columns, column)
	}
	if err := rows.Err(); err != nil {
		return schema.Dataset{}, s.unavailable(err)
	}
	if len(dataset.Columns) == 0 {
		return schema.Dataset{}, fault.New(fault.NotFound, "system %s has no table %s", s.system, table)
	}
	for i := 1; i <= len(keys); i++ {
		dataset.Key = append(dataset.Key, keys[i])
	}
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM "+quote(table)).Scan(&dataset.RowEstimate); err != nil { // #nosec G202 -- the name is the database's own, quoted
		return schema.Dataset{}, s.unavailable(err)
	}
	return dataset, nil
}

// quote makes a name of the database an identifier.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (s *source) Read(ctx context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	dataset, err := s.describe(ctx, request.Dataset)
	if err != nil {
		return nil, err
	}
	for _, name := range append([]string{request.Cursor}, request.Columns...) {
		if _, known := dataset.Column(name); !known && name != "" {
			return nil, fault.New(fault.NotFound, "table %s of system %s has no column %s", request.Dataset, s.system, name)
		}
	}
	projected := dataset.Project(request.Columns)
	statement := squirrel.Select().From(quote(request.Dataset))
	for _, column := range projected.Columns {
		// The plus makes an expression of the column: the driver would turn the
		// text of columns declared DATE or BOOLEAN into something else.
		statement = statement.Column("+" + quote(column.Name))
	}
	cursor := -1
	if request.Cursor != "" {
		// The cursor travels as text in a column of its own: projections may lack it.
		cursor = len(projected.Columns)
		statement = statement.Column("CAST(" + quote(request.Cursor) + " AS TEXT)").OrderBy(quote(request.Cursor))
		if request.Since != "" {
			column, _ := dataset.Column(request.Cursor)
			bound := "?"
			if column.Type.Kind != schema.String {
				bound = "CAST(? AS NUMERIC)"
			}
			statement = statement.Where(quote(request.Cursor)+" >= "+bound, request.Since)
		}
	}
	rows, err := statement.RunWith(s.db).QueryContext(ctx)
	if err != nil {
		return nil, s.unavailable(err)
	}
	return newStream(rows, projected, cursor, request), nil
}

// Version is a hash over the database file and its log: it changes with any
// change of any table.
func (s *source) Version(ctx context.Context, _ string) (string, error) {
	hash := xxh3.New()
	for _, path := range []string{s.path, s.path + "-wal"} {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if err := addFile(hash, path); err != nil && (path == s.path || !errors.Is(err, fs.ErrNotExist)) {
			return "", s.unavailable(err)
		}
	}
	sum := hash.Sum128().Bytes()
	return hex.EncodeToString(sum[:]), nil
}

func addFile(hash *xxh3.Hasher, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(hash, file); err != nil {
		return fmt.Errorf("hash %s: %w", path, err)
	}
	return nil
}
