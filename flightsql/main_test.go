package flightsql_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/flightsql"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/render"
	"github.com/yitong-hub/yitong/schema"
)

// campus has real datasets in a real warehouse and applications with real keys.
type campus struct {
	warehouse *warehouse.Warehouse
	datasets  []catalog.Dataset
	revision  atomic.Int64
	set       atomic.Pointer[acl.Set]
	admission identity.Admission
	gate      *query.Gate
	log       *logged

	mu      sync.Mutex
	records []audit.Record
}

func (c *campus) Dataset(_ context.Context, id string) (catalog.Dataset, error) {
	for _, dataset := range c.datasets {
		if dataset.ID == id {
			return dataset, nil
		}
	}
	return catalog.Dataset{}, fault.New(fault.NotFound, "there is no dataset %q", id)
}

func (c *campus) Everything(context.Context) ([]catalog.Dataset, error) { return c.datasets, nil }

// Revision moves with each reading: nothing is kept.
func (c *campus) Revision(context.Context) (int64, error) { return c.revision.Add(1), nil }

func (c *campus) Current() *acl.Set { return c.set.Load() }

func (c *campus) Consented(context.Context, string, string) ([]string, error) { return nil, nil }

func (c *campus) Salt(context.Context) (string, error) { return "secret", nil }

func (c *campus) Append(_ context.Context, record audit.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records = append(c.records, record)
	return nil
}

func (c *campus) recorded() []audit.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]audit.Record(nil), c.records...)
}

// enact makes policies those that count.
func (c *campus) enact(t testing.TB, policies ...acl.Policy) {
	t.Helper()
	version := int64(1)
	if before := c.set.Load(); before != nil {
		version = before.Version() + 1
	}
	set, err := acl.NewSet(version, acl.Contents{Policies: policies, Purposes: acltest.Purposes})
	require.NoError(t, err)
	c.set.Store(set)
}

// Principal and Acting make the campus the people that sign in: "person:p1" is p1.
func (c *campus) Principal(_ context.Context, bearer string) (acl.Principal, error) {
	id, is := strings.CutPrefix(bearer, "person:")
	if !is {
		return acl.Principal{}, fault.New(fault.Denied, "the key is not valid here")
	}
	return person(id), nil
}

func (c *campus) Acting(_ context.Context, principal acl.Principal, lender string) (acl.Principal, error) {
	if principal.ID() == "p2" && lender == "p1" {
		return person("p1"), nil
	}
	return acl.Principal{}, fault.New(fault.Denied, "%s lent nothing that counts now", lender)
}

func person(id string) acl.Principal {
	return acl.NewPrincipal(acl.Profile{ID: id, Kind: acl.KindPerson, Attributes: map[string][]string{"campus_id": {id[1:]}}})
}

func both(policy acl.Policy) acl.Policy {
	policy.Rights = []acl.Right{acl.View, acl.Hold}
	return policy
}

func allow(id, dataset, rows string, fields ...string) acl.Policy {
	return both(acl.Policy{
		ID: id, Effect: acl.Allow, Subject: acl.Subject{Anyone: true}, Resource: acl.Selector{Datasets: []string{dataset}, Fields: fields}, Rows: rows,
	})
}

func masked(policy acl.Policy, kind acl.Mask) acl.Policy {
	policy.Mask = &kind
	return policy
}

const math = "college = 'math'"

// usual are the policies of most tests.
func usual() []acl.Policy {
	return []acl.Policy{
		allow("staff", "hr.staff", math, "id", "name", "college", "grade", "seen_at", "local", "clock", "uid", "flag", "big", "small", "wide"),
		masked(allow("staff mobiles", "hr.staff", math, "mobile"), acl.Mask{Kind: acl.MaskPhone}),
		masked(allow("staff births", "hr.staff", math, "born"), acl.Mask{Kind: acl.MaskYear}),
		allow("own pay", "hr.staff", "#person = @campus_id and "+math, "pay"),
		allow("trades", "card.trade", "", "id", "amount", "seal", "steps"),
	}
}

