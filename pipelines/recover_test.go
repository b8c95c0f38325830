package pipelines_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/pipelines/pipetest"
	"github.com/yitong-hub/yitong/schema"
)

func TestHashesOfAnotherEngineAreRenewed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ds := definition.Dataset{Key: []string{"id"}}
	table := pipetest.Table{Columns: columns("id int64", "name string"), Rows: [][]any{{1, "a"}, {2, "b"}, {3, nil}}}
	b.source.Put("T", table)
	b.sync(t, ds)
	hashes := `SELECT id, _hash FROM warehouse.published."hr.staff"`
	before := b.rows(t, hashes)
	require.NoError(t, b.warehouse.Exec(t.Context(), "UPDATE warehouse.meta.loads SET engine_version = 'v0.1'"))
	require.NoError(t, b.warehouse.Exec(t.Context(), `UPDATE warehouse.published."hr.staff" SET _hash = id`))

	run := b.sync(t, ds, pipelines.Options{Force: true})
	require.Equal(t, catalog.OutcomeUnchanged, run.Outcome, "the same rows, whatever their hashes were")

	table.Rows[1][1] = "B"
	b.source.Put("T", table)
	run = b.sync(t, ds)
	require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
	require.EqualValues(t, 1, run.Counts.Updated)
	require.Zero(t, run.Counts.Inserted+run.Counts.Deleted)
	after := b.rows(t, hashes)
	require.Equal(t, before[0], after[0])
	require.Equal(t, before[2], after[2])
	require.Len(t, b.rows(t, `SELECT id FROM warehouse.history."hr.staff"`), 1)
}

func TestCatalogHearsOfAPublishThatACrashCutOff(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ds := definition.Dataset{Key: []string{"id"}, Fields: []definition.Field{{Name: "id"}, {Name: "sex", Element: "person.sex"}}}
	b.source.Put("T", pipetest.Table{Columns: columns("id int64", "sex string"), Rows: [][]any{{1, "1"}, {2, "2"}}, Version: "same"})
	published := b.sync(t, ds)
	wanted := b.catalog.Publication(dataset)

	forgetful := pipetest.NewCatalog(
		[]catalog.Element{{ID: "person.sex", Type: schema.Of(schema.String), CodeSet: "sex", Level: schema.L2}},
		[]catalog.CodeSet{{ID: "sex", Codes: []catalog.Code{{Code: "1"}, {Code: "2"}}}},
	)
	b.engine = pipelines.New(pipelines.Config{Warehouse: b.warehouse, Catalog: forgetful, Drivers: []connectors.Driver{b.source.Driver()}})
	run := b.sync(t, ds)
	require.Equal(t, catalog.OutcomeUnchanged, run.Outcome, run.Message)
	told := forgetful.Publication(dataset)
	require.Equal(t, wanted.Version, told.Version)
	require.Equal(t, wanted.Rows, told.Rows)
	require.Equal(t, wanted.Fields, told.Fields)
	require.Equal(t, wanted.Lineage, told.Lineage)
	require.True(t, wanted.At.Equal(told.At))
	require.Equal(t, published.ID, told.Run.ID)
	require.Equal(t, catalog.OutcomePublished, told.Run.Outcome)
	require.Equal(t, published.Counts, told.Run.Counts)
}

func TestARefusedRowNamesAllThatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	date, number := schema.Of(schema.Date), schema.Of(schema.Int32)
	ds := definition.Dataset{Key: []string{"id"}, MaxQuarantine: 0.9, Fields: []definition.Field{
		{Name: "id"}, {Name: "born", Type: &date, Checks: []definition.Check{{Rule: "not_null"}}}, {Name: "age", Type: &number},
		{Name: "name", Checks: []definition.Check{{Rule: "not_null"}}},
	}}
	b.source.Put("T", pipetest.Table{Columns: columns("id string", "born string", "age string", "name string"), Rows: [][]any{
		{"1", "19900230", "old", nil}, {"2", "19900228", "36", "b"}, {"3", "19900228", "x", "c"},
	}})
	run := b.sync(t, ds)
	require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
	require.Equal(t, []string{
		"1|born|the value cannot be read as date · age: the value cannot be read as int32 · name: the field is empty; a value is needed",
		"3|age|the value cannot be read as int32",
	}, b.rows(t, "SELECT row, field, reason FROM warehouse.quarantine.rows"))
}
