package pipelines_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/pipelines/check"
	"github.com/yitong-hub/yitong/pipelines/pipetest"
)

func TestDuplicatesAreResolvedByTheStatedRule(t *testing.T) {
	t.Parallel()
	rows := [][]any{{1, "a", 5}, {1, "b", 9}, {1, "c", 7}, {2, "x", 1}, {3, "n", nil}, {3, "m", 2}}
	for name, test := range map[string]struct {
		rule      definition.Duplicates
		published []string
		open      int
	}{
		"first that came":         {definition.Duplicates{Keep: "first"}, []string{"1|a|5", "2|x|1", "3|n|<nil>"}, 3},
		"last that came":          {definition.Duplicates{Keep: "last"}, []string{"1|c|7", "2|x|1", "3|m|2"}, 3},
		"least first":             {definition.Duplicates{Keep: "first", OrderBy: []string{"v"}}, []string{"1|a|5", "2|x|1", "3|m|2"}, 3},
		"greatest first":          {definition.Duplicates{Keep: "first", OrderBy: []string{"-v"}}, []string{"1|b|9", "2|x|1", "3|m|2"}, 3},
		"last of the order":       {definition.Duplicates{Keep: "last", OrderBy: []string{"v"}}, []string{"1|b|9", "2|x|1", "3|m|2"}, 3},
		"none of those in doubt":  {definition.Duplicates{Keep: "reject_all"}, []string{"2|x|1"}, 5},
		"nothing stated is first": {definition.Duplicates{}, []string{"1|a|5", "2|x|1", "3|n|<nil>"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.source.Put("T", pipetest.Table{Columns: columns("id int64", "name string", "v int64"), Rows: rows})
			run := b.sync(t, definition.Dataset{Key: []string{"id"}, Duplicates: test.rule, MaxQuarantine: 1})
			require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
			require.Equal(t, test.published, b.published(t))
			require.Len(t, b.open(t), test.open)
		})
	}
}

func TestHardUniqueKeepsRowsApart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ds := definition.Dataset{
		Key: []string{"id"}, MaxQuarantine: 1,
		Fields: []definition.Field{{Name: "id"}, {Name: "card", Checks: []definition.Check{{Rule: check.Unique}}}},
	}
	cols := columns("id int64", "card string")
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: [][]any{{1, "A"}, {2, "B"}, {3, "B"}, {4, nil}, {5, nil}}})
	run := b.sync(t, ds)
	require.Equal(t, catalog.OutcomePublished, run.Outcome, run.Message)
	require.Equal(t, []string{"1|A", "4|<nil>", "5|<nil>"}, b.published(t), "which of both is right nobody can say; no value is not a value twice")
	require.EqualValues(t, len(b.open(t)), run.Counts.Quarantined)
	b.source.Put("T", pipetest.Table{Columns: cols, Rows: [][]any{{1, "A"}, {2, "B"}, {3, "C"}, {4, nil}, {5, nil}}})
	b.sync(t, ds)
	require.Equal(t, []string{"1|A", "2|B", "3|C", "4|<nil>", "5|<nil>"}, b.published(t))
	require.Empty(t, b.open(t), "a row that is mended leaves the quarantine")
}