type column struct {
	name string
	kind schema.Type
}

func (c *campus) publish(t testing.TB, id string, key []string, columns []column, rows ...string) {
	t.Helper()
	system, name, _ := strings.Cut(id, ".")
	dataset := catalog.Dataset{ID: id, System: system, Name: name, Department: "d", Key: key, Person: "id", Version: 7}
	declared := make([]string, len(columns))
	for i, column := range columns {
		declared[i] = warehouse.Ident(column.name) + " " + column.kind.SQL()
		dataset.Fields = append(dataset.Fields, catalog.Field{Name: column.name, From: column.name, Type: column.kind, State: catalog.FieldActive, Title: definition.Text{ZH: "字段" + column.name}})
	}
	table := warehouse.Published(id)
	require.NoError(t, c.warehouse.Exec(t.Context(), "CREATE TABLE "+table+" ("+strings.Join(declared, ", ")+")"))
	for _, row := range rows {
		var values []string
		for i, value := range strings.Split(row, "|") {
			if value == "-" {
				values = append(values, "NULL")
				continue
			}
			values = append(values, "CAST("+warehouse.Literal(value)+" AS "+columns[i].kind.SQL()+")")
		}
		require.NoError(t, c.warehouse.Exec(t.Context(), "INSERT INTO "+table+" VALUES ("+strings.Join(values, ", ")+")"))
	}
	c.datasets = append(c.datasets, dataset)
}

// open makes the campus. What stands in hr.payroll and in rows of law is hidden.
func open(t testing.TB) *campus {
	t.Helper()
	c := &campus{log: &logged{}}
	var err error
	c.warehouse, err = warehouse.Open(t.Context(), warehouse.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.warehouse.Close()) })
	text := schema.Of(schema.String)
	c.publish(t, "card.trade", []string{"id", "place"}, []column{{"id", text}, {"amount", schema.DecimalOf(10, 2)}, {"place", text}, {"seal", schema.Of(schema.Binary)}, {"steps", schema.Of(schema.Uint64)}}, "1|12.50|hidden-place|x|18446744073709551615")
	c.publish(t, "hr.payroll", []string{"id"}, []column{{"id", text}, {"hidden_bonus", text}}, "1|hidden-value")
	c.publish(t, "hr.staff", []string{"id"}, []column{
		{"id", text}, {"name", text}, {"college", text}, {"mobile", text}, {"born", schema.Of(schema.Date)}, {"pay", schema.DecimalOf(10, 2)},
		{"grade", schema.Of(schema.Float32)}, {"seen_at", schema.Of(schema.TimestampTZ)}, {"local", schema.Of(schema.Timestamp)}, {"clock", schema.Of(schema.Time)},
		{"uid", schema.Of(schema.UUID)}, {"flag", schema.Of(schema.Bool)}, {"big", schema.Of(schema.Int64)}, {"small", schema.Of(schema.Uint8)},
		{"wide", schema.DecimalOf(38, 0)}, {"hidden_note", text},
	},
		"1|张三|math|13812345678|2000-03-01|5000.00|1.5|2026-01-01T00:00:00Z|2026-01-01 08:00:00|08:00:00|00000000-0000-0000-0000-000000000001|true|-9223372036854775808|0|1|hidden-1",
		"2|李四|math|13912345678|1999-12-31|777.77|-1|2026-01-02T00:00:00Z|-|-|-|false|9223372036854775807|255|-1|hidden-2",
		"3|王五|math|13712344321|2000-02-29|888.88|-|-|0001-01-01 00:00:00|23:59:59.999999|-|-|0|-|99999999999999999999999999999999999998|hidden-3",
		"4|hidden-4|law|13100000000|2001-01-01|1.00|1|-|-|-|-|-|-|-|-|hidden-5")
	c.enact(t, usual()...)
	c.openApplications(t)
	c.gate = query.New(query.Config{Warehouse: c.warehouse, Catalog: c, Policies: c, Recorder: c, Now: time.Now})
	return c
}

