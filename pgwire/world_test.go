package pgwire_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pgwire"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/schema"
)

const (
	user     = "app_bi"
	password = "yt_key"
)

// fields are those of hr.staff, of all kinds, with the values of three rows.
var fields = []struct {
	name   string
	kind   schema.Type
	values [3]string
}{
	{"id", schema.Of(schema.String), [3]string{"'1'", "'2'", "'3'"}},
	{"name", schema.Of(schema.String), [3]string{"'张三'", "''", "NULL"}},
	{"born", schema.Of(schema.Date), [3]string{"'2000-02-29'", "'0044-03-15 (BC)'", "NULL"}},
	{"pay", schema.DecimalOf(10, 2), [3]string{"5000.00", "-0.01", "NULL"}},
	{"wide", schema.DecimalOf(38, 0), [3]string{"99999999999999999999999999999999999998", "-1", "NULL"}},
	{"bonus", schema.Of(schema.Int32), [3]string{"2147483647", "-2147483648", "NULL"}},
	{"tiny", schema.Of(schema.Int8), [3]string{"-128", "127", "NULL"}},
	{"middle", schema.Of(schema.Int16), [3]string{"-32768", "32767", "NULL"}},
	{"small", schema.Of(schema.Uint8), [3]string{"0", "255", "NULL"}},
	{"ushort", schema.Of(schema.Uint16), [3]string{"0", "65535", "NULL"}},
	{"uint", schema.Of(schema.Uint32), [3]string{"0", "4294967295", "NULL"}},
	{"big", schema.Of(schema.Int64), [3]string{"-9223372036854775808", "9223372036854775807", "NULL"}},
	{"unsigned", schema.Of(schema.Uint64), [3]string{"0", "18446744073709551615", "NULL"}},
	{"grade", schema.Of(schema.Float32), [3]string{"1.5", "'inf'", "NULL"}},
	{"ratio", schema.Of(schema.Float64), [3]string{"0.1", "1e300", "NULL"}},
	{"seen_at", schema.Of(schema.TimestampTZ), [3]string{"'2026-01-01T00:00:00.123456Z'", "'infinity'", "NULL"}},
	{"local", schema.Of(schema.Timestamp), [3]string{"'2026-01-01 08:00:00'", "'0001-01-01 00:00:00'", "NULL"}},
	{"clock", schema.Of(schema.Time), [3]string{"'08:00:00'", "'23:59:59.999999'", "NULL"}},
	{"uid", schema.Of(schema.UUID), [3]string{"'00000000-0000-0000-0000-000000000001'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "NULL"}},
	{"flag", schema.Of(schema.Bool), [3]string{"true", "false", "NULL"}},
	{"photo", schema.Of(schema.Binary), [3]string{`'\x00\xFF'`, "''", "NULL"}},
}

// world is a campus with a dataset that everybody may read, but for the field
// secret_field, and one that nobody may.
type world struct {
	warehouse *warehouse.Warehouse
	datasets  []catalog.Dataset

	mu      sync.Mutex
	set     *acl.Set
	records []audit.Record
	// revoked says that the key is valid no longer, stuffed that it asked enough.
	revoked, stuffed bool
}

func newWorld(t testing.TB) *world {
	t.Helper()
	opened, err := warehouse.Open(t.Context(), warehouse.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	w := &world{warehouse: opened}
	for _, id := range []string{"hr.staff", "hidden_system.hidden_table"} {
		dataset := catalog.Dataset{ID: id, System: "x", Version: 1, Title: definition.Text{ZH: "教职工"}}
		columns := []string{"secret_field VARCHAR DEFAULT 'secret'", "_since TIMESTAMPTZ DEFAULT '2026-01-01T00:00:00Z'", "_hash UBIGINT", "_run VARCHAR"}
		var names []string
		for _, field := range fields {
			dataset.Fields = append(dataset.Fields, catalog.Field{Name: field.name, From: field.name, Type: field.kind, State: catalog.FieldActive, Title: definition.Text{ZH: "字段"}})
			columns = append(columns, warehouse.Ident(field.name)+" "+field.kind.SQL())
			names = append(names, warehouse.Ident(field.name))
		}
		dataset.Fields = append(dataset.Fields, catalog.Field{Name: "secret_field", From: "x", Type: schema.Of(schema.String), State: catalog.FieldActive})
		w.datasets = append(w.datasets, dataset)
		require.NoError(t, opened.Exec(t.Context(), "CREATE TABLE "+warehouse.Published(id)+" ("+strings.Join(columns, ", ")+")"))
		require.NoError(t, opened.Exec(t.Context(), "CREATE TABLE "+warehouse.History(id)+" AS SELECT *, _since AS _until FROM "+warehouse.Published(id)+" LIMIT 0"))
		for row := range 3 {
			var values []string
			for _, field := range fields {
				values = append(values, field.values[row])
			}
			require.NoError(t, opened.Exec(t.Context(), "INSERT INTO "+warehouse.Published(id)+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(values, ", ")+")"))
		}
	}
	w.allow(t, "hr.staff")
	return w
}

// allow makes the one policy: everybody may read a dataset, but for the field.
func (w *world) allow(t testing.TB, dataset string) {
	t.Helper()
	var names []string
	for _, field := range fields {
		names = append(names, field.name)
	}
	set, err := acl.NewSet(1, acl.Contents{Policies: []acl.Policy{{
		ID: "all", Effect: acl.Allow, Subject: acl.Subject{Anyone: true}, Rights: []acl.Right{acl.View, acl.Hold},
		Resource: acl.Selector{Datasets: []string{dataset}, Fields: names},
	}}, Purposes: acltest.Purposes})
	require.NoError(t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.set = set
}

func (w *world) Dataset(_ context.Context, id string) (catalog.Dataset, error) {
	for _, one := range w.datasets {
		if one.ID == id {
			return one, nil
		}
	}
	return catalog.Dataset{}, fault.New(fault.NotFound, "there is no dataset %q", id)
}

// Revision is that of datasets which never change.
func (w *world) Revision(context.Context) (int64, error) { return 1, nil }

func (w *world) Everything(context.Context) ([]catalog.Dataset, error) { return w.datasets, nil }

func (w *world) Current() *acl.Set {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.set
}

func (w *world) Consented(context.Context, string, string) ([]string, error) { return nil, nil }
func (w *world) Salt(context.Context) (string, error)                        { return "salt", nil }

func (w *world) Append(_ context.Context, record audit.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.records = append(w.records, record)
	return nil
}

func (w *world) revoke(revoked, stuffed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.revoked, w.stuffed = revoked, stuffed
}

func (w *world) Principal(_ context.Context, who, key string, _ netip.Addr) (acl.Principal, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if who != user || key != password || w.revoked {
		return acl.Principal{}, fault.New(fault.Denied, "the key is not valid here")
	}
	return w.principal(), nil
}

func (w *world) principal() acl.Principal {
	return acl.NewPrincipal(acl.Profile{ID: user, Kind: acl.KindApplication})
}

func (w *world) Allow(context.Context, string, string, netip.Addr) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stuffed {
		return fault.New(fault.Denied, "too many")
	}
	return nil
}

func (w *world) Answered(string, int64, bool) {}

func (w *world) gate() *query.Gate {
	return query.New(query.Config{Warehouse: w.warehouse, Catalog: w, Policies: w, Recorder: w, Now: func() time.Time { return acltest.Base }})
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// serving is a server of a world.
type serving struct {
	*world
	gate *query.Gate
	port int
	// stop ends the server, and gives what Serve gave.
	stop func() error
}

func serve(t *testing.T, change ...func(*pgwire.Config)) *serving {
	t.Helper()
	return serveFor(t, change...)
}

func (s *serving) address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

func serveFor(t testing.TB, change ...func(*pgwire.Config)) *serving {
	t.Helper()
	w := newWorld(t)
	s := &serving{world: w, gate: w.gate()}
	t.Cleanup(s.gate.Close)
	config := pgwire.Config{Gate: s.gate, People: w, Logger: quiet()}
	for _, one := range change {
		one(&config)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.port = listener.Addr().(*net.TCPAddr).Port
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- pgwire.New(config).Serve(ctx, listener) }()
	s.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { require.NoError(t, s.stop()) })
	return s
}

func (s *serving) dsn(more string) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=%s password=%s dbname=yitong sslmode=prefer %s", s.port, user, password, more)
}
