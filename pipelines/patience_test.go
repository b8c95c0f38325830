package pipelines_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/pipelines/pipetest"
)

// TestHangingSystemsHoldUpNobody lets more systems hang than the memory has
// room for, before and behind their first batch; they go on only when the
// healthy ones have ended.
func TestHangingSystemsHoldUpNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const hanging = 12
	released := make(chan struct{})
	rows := [][]any{{1}, {2}, {3}, {4}, {5}, {6}}
	systems := make([]definition.System, 0, hanging+2)
	for i := range hanging + 2 {
		table := pipetest.Table{Columns: columns("id int64"), Rows: rows}
		if i < hanging {
			table.Hang, table.HangAfter = released, i%2
		}
		name := fmt.Sprintf("T%02d", i)
		b.source.Put(name, table)
		systems = append(systems, definition.System{
			ID: fmt.Sprintf("s%02d", i), Connector: pipetest.DriverName,
			Datasets: []definition.Dataset{{Name: "rows", Source: name, Key: []string{"id"}}},
		})
	}
	var mu sync.Mutex
	healthy := map[string]bool{}
	engine := pipelines.New(pipelines.Config{
		Warehouse: b.warehouse, Catalog: b.catalog, Drivers: []connectors.Driver{b.source.Driver()},
		ChunkRows: 4, BatchRows: 2, Memory: 1, Stall: time.Hour,
		Progress: func(event pipelines.Event) {
			mu.Lock()
			defer mu.Unlock()
			if event.Stage == pipelines.StageDone && event.System >= "s12" {
				healthy[event.System] = true
				if len(healthy) == 2 {
					close(released)
				}
			}
		},
	})
	summary, err := engine.Sync(t.Context(), systems, pipelines.Options{})
	require.NoError(t, err)
	require.Equal(t, hanging+2, summary.Count(catalog.OutcomePublished))
}

// TestADeadSourceEndsItsOwnLoad covers a source that never gives a first batch,
// and one that stops in the middle.
func TestADeadSourceEndsItsOwnLoad(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]int{"before the first batch": 0, "in the middle": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.source.Put("T", pipetest.Table{Columns: columns("id int64"), Rows: [][]any{{1}, {2}, {3}}, Hang: make(chan struct{}), HangAfter: after})
			engine := pipelines.New(pipelines.Config{
				Warehouse: b.warehouse, Catalog: b.catalog, Drivers: []connectors.Driver{b.source.Driver()},
				ChunkRows: 4, BatchRows: 2, Stall: 50 * time.Millisecond,
			})
			summary, err := engine.Sync(t.Context(), system(definition.Dataset{Key: []string{"id"}}), pipelines.Options{})
			require.NoError(t, err)
			require.Equal(t, catalog.OutcomeFailed, summary.Runs[0].Outcome)
			require.Contains(t, summary.Runs[0].Message, "has given nothing for 50ms")
		})
	}
}