func (c *campus) openApplications(t testing.TB) {
	t.Helper()
	state, err := store.Open(t.Context(), t.TempDir()+"/state.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, state.Close()) })
	quiet := slog.New(slog.DiscardHandler)
	c.admission.Registry, err = identity.NewRegistry(t.Context(), state, time.Now, func(string) bool { return false }, quiet)
	require.NoError(t, err)
	c.admission.Usage, err = identity.NewUsage(t.Context(), state, time.Now, quiet)
	require.NoError(t, err)
	c.admission.Limiter = identity.NewLimiter(c.admission.Usage)
	t.Cleanup(func() { require.NoError(t, errors.Join(c.admission.Usage.Close(), c.admission.Registry.Close())) })
}

// key registers an application and gives it a key.
func (c *campus) key(t *testing.T, application identity.Application) identity.IssuedKey {
	t.Helper()
	application.Name, application.Department, application.Steward = "读者", "图书馆", "20230017"
	_, err := c.admission.Registry.Register(t.Context(), "admin", application)
	require.NoError(t, err)
	key, err := c.admission.Registry.Issue(t.Context(), "admin", application.ID)
	require.NoError(t, err)
	return key
}

// serve answers at a loopback address until the test ends.
func (c *campus) serve(t testing.TB, limits flightsql.Limits) string {
	t.Helper()
	server, err := flightsql.New(flightsql.Config{
		Gate: c.gate, People: c, Applications: c.admission, Limits: limits, Logger: slog.New(c.log), Now: time.Now,
	})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
		require.Empty(t, c.log.panics(), "nothing panics")
	})
	return listener.Addr().String()
}

func insecurely() grpc.DialOption { return grpc.WithTransportCredentials(insecure.NewCredentials()) }

func dial(t testing.TB, address string) *protocol.Client {
	t.Helper()
	client, err := protocol.NewClient(address, nil, nil, insecurely())
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// with gives a context whose calls have a bearer and headers, in pairs.
func with(t *testing.T, bearer string, headers ...string) context.Context {
	t.Helper()
	return metadata.AppendToOutgoingContext(t.Context(), append([]string{"authorization", "Bearer " + bearer}, headers...)...)
}

// read asks a statement and gives the lines of its answer and its schema.
func read(ctx context.Context, client *protocol.Client, sql string) (lines []string, columns *arrow.Schema, err error) {
	info, err := client.Execute(ctx, sql)
	if err != nil {
		return nil, nil, err
	}
	return fetch(ctx, client, info)
}

func fetch(ctx context.Context, client *protocol.Client, info *flight.FlightInfo) (lines []string, columns *arrow.Schema, err error) {
	reader, err := client.DoGet(ctx, info.Endpoint[0].Ticket)
	if err != nil {
		return nil, nil, err
	}
	defer reader.Release()
	lines, err = linesOf(reader)
	return lines, reader.Schema(), err
}

func linesOf(reader array.RecordReader) ([]string, error) {
	var lines []string
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			line := ""
			for _, column := range batch.Columns() {
				text, null := render.Text(column, row)
				if null {
					text = "NULL"
				}
				line += text + "|"
			}
			lines = append(lines, line)
		}
	}
	return lines, reader.Err()
}

// logged keeps what the server logs.
type logged struct {
	mu    sync.Mutex
	lines []string
}

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }
func (l *logged) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logged) WithGroup(string) slog.Handler            { return l }

func (l *logged) Handle(_ context.Context, record slog.Record) error {
	line := record.Message
	record.Attrs(func(attribute slog.Attr) bool {
		line += fmt.Sprintf(" %s=%v", attribute.Key, attribute.Value)
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

func (l *logged) panics() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for _, line := range l.lines {
		if strings.HasPrefix(line, "panic") {
			found = append(found, line)
		}
	}
	return found
}
