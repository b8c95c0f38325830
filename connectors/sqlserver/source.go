package sqlserver

import (
	"context"
	"database/sql"
	_ "embed"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/Masterminds/squirrel"
	_ "github.com/microsoft/go-mssqldb" // the driver "sqlserver"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/sqltext"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

//go:embed columns.sql
var columnsSQL string

//go:embed tables.sql
var tablesSQL string

// Connection is the `connection:` of a database.
type Connection struct {
	Host     string               `yaml:"host"`
	Port     int                  `yaml:"port"` // 1433 when 0
	Database string               `yaml:"database"`
	User     string               `yaml:"user"`
	Password connectors.SecretRef `yaml:"password"`
	// Encrypt is strict, true, false or disable; "true" when empty. TrustServer
	// takes any certificate: for servers that made their own.
	Encrypt     string `yaml:"encrypt"`
	TrustServer bool   `yaml:"trust_server"`
}

// Driver is the connector for SQL Server. A dataset is schema.table.
func Driver() connectors.Driver {
	return connectors.Driver{Name: "sqlserver", Title: "Microsoft SQL Server", Open: open}
}

type source struct {
	sqltext.Database
	config connectors.Config
}

func open(config connectors.Config) (connectors.Source, error) {
	var connection Connection
	if err := config.DecodeConnection(&connection); err != nil {
		return nil, err
	}
	if connection.Host == "" || connection.Database == "" || connection.User == "" {
		return nil, fault.New(fault.Invalid, "connection of system %s: host, database and user are needed", config.System)
	}
	if connection.Encrypt == "" {
		connection.Encrypt = "true"
	}
	if !slices.Contains([]string{"strict", "true", "false", "disable"}, connection.Encrypt) {
		return nil, fault.New(fault.Invalid, "connection of system %s: unknown encrypt %q: write strict, true, false or disable", config.System, connection.Encrypt)
	}
	if connection.Port == 0 {
		connection.Port = 1433
	}
	password, err := connection.Password.Resolve(config)
	if err != nil {
		return nil, err
	}
	query := url.Values{
		"database": {connection.Database}, "encrypt": {connection.Encrypt}, "app name": {"yitong"},
		"TrustServerCertificate": {strconv.FormatBool(connection.TrustServer)}, "ApplicationIntent": {"ReadOnly"},
	}
	address := url.URL{
		Scheme: "sqlserver", User: url.UserPassword(connection.User, password),
		Host: net.JoinHostPort(connection.Host, strconv.Itoa(connection.Port)), RawQuery: query.Encode(),
	}
	db, err := sql.Open("sqlserver", address.String())
	if err != nil {
		return nil, fault.New(fault.Invalid, "connection of system %s cannot be used: check host, port and encrypt", config.System)
	}
	return &source{Database: sqltext.Database{DB: db, Server: "SQL Server", System: config.System}, config: config}, nil
}

// Discover implements connectors.Source.
func (s *source) Discover(ctx context.Context) ([]schema.Dataset, error) {
	return s.Datasets(ctx, s.table, tablesSQL)
}

// table describes schema.table; the schema is dbo when not named.
func (s *source) table(ctx context.Context, dataset string) (sqltext.Table, error) {
	owner, name, qualified := strings.Cut(dataset, ".")
	if !qualified {
		owner, name = "dbo", dataset
	}
	table := sqltext.Table{
		Dataset: schema.Dataset{Name: dataset, RowEstimate: -1}, Quoted: quote(owner) + "." + quote(name), Placeholder: squirrel.AtP,
	}
	err := s.Fill(ctx, &table, func(rows *sql.Rows) (sqltext.Column, int, error) {
		var found described
		var place int
		err := rows.Scan(&found.name, &found.kind, &found.precision, &found.scale, &found.nullable, &place)
		return columnOf(found), place, err
	}, columnsSQL, owner, name)
	return table, err
}

// Read implements connectors.Source.
func (s *source) Read(ctx context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	zone, err := s.config.Zone()
	if err != nil {
		return nil, err
	}
	table, err := s.table(ctx, request.Dataset)
	if err != nil {
		return nil, err
	}
	return s.Rows(ctx, table, request, text.Options{Location: zone})
}
