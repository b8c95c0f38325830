package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
	"github.com/yitong-hub/yitong/schema"
)

var personnel = definition.System{
	ID: "hr", Title: definition.Text{ZH: "人事信息系统", EN: "Personnel"}, Department: "hr", Connector: "sqlite",
	Datasets: []definition.Dataset{{
		Name: "staff", Title: definition.Text{ZH: "教职工基本信息", EN: "Staff"}, Source: "T_JZG", Key: []string{"GH"}, Load: definition.LoadFull,
		Fields: []definition.Field{
			{Name: "staff_no", From: "GH", Element: "staff.number"},
			{Name: "mobile", From: "SJH", Element: "person.mobile"},
			{Name: "note", From: "BZ"},
		},
	}},
}

func each(t *testing.T, test func(*testing.T, *catalog.Catalog)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		made, err := catalog.New(t.Context(), opened)
		require.NoError(t, err)
		require.NoError(t, made.Register(t.Context(), personnel))
		test(t, made)
	})
}

func TestRegisterTakesMeaningFromElements(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *catalog.Catalog) {
		dataset, err := c.Dataset(t.Context(), "hr.staff")
		require.NoError(t, err)
		require.Equal(t, []string{"staff_no"}, dataset.Key)
		require.Len(t, dataset.Fields, 3)
		mobile, note := dataset.Fields[1], dataset.Fields[2]
		require.Equal(t, schema.L3, mobile.Level)
		require.Equal(t, "手机号码", mobile.Title.ZH)
		require.Equal(t, schema.Level(0), note.Level)
		require.Equal(t, schema.L4, note.Level.Effective())
	})
}

func TestPublishIsSeenAndSurvivesRegistering(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *catalog.Catalog) {
		at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
		run := catalog.Run{ID: "r1", System: "hr", Dataset: "hr.staff", Outcome: catalog.OutcomePublished, Started: at}
		field := catalog.Field{
			Dataset: "hr.staff", Name: "mobile", From: "SJH", Element: "person.mobile", State: catalog.FieldActive,
			Type: schema.Of(schema.String), Ledger: catalog.Ledger{Declared: "VARCHAR(20)"}, Profile: &catalog.Profile{Rows: 7},
		}
		publication := catalog.Publication{
			Run: run, Dataset: "hr.staff", Version: 1, Rows: 7, Quarantine: 2, At: at, Fields: []catalog.Field{field},
			Lineage: []catalog.Edge{
				{From: "source:hr/T_JZG/SJH", To: "field:hr.staff.mobile", How: "trim", Run: "r1"},
				{From: "field:hr.staff.mobile", To: "element:person.mobile", Run: "r1"},
			},
		}
		for range 2 {
			require.NoError(t, c.StartRun(t.Context(), run))
			require.NoError(t, c.Publish(t.Context(), publication))
			require.NoError(t, c.Register(t.Context(), personnel))
		}
		systems, err := c.Systems(t.Context())
		require.NoError(t, err)
		require.Len(t, systems, 1)
		require.EqualValues(t, 7, systems[0].Rows)
		require.EqualValues(t, 2, systems[0].Quarantine)
		require.Equal(t, "r1", systems[0].LastRun.ID)
		fields, err := c.Fields(t.Context(), catalog.FieldFilter{Element: "person.mobile"})
		require.NoError(t, err)
		require.Len(t, fields, 1)
		require.Equal(t, "VARCHAR(20)", fields[0].Ledger.Declared)
		require.Equal(t, "手机号码", fields[0].Title.ZH)
		require.Equal(t, schema.L3, fields[0].Level)
		require.EqualValues(t, 7, fields[0].Profile.Rows)

		for _, name := range []string{"hr.staff.mobile", "person.mobile", "source:hr/T_JZG/SJH", "hr.staff"} {
			graph, err := c.Lineage(t.Context(), name, 3)
			require.NoError(t, err, name)
			require.Len(t, graph.Edges, 2, name)
			require.False(t, graph.Truncated)
		}
		_, err = c.Lineage(t.Context(), "nothing", 3)
		require.True(t, fault.Is(err, fault.NotFound))
		runs, err := c.Runs(t.Context(), catalog.RunFilter{Dataset: "hr.staff", Limit: 5})
		require.NoError(t, err)
		require.Len(t, runs, 1)
	})
}

