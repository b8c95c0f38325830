package query_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/schema"
)

// paging is a dataset of numbered rows with many equal and missing values.
func paging(t *testing.T, rows int) (*world, acl.Principal) {
	t.Helper()
	w := &world{warehouse: openWarehouse(t), now: acltest.Base}
	w.resource = acl.NewResource(acl.Resource{Dataset: "hr.staff", Department: "hr", Person: "id", Fields: []acl.Field{
		{Name: "id", Level: schema.L4, Type: schema.Of(schema.Int32), Column: `"id"`},
		{Name: "name", Level: schema.L1, Type: schema.Of(schema.String), Column: `"name"`},
		{Name: "born", Level: schema.L1, Type: schema.Of(schema.Date), Column: `"born"`},
		{Name: "pay", Level: schema.L1, Type: schema.DecimalOf(10, 2), Column: `"pay"`},
	}})
	w.dataset = publish(t, w.warehouse, w.resource, nil)
	w.dataset.Key = []string{"id"}
	table := warehouse.Published("hr.staff")
	require.NoError(t, w.warehouse.Exec(t.Context(), "INSERT INTO "+table+` SELECT i, CASE WHEN i % 5 > 0 THEN chr(97 + CAST(i % 3 AS INTEGER)) END,
		CASE WHEN i % 7 > 0 THEN DATE '2000-01-01' + CAST(i % 4 AS INTEGER) END, CASE WHEN i % 3 > 0 THEN i % 6 END FROM range(1, ?) t(i)`, rows+1))
	var err error
	w.set, err = acl.NewSet(1, acl.Contents{Policies: []acl.Policy{{
		ID: "a", Effect: acl.Allow, Subject: acl.Subject{Anyone: true}, Resource: acl.Selector{Levels: []schema.Level{schema.L1}}, Rights: []acl.Right{acl.View},
	}}})
	require.NoError(t, err)
	return w, acl.NewPrincipal(acl.Profile{ID: "1", Kind: acl.KindPerson})
}

// pages reads all pages and gives their rows in order.
func pages(t *testing.T, w *world, who acl.Principal, request query.Request, between func(page int)) []string {
	t.Helper()
	var all []string
	for page := 0; ; page++ {
		require.Less(t, page, 1000)
		result, err := w.gate().Read(t.Context(), who, request)
		require.NoError(t, err)
		all = append(all, inOrder(t, result)...)
		result.Reader.Release()
		if result.Next == "" {
			return all
		}
		request.Cursor = result.Next
		between(page)
	}
}

func inOrder(t *testing.T, result *query.Result) []string {
	t.Helper()
	var lines []string
	for result.Reader.Next() {
		batch := result.Reader.RecordBatch()
		require.Len(t, batch.Columns(), len(result.Fields), "the key is not given")
		for row := range int(batch.NumRows()) {
			line := ""
			for _, column := range batch.Columns() {
				line += cell(condition.Value{Text: column.ValueStr(row), Valid: !column.IsNull(row)})
			}
			lines = append(lines, line)
		}
	}
	require.NoError(t, result.Reader.Err())
	return lines
}

func TestPagesTogetherAreTheWhole(t *testing.T) {
	t.Parallel()
	w, who := paging(t, 103)
	for _, sort := range [][]string{nil, {"name"}, {"-name"}, {"born", "-pay"}, {"-born", "name", "pay"}} {
		request := query.Request{Dataset: "hr.staff", Sort: sort, Where: "pay is null or pay < 5"}
		whole := request
		whole.Limit = 1000
		result, err := w.gate().Read(t.Context(), who, whole)
		require.NoError(t, err)
		want := inOrder(t, result)
		result.Reader.Release()
		for _, limit := range []uint64{1, 7, 50, 1000} {
			request.Page, request.Limit = true, limit
			got := pages(t, w, who, request, func(int) {})
			require.Len(t, got, len(want), "%v by %d", sort, limit)
			slices.Sort(got)
			sorted := slices.Sorted(slices.Values(want))
			require.Equal(t, sorted, got, "%v by %d", sort, limit)
		}
	}
}

// TestNewRowsDoNotMovePages puts rows in and takes rows out between pages: what
// was there all the time comes exactly once.
func TestNewRowsDoNotMovePages(t *testing.T) {
	t.Parallel()
	w, who := paging(t, 60)
	table := warehouse.Published("hr.staff")
	request := query.Request{Dataset: "hr.staff", Sort: []string{"-born", "name"}, Page: true, Limit: 7}
	got := pages(t, w, who, request, func(page int) {
		require.NoError(t, w.warehouse.Exec(t.Context(), "INSERT INTO "+table+" VALUES (?, 'new', DATE '2000-01-02', 1)", 1000+page))
		require.NoError(t, w.warehouse.Exec(t.Context(), "DELETE FROM "+table+" WHERE id = ?", 1000+page-1))
	})
	old := slices.DeleteFunc(got, func(line string) bool { return strings.HasPrefix(line, "new|") })
	require.Len(t, old, 60)
}

func TestCursorsAreOfOneQuestion(t *testing.T) {
	t.Parallel()
	w, who := paging(t, 20)
	request := query.Request{Dataset: "hr.staff", Page: true, Limit: 5}
	result, err := w.gate().Read(t.Context(), who, request)
	require.NoError(t, err)
	result.Reader.Release()
	require.NotEmpty(t, result.Next)
	other := acl.NewPrincipal(acl.Profile{ID: "2", Kind: acl.KindPerson})
	for name, change := range map[string]func(*query.Request) acl.Principal{
		"another filter": func(r *query.Request) acl.Principal { r.Where = "pay > 1"; return who },
		"another order":  func(r *query.Request) acl.Principal { r.Sort = []string{"pay"}; return who },
		"another reader": func(*query.Request) acl.Principal { return other },
		"another right":  func(r *query.Request) acl.Principal { r.Right = acl.View; return who },
		"changed":        func(r *query.Request) acl.Principal { r.Cursor = "A" + r.Cursor[1:]; return who },
		"cut":            func(r *query.Request) acl.Principal { r.Cursor = r.Cursor[:8]; return who },
		"made up":        func(r *query.Request) acl.Principal { r.Cursor = "e30"; return who },
		"no page":        func(r *query.Request) acl.Principal { r.Page = false; return who },
		"too large":      func(r *query.Request) acl.Principal { r.Limit = 1001; return who },
	} {
		changed := request
		changed.Cursor = result.Next
		asker := change(&changed)
		_, err := w.gate().Read(t.Context(), asker, changed)
		require.True(t, fault.Is(err, fault.Invalid), "%s: %v", name, err)
	}
}
