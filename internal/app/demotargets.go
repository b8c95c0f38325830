package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/Masterminds/squirrel"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// The names under which definitions find the demo's database servers.
const (
	demoPostgres = "DEMO_POSTGRES"
	demoMySQL    = "DEMO_MYSQL"
)

// postgresTarget gives each system a schema of its name.
type postgresTarget struct {
	dsn  string
	conn *pgx.Conn
}

func openPostgresTarget(ctx context.Context, dsn string) (demoTarget, error) {
	if _, err := pgx.ParseConfig(dsn); err != nil {
		// The parser's words hold the address with its password.
		return nil, fault.New(fault.Invalid, "--postgres is not postgres://user:password@host:port/database")
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the PostgreSQL server cannot be reached")
	}
	return &postgresTarget{dsn: dsn, conn: conn}, nil
}

func (p *postgresTarget) begin(ctx context.Context, system string) error {
	_, err := p.conn.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{system}.Sanitize())
	return err
}

func (p *postgresTarget) create(ctx context.Context, system string, table schema.Dataset) error {
	name := pgx.Identifier{system, table.Name}.Sanitize()
	quote := func(column string) string { return pgx.Identifier{column}.Sanitize() }
	if _, err := p.conn.Exec(ctx, "DROP TABLE IF EXISTS "+name); err != nil {
		return err
	}
	_, err := p.conn.Exec(ctx, "CREATE TABLE "+name+" ("+columnsSQL(table, quote, postgresType)+")")
	return err
}

func postgresType(t schema.Type, _ bool) string {
	switch t.Kind {
	case schema.Int64:
		return "bigint"
	case schema.Float64:
		return "double precision"
	case schema.Decimal:
		return fmt.Sprintf("numeric(%d,%d)", t.Precision, t.Scale)
	case schema.Binary:
		return "bytea"
	default:
		return "text"
	}
}

func (p *postgresTarget) write(ctx context.Context, system string, table schema.Dataset, rows [][]any) error {
	var columns []string
	for _, column := range table.Columns {
		columns = append(columns, column.Name)
	}
	_, err := p.conn.CopyFrom(ctx, pgx.Identifier{system, table.Name}, columns, pgx.CopyFromRows(rows))
	return err
}

func (p *postgresTarget) definition(system, text string) string {
	text = connectorLine.ReplaceAllLiteralString(text, "connector: postgres")
	text = connectionLine.ReplaceAllLiteralString(text, "connection: {url: {secret: "+demoPostgres+"}}")
	return sourceLine.ReplaceAllString(text, "    source: "+system+".$1")
}

func (p *postgresTarget) secret() (name, value string) { return demoPostgres, p.dsn }

func (p *postgresTarget) close(ctx context.Context) error { return p.conn.Close(ctx) }

// mysqlTarget gives each system a database, named after the DSN's and the system.
type mysqlTarget struct {
	dsn    string
	prefix string
	db     *sql.DB
}

func openMySQLTarget(ctx context.Context, dsn string) (demoTarget, error) {
	settings, err := mysql.ParseDSN(dsn)
	if err != nil || settings.DBName == "" {
		return nil, fault.New(fault.Invalid, "--mysql is not user:password@tcp(host:port)/database")
	}
	settings.InterpolateParams = true
	connector, err := mysql.NewConnector(settings)
	if err != nil {
		return nil, fault.New(fault.Invalid, "--mysql cannot be used: check its parameters")
	}
	db := sql.OpenDB(connector)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fault.Wrap(err, fault.Unavailable, "the MySQL server cannot be reached"), db.Close())
	}
	return &mysqlTarget{dsn: dsn, prefix: settings.DBName, db: db}, nil
}

func (m *mysqlTarget) database(system string) string { return m.prefix + "_" + system }

func (m *mysqlTarget) begin(ctx context.Context, system string) error {
	// Compared by bytes: "a" and "A" are two keys at the source.
	_, err := m.db.ExecContext(ctx, "CREATE DATABASE IF NOT EXISTS "+backtick(m.database(system))+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
	return err
}

func (m *mysqlTarget) create(ctx context.Context, system string, table schema.Dataset) error {
	name := backtick(m.database(system)) + "." + backtick(table.Name)
	if _, err := m.db.ExecContext(ctx, "DROP TABLE IF EXISTS "+name); err != nil {
		return err
	}
	_, err := m.db.ExecContext(ctx, "CREATE TABLE "+name+" ("+columnsSQL(table, backtick, mysqlType)+")")
	return err
}

func mysqlType(t schema.Type, key bool) string {
	switch t.Kind {
	case schema.Int64:
		return "bigint"
	case schema.Float64:
		return "double"
	case schema.Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case schema.Binary:
		return "longblob"
	default:
	}
	if key {
		return "varchar(190)" // the longest that fits a key of four columns
	}
	return "longtext"
}

func (m *mysqlTarget) write(ctx context.Context, system string, table schema.Dataset, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	insert := squirrel.Insert(backtick(m.database(system)) + "." + backtick(table.Name))
	for _, row := range rows {
		insert = insert.Values(row...)
	}
	_, err := insert.RunWith(m.db).ExecContext(ctx)
	return err
}

func (m *mysqlTarget) definition(system, text string) string {
	text = connectorLine.ReplaceAllLiteralString(text, "connector: mysql")
	text = connectionLine.ReplaceAllLiteralString(text, "connection: {dsn: {secret: "+demoMySQL+"}, database: "+m.database(system)+"}")
	return sourceLine.ReplaceAllString(text, "    source: $1")
}

func (m *mysqlTarget) secret() (name, value string) { return demoMySQL, m.dsn }

func (m *mysqlTarget) close(context.Context) error { return m.db.Close() }

func backtick(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// columnsSQL writes a table's columns with their types, and its key.
func columnsSQL(table schema.Dataset, quote func(string) string, typeOf func(t schema.Type, key bool) string) string {
	var parts, keys []string
	isKey := map[string]bool{}
	for _, name := range table.Key {
		isKey[name] = true
		keys = append(keys, quote(name))
	}
	for _, column := range table.Columns {
		parts = append(parts, quote(column.Name)+" "+typeOf(column.Type, isKey[column.Name]))
	}
	if len(keys) > 0 {
		parts = append(parts, "PRIMARY KEY ("+strings.Join(keys, ", ")+")")
	}
	return strings.Join(parts, ", ")
}
