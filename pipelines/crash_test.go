package pipelines_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/pipelines/pipetest"
)

// crashDir tells a child process to load into that folder and to nothing else.
const crashDir = "YITONG_CRASH_DIR"

func TestMain(m *testing.M) {
	for variable, work := range map[string]func(context.Context, string) error{crashDir: crashLoads, crashContributionsDir: crashContributions} {
		if dir := os.Getenv(variable); dir != "" {
			if err := work(context.Background(), dir); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

const crashRows = 1200

// crashModes name the datasets, one for each way of loading.
var crashModes = []string{definition.LoadFull, definition.LoadIncremental, definition.LoadChanges}

func crashDatasets() []definition.Dataset {
	date := definition.Field{Name: "born"}
	date.Rules = []string{"trim", "date"}
	var all []definition.Dataset
	for _, mode := range crashModes {
		ds := definition.Dataset{Name: mode, Source: mode, Key: []string{"id"}, Load: mode, Fields: []definition.Field{{Name: "id"}, date}}
		if mode == definition.LoadIncremental {
			ds.Cursor = &definition.Cursor{Column: "v", LookBack: "10"}
			ds.Deletes.Find = "compare"
		}
		all = append(all, ds)
	}
	return all
}

// crashSource gives the table of a mode: the rows themselves, the rows with a
// growing version, or the changes that led to them.
func crashSource(mode string, state int) pipetest.Table {
	table := crashTable(state)
	switch mode {
	case definition.LoadIncremental:
		table.Columns = append(table.Columns, columns("v int64")...)
		old := rowsByKey(crashTable(0))
		for i, row := range table.Rows {
			version := i
			if was, known := old[row[0]]; state == 1 && (!known || fmt.Sprint(was) != fmt.Sprint(row)) {
				version += crashRows
			}
			table.Rows[i] = append(row, version)
		}
		slices.SortStableFunc(table.Rows, func(a, b []any) int { return a[3].(int) - b[3].(int) })
	case definition.LoadChanges:
		table.Changes = true
		table.Columns = append(table.Columns, columns("_op string")...)
		table.Rows = changesTo(state)
	}
	return table
}

func rowsByKey(table pipetest.Table) map[any][]any {
	found := map[any][]any{}
	for _, row := range table.Rows {
		found[row[0]] = row
	}
	return found
}

// changesTo lists the change events up to a state; earlier events stay.
func changesTo(state int) [][]any {
	var events [][]any
	before := map[any][]any{}
	for s := range state + 1 {
		table := crashTable(s)
		now := rowsByKey(table)
		for _, row := range table.Rows {
			if was, known := before[row[0]]; !known || fmt.Sprint(was) != fmt.Sprint(row) {
				events = append(events, append(slices.Clone(row), "u"))
			}
		}
		for i := range crashRows {
			key := fmt.Sprintf("k%05d", i)
			if _, was := before[key]; was && now[key] == nil {
				events = append(events, []any{key, nil, nil, "d"})
			}
		}
		before = now
	}
	return events
}

// crashTable is what the source holds in one of its states: in the second, rows
// have changed, gone, come, and gone bad.
func crashTable(state int) pipetest.Table {
	table := pipetest.Table{Columns: columns("id string", "born string", "n int64"), Pause: 200 * time.Microsecond}
	for i := range crashRows {
		born, n := "20010203", i
		if state == 1 && i%10 == 3 {
			continue
		}
		if state == 1 && i%10 == 5 {
			n++
		}
		if i%100 == 7 || state == 1 && i%100 == 8 {
			born = "20010230"
		}
		table.Rows = append(table.Rows, []any{fmt.Sprintf("k%05d", i), born, n})
	}
	for i := range state * 50 {
		table.Rows = append(table.Rows, []any{fmt.Sprintf("new%d", i), "20010101", i})
	}
	return table
}

// crashLoads brings the warehouse from wherever it is to the second state.
func crashLoads(ctx context.Context, dir string) error {
	w, err := warehouse.Open(ctx, warehouse.Config{Dir: dir})
	if err != nil {
		return err
	}
	defer w.Close()
	systems := []definition.System{{ID: "hr", Connector: pipetest.DriverName, Datasets: crashDatasets()}}
	// The state of the source moves on when all datasets have seen the first one.
	var first int64
	if err := w.Get(ctx, "SELECT count(*) FROM (SELECT dataset FROM warehouse.meta.loads GROUP BY dataset)", nil, &first); err != nil {
		return err
	}
	for state := int(first) / len(crashModes); state < 2; state++ {
		source := pipetest.NewSource()
		for _, mode := range crashModes {
			source.Put(mode, crashSource(mode, state))
		}
		engine := pipelines.New(pipelines.Config{
			Warehouse: w, Catalog: pipetest.NewCatalog(nil, nil), Drivers: []connectors.Driver{source.Driver()},
			ChunkRows: 400, BatchRows: 50,
		})
		summary, err := engine.Sync(ctx, systems, pipelines.Options{})
		if err != nil {
			return err
		}
		for _, run := range summary.Runs {
			if run.Outcome != catalog.OutcomePublished && run.Outcome != catalog.OutcomeUnchanged {
				return errors.New(run.Dataset + " " + run.Outcome + ": " + run.Message)
			}
		}
	}
	return nil
}

// TestKilledAnywhereTheResultIsThatOfAnUndisturbedRun kills a process at random
// moments, starts it again until it ends, and compares everything but times and
// ids of runs.
func TestKilledAnywhereTheResultIsThatOfAnUndisturbedRun(t *testing.T) {
	t.Parallel()
	killed(t, crashDir, state)
}

// killed runs the child that a variable asks for, undisturbed and killed, and
// compares what state says of their folders.
func killed(t *testing.T, variable string, state func(t *testing.T, dir string) []string) {
	t.Helper()
	began := time.Now()
	undisturbed := filepath.Join(t.TempDir(), "undisturbed")
	require.NoError(t, child(t, variable, undisturbed).Run())
	span := time.Since(began)
	wanted := state(t, undisturbed)
	kills := 5
	if soak, err := strconv.Atoi(os.Getenv("YITONG_SOAK")); err == nil && soak > kills {
		kills = soak
	}
	random := rand.New(rand.NewPCG(1, uint64(kills)))
	for i := range kills {
		dir := filepath.Join(t.TempDir(), strconv.Itoa(i))
		moment := time.Duration(random.Int64N(int64(span)))
		killed := child(t, variable, dir)
		require.NoError(t, killed.Start())
		time.Sleep(moment)
		_ = killed.Process.Signal(syscall.SIGKILL) // it may have ended already
		_ = killed.Wait()
		require.NoError(t, child(t, variable, dir).Run(), "after a kill at %s", moment)
		require.Equal(t, wanted, state(t, dir), "killed at %s of %s", moment, span)
	}
}

func child(t *testing.T, variable, dir string) *exec.Cmd {
	t.Helper()
	executable, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), executable)
	command.Env = append(os.Environ(), variable+"="+dir)
	command.Stderr = os.Stderr
	return command
}

func state(t *testing.T, dir string) []string {
	t.Helper()
	w, err := warehouse.Open(t.Context(), warehouse.Config{Dir: dir})
	require.NoError(t, err)
	defer w.Close()
	b := &bench{warehouse: w}
	var all, queries []string
	for _, mode := range crashModes {
		queries = append(queries,
			fmt.Sprintf(`SELECT 'p', '%[1]s', * EXCLUDE (_since, _run) FROM warehouse.published."hr.%[1]s"`, mode),
			fmt.Sprintf(`SELECT 'h', '%[1]s', * EXCLUDE (_since, _until, _run) FROM warehouse.history."hr.%[1]s"`, mode))
	}
	for _, query := range append(queries,
		`SELECT 'q', dataset, row, code, field, reason, raw, state FROM warehouse.quarantine.rows`,
		`SELECT 'l', dataset, version, rows, inserted, updated, deleted, quarantined, source_rows, source_checksum, landed_checksum FROM warehouse.meta.loads`,
		`SELECT 'landing', count(*) FROM landing.meta.landings`,
	) {
		all = append(all, b.rows(t, query)...)
	}
	return all
}
