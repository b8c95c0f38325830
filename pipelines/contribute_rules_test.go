package pipelines_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
)

func (h *hall) redefine(t *testing.T, from, to string) definition.System {
	t.Helper()
	require.Contains(t, ratings, from)
	system, err := definition.Parse("hall.yaml", []byte(strings.ReplaceAll(ratings, from, to)))
	require.NoError(t, err)
	return system
}

// TestADefinitionThatCannotBeMeantIsRefused: rows that do not come would be taken
// for deleted.
func TestADefinitionThatCannotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.send(t, pipelines.Contribution{Mode: pipelines.ContributeInsert, Rows: []pipelines.ContributedRow{given("no", "1", "rater", "1")}})
	for _, c := range []struct{ from, to, says string }{
		{"load: changes", "load: full", "load: changes"},
		{"key: [no]", "key: []", "need a key"},
		{"{name: code,", "{name: code, from: c,", "leave from out"},
		{"{name: code,", "{name: code, type: binary,", "binary"},
		{"source: rating", "source: ''", "source"},
	} {
		system := h.redefine(t, c.from, c.to)
		findings, err := h.engine.CheckSystem(t.Context(), system)
		require.NoError(t, err)
		require.NotEmpty(t, findings, c.to)
		require.Contains(t, findings[0].Message, c.says)
		for _, force := range []bool{false, true} {
			summary, err := h.engine.Sync(t.Context(), []definition.System{system}, pipelines.Options{Force: force, FullRefresh: force})
			require.NoError(t, err)
			require.Equal(t, catalog.OutcomeFailed, summary.Runs[0].Outcome, c.to)
			require.Contains(t, summary.Runs[0].Message, c.says)
		}
		_, err = h.engine.Contribute(t.Context(), system, pipelines.Contribution{Dataset: "hall.rating", Mode: pipelines.ContributeInsert, Rows: []pipelines.ContributedRow{given("no", "2", "rater", "1")}})
		require.Error(t, err)
		require.Len(t, h.published(t), 1)
	}
	findings, err := h.engine.CheckSystem(t.Context(), h.system)
	require.NoError(t, err)
	require.Empty(t, findings)
}

func TestAChangedDefinitionIsSynchronisedFirst(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	one := func(system definition.System, rows ...pipelines.ContributedRow) error {
		_, err := h.engine.Contribute(t.Context(), system, pipelines.Contribution{Dataset: "hall.rating", Mode: pipelines.ContributeUpsert, Rows: rows})
		return err
	}
	require.NoError(t, one(h.system, given("no", "1", "rater", "1", "code", "x")))
	wider := h.redefine(t, "{name: code, checks: [{rule: unique}]}", "{name: place}")
	err := one(wider, given("no", "1", "rater", "1", "place", "here"))
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.Contains(t, fault.Public(err), "synchronise system hall first")
	summary, err := h.engine.Sync(t.Context(), []definition.System{wider}, pipelines.Options{})
	require.NoError(t, err)
	require.Equal(t, catalog.OutcomePublished, summary.Runs[0].Outcome)
	require.NoError(t, one(wider, given("no", "1", "rater", "1", "place", "here")))
	// A field that is gone keeps its values, also of a row that is corrected.
	require.Equal(t, []string{"1|x|here"}, h.rows(t, `SELECT no, code, place FROM warehouse.published."hall.rating"`))
}

func TestReportsAreRememberedAndForgotten(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	c := pipelines.Contribution{Mode: pipelines.ContributeInsert, Key: "k", Digest: "d", Rows: []pipelines.ContributedRow{given("no", "1", "rater", "1")}}
	h.send(t, c)
	h.now = h.now.Add(7*24*time.Hour + time.Hour)
	require.True(t, h.send(t, c).Replayed)
	h.now = h.now.Add(24 * time.Hour)
	late := h.send(t, c)
	require.False(t, late.Replayed)
	require.Equal(t, []string{"exists"}, codes(late))
	require.Len(t, h.rows(t, "SELECT key FROM warehouse.meta.contributions"), 1, "what is forgotten is gone")
	dry := pipelines.Contribution{Mode: pipelines.ContributeInsert, Key: "dry", Digest: "d", DryRun: true, Rows: []pipelines.ContributedRow{given("no", "2", "rater", "1")}}
	for range 2 {
		report := h.send(t, dry)
		require.EqualValues(t, 1, report.Inserted)
		require.Empty(t, report.Run)
	}
	require.Len(t, h.published(t), 1)
}

