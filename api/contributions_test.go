package api_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/pipelines"
)

const rooms = `
system: rooms
department: assets
connector: contributed
datasets:
  - name: booking
    source: booking
    key: ["no"]
    load: changes
    person: who
    fields:
      - {name: "no", type: int64, level: L1}
      - {name: house, level: L1, checks: [{rule: not_null}]}
      - {name: seats, type: int64, level: L1, checks: [{rule: range, min: "1", max: "5"}]}
      - {name: code, level: L2, checks: [{rule: unique}]}
      - {name: who, element: person.campus_id}
      - {name: note, level: L3}
`

const roomPolicies = `
purposes:
  - {id: booking, title: 预约, basis: contract}
  - {id: advice, title: 推荐, basis: consent}
policies:
  - {id: all, effect: allow, subject: {applications: [app_all]}, resource: {datasets: [rooms.booking]}, rights: [view, create]}
  - {id: a, effect: allow, subject: {applications: [app_a]}, resource: {datasets: [rooms.booking]}, rights: [view, create], rows: "house = 'a'"}
  - {id: part, effect: allow, subject: {applications: [app_part]}, resource: {datasets: [rooms.booking], fields: ["no", house, seats]}, rights: [create]}
  - {id: purpose, effect: allow, subject: {applications: [app_purpose]}, resource: {datasets: [rooms.booking]}, rights: [create], purposes: [booking]}
  - {id: consent, effect: allow, subject: {applications: [app_consent]}, resource: {datasets: [rooms.booking]}, rights: [create], purposes: [advice]}
  - {id: denied, effect: allow, subject: {applications: [app_denied]}, resource: {datasets: [rooms.booking]}, rights: [create]}
  - {id: no-notes, effect: deny, subject: {applications: [app_denied]}, resource: {datasets: [rooms.booking], fields: [note]}, rights: [create], rows: "seats > 3"}
  - {id: no-codes, effect: deny, subject: {applications: [app_denied]}, resource: {datasets: [rooms.booking], fields: [code]}, rights: [create]}
  - {id: own, effect: allow, subject: {anyone: true}, resource: {datasets: ["*"]}, rights: [view], rows: "#person in @campus_id"}
`

const roomPeople = `
- {id: app_all, name: 全部, kind: application}
- {id: app_a, name: 甲楼, kind: application}
- {id: app_part, name: 部分, kind: application}
- {id: app_purpose, name: 目的, kind: application}
- {id: app_consent, name: 同意, kind: application}
- {id: app_denied, name: 拒绝, kind: application}
- {id: app_none, name: 无, kind: application}
- {id: person, name: 某人, kind: person, roles: [staff], attributes: {campus_id: ["10001"]}}
`

// house is a campus whose only dataset applications write.
type house struct {
	opened  *app.App
	handler http.Handler
}

func newHouse(t testing.TB) *house {
	t.Helper()
	return newHouseOf(t, map[string]string{"systems/rooms.yaml": rooms, "policies/rooms.yaml": roomPolicies, "principals.yaml": roomPeople})
}

// newHouseOf synchronises and serves a campus of these files.
func newHouseOf(t testing.TB, files map[string]string) *house {
	t.Helper()
	home := t.TempDir()
	settings := config.Config{Home: home, Campus: filepath.Join(home, "campus"), State: filepath.Join(home, "state.db"), Memory: 512 << 20}
	for name, text := range files {
		path := filepath.Join(settings.Campus, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	opened, err := app.New(t.Context(), settings, app.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	summary, err := opened.Sync(t.Context(), pipelines.Options{})
	require.NoError(t, err)
	require.Equal(t, catalog.OutcomePublished, summary.Runs[0].Outcome, summary.Runs[0].Message)
	handler, err := opened.Handler(slog.New(slog.DiscardHandler), true)
	require.NoError(t, err)
	return &house{opened, handler}
}

// sent is a contribution over HTTP.
type sent struct {
	as, key, mode, more, media string
	body                       string
	onBehalfOf                 string
}

type receipt struct {
	status   int
	replayed bool
	report   pipelines.ContributionReport
	text     string
}

func (h *house) send(t testing.TB, s sent) receipt {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/datasets/rooms.booking/rows?mode="+s.mode+s.more, bytes.NewReader([]byte(s.body)))
	request.Header.Set("Authorization", "Bearer demo:"+s.as)
	request.Header.Set("Idempotency-Key", s.key)
	request.Header.Set("Content-Type", "application/json")
	if s.media != "" {
		request.Header.Set("Content-Type", s.media)
	}
	if s.onBehalfOf != "" {
		request.Header.Set("X-On-Behalf-Of", s.onBehalfOf)
	}
	recorder := httptest.NewRecorder()
	h.handler.ServeHTTP(recorder, request)
	made := receipt{status: recorder.Code, replayed: recorder.Header().Get("Idempotency-Replayed") == "true", text: recorder.Body.String()}
	if made.status == http.StatusOK {
		require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &made.report))
		r := made.report
		require.Equal(t, r.Rows, r.Inserted+r.Updated+r.Unchanged+r.Deleted+r.Refused, made.text)
		require.Len(t, r.Refusals, int(r.Refused))
	}
	return made
}

func (a receipt) codes() []string {
	codes := []string{}
	for _, one := range a.report.Refusals {
		codes = append(codes, one.Code)
	}
	return codes
}

// rows gives what a principal reads, by key.
func (h *house) rows(t testing.TB, as string) (map[string]map[string]*string, int64) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/datasets/rooms.booking/rows?limit=1000", nil)
	request.Header.Set("Authorization", "Bearer demo:"+as)
	recorder := httptest.NewRecorder()
	h.handler.ServeHTTP(recorder, request)
	require.Equal(t, http.StatusOK, recorder.Code, recorder.Body)
	var page struct {
		Rows []map[string]*string
		Meta struct{ Version int64 }
	}
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &page))
	found := map[string]map[string]*string{}
	for _, row := range page.Rows {
		require.NotContains(t, found, *row["no"])
		found[*row["no"]] = row
	}
	return found, page.Meta.Version
}

// soaking says that the long tests are wanted.
func soaking() bool { return os.Getenv("YITONG_SOAK") != "" }

// quarantined counts the rows in quarantine by their reasons.
func (h *house) quarantined(t testing.TB) map[string]int64 {
	t.Helper()
	counts, err := h.opened.Pipelines.QuarantineCounts(t.Context(), "")
	require.NoError(t, err)
	found := map[string]int64{}
	for _, count := range counts {
		found[count.Code] += count.Rows
	}
	return found
}
