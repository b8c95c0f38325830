package postgres

import (
	"context"
	_ "embed"
	"net"
	"net/url"
	"slices"
	"strconv"

	"github.com/Masterminds/squirrel"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

//go:embed columns.sql
var columnsSQL string

//go:embed tables.sql
var tablesSQL string

// Connection is the `connection:` of a database: a URL, or its parts.
type Connection struct {
	// URL is postgres://user:password@host:port/database, best from a secret.
	URL      connectors.Setting   `yaml:"url"`
	Host     string               `yaml:"host"`
	Port     int                  `yaml:"port"` // 5432 when 0
	Database string               `yaml:"database"`
	User     string               `yaml:"user"`
	Password connectors.SecretRef `yaml:"password"`
	// SSLMode is disable, prefer (the default), require, verify-ca or verify-full.
	SSLMode string `yaml:"sslmode"`
}

// Driver is the connector for PostgreSQL.
func Driver() connectors.Driver {
	return connectors.Driver{Name: "postgres", Title: "PostgreSQL", Open: open}
}

// maxConnections is what one system's server is asked to bear at once.
const maxConnections = 4

type source struct {
	pool   *pgxpool.Pool
	config connectors.Config
}

func open(config connectors.Config) (connectors.Source, error) {
	var connection Connection
	if err := config.DecodeConnection(&connection); err != nil {
		return nil, err
	}
	address, err := connection.address(config)
	if err != nil {
		return nil, err
	}
	parsed, err := pgxpool.ParseConfig(address)
	if err != nil {
		// The parser's words hold the address with its password.
		return nil, fault.New(fault.Invalid, "connection of system %s is not that of a PostgreSQL server: check url or host, port and sslmode", config.System)
	}
	for name, value := range map[string]string{
		"timezone": "UTC", "datestyle": "ISO, YMD", "intervalstyle": "iso_8601", "extra_float_digits": "1",
		"default_transaction_read_only": "on", "application_name": "yitong",
	} {
		parsed.ConnConfig.RuntimeParams[name] = value
	}
	parsed.MinConns, parsed.MaxConns = 0, maxConnections
	// A pool with no minimum connects at the first use.
	pool, err := pgxpool.NewWithConfig(context.Background(), parsed)
	if err != nil {
		return nil, fault.New(fault.Invalid, "connection of system %s cannot be used: check pool settings in url", config.System)
	}
	return &source{pool: pool, config: config}, nil
}

func (c Connection) address(config connectors.Config) (string, error) {
	address, err := c.URL.Resolve(config)
	if err != nil || address != "" {
		return address, err
	}
	if c.Host == "" || c.Database == "" || c.User == "" {
		return "", fault.New(fault.Invalid, "connection of system %s: url, or host, database and user are needed", config.System)
	}
	password, err := c.Password.Resolve(config)
	if err != nil {
		return "", err
	}
	port := c.Port
	if port == 0 {
		port = 5432
	}
	made := url.URL{Scheme: "postgres", User: url.UserPassword(c.User, password), Host: net.JoinHostPort(c.Host, strconv.Itoa(port)), Path: c.Database}
	if c.SSLMode != "" {
		made.RawQuery = url.Values{"sslmode": {c.SSLMode}}.Encode()
	}
	return made.String(), nil
}

// Close implements connectors.Source.
func (s *source) Close() error {
	s.pool.Close()
	return nil
}

func (s *source) unavailable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "the PostgreSQL server of system %s cannot be read", s.config.System)
}

// Check implements connectors.Source.
func (s *source) Check(ctx context.Context) error {
	if err := s.pool.Ping(ctx); err != nil {
		return s.unavailable(err)
	}
	return nil
}

// Discover implements connectors.Source. Tables of the schema public have no
// schema in their name.
func (s *source) Discover(ctx context.Context) ([]schema.Dataset, error) {
	rows, err := s.pool.Query(ctx, tablesSQL)
	if err != nil {
		return nil, s.unavailable(err)
	}
	defer rows.Close()
	estimates, comments := map[string]int64{}, map[string]string{}
	var names []string
	for rows.Next() {
		var owner, name, comment string
		var estimate int64
		if err := rows.Scan(&owner, &name, &estimate, &comment); err != nil {
			return nil, s.unavailable(err)
		}
		if owner != "public" {
			name = owner + "." + name
		}
		names = append(names, name)
		estimates[name], comments[name] = estimate, comment
	}
	if err := rows.Err(); err != nil {
		return nil, s.unavailable(err)
	}
	slices.Sort(names)
	return connectors.CollectDatasets(ctx, names, func(ctx context.Context, name string) (schema.Dataset, error) {
		found, err := s.table(ctx, name)
		dataset := found.describe()
		dataset.RowEstimate, dataset.Comment = estimates[name], comments[name]
		return dataset, err
	})
}

