package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/pipelines"
)

// seed writes rows of two houses, one of each person.
func (h *house) seed(t *testing.T) {
	t.Helper()
	got := h.send(t, sent{as: "app_all", key: "seed", mode: "insert", body: `{"rows":[
		{"no":1,"house":"a","seats":3,"code":"x","who":"10001"},
		{"no":2,"house":"b","seats":4,"code":"y","who":"10002","note":"secret"}]}`})
	require.EqualValues(t, 2, got.report.Inserted, got.text)
}

func TestWhatMayBeWritten(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.seed(t)
	for i, c := range []struct {
		name           string
		as, mode, more string
		rows           string
		status         int
		has            string
		codes          []string
	}{
		{name: "nothing without a policy", as: "app_none", mode: "upsert", rows: `{"no":1}`, status: 403, has: "no policy lets app_none create it"},
		{name: "one's own rows", as: "app_a", mode: "upsert", rows: `{"no":1,"seats":5}`, status: 200},
		{name: "not the rows of others", as: "app_a", mode: "upsert", rows: `{"no":2,"seats":5,"house":"a"}`, status: 200, codes: []string{"denied"}},
		{name: "and not out of one's own", as: "app_a", mode: "upsert", rows: `{"no":1,"house":"b"}`, status: 200, codes: []string{"denied"}},
		{name: "no new ones of others", as: "app_a", mode: "insert", rows: `{"no":3,"house":"b"}`, status: 200, codes: []string{"denied"}},
		{name: "a condition over what is missing does not hold", as: "app_a", mode: "insert", rows: `{"no":3,"seats":1}`, status: 200, codes: []string{"not_null"}},
		{name: "rows of others cannot be deleted", as: "app_a", mode: "delete", rows: `{"no":2},{"no":99}`, status: 200, codes: []string{"not_found", "not_found"}},
		{name: "fields without the right are named", as: "app_part", mode: "upsert", rows: `{"no":1,"note":"x"}`, status: 403, has: "field note may not be written"},
		{name: "all others are written", as: "app_part", mode: "upsert", rows: `{"no":1,"seats":4}`, status: 200},
		{name: "a deletion takes the right on all", as: "app_part", mode: "delete", rows: `{"no":1}`, status: 403, has: "every field"},
		{name: "a policy for a purpose", as: "app_purpose", mode: "upsert", rows: `{"no":1,"seats":4}`, status: 403},
		{name: "where it is said", as: "app_purpose", mode: "upsert", more: "&purpose=booking", rows: `{"no":1,"seats":4}`, status: 200},
		{name: "an unknown purpose", as: "app_purpose", mode: "upsert", more: "&purpose=bookin", rows: `{"no":1,"seats":4}`, status: 400, has: "is booking meant"},
		{name: "nobody consented", as: "app_consent", mode: "upsert", more: "&purpose=advice", rows: `{"no":1,"house":"a","seats":4},{"no":7,"house":"a","who":"10001"}`, status: 200, codes: []string{"denied", "denied"}},
		{name: "a deny of a field", as: "app_denied", mode: "upsert", rows: `{"no":1,"code":"z"}`, status: 403, has: "no-codes"},
		{name: "a deny on some rows, as they were", as: "app_denied", mode: "upsert", rows: `{"no":2,"house":"b","note":"x","seats":1}`, status: 200, codes: []string{"denied"}},
		{name: "and as they will be", as: "app_denied", mode: "insert", rows: `{"no":4,"house":"a","note":"x","seats":5}`, status: 200, codes: []string{"denied"}},
		{name: "a deny counts where it is not false", as: "app_denied", mode: "insert", rows: `{"no":4,"house":"a","note":"x"}`, status: 200, codes: []string{"denied"}},
		{name: "and is not about other fields", as: "app_denied", mode: "insert", rows: `{"no":4,"house":"a","seats":5}`, status: 200},
		{name: "an unknown field", as: "app_a", mode: "upsert", rows: `{"no":1,"seat":1}`, status: 400, has: "is seats meant"},
		{name: "hints name only what may be written", as: "app_part", mode: "upsert", rows: `{"no":1,"notes":"x"}`, status: 400, has: "has no field notes"},
		{name: "rows without a key", as: "app_a", mode: "upsert", rows: `{"seats":1}`, status: 400, has: "no row gives the field no"},
		{name: "one row without a key", as: "app_a", mode: "upsert", rows: `{"no":1},{"seats":1}`, status: 200, codes: []string{"not_null"}},
	} {
		got := h.send(t, sent{as: c.as, key: fmt.Sprint("w", i), mode: c.mode, more: c.more, body: `{"rows":[` + c.rows + `]}`})
		require.Equal(t, c.status, got.status, "%s: %s", c.name, got.text)
		require.Contains(t, got.text, c.has, c.name)
		if c.codes == nil {
			c.codes = []string{}
		}
		require.Equal(t, c.codes, got.codes(), "%s: %s", c.name, got.text)
		require.NotContains(t, got.text, "secret")
		require.NotContains(t, got.text, "10002")
	}
	rows, _ := h.rows(t, "app_all")
	require.Equal(t, "b", *rows["2"]["house"])
	require.Equal(t, "4", *rows["2"]["seats"])
}

