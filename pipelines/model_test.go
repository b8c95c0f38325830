package pipelines_test

import (
	"fmt"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/pipelines/pipetest"
	"github.com/yitong-hub/yitong/schema"
)

// sourceRow is a row at the source in the model: text that may not be a number.
type sourceRow struct {
	key, value string
}

// step is what the plain model expects of one sync of a full load.
func step(published map[string]string, rows []sourceRow) (next map[string]string, refused []string) {
	next, bad := map[string]string{}, map[string]bool{}
	unknown := false
	for _, row := range rows {
		raw := fmt.Sprintf(`{"k":%s,"v":"%s"}`, quoted(row.key), row.value)
		switch {
		case row.key == "":
			unknown = true
			refused = append(refused, "not_null|k|"+raw)
		case row.value == "bad":
			bad[row.key] = true
			refused = append(refused, "type_mismatch|v|"+raw)
		default:
			first, twice := next[row.key]
			if !twice {
				next[row.key] = row.value
			} else if first != row.value {
				refused = append(refused, "duplicate_key||"+raw)
			}
		}
	}
	for key, value := range published {
		if _, came := next[key]; !came && (bad[key] || unknown) {
			next[key] = value
		}
	}
	sort.Strings(refused)
	return next, refused
}

func quoted(key string) string {
	if key == "" {
		return "null"
	}
	return `"` + key + `"`
}

func listed(rows map[string]string) []string {
	list := []string{}
	for key, value := range rows {
		list = append(list, key+"|"+value)
	}
	sort.Strings(list)
	return list
}

// TestPublishedAndQuarantineEqualAPlainModel runs random states of a source
// through several syncs, and compares rows, quarantine, and every past moment.
func TestPublishedAndQuarantineEqualAPlainModel(t *testing.T) {
	t.Parallel()
	number := schema.Of(schema.Int64)
	ds := definition.Dataset{Key: []string{"k"}, Fields: []definition.Field{{Name: "k"}, {Name: "v", Type: &number}}}
	rapid.Check(t, func(r *rapid.T) {
		b := setup(t)
		defer b.warehouse.Close()
		type moment struct {
			at   time.Time
			rows []string
		}
		var past []moment
		expected := map[string]string{}
		for range rapid.IntRange(2, 5).Draw(r, "syncs") {
			rows := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) sourceRow {
				return sourceRow{
					key:   rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", ""}).Draw(r, "key"),
					value: rapid.SampledFrom([]string{"1", "2", "3", "3", "bad"}).Draw(r, "value"),
				}
			}), 1, 14).Draw(r, "rows")
			table := pipetest.Table{Columns: columns("k string", "v string")}
			for _, row := range rows {
				var key any
				if row.key != "" {
					key = row.key
				}
				table.Rows = append(table.Rows, []any{key, row.value})
			}
			b.source.Put("T", table)
			run := b.sync(t, ds, pipelines.Options{Force: true})
			require.Contains(r, []string{catalog.OutcomePublished, catalog.OutcomeUnchanged}, run.Outcome, run.Message)
			var refused []string
			expected, refused = step(expected, rows)
			require.Equal(r, listed(expected), b.published(t))
			require.ElementsMatch(r, refused, b.open(t))
			past = append(past, moment{at: b.now, rows: listed(expected)})
		}
		for _, then := range past {
			require.Equal(r, then.rows, b.rows(t, `SELECT k, v FROM warehouse.published."hr.staff" WHERE _since <= $1
				UNION ALL SELECT k, v FROM warehouse.history."hr.staff" WHERE _since <= $1 AND _until > $1`, then.at))
		}
	})
}
