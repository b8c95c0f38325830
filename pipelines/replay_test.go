package pipelines_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/pipelines/pipetest"
	"github.com/yitong-hub/yitong/schema"
)

func TestReplayPublishesCorrectedRows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	date := schema.Of(schema.Date)
	ds := definition.Dataset{Key: []string{"id"}, MaxQuarantine: 0.9, Fields: []definition.Field{{Name: "id"}, {Name: "born", Type: &date}}}
	cols := columns("id int64", "born string")
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: [][]any{{1, "20000230"}, {2, "20000101"}, {3, "nonsense"}}})
	b.sync(t, ds)
	counts, err := b.engine.QuarantineCounts(t.Context(), "hr")
	require.NoError(t, err)
	require.Equal(t, []pipelines.QuarantineCount{{Dataset: dataset, Field: "born", Code: "type_mismatch", Rows: 2}}, counts)

	first := b.rows(t, "SELECT id FROM warehouse.quarantine.rows WHERE row = 1")
	right := "20000228"
	run, err := b.engine.Replay(t.Context(), system(ds), pipelines.ReplayFilter{Dataset: dataset, IDs: first, Set: map[string]*string{"born": &right}})
	require.NoError(t, err)
	require.Equal(t, catalog.OutcomePublished, run.Outcome)
	require.Len(t, b.published(t), 2)
	require.Equal(t, []string{"open", "replayed"}, b.rows(t, "SELECT state FROM warehouse.quarantine.rows"))

	run, err = b.engine.Replay(t.Context(), system(ds), pipelines.ReplayFilter{Dataset: dataset})
	require.NoError(t, err)
	require.EqualValues(t, 1, run.Counts.Quarantined, "still nonsense")
	require.Equal(t, []string{`type_mismatch|born|{"id":"3","born":"nonsense"}`}, b.open(t))
}

func TestCheckSystemNamesWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.source.Put("T", pipetest.Table{Columns: columns("gonghao int64")})
	for says, ds := range map[string]definition.Dataset{
		"is gonghao meant?":                       {Key: []string{"gonghoa"}},
		"element person.age":                      {Fields: []definition.Field{{Name: "gonghao", Element: "person.age"}}},
		`unknown rule "trimm"`:                    {Fields: []definition.Field{{Name: "gonghao", Rules: []string{"trimm"}}}},
		`unknown check "uniq"`:                    {Fields: []definition.Field{{Name: "gonghao", Checks: []definition.Check{{Rule: "uniq"}}}}},
		"load incremental needs a cursor":         {Key: []string{"gonghao"}, Load: definition.LoadIncremental},
		"gives no change events":                  {Key: []string{"gonghao"}, Load: definition.LoadChanges},
		`pattern "(" is not a regular expression`: {Fields: []definition.Field{{Name: "gonghao", Checks: []definition.Check{{Rule: "pattern", Pattern: "("}}}}},
		"deletes: T has no column gone":           {Deletes: definition.Deletes{Find: "soft", Column: "gone"}},
		`field gonghao: range bound "x" is not a`: {Fields: []definition.Field{{Name: "gonghao", Checks: []definition.Check{{Rule: "range", Min: "x"}}}}},
	} {
		findings, err := b.engine.CheckSystem(t.Context(), system(ds)[0])
		require.NoError(t, err)
		require.Len(t, findings, 1, says)
		require.Contains(t, findings[0].Message, says)
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 2, 30, 0, 0, time.UTC) // a Sunday
	for line, due := range map[string]bool{
		"30 2 * * *": true, "*/15 * * * *": true, "*/7 * * * *": false, "30 1-3 * * *": true, "0 2 * * *": false,
		"30 2 * * 0": true, "30 2 * * 7": true, "30 2 * * 1-5": false, "30 2 15 * 7": true, "30 2 15 * 1": false, "5,30 2 1 3 *": true,
	} {
		got, err := pipelines.Due(line, at)
		require.NoError(t, err, line)
		require.Equal(t, due, got, line)
	}
	for _, line := range []string{"", "* * * *", "60 * * * *", "* * * * x", "*/0 * * * *"} {
		_, err := pipelines.Due(line, at)
		require.Error(t, err, line)
	}
}
