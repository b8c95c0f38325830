package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// booking is a row of the model: what is not there is NULL.
type booking map[string]string

// offered is a row of a request: nil is null, what is not there is not given.
type offered map[string]*string

// expect is what the plain model makes of one row: the row afterwards, or why
// it is refused. Uniqueness is left to invariants.
func expect(was booking, as, mode string, row offered) (next booking, code string) {
	may := func(b booking) bool { return as == "app_all" || b["house"] == "a" }
	mine := was != nil && may(was)
	if mode == "delete" {
		if !mine {
			return nil, "not_found"
		}
		return nil, ""
	}
	if mode == "insert" && mine {
		return nil, "exists"
	}
	next = booking{}
	if mine {
		next = maps.Clone(was)
	}
	for name, value := range row {
		delete(next, name)
		if value != nil {
			next[name] = *value
		}
	}
	if text, given := next["seats"]; given {
		if _, err := strconv.Atoi(text); err != nil {
			return nil, "type_mismatch"
		}
	}
	if next["house"] == "" {
		return nil, "not_null"
	}
	if seats, given := next["seats"]; given && (seats < "1" || seats > "5") {
		return nil, "range"
	}
	if !may(next) || was != nil && !mine {
		return nil, "denied"
	}
	return next, ""
}

func drawRow(r *rapid.T, mode string) offered {
	row := offered{}
	pick := func(name string, values ...string) {
		value := rapid.SampledFrom(values).Draw(r, name)
		switch value {
		case "absent":
		case "null":
			row[name] = nil
		default:
			row[name] = &value
		}
	}
	pick("no", "1", "2", "3", "4", "5", "6")
	if mode != "delete" {
		pick("house", "a", "a", "a", "b", "b", "null", "absent", "absent")
		pick("seats", "1", "5", "9", "x", "null", "absent", "absent")
		pick("code", "p", "q", "null", "absent", "absent")
	}
	return row
}

// past is a request that was answered.
type past struct {
	sent   sent
	answer receipt
}

// TestContributionsEqualAPlainModel sends random requests and repeats them, and
// compares reports and rows with a model of a few lines.
func TestContributionsEqualAPlainModel(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	number := 0
	checks := 0
	rapid.Check(t, func(r *rapid.T) {
		if checks++; checks > 12 && !soaking() {
			return // each is some dozens of requests through the whole pipeline
		}
		number++
		empty(t, h, number)
		rows, version := begin(t, h, number)
		var done []past
		for range rapid.IntRange(2, 8).Draw(r, "requests") {
			if len(done) > 0 && rapid.IntRange(0, 4).Draw(r, "again") == 0 {
				again(r, t, h, rapid.SampledFrom(done).Draw(r, "which"))
				continue
			}
			number++
			s, asked := drawRequest(r, number)
			got := h.send(t, s)
			require.Equal(r, http.StatusOK, got.status, got.text)
			rows, version = compare(r, rows, version, s, asked, got)
			if s.more != "&dry_run=true" {
				done = append(done, past{s, got})
			}
			published, at := h.rows(t, "app_all")
			require.Equal(r, plain(rows), plainPublished(published))
			require.Equal(r, version, at)
		}
	})
}

// begin publishes rows of both houses, so that requests meet them.
func begin(t *testing.T, h *house, number int) (map[string]booking, int64) {
	t.Helper()
	rows := map[string]booking{"1": {"no": "1", "house": "a", "code": "p"}, "2": {"no": "2", "house": "b", "code": "q"}, "3": {"no": "3", "house": "b", "seats": "1"}}
	got := h.send(t, sent{as: "app_all", key: fmt.Sprint("begin", number), mode: "insert", body: `{"rows":[
		{"no":1,"house":"a","code":"p"},{"no":2,"house":"b","code":"q"},{"no":3,"house":"b","seats":1}]}`})
	require.EqualValues(t, 3, got.report.Inserted, got.text)
	return rows, got.report.Version
}

func drawRequest(r *rapid.T, number int) (sent, []offered) {
	s := sent{
		as: rapid.SampledFrom([]string{"app_all", "app_a"}).Draw(r, "as"), key: fmt.Sprint("k", number),
		mode: rapid.SampledFrom([]string{"insert", "upsert", "upsert", "delete"}).Draw(r, "mode"),
		more: rapid.SampledFrom([]string{"", "", "", "&on_error=abort", "&dry_run=true"}).Draw(r, "more"),
	}
	asked := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) offered { return drawRow(r, s.mode) }), 1, 4).Draw(r, "rows")
	s.body = bodyOf(asked)
	return s, asked
}

