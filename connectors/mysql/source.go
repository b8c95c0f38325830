package mysql

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/Masterminds/squirrel"
	"github.com/go-sql-driver/mysql"

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

// Connection is the `connection:` of a database: a DSN, or its parts.
type Connection struct {
	// DSN is user:password@tcp(host:port)/database, best from a secret; Database
	// beside it says which of the server's.
	DSN      connectors.Setting   `yaml:"dsn"`
	Host     string               `yaml:"host"`
	Port     int                  `yaml:"port"` // 3306 when 0
	Database string               `yaml:"database"`
	User     string               `yaml:"user"`
	Password connectors.SecretRef `yaml:"password"`
	// TLS is true, false, skip-verify or preferred (the default).
	TLS string `yaml:"tls"`
	// Charset is gbk where columns of character set latin1 hold GBK.
	Charset string `yaml:"charset"`
	// ZeroDates is reject (the default) or null.
	ZeroDates string `yaml:"zero_dates"`
}

// What becomes of 0000-00-00.
const (
	zeroDatesReject = "reject"
	zeroDatesNull   = "null"
)

// Driver is the connector for MySQL and MariaDB.
func Driver() connectors.Driver {
	return connectors.Driver{Name: "mysql", Title: "MySQL, MariaDB", Open: open}
}

type source struct {
	sqltext.Database
	reading reading
}

func open(config connectors.Config) (connectors.Source, error) {
	var connection Connection
	if err := config.DecodeConnection(&connection); err != nil {
		return nil, err
	}
	for name, one := range map[string]struct {
		value   string
		allowed []string
	}{
		"tls":        {connection.TLS, []string{"", "true", "false", "skip-verify", "preferred"}},
		"charset":    {connection.Charset, []string{"", "gbk"}},
		"zero_dates": {connection.ZeroDates, []string{"", zeroDatesReject, zeroDatesNull}},
	} {
		if !slices.Contains(one.allowed, one.value) {
			return nil, fault.New(fault.Invalid, "connection of system %s: unknown %s %q: write one of %q", config.System, name, one.value, one.allowed[1:])
		}
	}
	settings, err := connection.settings(config)
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(settings)
	if err != nil {
		return nil, fault.New(fault.Invalid, "connection of system %s cannot be used: check host, port and tls", config.System)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(maxConnections)
	return &source{Database: sqltext.Database{DB: db, Server: "MySQL server", System: config.System}, reading: reading{gbk: connection.Charset == "gbk", zeroDates: connection.ZeroDates}}, nil
}

const (
	// maxConnections is what one system's server is asked to bear at once.
	maxConnections = 4
	// writePatience is how long a server waits while its rows are landed.
	writePatience = "3600"
	dialPatience  = 15 * time.Second
)

func (c Connection) settings(config connectors.Config) (*mysql.Config, error) {
	dsn, err := c.DSN.Resolve(config)
	if err != nil {
		return nil, err
	}
	settings := mysql.NewConfig()
	if dsn != "" {
		if settings, err = mysql.ParseDSN(dsn); err != nil {
			// The parser's words may hold the password.
			return nil, fault.New(fault.Invalid, "connection of system %s: dsn is not user:password@tcp(host:port)/database", config.System)
		}
	} else {
		if c.Host == "" || c.Database == "" || c.User == "" {
			return nil, fault.New(fault.Invalid, "connection of system %s: dsn, or host, database and user are needed", config.System)
		}
		port := c.Port
		if port == 0 {
			port = 3306
		}
		settings.Net, settings.Addr = "tcp", net.JoinHostPort(c.Host, strconv.Itoa(port))
		settings.DBName, settings.User = c.Database, c.User
		if settings.Passwd, err = c.Password.Resolve(config); err != nil {
			return nil, err
		}
		settings.TLSConfig = "preferred"
	}
	if c.TLS != "" {
		settings.TLSConfig = c.TLS
	}
	if c.Database != "" {
		settings.DBName = c.Database
	}
	settings.Timeout, settings.ParseTime = dialPatience, false
	if settings.Params == nil {
		settings.Params = map[string]string{}
	}
	settings.Params["time_zone"], settings.Params["net_write_timeout"] = "'+00:00'", writePatience
	settings.Params["sql_mode"] = "''"
	settings.Logger = quiet{config.Logger}
	if err := settings.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return nil, fault.New(fault.Invalid, "connection of system %s: the character set cannot be chosen", config.System)
	}
	return settings, nil
}

// quiet takes the driver's own messages, which the errors say again.
type quiet struct{ logger *slog.Logger }

// Print implements mysql.Logger.
func (q quiet) Print(words ...any) {
	if q.logger != nil {
		q.logger.Debug("mysql driver", "message", fmt.Sprint(words...))
	}
}

// Discover implements connectors.Source.
func (s *source) Discover(ctx context.Context) ([]schema.Dataset, error) {
	estimates, comments := map[string]int64{}, map[string]string{}
	var names []string
	err := s.Each(ctx, func(rows *sql.Rows) error {
		var name, comment string
		var estimate int64
		err := rows.Scan(&name, &estimate, &comment)
		names = append(names, name)
		estimates[name], comments[name] = estimate, comment
		return err
	}, tablesSQL)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return connectors.CollectDatasets(ctx, names, func(ctx context.Context, name string) (schema.Dataset, error) {
		table, err := s.table(ctx, name)
		dataset := table.Describe()
		dataset.RowEstimate, dataset.Comment = estimates[name], comments[name]
		return dataset, err
	})
}

func (s *source) table(ctx context.Context, name string) (sqltext.Table, error) {
	table := sqltext.Table{Dataset: schema.Dataset{Name: name, RowEstimate: -1}, Quoted: quote(name), Placeholder: squirrel.Question}
	err := s.Fill(ctx, &table, func(rows *sql.Rows) (sqltext.Column, int, error) {
		var d described
		var place int
		err := rows.Scan(&d.name, &d.kind, &d.declared, &d.digits, &d.scale, &d.charset, &d.nullable, &place, &d.comment)
		return columnOf(d, s.reading), place, err
	}, columnsSQL, name)
	return table, err
}

// Read implements connectors.Source.
func (s *source) Read(ctx context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	table, err := s.table(ctx, request.Dataset)
	if err != nil {
		return nil, err
	}
	return s.Rows(ctx, table, request, text.Options{})
}
