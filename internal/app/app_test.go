package app_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/query"
)

func settings(t *testing.T) config.Config {
	t.Helper()
	home := t.TempDir()
	return config.Config{
		Home: home, Campus: filepath.Join(home, "campus"), State: filepath.Join(home, "state.db"), Memory: 512 << 20,
	}
}

func sync(t *testing.T, with config.Config) pipelines.Summary {
	t.Helper()
	opened, err := app.New(t.Context(), with, app.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	summary, err := opened.Sync(t.Context(), pipelines.Options{})
	require.NoError(t, err)
	return summary
}

func TestDemoCampusFromNothingToCatalog(t *testing.T) {
	t.Parallel()
	with := settings(t)
	built, err := app.BuildDemo(t.Context(), with, "small")
	require.NoError(t, err)
	require.True(t, built)
	built, err = app.BuildDemo(t.Context(), with, "small")
	require.NoError(t, err)
	require.False(t, built)

	first := sync(t, with)
	for _, run := range first.Runs {
		require.Equal(t, catalog.OutcomePublished, run.Outcome, "%s: %s", run.Dataset, run.Message)
		require.NotNil(t, run.Proof, run.Dataset)
		require.True(t, run.Proof.Holds(), run.Dataset)
	}
	golden(t, with, first)
	require.Equal(t, len(first.Runs), sync(t, with).Count(catalog.OutcomeUnchanged))

	view, err := app.OpenCatalog(t.Context(), with)
	require.NoError(t, err)
	defer func() { require.NoError(t, view.Close()) }()
	systems, err := view.Catalog.Systems(t.Context())
	require.NoError(t, err)
	require.Len(t, systems, 40)
	fields, err := view.Catalog.Fields(t.Context(), catalog.FieldFilter{Element: "person.id_number"})
	require.NoError(t, err)
	require.Len(t, fields, 3)
	for _, field := range fields {
		require.NotNil(t, field.Profile)
		require.Empty(t, field.Profile.Top, "no value of a highly sensitive field stands in the catalog")
		require.Empty(t, field.Profile.Min)
	}
	graph, err := view.Catalog.Lineage(t.Context(), "person.mobile", 2)
	require.NoError(t, err)
	require.Contains(t, graph.Nodes, "source:hr/T_JZG_JBXX/SJH")
}

func TestTheEvolvedCampusDrifts(t *testing.T) {
	t.Parallel()
	with := settings(t)
	_, err := app.BuildDemo(t.Context(), with, "small")
	require.NoError(t, err)
	sync(t, with)
	day, err := app.EvolveDemo(t.Context(), with, 3)
	require.NoError(t, err)
	require.Equal(t, 3, day)
	golden(t, with, sync(t, with))
	_, err = app.EvolveDemo(t.Context(), with, 0)
	require.True(t, fault.Is(err, fault.Invalid))
}

func TestAHomeHasOneOwner(t *testing.T) {
	t.Parallel()
	with := settings(t)
	opened, err := app.New(t.Context(), with, app.Options{})
	require.NoError(t, err)
	_, err = app.New(t.Context(), with, app.Options{})
	require.True(t, fault.Is(err, fault.Conflict))
	require.NoError(t, opened.Close())
	again, err := app.New(t.Context(), with, app.Options{})
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

func TestNothingToSynchroniseIsSaid(t *testing.T) {
	t.Parallel()
	opened, err := app.New(t.Context(), settings(t), app.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	_, err = opened.Sync(t.Context(), pipelines.Options{})
	require.True(t, fault.Is(err, fault.NotFound))
}

func read(t *testing.T, opened *app.App, as string, request query.Request) (string, error) {
	t.Helper()
	principal, err := opened.Directory.Principal(as)
	require.NoError(t, err)
	result, err := opened.Gate.Read(t.Context(), principal, request)
	if err != nil {
		return "", err
	}
	defer result.Reader.Release()
	text := ""
	for result.Reader.Next() {
		batch := result.Reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			for _, column := range batch.Columns() {
				text += column.ValueStr(row) + "|"
			}
			text += "\n"
		}
	}
	require.NoError(t, result.Reader.Err())
	return text, nil
}

func TestTheGateShowsWhatMayBeSeen(t *testing.T) {
	t.Parallel()
	with := settings(t)
	_, err := app.BuildDemo(t.Context(), with, "small")
	require.NoError(t, err)
	sync(t, with)
	opened, err := app.New(t.Context(), with, app.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	staff := query.Request{Dataset: "hr.staff"}
	idNumber, mobile := regexp.MustCompile(`\d{17}[\dX]`), regexp.MustCompile(`1\d{10}\|`)

	seen, err := read(t, opened, "steward_hr", staff)
	require.NoError(t, err)
	require.Regexp(t, mobile, seen)
	require.NotRegexp(t, idNumber, seen)
	seen, err = read(t, opened, "leader", staff)
	require.NoError(t, err)
	require.NotRegexp(t, mobile, seen)
	require.NotRegexp(t, idNumber, seen)
	seen, err = read(t, opened, "teacher", staff)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(seen, "\n"), "one's own row and no other")
	require.Contains(t, seen, "10001|")
	for _, nobody := range []string{"visitor", "app_library", "steward_academic"} {
		_, err = read(t, opened, nobody, staff)
		require.True(t, fault.Is(err, fault.Denied), nobody)
	}
	_, err = read(t, opened, "leader", query.Request{Dataset: "hr.staff", Fields: []string{"id_number"}})
	require.True(t, fault.Is(err, fault.Denied))
	_, err = read(t, opened, "leader", query.Request{Dataset: "hr.staff", Fields: []string{`x" FROM meta.loads --`}})
	require.True(t, fault.Is(err, fault.Invalid))

	view, err := app.OpenCatalog(t.Context(), with)
	require.NoError(t, err)
	defer func() { require.NoError(t, view.Close()) }()
	records, err := view.Audit.Records(t.Context(), audit.Filter{})
	require.NoError(t, err)
	require.Len(t, records, 8, "refused reads are on record too")
	_, err = view.Audit.Verify(t.Context())
	require.NoError(t, err)
}
