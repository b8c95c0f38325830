package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/sqlite"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// DemoServers are the database servers that the demo's relational systems are
// loaded into; an empty DSN is none.
type DemoServers struct {
	Postgres string // postgres://user:password@host:port/database
	MySQL    string // user:password@tcp(host:port)/database
}

// DemoLoad is one system that now lives on a server.
type DemoLoad struct {
	System    string `json:"system"`
	Connector string `json:"connector"`
	Tables    int    `json:"tables"`
	Rows      int64  `json:"rows"`
	// Rejected rows hold what a server's types refuse; they stayed behind.
	Rejected int64 `json:"rejected"`
}

// demoTarget is a server that tables can be written to.
type demoTarget interface {
	// begin makes the place of a system's tables.
	begin(ctx context.Context, system string) error
	// create makes a table anew.
	create(ctx context.Context, system string, table schema.Dataset) error
	write(ctx context.Context, system string, table schema.Dataset, rows [][]any) error
	// definition rewrites what a system's definition says of its connection.
	definition(system, text string) string
	// secret is the name and value of the server's address.
	secret() (name, value string)
	close(ctx context.Context) error
}

// LoadDemo moves the demo's relational systems from their SQLite files into
// database servers, by turns when there are two, and lets their definitions say
// so. What was loaded before is replaced.
func LoadDemo(ctx context.Context, settings config.Config, servers DemoServers) (loads []DemoLoad, err error) {
	lock, err := lockHome(settings.Home)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	targets, err := openTargets(ctx, servers)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, target := range targets {
			err = errors.Join(err, target.close(ctx))
		}
	}()
	files, err := filepath.Glob(filepath.Join(settings.Campus, "data", "*.db"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fault.New(fault.NotFound, "there is no demo campus in %s: run yitong demo build first", settings.Campus)
	}
	for i, file := range files {
		system := strings.TrimSuffix(filepath.Base(file), ".db")
		load, err := loadSystem(ctx, settings.Campus, system, targets[i%len(targets)])
		if err != nil {
			return nil, fmt.Errorf("load system %s: %w", system, err)
		}
		loads = append(loads, load)
	}
	for _, target := range targets {
		if err := writeSecret(settings.Campus, target); err != nil {
			return nil, err
		}
	}
	return loads, nil
}

func openTargets(ctx context.Context, servers DemoServers) ([]demoTarget, error) {
	var targets []demoTarget
	if servers.Postgres != "" {
		target, err := openPostgresTarget(ctx, servers.Postgres)
		if err != nil {
			return nil, err
		}
		targets = append(targets, target)
	}
	if servers.MySQL != "" {
		target, err := openMySQLTarget(ctx, servers.MySQL)
		if err != nil {
			return nil, errors.Join(err, closeTargets(ctx, targets))
		}
		targets = append(targets, target)
	}
	if len(targets) == 0 {
		return nil, fault.New(fault.Invalid, "no server is named: give --postgres, --mysql or both")
	}
	return targets, nil
}

func closeTargets(ctx context.Context, targets []demoTarget) error {
	var all error
	for _, target := range targets {
		all = errors.Join(all, target.close(ctx))
	}
	return all
}

func loadSystem(ctx context.Context, campus, system string, target demoTarget) (DemoLoad, error) {
	load := DemoLoad{System: system}
	var connection yaml.Node
	if err := connection.Encode(map[string]string{"path": filepath.Join("data", system+".db")}); err != nil {
		return load, err
	}
	source, err := sqlite.Driver().Open(connectors.Config{System: system, Connection: connection, Dir: campus})
	if err != nil {
		return load, err
	}
	defer source.Close()
	tables, err := source.Discover(ctx)
	if err != nil {
		return load, err
	}
	if err := target.begin(ctx, system); err != nil {
		return load, err
	}
	for _, table := range tables {
		if err := load.table(ctx, source, table, target); err != nil {
			return load, fmt.Errorf("table %s: %w", table.Name, err)
		}
	}
	load.Connector, err = rewriteDefinition(campus, system, target)
	return load, err
}

func (l *DemoLoad) table(ctx context.Context, source connectors.Source, table schema.Dataset, target demoTarget) error {
	if err := target.create(ctx, l.System, table); err != nil {
		return err
	}
	stream, err := source.Read(ctx, connectors.ReadRequest{Dataset: table.Name, BatchRows: loadRows})
	if err != nil {
		return err
	}
	defer stream.Close()
	l.Tables++
	for {
		batch, err := stream.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		rows := rowsOf(batch.Record)
		batch.Record.Release()
		if err := target.write(ctx, l.System, table, rows); err != nil {
			return err
		}
		l.Rows += int64(len(rows))
		l.Rejected += int64(len(batch.Rejects))
	}
}

// loadRows keeps a batch of the widest table below what one statement can hold.
const loadRows = 1000

func rowsOf(record arrow.RecordBatch) [][]any {
	rows := make([][]any, record.NumRows())
	for i := range rows {
		rows[i] = make([]any, record.NumCols())
		for j, column := range record.Columns() {
			rows[i][j] = valueOf(column, i)
		}
	}
	return rows
}

func valueOf(column arrow.Array, row int) any {
	if column.IsNull(row) {
		return nil
	}
	switch typed := column.(type) {
	case *array.Int64:
		return typed.Value(row)
	case *array.Float64:
		return typed.Value(row)
	case *array.Binary:
		return slices.Clone(typed.Value(row))
	}
	return strings.Clone(column.ValueStr(row))
}

var (
	connectorLine  = regexp.MustCompile(`(?m)^connector: (.*)$`)
	connectionLine = regexp.MustCompile(`(?m)^connection: .*$`)
	sourceLine     = regexp.MustCompile(`(?m)^    source: (?:[a-z_]+\.)?(\S+)$`)
)

func rewriteDefinition(campus, system string, target demoTarget) (string, error) {
	path := filepath.Join(campus, "systems", system+".yaml")
	text, err := os.ReadFile(path) // #nosec G304 -- the campus's own file
	if err != nil {
		return "", fault.Wrap(err, fault.NotFound, "the definition of system %s cannot be read", system)
	}
	rewritten := target.definition(system, string(text))
	if err := os.WriteFile(path, []byte(rewritten), 0o600); err != nil { // #nosec G703 -- as above
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return connectorLine.FindStringSubmatch(rewritten)[1], nil
}

// writeSecret keeps a server's address in the campus's secrets file.
func writeSecret(campus string, target demoTarget) error {
	name, value := target.secret()
	path := filepath.Join(campus, config.SecretsFile)
	text, err := os.ReadFile(path) // #nosec G304 -- the campus's own file
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var kept []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\n"); !strings.HasPrefix(line, name+"=") {
			kept = append(kept, line)
		}
	}
	kept = append(kept, name+"="+value)
	return os.WriteFile(path, []byte(strings.Join(kept, "\n")+"\n"), 0o600)
}