func TestWhatCannotBeRecordedIsNotTaken(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	full := errors.New("the disk is full")
	c := pipelines.Contribution{
		Dataset: "hall.rating", Sender: "app", Key: "k", Digest: "d", Mode: pipelines.ContributeUpsert, Rows: []pipelines.ContributedRow{given("no", "1", "rater", "10001"), given("no", "2", "rater", "10002")},
		Witness: func(_ context.Context, taken pipelines.Taken) error {
			require.Equal(t, pipelines.Taken{Rows: 2, Persons: []string{"10001", "10002"}}, taken)
			return full
		},
	}
	_, err := h.engine.Contribute(t.Context(), h.system, c)
	require.ErrorIs(t, err, full)
	require.Empty(t, h.published(t))
	require.Empty(t, h.rows(t, "SELECT 1 FROM warehouse.meta.contributions"))
	c.Witness = nil
	report, err := h.engine.Contribute(t.Context(), h.system, c)
	require.NoError(t, err)
	require.False(t, report.Replayed)
	require.EqualValues(t, 2, report.Inserted)
	// Whom a row was about, and whom it is about now.
	c.Key, c.Rows = "l", []pipelines.ContributedRow{given("no", "1", "rater", "10003")}
	c.Witness = func(_ context.Context, taken pipelines.Taken) error {
		require.Equal(t, pipelines.Taken{Rows: 1, Persons: []string{"10001", "10003"}}, taken)
		return nil
	}
	_, err = h.engine.Contribute(t.Context(), h.system, c)
	require.NoError(t, err)
}

func TestQuarantinedContributionsAreTriedAgain(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.send(t, pipelines.Contribution{Mode: pipelines.ContributeUpsert, Rows: []pipelines.ContributedRow{
		given("no", "1", "rater", "10001", "fee", "1.50"), given("no", "2", "rater", "10002", "score", "7"),
	}})
	h.send(t, pipelines.Contribution{Mode: pipelines.ContributeUpsert, Rows: []pipelines.ContributedRow{given("no", "1", "score", "x")}})
	four := "4"
	run, err := h.engine.Replay(t.Context(), []definition.System{h.system}, pipelines.ReplayFilter{Dataset: "hall.rating", Set: map[string]*string{"score": &four}})
	require.NoError(t, err)
	require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
	require.Equal(t, []string{"1|10001|4|1.50|<nil>|<nil>", "2|10002|4|<nil>|<nil>|<nil>"}, h.published(t), "what a correction did not give is kept")
	require.Empty(t, h.open(t))
}

func TestTypesOfContributedValues(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	for _, c := range []struct{ field, text, stored string }{
		{"score", "5", "5"}, {"score", "5.0", "5"}, {"score", "5.5", ""}, {"score", "1e0", ""}, {"score", "99999999999999999999", ""}, {"score", " ５ ", "5"}, {"score", "NULL", "<nil>"},
		{"fee", "123456.78", "123456.78"}, {"fee", "1234567.00", ""}, {"fee", "0.005", ""}, {"fee", "-1", "-1.00"}, {"fee", "", "<nil>"},
		{`on`, "2026-02-29", ""}, {`on`, "2028-02-29", "2028-02-29"}, {`on`, "2028/2/9", "2028-02-09"}, {`on`, "soon", ""},
		{"code", "", ""}, {"code", " 张 三 ", "张 三"}, {"code", "'; DROP TABLE x; --", "'; DROP TABLE x; --"}, {"code", `"`, `"`},
	} {
		h.send(t, pipelines.Contribution{Mode: pipelines.ContributeUpsert, Rows: []pipelines.ContributedRow{given("no", "1", "rater", "1", "score", "NULL", "fee", "NULL", "on", "NULL", "code", "NULL")}})
		report := h.send(t, pipelines.Contribution{Mode: pipelines.ContributeUpsert, Rows: []pipelines.ContributedRow{given("no", "1", c.field, c.text)}})
		if c.stored == "" && c.field != "code" {
			require.Contains(t, []string{"type_mismatch"}, strings.Join(codes(report), ","), "%s %q", c.field, c.text)
			require.Equal(t, c.field, report.Refusals[0].Field)
			continue
		}
		require.Empty(t, report.Refusals, "%s %q", c.field, c.text)
		require.Equal(t, []string{c.stored}, h.rows(t, `SELECT "`+c.field+`"::VARCHAR FROM warehouse.published."hall.rating"`), c.text)
	}
}
