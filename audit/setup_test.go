package audit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/internal/store"
)

// childMode tells the test's program to be another process, childDir where.
const (
	childMode = "YITONG_AUDIT_CHILD"
	childDir  = "YITONG_AUDIT_DIR"
)

func TestMain(m *testing.M) {
	children := map[string]func(context.Context, string) error{"crash": appendUntilKilled, "full": appendToFullDisk}
	if child := children[os.Getenv(childMode)]; child != nil {
		if err := child(context.Background(), os.Getenv(childDir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// bundle is a record of reads whose clock goes on by a minute with each record.
type bundle struct {
	dir   string
	store *store.Store
	log   *audit.Log
	clock time.Time
}

var begin = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// never is a pause that outlasts the test: nothing is copied before Close.
const never = time.Hour

func setup(t *testing.T, opened *store.Store, options audit.Options) *bundle {
	t.Helper()
	b := &bundle{dir: filepath.Join(t.TempDir(), "audit"), store: opened, clock: begin}
	b.open(t, options)
	return b
}

func (b *bundle) open(t *testing.T, options audit.Options) {
	t.Helper()
	options.Now = func() time.Time {
		b.clock = b.clock.Add(time.Minute)
		return b.clock
	}
	var err error
	b.log, err = audit.Open(t.Context(), b.dir, b.store, options)
	require.NoError(t, err)
	log := b.log
	t.Cleanup(func() { require.NoError(t, log.Close()) })
}

func (b *bundle) append(t *testing.T, records ...audit.Record) {
	t.Helper()
	for _, record := range records {
		require.NoError(t, b.log.Append(t.Context(), record))
	}
}

func (b *bundle) view(t *testing.T) *audit.Reader {
	t.Helper()
	reader, err := audit.View(t.Context(), b.dir, b.store)
	require.NoError(t, err)
	return reader
}

// forget makes the copy unknown, so that it is no witness.
func (b *bundle) forget(t *testing.T) {
	t.Helper()
	b.exec(t, "DELETE FROM audit_node")
}

func (b *bundle) exec(t *testing.T, statement string) {
	t.Helper()
	_, err := b.store.DB().ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

func by(principal string) audit.Record {
	return audit.Record{Principal: principal, Action: "read", Dataset: "hr.staff", Outcome: audit.Allowed}
}

func principals(records []audit.Record) []string {
	names := []string{}
	for _, record := range records {
		names = append(names, record.Principal)
	}
	return names
}

// journal gives the newest file of the journal.
func (b *bundle) journal(t *testing.T) string {
	t.Helper()
	files := b.journals(t)
	require.NotEmpty(t, files)
	return files[len(files)-1]
}

func (b *bundle) journals(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, "*.jsonl"))
	require.NoError(t, err)
	return files
}

// rewrite replaces the content of a file.
func rewrite(t *testing.T, path string, change func(string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(change(string(text))), 0o600))
}
