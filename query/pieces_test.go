package query_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/schema"
)

// many is a dataset of more rows than several pieces have, some of them taken out
// again, with as many closed ones. Odd numbers may be seen.
func many(t *testing.T) *world {
	t.Helper()
	w := &world{warehouse: openWarehouse(t), now: acltest.Base}
	w.resource = acl.NewResource(acl.Resource{Dataset: "hr.staff", Fields: []acl.Field{{Name: "n", Type: schema.Of(schema.Int64), Column: `"n"`}}})
	w.dataset = publish(t, w.warehouse, w.resource, nil)
	table, history := warehouse.Published("hr.staff"), warehouse.History("hr.staff")
	for _, statement := range []string{
		"CREATE OR REPLACE TABLE " + table + " AS SELECT i AS n, CAST('" + published + "' AS TIMESTAMPTZ) AS _since FROM range(300000) t(i)",
		"DELETE FROM " + table + " WHERE n % 7 = 0 OR n BETWEEN 100000 AND 200000",
		"CREATE OR REPLACE TABLE " + history + " AS SELECT -i AS n, CAST('2026-01-01T00:00:00Z' AS TIMESTAMPTZ) AS _since, CAST('" + published + "' AS TIMESTAMPTZ) AS _until FROM range(1, 150000) t(i)",
	} {
		require.NoError(t, w.warehouse.Exec(t.Context(), statement))
	}
	policy := allow("n not in (1, 3)", "n")
	policy.Rights = []acl.Right{acl.View, acl.Hold}
	w.enact(t, policy)
	return w
}

func TestAllRowsAreGivenOncePieceByPiece(t *testing.T) {
	t.Parallel()
	was, err := time.Parse(time.RFC3339, "2026-01-15T00:00:00Z")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		request query.Request
		want    string
	}{
		"now":       {query.Request{}, "SELECT n FROM " + warehouse.Published("hr.staff") + " WHERE n NOT IN (1, 3)"},
		"filtered":  {query.Request{Where: "n > 250000"}, "SELECT n FROM " + warehouse.Published("hr.staff") + " WHERE n > 250000"},
		"as it was": {query.Request{AsOf: &was}, "SELECT n FROM " + warehouse.History("hr.staff")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := many(t)
			c.request.Dataset, c.request.All, c.request.Right = "hr.staff", true, acl.Hold
			result, err := w.gate().Read(t.Context(), acl.NewPrincipal(own), c.request)
			require.NoError(t, err)
			defer result.Reader.Release()
			reader, err := w.warehouse.Query(t.Context(), c.want)
			require.NoError(t, err)
			defer reader.Release()
			want := cells(t, reader)
			require.Greater(t, len(want), 10_000)
			require.Equal(t, want, cells(t, result.Reader))
		})
	}
}

// TestACopyIsOfOneState gives the rows of the moment at which it began.
func TestACopyIsOfOneState(t *testing.T) {
	t.Parallel()
	w := many(t)
	result, err := w.gate().Read(t.Context(), acl.NewPrincipal(own), query.Request{Dataset: "hr.staff", All: true, Right: acl.Hold})
	require.NoError(t, err)
	defer result.Reader.Release()
	require.NoError(t, w.warehouse.Exec(t.Context(), "DELETE FROM "+warehouse.Published("hr.staff")))
	require.Len(t, cells(t, result.Reader), int(w.records[0].Rows))
}

func TestACopyThatIsLeftGivesEverythingBack(t *testing.T) {
	t.Parallel()
	w := many(t)
	for range 30 { // more than there are connections
		result, err := w.gate().Read(t.Context(), acl.NewPrincipal(own), query.Request{Dataset: "hr.staff", All: true, Right: acl.Hold})
		require.NoError(t, err)
		require.True(t, result.Reader.Next())
		result.Reader.Release()
		result.Reader.Release()
	}
	require.NoError(t, w.warehouse.Exec(t.Context(), "DROP TABLE "+warehouse.Published("hr.staff")))
}

func TestALargePartIsCutOffWhereItIsAsked(t *testing.T) {
	t.Parallel()
	w := many(t)
	for _, limit := range []uint64{10_001, 61_440, 61_441, 100_000, 140_000} {
		result, err := w.gate().Read(t.Context(), acl.NewPrincipal(own), query.Request{Dataset: "hr.staff", Limit: limit, Right: acl.Hold})
		require.NoError(t, err)
		lines := cells(t, result.Reader)
		result.Reader.Release()
		require.Len(t, lines, int(limit))
		require.Len(t, slices.Compact(lines), int(limit), "each row once")
		require.EqualValues(t, limit, w.records[len(w.records)-1].Rows)
	}
}

func TestAllRowsHaveNoOrder(t *testing.T) {
	t.Parallel()
	w := many(t)
	for _, request := range []query.Request{{Sort: []string{"n"}}, {Limit: 5}, {Offset: 1}, {Page: true}, {GroupBy: []string{"n"}}} {
		request.All = true
		require.True(t, fault.Is(refusal(t, w, own, request), fault.Invalid))
	}
}