func TestRemovedDatasetIsRetired(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *catalog.Catalog) {
		emptied := personnel
		emptied.Datasets = nil
		require.NoError(t, c.Register(t.Context(), emptied))
		datasets, err := c.Datasets(t.Context(), "hr")
		require.NoError(t, err)
		require.Empty(t, datasets)
		_, err = c.Dataset(t.Context(), "hr.staff")
		require.NoError(t, err)
	})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *catalog.Catalog) {
		for query, want := range map[string]string{
			"手机": "person.mobile", "sjhm": "person.mobile", "shouji": "person.mobile", "Mobile phone": "person.mobile",
			"人事": "hr", "jzgjbxx": "hr.staff", "教职工": "hr.staff", "SFZJH": "person.id_number",
		} {
			hits, err := c.Search(t.Context(), query, 5)
			require.NoError(t, err)
			require.NotEmpty(t, hits, query)
			require.Equal(t, want, hits[0].ID, query)
			require.NotEmpty(t, hits[0].Why)
		}
		hits, err := c.Search(t.Context(), "qqqqzz", 5)
		require.NoError(t, err)
		require.Empty(t, hits)
	})
}

func TestStandards(t *testing.T) {
	t.Parallel()
	set, err := catalog.Standards()
	require.NoError(t, err)
	groups, known := set.CodeSet("ethnic_group")
	require.True(t, known)
	require.Len(t, groups.Codes, 56)
	require.Equal(t, catalog.Code{Code: "01", ZH: "汉族"}, groups.Codes[0])
	require.Equal(t, "基诺族", groups.Codes[55].ZH)
	politics, known := set.CodeSet("political_status")
	require.True(t, known)
	require.Len(t, politics.Codes, 13)
	for _, element := range set.Elements {
		require.NotEmpty(t, element.Title.ZH, element.ID)
		require.NotEmpty(t, element.Title.EN, element.ID)
		require.NotZero(t, element.Level, element.ID)
		require.NotEmpty(t, element.Definition, element.ID)
		require.NotEmpty(t, element.Standard, element.ID)
	}
}

func TestRunsOfAKilledProcessAreClosed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *catalog.Catalog) {
		at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
		require.NoError(t, c.StartRun(t.Context(), catalog.Run{ID: "r1", System: "hr", Dataset: "hr.staff", Outcome: catalog.OutcomeRunning, Started: at}))
		require.NoError(t, c.StartRun(t.Context(), catalog.Run{ID: "r2", System: "hr", Dataset: "hr.staff", Outcome: catalog.OutcomePublished, Started: at}))
		for _, want := range []int{1, 0} {
			closed, err := c.CloseInterrupted(t.Context(), at.Add(time.Hour))
			require.NoError(t, err)
			require.Equal(t, want, closed)
		}
		run, err := c.Run(t.Context(), "r1")
		require.NoError(t, err)
		require.Equal(t, catalog.OutcomeFailed, run.Outcome)
		require.True(t, run.Finished.Equal(at.Add(time.Hour)))
		require.Contains(t, run.Message, "in the middle")
		run, err = c.Run(t.Context(), "r2")
		require.NoError(t, err)
		require.Equal(t, catalog.OutcomePublished, run.Outcome)
	})
}

func TestTheRevisionGrowsWithEveryChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *catalog.Catalog) {
		before, err := c.Revision(t.Context())
		require.NoError(t, err)
		grown := func(what string) {
			now, err := c.Revision(t.Context())
			require.NoError(t, err)
			require.Greater(t, now, before, what)
			before = now
		}
		raised := personnel
		raised.Datasets = append([]definition.Dataset{}, personnel.Datasets...)
		raised.Datasets[0].Fields = append([]definition.Field{}, personnel.Datasets[0].Fields...)
		raised.Datasets[0].Fields[2].Level = schema.L4
		require.NoError(t, c.Register(t.Context(), raised))
		grown("a level")
		require.NoError(t, c.Publish(t.Context(), catalog.Publication{Run: catalog.Run{ID: "r1"}, Dataset: "hr.staff", Version: 1, At: time.Now()}))
		grown("a version")
		raised.Datasets = nil
		require.NoError(t, c.Register(t.Context(), raised))
		grown("a dataset that is retired")
		_, err = c.Dataset(t.Context(), "hr.staff")
		require.NoError(t, err)
		now, err := c.Revision(t.Context())
		require.NoError(t, err)
		require.Equal(t, before, now, "reading changes nothing")
	})
}
