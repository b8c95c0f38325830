package pipelines_test

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/pipelines/pipetest"
)

func TestIncrementalReadsFromItsPositionAndFindsDeletes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ds := definition.Dataset{
		Key: []string{"id"}, Load: definition.LoadIncremental,
		Cursor: &definition.Cursor{Column: "v", LookBack: "1"}, Deletes: definition.Deletes{Find: "compare"},
	}
	cols := columns("id int64", "v int64", "name string")
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: [][]any{{1, 1, "a"}, {2, 2, "b"}, {3, 3, "c"}}})
	require.Equal(t, catalog.OutcomePublished, b.sync(t, ds).Outcome)
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: [][]any{{2, 2, "b"}, {3, 5, "C"}, {4, 4, "d"}}})
	run := b.sync(t, ds)
	require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
	require.Equal(t, catalog.Counts{Read: 3, Landed: 3, Inserted: 1, Updated: 1, Deleted: 1, Published: 3}, run.Counts)
	require.Equal(t, "2", b.source.Reads()[1].Since, "one step before the last position, 3")
	require.Equal(t, []string{"2|2|b", "3|5|C", "4|4|d"}, b.published(t))
	require.Equal(t, catalog.OutcomeUnchanged, b.sync(t, ds).Outcome)
	require.Equal(t, "4", b.source.Reads()[3].Since)
}

func TestChangesApplyInOrderOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ds := definition.Dataset{Key: []string{"id"}, Load: definition.LoadChanges}
	cols := columns("id int64", "name string", "_op string")
	events := [][]any{{1, "a", "u"}, {2, "b", "u"}, {1, "A", "u"}, {2, nil, "d"}, {3, "c", "u"}}
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: events, Changes: true})
	run := b.sync(t, ds)
	require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
	require.Equal(t, []string{"1|A", "3|c"}, b.published(t))
	events = append(events, [][]any{{3, "c", "u"}, {1, nil, "d"}, {2, "B", "u"}}...)
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: events, Changes: true})
	run = b.sync(t, ds)
	require.Equal(t, []string{"2|B", "3|c"}, b.published(t))
	require.EqualValues(t, 3, run.Counts.Read, "the token kept the earlier ones away")
	require.Empty(t, b.open(t))
}

func TestRowsWithoutKeyAreAMultiset(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cols := columns("a int64", "b string")
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: [][]any{{1, "x"}, {1, "x"}, {2, nil}}})
	b.sync(t, definition.Dataset{})
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: [][]any{{2, ""}, {1, "x"}, {1, "x"}, {1, "x"}}})
	run := b.sync(t, definition.Dataset{})
	require.Equal(t, []string{"1|x", "1|x", "1|x", "2|"}, b.published(t))
	require.EqualValues(t, 2, run.Counts.Inserted)
	require.EqualValues(t, 1, run.Counts.Deleted)
}

func TestSoftDeletes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ds := definition.Dataset{Key: []string{"id"}, Deletes: definition.Deletes{Find: "soft", Column: "del", Values: []string{"1"}}}
	cols := columns("id int64", "del string")
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: [][]any{{1, "0"}, {2, "0"}, {3, "1"}}})
	b.sync(t, ds)
	require.Equal(t, []string{"1|0", "2|0"}, b.published(t))
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: [][]any{{2, "1"}}})
	b.sync(t, ds)
	require.Equal(t, []string{"1|0"}, b.published(t), "a row that does not come says nothing")
}

func TestAnUnchangedVersionWritesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ds := definition.Dataset{Key: []string{"id"}}
	b.source.Put("T", pipetest.Table{Columns: columns("id int64"), Rows: [][]any{{1}}, Version: "v1"})
	b.sync(t, ds)
	before := b.bytes(t)
	run := b.sync(t, ds)
	require.Equal(t, catalog.OutcomeUnchanged, run.Outcome)
	require.Len(t, b.source.Reads(), 1)
	require.Equal(t, before, b.bytes(t))
	run = b.sync(t, ds, pipelines.Options{Force: true})
	require.Equal(t, catalog.OutcomeUnchanged, run.Outcome)
	require.Len(t, b.source.Reads(), 2, "force reads all the same")
}

// bytes gives the hashes of all files of the warehouse.
func (b *bench) bytes(t *testing.T) map[string][32]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(b.dir, "*.duckdb*"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	sums := map[string][32]byte{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		sums[filepath.Base(path)] = sha256.Sum256(content)
	}
	return sums
}

func TestABrokenOffReadGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	for name, noResume := range map[string]bool{"connector continues": false, "connector begins anew": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			ds := definition.Dataset{Key: []string{"id"}}
			table := pipetest.Table{Columns: columns("id int64", "n string"), FailAt: 9, NoResume: noResume}
			for i := range 11 {
				table.Rows = append(table.Rows, []any{i, "x"})
			}
			b.source.Put("T", table)
			run := b.sync(t, ds)
			require.Equal(t, catalog.OutcomeFailed, run.Outcome)
			run = b.sync(t, ds)
			require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
			require.EqualValues(t, "8", b.source.Reads()[1].Resume, "two chunks of four were kept")
			require.Len(t, b.published(t), 11)
			require.True(t, run.Proof.Holds())
		})
	}
}

