package oracle

import (
	"context"
	"database/sql"
	_ "embed"

	"github.com/Masterminds/squirrel"
	goora "github.com/sijms/go-ora/v2"

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
	Port     int                  `yaml:"port"` // 1521 when 0
	Service  string               `yaml:"service"`
	User     string               `yaml:"user"`
	Password connectors.SecretRef `yaml:"password"`
	// Schema is the owner of the tables; empty: the user's own.
	Schema string `yaml:"schema"`
	// Charset is gbk for a database that says US7ASCII and holds GBK.
	Charset string `yaml:"charset"`
	// TLS encrypts the connection (TCPS).
	TLS bool `yaml:"tls"`
}

// Driver is the connector for Oracle Database. A dataset is a table or view.
func Driver() connectors.Driver {
	return connectors.Driver{Name: "oracle", Title: "Oracle Database", Open: open}
}

type source struct {
	sqltext.Database
	config connectors.Config
	owner  string
	gbk    bool
}

func open(config connectors.Config) (connectors.Source, error) {
	var connection Connection
	if err := config.DecodeConnection(&connection); err != nil {
		return nil, err
	}
	if connection.Host == "" || connection.Service == "" || connection.User == "" {
		return nil, fault.New(fault.Invalid, "connection of system %s: host, service and user are needed", config.System)
	}
	if connection.Charset != "" && connection.Charset != "gbk" {
		return nil, fault.New(fault.Invalid, "connection of system %s: unknown charset %q: write gbk or nothing", config.System, connection.Charset)
	}
	if connection.Port == 0 {
		connection.Port = 1521
	}
	password, err := connection.Password.Resolve(config)
	if err != nil {
		return nil, err
	}
	options := map[string]string{"CONNECTION TIMEOUT": "15", "PROGRAM": "yitong"}
	if connection.TLS {
		options["SSL"] = "true"
	}
	address := goora.BuildUrl(connection.Host, connection.Port, connection.Service, connection.User, password, options)
	db, err := sql.Open("oracle", address)
	if err != nil {
		return nil, fault.New(fault.Invalid, "connection of system %s cannot be used: check host, port and service", config.System)
	}
	return &source{Database: sqltext.Database{DB: db, Server: "Oracle database", System: config.System}, config: config, owner: connection.Schema, gbk: connection.Charset == "gbk"}, nil
}

// Discover implements connectors.Source.
func (s *source) Discover(ctx context.Context) ([]schema.Dataset, error) {
	return s.Datasets(ctx, s.table, tablesSQL, s.owner, s.owner)
}

func (s *source) table(ctx context.Context, name string) (sqltext.Table, error) {
	table := sqltext.Table{Dataset: schema.Dataset{Name: name, RowEstimate: -1}, Quoted: quote(name), Placeholder: squirrel.Colon}
	if s.owner != "" {
		table.Quoted = quote(s.owner) + "." + table.Quoted
	}
	err := s.Fill(ctx, &table, func(rows *sql.Rows) (sqltext.Column, int, error) {
		var found described
		var nullable string
		var place int
		err := rows.Scan(&found.name, &found.kind, &found.precision, &found.scale, &nullable, &place)
		found.nullable = nullable == "Y"
		return columnOf(found, s.gbk), place, err
	}, columnsSQL, s.owner, name)
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
