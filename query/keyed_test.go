package query_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
)

// keyedWorld is a dataset whose key is shown, of half of whose rows more is shown.
func keyedWorld(t *testing.T) *world {
	t.Helper()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(nil, "id", "name", "mobile", "note")})
	var rows []string
	for i := range 300 {
		rows = append(rows, fmt.Sprintf("O'%d|name %d|138%08d|secret", i, i, i))
	}
	w := byHand(t, openWarehouse(t), resource, rows, allow("", "id", "name"), masked(allow("", "mobile"), acl.Mask{Kind: acl.MaskPhone}))
	w.dataset.Key = []string{"id"}
	return w
}

// recorder is safe for many at once.
type recorder struct {
	mu      sync.Mutex
	records []audit.Record
}

func (r *recorder) Append(_ context.Context, record audit.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = append(r.records, record)
	return nil
}

// TestReadsByKeyGiveEachItsOwnRow reads by key from many at once, of people who are
// there, twice, and who are not, as two principals who see different things, and
// compares each answer and record with what a filter of another form gives.
func TestReadsByKeyGiveEachItsOwnRow(t *testing.T) {
	t.Parallel()
	w := keyedWorld(t)
	kept := &recorder{}
	gate := query.New(query.Config{Warehouse: w.warehouse, Catalog: w, Policies: w, Recorder: kept, Now: w.gate().Now})
	other := acl.Profile{ID: "p2", Kind: acl.KindPerson}
	var running sync.WaitGroup
	for i := range 400 {
		running.Go(func() {
			key := fmt.Sprintf("O'%d", i%330) // some twice, some nobody
			who := acl.NewPrincipal(own)
			if i%2 == 0 {
				who = acl.NewPrincipal(other)
			}
			request := query.Request{Dataset: "hr.staff", Where: fmt.Sprintf("id = 'O''%d'", i%330), Page: true, Limit: uint64(1 + i%3)}
			if i%5 == 0 {
				request.Fields = []string{"mobile", "name"}
			}
			got := readLines(t, gate, who, request)
			request.Where += " and name is not null" // another way, of the same meaning
			want := readLines(t, gate, who, request)
			require.Equal(t, want, got, key)
			require.Equal(t, i%330 < 300, len(got) == 1, key)
		})
	}
	running.Wait()
	require.Len(t, kept.records, 800)
	for _, record := range kept.records {
		require.Len(t, record.Persons, int(record.Rows))
		require.NotContains(t, record.Persons, "secret")
	}
}

func readLines(t *testing.T, gate *query.Gate, who acl.Principal, request query.Request) []string {
	t.Helper()
	result, err := gate.Read(t.Context(), who, request)
	require.NoError(t, err)
	defer result.Reader.Release()
	require.Empty(t, result.Next)
	require.Len(t, result.Reader.Schema().Fields(), len(result.Fields))
	return linesOf(t, result.Reader)
}

func TestAReadByKeyThatIsCanceledHurtsNobody(t *testing.T) {
	t.Parallel()
	w := keyedWorld(t)
	gate := query.New(query.Config{Warehouse: w.warehouse, Catalog: w, Policies: w, Recorder: &recorder{}, Now: w.gate().Now})
	var running sync.WaitGroup
	for i := range 60 {
		running.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			if i%3 == 0 {
				cancel()
			}
			defer cancel()
			result, err := gate.Read(ctx, acl.NewPrincipal(own), query.Request{Dataset: "hr.staff", Where: fmt.Sprintf("id = 'O''%d'", i), Page: true})
			if err != nil {
				require.True(t, fault.Is(err, fault.Canceled), "%v", err)
				return
			}
			defer result.Reader.Release()
			require.Len(t, linesOf(t, result.Reader), 1)
		})
	}
	running.Wait()
}