// TestAHiddenRowIsAsIfItWereNotThere compares what one is told of a key that
// is there, of a row that one may not write, with a key that is not.
func TestAHiddenRowIsAsIfItWereNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.seed(t)
	for i, row := range []string{
		`"seats":9,"house":"a"`, `"seats":"x","house":"a"`, `"house":"b"`, `"seats":1`, `"house":null`, `"house":"a","code":"x"`, `"house":["a"]`, `"house":7`,
		`"house":"b","code":"x"`, `"note":"n"`, `"house":"b","seats":1,"note":"n"`, ``,
	} {
		for _, mode := range []string{"upsert", "insert", "delete"} {
			if mode == "delete" && row != "" {
				continue
			}
			row = strings.TrimPrefix(row, ",")
			told := map[string]string{}
			for _, key := range []string{"2", "999"} {
				body := `{"rows":[{"no":` + key + `,` + row + `}]}`
				if row == "" {
					body = `{"rows":[{"no":` + key + `}]}`
				}
				got := h.send(t, sent{as: "app_a", key: fmt.Sprint("h", i, mode, key), mode: mode, more: "&dry_run=true", body: body})
				require.Equal(t, http.StatusOK, got.status, got.text)
				told[key] = strings.ReplaceAll(got.text, key, "#")
			}
			told["2"] = strings.ReplaceAll(told["2"], `"version":#`, `"version":2`)
			told["999"] = strings.ReplaceAll(told["999"], `"version":#`, `"version":2`)
			require.Equal(t, told["999"], told["2"], "%s %s", mode, row)
		}
	}
	// A new row that would be taken, and is refused, tells that its key is there:
	// keys are unique, so that nobody can keep it from who may insert.
	got := h.send(t, sent{as: "app_a", key: "taken", mode: "insert", more: "&dry_run=true", body: `{"rows":[{"no":2,"house":"a"}]}`})
	require.Equal(t, []string{"denied"}, got.codes())
}

// TestAUniqueValueOfARowThatIsKeptIsNotTaken sends a row that may not be written
// beside one that wants its value.
func TestAUniqueValueOfARowThatIsKeptIsNotTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.seed(t)
	got := h.send(t, sent{as: "app_a", key: "u1", mode: "upsert", body: `{"rows":[{"no":2,"house":"a","code":"z"},{"no":5,"house":"a","code":"y"}]}`})
	require.Equal(t, []string{"denied", "unique"}, got.codes(), got.text)
	got = h.send(t, sent{as: "app_all", key: "u2", mode: "upsert", body: `{"rows":[{"no":1,"code":"y"},{"no":2,"code":"x"}]}`})
	require.EqualValues(t, 2, got.report.Updated, "two rows may change their values: %s", got.text)
	got = h.send(t, sent{as: "app_all", key: "u3", mode: "upsert", body: `{"rows":[{"no":1,"seats":9,"code":"n"},{"no":6,"house":"a","code":"y"}]}`})
	require.Equal(t, []string{"range", "unique"}, got.codes(), "a row that is refused keeps its value: %s", got.text)
	got = h.send(t, sent{as: "app_all", key: "u4", mode: "upsert", body: `{"rows":[{"no":1,"seats":2},{"no":6,"house":"a","code":"y"}]}`})
	require.Equal(t, []string{"unique"}, got.codes(), "who has a value keeps it: %s", got.text)
	require.EqualValues(t, 1, got.report.Updated)
}

func TestByDelegation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.seed(t)
	lend := func(resource string) *httptest.ResponseRecorder {
		until := time.Now().AddDate(0, 0, 7).Format(time.DateOnly)
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/delegations",
			strings.NewReader(`{"to":"person","rights":["create"],"resource":`+resource+`,"valid":{"until":"`+until+`"},"reason":"holidays"}`))
		request.Header.Set("Authorization", "Bearer demo:app_a")
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		h.handler.ServeHTTP(recorder, request)
		return recorder
	}
	body := `{"rows":[{"no":1,"seats":1},{"no":2,"seats":1}]}`
	got := h.send(t, sent{as: "person", key: "d0", mode: "upsert", body: body, onBehalfOf: "app_a"})
	require.Equal(t, http.StatusForbidden, got.status)
	lent := lend(`{"datasets":["rooms.booking"],"fields":["no","seats"]}`)
	require.Equal(t, http.StatusOK, lent.Code, lent.Body)
	got = h.send(t, sent{as: "person", key: "d1", mode: "upsert", body: body, onBehalfOf: "app_a"})
	require.Equal(t, []string{"not_null"}, got.codes(), "the row of others is as if it were not there: %s", got.text)
	require.EqualValues(t, 1, got.report.Updated)
	run, err := h.opened.Replay(t.Context(), pipelines.ReplayFilter{Dataset: "rooms.booking"})
	require.NoError(t, err)
	require.Zero(t, run.Counts.Read, "nobody must write it by trying it again")
	require.EqualValues(t, 1, h.quarantined(t)["not_null"])
	got = h.send(t, sent{as: "person", key: "d2", mode: "upsert", body: `{"rows":[{"no":1,"house":"a"}]}`, onBehalfOf: "app_a"})
	require.Equal(t, http.StatusForbidden, got.status, "the field was not lent")
	got = h.send(t, sent{as: "person", key: "d3", mode: "upsert", body: body})
	require.Equal(t, http.StatusForbidden, got.status, "nobody has lent rights of their own")
	records, err := h.opened.Audit.Records(t.Context(), audit.Filter{Principal: "person", Outcome: audit.Allowed})
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.Equal(t, "app_a", records[0].OnBehalfOf)
	require.Equal(t, "create", records[0].Action)
	require.Equal(t, []string{"10001"}, records[0].Persons)
	require.EqualValues(t, 1, records[0].Rows)
}

