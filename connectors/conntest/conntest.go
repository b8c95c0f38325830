package conntest

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Case is a source with what it holds.
type Case struct {
	// Open opens the source; the suite closes it.
	Open func(*testing.T) connectors.Source
	// Dataset is one of its datasets, with at least five rows and two columns.
	Dataset string
	// Columns are its columns with their types, as "id int64".
	Columns []string
	// Rows are its rows in order of the source, the values as Arrow's ValueStr
	// writes them, joined by bars.
	Rows []string
	// Unordered says that the source may give its rows in another order.
	Unordered bool
	// Cursor names a column whose values grow; empty skips incremental reads.
	// Since is one of its values in the text form of a token, and SinceRows the
	// rows that have it or a later one.
	Cursor, Since string
	SinceRows     []string
}

// Run asks the source everything that the contract promises.
func Run(t *testing.T, c Case) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Case){
		"discover": testDiscover, "read": testRead, "projection": testProjection, "batches": testBatches,
		"resume": testResume, "since": testSince, "unknown": testUnknown, "close": testClose,
		"cancel": testCancel, "concurrent": testConcurrent, "version": testVersion,
	} {
		t.Run(name, func(t *testing.T) { test(t, c) })
	}
}

func (c Case) open(t *testing.T) connectors.Source {
	t.Helper()
	source := c.Open(t)
	t.Cleanup(func() { require.NoError(t, source.Close()) })
	return source
}

func testDiscover(t *testing.T, c Case) {
	source := c.open(t)
	require.NoError(t, source.Check(t.Context()))
	datasets, err := source.Discover(t.Context())
	require.NoError(t, err)
	require.True(t, slices.IsSortedFunc(datasets, func(a, b schema.Dataset) int { return strings.Compare(a.Name, b.Name) }))
	place := slices.IndexFunc(datasets, func(d schema.Dataset) bool { return d.Name == c.Dataset })
	require.GreaterOrEqual(t, place, 0, "%s is not among the datasets", c.Dataset)
	var columns []string
	for _, column := range datasets[place].Columns {
		columns = append(columns, column.Name+" "+column.Type.String())
		require.NotEmpty(t, column.Declared, "the type ledger of %s begins with what the source declares", column.Name)
		require.NotEmpty(t, column.Wire, column.Name)
	}
	require.Equal(t, c.Columns, columns)
	for _, key := range datasets[place].Key {
		_, ok := datasets[place].Column(key)
		require.True(t, ok, "key %s is a column", key)
	}
}

// result is what a read gave.
type result struct {
	rows     []string
	tokens   []connectors.Token
	behind   []int // number of rows up to each token
	rejects  int
	position string
	restart  bool
	sizes    []int64
}

func read(ctx context.Context, t *testing.T, source connectors.Source, request connectors.ReadRequest) result {
	t.Helper()
	stream, err := source.Read(ctx, request)
	require.NoError(t, err)
	defer func() { require.NoError(t, stream.Close()) }()
	var all result
	for {
		batch, err := stream.Next(ctx)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		require.NotEmpty(t, batch.Token, "every batch has a token")
		all.rejects += len(batch.Rejects)
		all.restart = all.restart || batch.Restarted
		if batch.Position != "" {
			all.position = batch.Position
		}
		if batch.Record != nil {
			require.True(t, stream.Schema().Equal(batch.Record.Schema()))
			all.sizes = append(all.sizes, batch.Record.NumRows())
			for i := range int(batch.Record.NumRows()) {
				values := make([]string, batch.Record.NumCols())
				for j := range values {
					values[j] = strings.Clone(batch.Record.Column(j).ValueStr(i))
				}
				all.rows = append(all.rows, strings.Join(values, "|"))
			}
			batch.Record.Release()
		}
		all.tokens = append(all.tokens, batch.Token)
		all.behind = append(all.behind, len(all.rows))
	}
}

func (c Case) same(t *testing.T, want, got []string) {
	t.Helper()
	if c.Unordered {
		want, got = slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))
	}
	require.Equal(t, want, got)
}

func testRead(t *testing.T, c Case) {
	got := read(t.Context(), t, c.open(t), connectors.ReadRequest{Dataset: c.Dataset})
	c.same(t, c.Rows, got.rows)
	require.False(t, got.restart)
}

