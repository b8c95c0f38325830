package pipelines_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/pipelines/pipetest"
	"github.com/yitong-hub/yitong/schema"
)

const dataset = "hr.staff"

// bench is one engine over a source in memory, with a clock that ticks.
type bench struct {
	dir       string
	warehouse *warehouse.Warehouse
	catalog   *pipetest.Catalog
	source    *pipetest.Source
	engine    *pipelines.Engine
	now       time.Time
}

func setup(t testing.TB) *bench {
	t.Helper()
	b := &bench{dir: filepath.Join(t.TempDir(), "wh"), source: pipetest.NewSource(), now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	w, err := warehouse.Open(t.Context(), warehouse.Config{Dir: b.dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	b.warehouse = w
	b.catalog = pipetest.NewCatalog(
		[]catalog.Element{{ID: "person.sex", Type: schema.Of(schema.String), CodeSet: "sex", Level: schema.L2}},
		[]catalog.CodeSet{{ID: "sex", Codes: []catalog.Code{{Code: "1"}, {Code: "2"}}}},
	)
	b.engine = pipelines.New(pipelines.Config{
		Warehouse: w, Catalog: b.catalog, Drivers: []connectors.Driver{b.source.Driver()},
		ChunkRows: 4, BatchRows: 2, Clock: b.tick,
	})
	return b
}

func (b *bench) tick() time.Time {
	b.now = b.now.Add(time.Second)
	return b.now
}

func columns(pairs ...string) []schema.Column {
	var made []schema.Column
	for _, pair := range pairs {
		name, kind, _ := strings.Cut(pair, " ")
		parsed, err := schema.ParseType(kind)
		if err != nil {
			panic(err)
		}
		made = append(made, schema.Column{Name: name, Type: parsed, Declared: strings.ToUpper(kind), Wire: "text"})
	}
	return made
}

func system(ds definition.Dataset) []definition.System {
	ds.Name, ds.Source = "staff", "T"
	return []definition.System{{ID: "hr", Connector: pipetest.DriverName, Datasets: []definition.Dataset{ds}}}
}

func (b *bench) sync(t *testing.T, ds definition.Dataset, options ...pipelines.Options) catalog.Run {
	t.Helper()
	var chosen pipelines.Options
	if len(options) > 0 {
		chosen = options[0]
	}
	summary, err := b.engine.Sync(t.Context(), system(ds), chosen)
	require.NoError(t, err)
	require.Len(t, summary.Runs, 1)
	return summary.Runs[0]
}

// rows gives the rows of a query as sorted text, fields separated by bars.
func (b *bench) rows(t *testing.T, query string, args ...any) []string {
	t.Helper()
	rows, err := b.warehouse.Rows(context.WithoutCancel(t.Context()), query, args...)
	require.NoError(t, err)
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(t, err)
	found := []string{}
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		parts := make([]string, len(values))
		for i, value := range values {
			parts[i] = fmt.Sprint(value)
		}
		found = append(found, strings.Join(parts, "|"))
	}
	require.NoError(t, rows.Err())
	sort.Strings(found)
	return found
}

func (b *bench) published(t *testing.T) []string {
	t.Helper()
	return b.rows(t, `SELECT * EXCLUDE (_since, _hash, _run) FROM warehouse.published."hr.staff"`)
}

func (b *bench) open(t *testing.T) []string {
	t.Helper()
	return b.rows(t, "SELECT code, field, raw FROM warehouse.quarantine.rows WHERE state = 'open'")
}

func TestFullLoadKeepsHistory(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ds := definition.Dataset{Key: []string{"id"}}
	cols := columns("id int64", "name string", "pay decimal(18,2)")
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: [][]any{{1, "a", "1.50"}, {2, "", nil}, {3, "c", "3"}, {4, "d", "4"}, {5, "e", "5"}}})
	run := b.sync(t, ds)
	require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
	require.True(t, run.Proof.Holds())
	require.EqualValues(t, 5, run.Counts.Inserted)
	require.Equal(t, []string{"1|a|1.5", "2||<nil>", "3|c|3", "4|d|4", "5|e|5"}, b.published(t))
	first := b.now

	b.source.Put("T", pipetest.Table{Columns: cols, Rows: [][]any{{5, "e", "5"}, {2, nil, nil}, {3, "C", "3"}, {4, "d", "4"}, {6, "f", "6"}}})
	run = b.sync(t, ds)
	require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
	require.Equal(t, catalog.Counts{Read: 5, Landed: 5, Inserted: 1, Updated: 2, Deleted: 1, Published: 5}, run.Counts)
	require.Equal(t, []string{"2|<nil>|<nil>", "3|C|3", "4|d|4", "5|e|5", "6|f|6"}, b.published(t))
	asOf := `SELECT id, name FROM warehouse.published."hr.staff" WHERE _since <= $1
		UNION ALL SELECT id, name FROM warehouse.history."hr.staff" WHERE _since <= $1 AND _until > $1`
	require.Equal(t, []string{"1|a", "2|", "3|c", "4|d", "5|e"}, b.rows(t, asOf, first))

	run = b.sync(t, ds)
	require.Equal(t, catalog.OutcomeUnchanged, run.Outcome, run.Message)
	require.EqualValues(t, 2, b.catalog.Publication(dataset).Version)
}

func TestDirtyRowsGoToQuarantineAndTheirGoodVersionStays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	date := schema.Of(schema.Date)
	ds := definition.Dataset{Key: []string{"id"}, MaxQuarantine: 0.9, Fields: []definition.Field{
		{Name: "id"}, {Name: "born", From: "csrq", Type: &date},
		{Name: "sex", Element: "person.sex", Codes: map[string]string{"男": "1", "女": "2"}},
	}}
	cols := columns("id string", "csrq string", "sex string")
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: [][]any{{"1", "1990年2月3日", "男"}, {"2", "19900228", "女"}, {"3", "32905", "未知"}}})
	run := b.sync(t, ds)
	require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
	good := []string{"1|1990-02-03 00:00:00 +0000 UTC|1", "2|1990-02-28 00:00:00 +0000 UTC|2", "3|1990-02-01 00:00:00 +0000 UTC|未知"}
	require.Equal(t, good, b.published(t))
	require.Contains(t, run.Checks, catalog.Check{Field: "sex", Rule: "in_code_set", Severity: "soft", Failed: 1, Rows: 3})

	dirty := pipetest.Table{Columns: cols, Rows: [][]any{{"1", "19900230", "男"}, {"2", "19900228", "女"}, {"2", "19900101", "女"}, {nil, "", "男"}}}
	b.source.Put("T", dirty)
	run = b.sync(t, ds)
	require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
	require.EqualValues(t, 3, run.Counts.Quarantined)
	require.Equal(t, good, b.published(t), "3 may be the row whose key is empty")
	require.Contains(t, run.Message, "1 rows did not come and stay published")
	require.Equal(t, []string{
		`duplicate_key||{"id":"2","csrq":"19900101","sex":"女"}`,
		`not_null|id|{"id":null,"csrq":"","sex":"男"}`,
		`type_mismatch|born|{"id":"1","csrq":"19900230","sex":"男"}`,
	}, b.open(t))
	require.Equal(t, catalog.OutcomeUnchanged, b.sync(t, ds).Outcome, "the same dirty rows are nothing new")

	dirty.Rows = dirty.Rows[:2]
	b.source.Put("T", dirty)
	run = b.sync(t, ds)
	require.Equal(t, good[:2], b.published(t), "now 3 is gone for certain")
	require.Len(t, b.open(t), 1)
	require.EqualValues(t, 1, run.Counts.Deleted)
}