// table is a table or view with its columns.
type table struct {
	dataset schema.Dataset // without its columns
	quoted  string
	columns []column
}

func (t table) describe() schema.Dataset {
	dataset := t.dataset
	for _, c := range t.columns {
		dataset.Columns = append(dataset.Columns, c.Column)
	}
	return dataset
}

func (t table) project(request connectors.ReadRequest) (table, error) {
	wanted, err := connectors.Project(t.describe(), request)
	if err != nil {
		return t, err
	}
	var chosen []column
	for _, one := range wanted {
		chosen = append(chosen, t.columns[slices.IndexFunc(t.columns, func(c column) bool { return c.Name == one.Name })])
	}
	t.columns = chosen
	return t, nil
}

// statement is the SELECT of a request with its arguments. full is the table
// before projection, which the cursor's column may not be in.
func (t table) statement(full table, request connectors.ReadRequest) (string, []any, error) {
	statement := squirrel.Select().From(t.quoted).PlaceholderFormat(squirrel.Dollar)
	for _, c := range t.columns {
		statement = statement.Column(c.expression)
	}
	if request.Cursor == "" {
		return statement.ToSql()
	}
	place := slices.IndexFunc(full.columns, func(c column) bool { return c.Name == request.Cursor })
	if place < 0 {
		return "", nil, fault.New(fault.Invalid, "%s has no column %s", t.dataset.Name, request.Cursor)
	}
	cursor := full.columns[place]
	statement = statement.OrderBy(cursor.quoted)
	if request.Since != "" {
		// A row without a value cannot be called old.
		statement = statement.Where("("+cursor.quoted+" >= "+cursor.bound+" OR "+cursor.quoted+" IS NULL)", request.Since)
	}
	return statement.ToSql()
}

func (s *source) table(ctx context.Context, dataset string) (table, error) {
	owner, name := split(dataset)
	found := table{dataset: schema.Dataset{Name: dataset, RowEstimate: -1}, quoted: quote(owner, name)}
	rows, err := s.pool.Query(ctx, columnsSQL, owner, name)
	if err != nil {
		return found, s.unavailable(err)
	}
	defer rows.Close()
	keys := map[int]string{}
	for rows.Next() {
		var d described
		var key int
		if err := rows.Scan(&d.name, &d.kind, &d.declared, &d.modifier, &d.nullable, &key, &d.comment); err != nil {
			return found, s.unavailable(err)
		}
		found.columns = append(found.columns, columnOf(d))
		if key > 0 {
			keys[key] = d.name
		}
	}
	if err := rows.Err(); err != nil {
		return found, s.unavailable(err)
	}
	if len(found.columns) == 0 {
		return found, fault.New(fault.NotFound, "system %s has no table %s", s.config.System, dataset)
	}
	for i := 1; i <= len(keys); i++ {
		found.dataset.Key = append(found.dataset.Key, keys[i])
	}
	return found, nil
}

// Read implements connectors.Source. A full read is one COPY, an incremental
// one a SELECT whose values come in the same binary form. Tables have no stable
// order, so that a read that was broken off begins again.
func (s *source) Read(ctx context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	full, err := s.table(ctx, request.Dataset)
	if err != nil {
		return nil, err
	}
	if request.Cursor != "" && len(request.Columns) > 0 && !slices.Contains(request.Columns, request.Cursor) {
		return nil, fault.New(fault.Invalid, "the cursor %s is not among the columns to read", request.Cursor)
	}
	chosen, err := full.project(request)
	if err != nil {
		return nil, err
	}
	statement, arguments, err := chosen.statement(full, request)
	if err != nil {
		return nil, err
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, s.unavailable(err)
	}
	read := s.copyRows
	if len(arguments) > 0 {
		read = s.selectRows
	}
	return start(ctx, chosen, request, func(ctx context.Context, g *gatherer) error {
		defer conn.Release()
		if err := read(ctx, conn.Conn(), statement, arguments, g); err != nil {
			return s.unavailable(err)
		}
		return nil
	}), nil
}

func (s *source) copyRows(ctx context.Context, conn *pgx.Conn, statement string, _ []any, g *gatherer) error {
	reader := &copyReader{to: g}
	if _, err := conn.PgConn().CopyTo(ctx, reader, "COPY ("+statement+") TO STDOUT (FORMAT binary)"); err != nil {
		return err
	}
	if !reader.ended {
		return errCopy
	}
	return nil
}

func (s *source) selectRows(ctx context.Context, conn *pgx.Conn, statement string, arguments []any, g *gatherer) error {
	rows, err := conn.Query(ctx, statement, append([]any{pgx.QueryResultFormats{pgx.BinaryFormatCode}}, arguments...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		copy(g.values, rows.RawValues())
		if err := g.add(); err != nil {
			return err
		}
	}
	return rows.Err()
}