func testProjection(t *testing.T, c Case) {
	last, first := len(c.Columns)-1, 0
	name := func(i int) string { n, _, _ := strings.Cut(c.Columns[i], " "); return n }
	got := read(t.Context(), t, c.open(t), connectors.ReadRequest{Dataset: c.Dataset, Columns: []string{name(last), name(first)}})
	want := make([]string, len(c.Rows))
	for i, row := range c.Rows {
		values := strings.Split(row, "|")
		want[i] = values[last] + "|" + values[first]
	}
	c.same(t, want, got.rows)
}

func testBatches(t *testing.T, c Case) {
	got := read(t.Context(), t, c.open(t), connectors.ReadRequest{Dataset: c.Dataset, BatchRows: 2})
	c.same(t, c.Rows, got.rows)
	for _, size := range got.sizes {
		require.LessOrEqual(t, size, int64(2))
	}
}

func testResume(t *testing.T, c Case) {
	source := c.open(t)
	whole := read(t.Context(), t, source, connectors.ReadRequest{Dataset: c.Dataset, BatchRows: 2})
	for i, token := range whole.tokens {
		rest := read(t.Context(), t, source, connectors.ReadRequest{Dataset: c.Dataset, BatchRows: 2, Resume: token})
		if rest.restart {
			c.same(t, c.Rows, rest.rows)
			continue
		}
		c.same(t, c.Rows, slices.Concat(whole.rows[:whole.behind[i]], rest.rows))
	}
}

func testSince(t *testing.T, c Case) {
	if c.Cursor == "" {
		t.Skip("the case names no cursor")
	}
	source := c.open(t)
	full := read(t.Context(), t, source, connectors.ReadRequest{Dataset: c.Dataset, Cursor: c.Cursor, BatchRows: 2})
	c.same(t, c.Rows, full.rows)
	require.NotEmpty(t, full.position)
	part := read(t.Context(), t, source, connectors.ReadRequest{Dataset: c.Dataset, Cursor: c.Cursor, Since: c.Since})
	c.same(t, c.SinceRows, part.rows)
	none := read(t.Context(), t, source, connectors.ReadRequest{Dataset: c.Dataset, Cursor: c.Cursor, Since: full.position})
	require.NotEmpty(t, none.rows, "the bound itself is read again")
	require.Less(t, len(none.rows), len(c.Rows))
}

func testUnknown(t *testing.T, c Case) {
	source := c.open(t)
	for code, request := range map[fault.Code]connectors.ReadRequest{
		fault.NotFound: {Dataset: "no such dataset"},
		fault.Invalid:  {Dataset: c.Dataset, Columns: []string{"no such column"}},
	} {
		stream, err := source.Read(t.Context(), request)
		if err == nil {
			_, err = stream.Next(t.Context())
			require.NoError(t, stream.Close())
		}
		require.Error(t, err)
		require.Equal(t, code, fault.CodeOf(err), err.Error())
	}
}

func testClose(t *testing.T, c Case) {
	stream, err := c.open(t).Read(t.Context(), connectors.ReadRequest{Dataset: c.Dataset, BatchRows: 1})
	require.NoError(t, err)
	batch, err := stream.Next(t.Context())
	require.NoError(t, err)
	if batch.Record != nil {
		batch.Record.Release()
	}
	require.NoError(t, stream.Close())
	require.NoError(t, stream.Close(), "closing twice does nothing")
}

func testCancel(t *testing.T, c Case) {
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := c.open(t).Read(ctx, connectors.ReadRequest{Dataset: c.Dataset, BatchRows: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, stream.Close()) }()
	cancel()
	for range len(c.Rows) + 2 {
		batch, err := stream.Next(ctx)
		if err != nil {
			require.NotErrorIs(t, err, io.EOF, "a canceled reading does not look like a whole one")
			return
		}
		if batch.Record != nil {
			batch.Record.Release()
		}
	}
	t.Fatal("the reading went on behind its cancellation")
}

func testConcurrent(t *testing.T, c Case) {
	source := c.open(t)
	var group sync.WaitGroup
	results := make([]result, 3)
	for i := range results {
		group.Go(func() {
			results[i] = read(t.Context(), t, source, connectors.ReadRequest{Dataset: c.Dataset, BatchRows: 2})
		})
	}
	group.Wait()
	for _, got := range results {
		c.same(t, c.Rows, got.rows)
	}
}

func testVersion(t *testing.T, c Case) {
	versioner, ok := c.open(t).(connectors.Versioner)
	if !ok {
		t.Skip("the connector cannot tell versions")
	}
	first, err := versioner.Version(t.Context(), c.Dataset)
	require.NoError(t, err)
	second, err := versioner.Version(t.Context(), c.Dataset)
	require.NoError(t, err)
	require.Equal(t, first, second)
}