// TestOneKeyIsCarriedOutOnce sends one request many times at once, and many others.
func TestOneKeyIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var mu sync.Mutex
	var group sync.WaitGroup
	first, replayed := 0, 0
	for i := range 8 {
		group.Go(func() {
			got := h.send(t, sent{as: "app_all", key: "same", mode: "insert", body: `{"rows":[{"no":1,"house":"a"}]}`})
			mu.Lock()
			defer mu.Unlock()
			if got.status != http.StatusOK || got.report.Inserted != 1 || got.report.Version != 2 && got.report.Version > 20 {
				t.Errorf("%d %s", got.status, got.text)
			}
			if got.replayed {
				replayed++
			} else {
				first++
			}
		})
		group.Go(func() {
			got := h.send(t, sent{as: "app_a", key: fmt.Sprint("other", i), mode: "insert", body: fmt.Sprintf(`{"rows":[{"no":%d,"house":"a"}]}`, 10+i)})
			if got.report.Inserted != 1 {
				t.Error(got.text)
			}
		})
		group.Go(func() { h.rows(t, "app_all") })
	}
	group.Wait()
	require.Equal(t, 1, first)
	require.Equal(t, 7, replayed)
	rows, version := h.rows(t, "app_all")
	require.Len(t, rows, 9)
	require.EqualValues(t, 10, version)
	// Keys of another application are its own.
	got := h.send(t, sent{as: "app_a", key: "same", mode: "insert", body: `{"rows":[{"no":50,"house":"a"}]}`})
	require.False(t, got.replayed)
	require.EqualValues(t, 1, got.report.Inserted, got.text)
}

// TestNoBodyBreaksTheWriters sends odd bodies in every form to who may write.
func TestNoBodyBreaksTheWriters(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.seed(t)
	_, before := h.rows(t, "app_all")
	n := 0
	for _, media := range []string{"application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream", "text/csv; charset=utf-8", "application/xml", "", "x"} {
		for name, body := range bodies {
			n++
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/datasets/rooms.booking/rows?mode=upsert", strings.NewReader(body))
			request.Header.Set("Idempotency-Key", fmt.Sprint("odd", n))
			request.Header.Set("Content-Type", media)
			harmless(t, h.handler, request, "app_all", media+" "+name)
		}
	}
	for _, field := range []string{"no", "house", "seats", "code", "who"} {
		var rows []any
		for _, odd := range oddities {
			n++
			rows = append(rows, map[string]any{"no": 1000 + n, "house": "a", field: strings.ToValidUTF8(odd, "?")})
		}
		text, err := json.Marshal(map[string]any{"rows": rows})
		require.NoError(t, err)
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/datasets/rooms.booking/rows?mode=upsert&dry_run=true", bytes.NewReader(text))
		request.Header.Set("Idempotency-Key", field)
		request.Header.Set("Content-Type", "application/json")
		harmless(t, h.handler, request, "app_all", field)
	}
	_, after := h.rows(t, "app_all")
	require.Equal(t, before, after)
	large := sent{as: "app_all", key: "large", mode: "insert", body: `{"rows":[` + strings.TrimSuffix(strings.Repeat(`{"no":1},`, 10_001), ",") + `]}`}
	got := h.send(t, large)
	require.Equal(t, http.StatusRequestEntityTooLarge, got.status)
	require.Contains(t, got.text, "10000 rows")
	large.body = `{"rows":[{"no":1,"note":"` + strings.Repeat("a", 17<<20) + `"}]}`
	require.Equal(t, http.StatusRequestEntityTooLarge, h.send(t, large).status)
}

// TestManyRowsAtOnce sends as many rows as one request takes.
func TestManyRowsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var lines strings.Builder
	lines.WriteString("no,house,seats,code\n")
	for i := range 10_000 {
		fmt.Fprintf(&lines, "%d,a,%d,c%d\n", i, i%6, i)
	}
	got := h.send(t, sent{as: "app_a", key: "many", mode: "insert", media: "text/csv", body: lines.String()})
	require.EqualValues(t, 8_333, got.report.Inserted)
	require.EqualValues(t, 1_667, got.report.Refused)
	require.Equal(t, "range", got.report.Refusals[1666].Code)
	require.Equal(t, 9996, got.report.Refusals[1666].Index)
	require.EqualValues(t, 1_667, h.quarantined(t)["range"])
}
