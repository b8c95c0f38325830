package pipelines_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/contributed"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
)

const ratings = `
system: hall
connector: contributed
datasets:
  - name: rating
    source: rating
    key: [no]
    load: changes
    person: rater
    fields:
      - {name: "no", checks: [{rule: length, max: "10"}]}
      - {name: rater, checks: [{rule: not_null}]}
      - {name: score, type: int64, checks: [{rule: range, min: "1", max: "5"}]}
      - {name: fee, type: "decimal(8,2)"}
      - {name: on, type: date}
      - {name: code, checks: [{rule: unique}]}
`

// hall is an engine with a contributed dataset.
type hall struct {
	*bench
	system definition.System
}

func newHall(t testing.TB) *hall {
	t.Helper()
	b := setup(t)
	b.engine = pipelines.New(pipelines.Config{
		Warehouse: b.warehouse, Catalog: b.catalog, Drivers: []connectors.Driver{contributed.Driver()}, Clock: b.tick,
	})
	system, err := definition.Parse("hall.yaml", []byte(ratings))
	require.NoError(t, err)
	h := &hall{b, system}
	summary, err := b.engine.Sync(t.Context(), []definition.System{system}, pipelines.Options{})
	require.NoError(t, err)
	require.Equal(t, catalog.OutcomePublished, summary.Runs[0].Outcome, summary.Runs[0].Message)
	return h
}

func given(pairs ...string) pipelines.ContributedRow {
	row := pipelines.ContributedRow{Values: map[string]*string{}}
	for i := 0; i < len(pairs); i += 2 {
		text := pairs[i+1]
		row.Values[pairs[i]] = &text
		if text == "NULL" {
			row.Values[pairs[i]] = nil
		}
	}
	return row
}

func (h *hall) send(t testing.TB, c pipelines.Contribution) pipelines.ContributionReport {
	t.Helper()
	c.Dataset, c.By, c.Sender = "hall.rating", "app", "app"
	report, err := h.engine.Contribute(t.Context(), h.system, c)
	require.NoError(t, err)
	require.Equal(t, report.Rows, report.Inserted+report.Updated+report.Unchanged+report.Deleted+report.Refused)
	return report
}

func (h *hall) published(t *testing.T) []string {
	t.Helper()
	return h.rows(t, `SELECT no, rater, score, fee::VARCHAR, "on"::VARCHAR, code FROM warehouse.published."hall.rating"`)
}

func codes(report pipelines.ContributionReport) []string {
	found := []string{}
	for _, one := range report.Refusals {
		found = append(found, one.Code)
	}
	return found
}

func TestContributionsAreLandedCheckedAndPublished(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	report := h.send(t, pipelines.Contribution{Mode: pipelines.ContributeUpsert, Key: "a", Digest: "a", Rows: []pipelines.ContributedRow{
		given("no", "1", "rater", "10001", "score", "5", "fee", "10.50", "on", "2026-03-01", "code", "x"),
		given("no", " 2 ", "rater", "10002"),
		given("no", "3", "rater", "10003", "score", "9"),
		given("no", "4"),
		given("no", "5", "rater", "10001", "fee", "1.005"),
		given("no", "6", "rater", "10001", "on", "2026-02-30"),
		given("no", "7", "rater", "10001"), given("no", "7 ", "rater", "10002"),
		given("rater", "10001"),
	}})
	require.Equal(t, []string{"range", "not_null", "type_mismatch", "type_mismatch", "duplicate_key", "duplicate_key", "not_null"}, codes(report))
	require.EqualValues(t, 2, report.Inserted)
	require.EqualValues(t, 2, report.Version)
	require.Equal(t, []string{"1|10001|5|10.50|2026-03-01|x", "2|10002|<nil>|<nil>|<nil>|<nil>"}, h.published(t))
	require.Len(t, h.open(t), 5, "what a check refuses is in quarantine")
	require.EqualValues(t, 2, h.catalog.Publication("hall.rating").Version)

	again := h.send(t, pipelines.Contribution{Mode: pipelines.ContributeUpsert, Key: "a", Digest: "a"})
	require.True(t, again.Replayed)
	again.Replayed = false
	require.Equal(t, report, again)
	_, err := h.engine.Contribute(t.Context(), h.system, pipelines.Contribution{Dataset: "hall.rating", Sender: "app", Key: "a", Digest: "b"})
	require.Equal(t, fault.Conflict, fault.CodeOf(err))

	// Only what is given is changed.
	report = h.send(t, pipelines.Contribution{Mode: pipelines.ContributeUpsert, Rows: []pipelines.ContributedRow{
		given("no", "1", "score", "4"), given("no", "2", "rater", "10002"), given("no", "3", "rater", "10003", "score", "3"),
	}})
	require.Equal(t, [4]int64{1, 1, 1, 0}, [4]int64{report.Inserted, report.Updated, report.Unchanged, report.Refused})
	require.Equal(t, []string{"1|10001|4|10.50|2026-03-01|x", "2|10002|<nil>|<nil>|<nil>|<nil>", "3|10003|3|<nil>|<nil>|<nil>"}, h.published(t))
	require.Len(t, h.open(t), 4, "the row that is right now is out of quarantine")
	report = h.send(t, pipelines.Contribution{Mode: pipelines.ContributeUpsert, Rows: []pipelines.ContributedRow{given("no", "1", "score", "NULL")}})
	require.EqualValues(t, 1, report.Updated)

	report = h.send(t, pipelines.Contribution{Mode: pipelines.ContributeInsert, Rows: []pipelines.ContributedRow{given("no", "1", "rater", "1"), given("no", "8", "rater", "1", "code", "x")}})
	require.Equal(t, []string{"exists", "unique"}, codes(report))
	report = h.send(t, pipelines.Contribution{Mode: pipelines.ContributeDelete, Rows: []pipelines.ContributedRow{given("no", "1"), given("no", "99")}})
	require.Equal(t, []string{"not_found"}, codes(report))
	require.EqualValues(t, 1, report.Deleted)
	require.Equal(t, []string{"2|10002|<nil>|<nil>|<nil>|<nil>", "3|10003|3|<nil>|<nil>|<nil>"}, h.published(t))
	require.Len(t, h.rows(t, `SELECT 1 FROM warehouse.history."hall.rating"`), 3)

	// A synchronisation has nothing to fetch and deletes nothing.
	for _, options := range []pipelines.Options{{}, {Force: true}, {FullRefresh: true}, {Force: true, FullRefresh: true}} {
		summary, err := h.engine.Sync(t.Context(), []definition.System{h.system}, options)
		require.NoError(t, err)
		require.Equal(t, catalog.OutcomeUnchanged, summary.Runs[0].Outcome)
	}
	require.Len(t, h.published(t), 2)
	require.Empty(t, h.rows(t, "SELECT 1 FROM landing.meta.landings"))
	require.Empty(t, h.rows(t, "SELECT 1 FROM landing.meta.rejects"))
}