func TestACanceledSyncSaysSo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.source.Put("T", pipetest.Table{Columns: columns("id int64"), Rows: [][]any{{1}}})
	cancel()
	_, err := b.engine.Sync(ctx, system(definition.Dataset{Key: []string{"id"}}), pipelines.Options{})
	require.Error(t, err)
	require.Equal(t, fault.Canceled, fault.CodeOf(err), err.Error())
	require.Equal(t, catalog.OutcomePublished, b.sync(t, definition.Dataset{Key: []string{"id"}}).Outcome)
}

func TestSafeguardsKeepTheLastGoodVersion(t *testing.T) {
	t.Parallel()
	good := pipetest.Table{Columns: columns("id int64", "a int64", "b int64"), Rows: [][]any{{1, 1, 1}, {2, 2, 2}}}
	cases := map[string]struct {
		table pipetest.Table
		ds    definition.Dataset
		says  string
	}{
		"no rows":        {table: pipetest.Table{Columns: good.Columns}, says: "no rows where it had 2"},
		"one column":     {table: pipetest.Table{Columns: columns("id int64"), Rows: [][]any{{1}}}, says: "2 of 3 columns are gone"},
		"narrowed type":  {table: pipetest.Table{Columns: columns("id int64", "a int16", "b int64"), Rows: [][]any{{1, 1, 1}}}, says: "narrowed from int64 to int16"},
		"other type":     {table: pipetest.Table{Columns: columns("id int64", "a date", "b int64"), Rows: [][]any{{1, "2020-01-01", 1}}}, says: "changed from int64 to date"},
		"few rows":       {table: pipetest.Table{Columns: good.Columns, Rows: good.Rows[:1]}, ds: definition.Dataset{MinRows: 2}, says: "fewer than min_rows (2)"},
		"mostly refused": {table: pipetest.Table{Columns: good.Columns, Rows: [][]any{{nil, 1, 1}, {nil, 2, 2}}}, says: "more than max_quarantine (0.1)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			c.ds.Key = []string{"id"}
			b.source.Put("T", good)
			require.Equal(t, catalog.OutcomePublished, b.sync(t, c.ds).Outcome)
			before := b.published(t)
			b.source.Put("T", c.table)
			run := b.sync(t, c.ds)
			require.Equal(t, catalog.OutcomeStopped, run.Outcome, run.Message)
			require.Contains(t, run.Message, c.says)
			require.Equal(t, before, b.published(t))
			require.Empty(t, b.open(t))
		})
	}
}

func TestDrift(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ds := definition.Dataset{Key: []string{"id"}}
	b.source.Put("T", pipetest.Table{Columns: columns("id int32", "a string", "b string"), Rows: [][]any{{1, "x", "p"}, {2, "y", "q"}}})
	b.sync(t, ds)
	b.source.Put("T", pipetest.Table{Columns: columns("id int64", "a string", "c string"), Rows: [][]any{{1, "x", "new"}, {2, "y", nil}, {5_000_000_000, "z", nil}}})
	run := b.sync(t, ds)
	require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
	require.Equal(t, []catalog.Drift{
		{Kind: catalog.DriftTypeWidened, Column: "id", From: "int32", To: "int64"},
		{Kind: catalog.DriftColumnDropped, Column: "b", From: "string"},
		{Kind: catalog.DriftColumnAdded, Column: "c", To: "string"},
	}, run.Drift)
	require.Equal(t, []string{"1|x|<nil>|new", "2|y|<nil>|<nil>", "5000000000|z|<nil>|<nil>"}, b.rows(t, `SELECT id, a, b, c FROM warehouse.published."hr.staff"`))
	require.Equal(t, []string{"1|p", "2|q"}, b.rows(t, `SELECT id, b FROM warehouse.history."hr.staff"`))
	states := map[string]string{}
	for _, field := range b.catalog.Publication(dataset).Fields {
		states[field.Name] = field.State
	}
	require.Equal(t, map[string]string{"id": "active", "a": "active", "b": "dropped", "c": "active"}, states)
	b.source.Put("T", pipetest.Table{Columns: columns("id int64", "a string", "c string"), Rows: [][]any{{1, "x", "new"}, {2, "y", nil}, {5_000_000_000, "z", nil}}})
	require.Equal(t, catalog.OutcomeUnchanged, b.sync(t, ds).Outcome)
}

func TestRejectsOfTheConnectorAreKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.source.Put("T", pipetest.Table{
		Columns: columns("id int64"), Rows: [][]any{{1}},
		Rejects: []connectors.Reject{{Row: 7, Code: "field_count", Reason: "3 fields where 1 was declared", Raw: `a,"b,c`}},
	})
	run := b.sync(t, definition.Dataset{Key: []string{"id"}, MaxQuarantine: 0.6})
	require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
	require.Equal(t, []string{`field_count||{"_raw":"a,\"b,c"}`}, b.open(t))
}