// bodyOf writes rows as JSON: numbers as numbers where they are.
func bodyOf(rows []offered) string {
	made := []map[string]any{}
	for _, row := range rows {
		one := map[string]any{}
		for name, value := range row {
			switch {
			case value == nil:
				one[name] = nil
			case name == "no":
				one[name] = json.Number(*value)
			default:
				one[name] = *value
			}
		}
		made = append(made, one)
	}
	text, err := json.Marshal(map[string]any{"rows": made})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// compare holds a report against the model and gives what is published then.
func compare(r *rapid.T, rows map[string]booking, version int64, s sent, asked []offered, got receipt) (map[string]booking, int64) {
	times := map[string]int{}
	for _, row := range asked {
		times[*row["no"]]++
	}
	refused := map[int]string{}
	for _, one := range got.report.Refusals {
		refused[one.Index] = one.Code
		require.Equal(r, *asked[one.Index]["no"], *one.Key["no"])
	}
	next, inserted, updated, deleted := maps.Clone(rows), int64(0), int64(0), int64(0)
	for i, row := range asked {
		key := *row["no"]
		was := rows[key]
		made, code := expect(was, s.as, s.mode, row)
		if times[key] > 1 {
			code = "duplicate_key"
		}
		if (code == "" || code == "denied") && refused[i] == "unique" {
			require.True(r, wanted(rows, asked, key, made["code"], row["code"]), "the value is nobody else's")
			continue
		}
		require.Equal(r, code, refused[i], "row %d of %s", i, s.body)
		switch {
		case code != "":
		case s.mode == "delete":
			delete(next, key)
			deleted++
		case was == nil:
			next[key] = made
			inserted++
		case !maps.Equal(was, made):
			next[key] = made
			updated++
		}
	}
	aborted := s.more == "&on_error=abort" && len(refused) > 0
	if aborted {
		require.Equal(r, "aborted", got.report.Outcome)
		require.Equal(r, version, got.report.Version)
		return rows, version
	}
	require.Equal(r, [3]int64{inserted, updated, deleted}, [3]int64{got.report.Inserted, got.report.Updated, got.report.Deleted}, "%s of %v: %s", s.body, rows, got.text)
	require.GreaterOrEqual(r, got.report.Version, version)
	if inserted+updated+deleted > 0 {
		require.Equal(r, version+1, got.report.Version)
	}
	codes := map[string]bool{}
	for _, row := range next {
		if code, given := row["code"]; given {
			require.False(r, codes[code], "code %s is there twice", code)
			codes[code] = true
		}
	}
	if s.more == "&dry_run=true" {
		return rows, version
	}
	return next, got.report.Version
}

// wanted reports whether another row has a code, or gives it.
func wanted(rows map[string]booking, asked []offered, key, made string, given *string) bool {
	if given != nil {
		made = *given
	}
	for other, row := range rows {
		if other != key && row["code"] == made {
			return true
		}
	}
	for _, row := range asked {
		if *row["no"] != key && row["code"] != nil && *row["code"] == made {
			return true
		}
	}
	return false
}

// again sends a request once more, as it was or with the same key and another body.
func again(r *rapid.T, t *testing.T, h *house, one past) {
	if rapid.Bool().Draw(r, "another body") {
		changed := one.sent
		changed.body += " "
		require.Equal(r, http.StatusConflict, h.send(t, changed).status)
		return
	}
	got := h.send(t, one.sent)
	require.True(r, got.replayed)
	require.Equal(r, one.answer.report, got.report)
}

// empty deletes what an earlier round left.
func empty(t *testing.T, h *house, number int) {
	t.Helper()
	var all []offered
	published, _ := h.rows(t, "app_all")
	for key := range published {
		all = append(all, offered{"no": &key})
	}
	if len(all) > 0 {
		got := h.send(t, sent{as: "app_all", key: fmt.Sprint("empty", number), mode: "delete", body: bodyOf(all)})
		require.EqualValues(t, len(all), got.report.Deleted, got.text)
	}
}

func plain(rows map[string]booking) map[string]booking {
	made := map[string]booking{}
	for key, row := range rows {
		made[key] = booking{}
		for _, name := range []string{"house", "seats", "code"} {
			made[key][name] = row[name]
		}
	}
	return made
}

func plainPublished(rows map[string]map[string]*string) map[string]booking {
	made := map[string]booking{}
	for key, row := range rows {
		made[key] = booking{}
		for _, name := range []string{"house", "seats", "code"} {
			made[key][name] = ""
			if row[name] != nil {
				made[key][name] = *row[name]
			}
		}
	}
	return made
}
