package query_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/query/render"
)

// readsVariable gives the number of random reads through each exit; make soak
// asks for more than ten thousand.
const readsVariable = "YITONG_GATE_READS"

const (
	fewReads       = 240
	readsPerWorld  = 6
	rowsOfDataset  = 9
	policiesAtMost = 7
)

// world is a campus of one dataset, drawn at random, in a real warehouse.
type world struct {
	warehouse *warehouse.Warehouse
	dataset   catalog.Dataset
	resource  *acl.Resource
	rows      []acltest.Row
	policies  []acl.Policy
	consented []string
	set       *acl.Set
	now       time.Time
	records   []audit.Record
	revision  atomic.Int64
}

func (w *world) Dataset(_ context.Context, id string) (catalog.Dataset, error) {
	if id != w.dataset.ID {
		return catalog.Dataset{}, fault.New(fault.NotFound, "there is no dataset %q", id)
	}
	return w.dataset, nil
}

// Revision is another one each time: tests change the dataset as they like.
func (w *world) Revision(context.Context) (int64, error) { return w.revision.Add(1), nil }

func (w *world) Everything(context.Context) ([]catalog.Dataset, error) {
	return []catalog.Dataset{w.dataset}, nil
}

func (w *world) Current() *acl.Set { return w.set }

func (w *world) Consented(context.Context, string, string) ([]string, error) { return w.consented, nil }

func (w *world) Salt(context.Context) (string, error) { return "secret", nil }

func (w *world) Append(_ context.Context, record audit.Record) error {
	w.records = append(w.records, record)
	return nil
}

func (w *world) gate() *query.Gate {
	return query.New(query.Config{Warehouse: w.warehouse, Catalog: w, Policies: w, Recorder: w, Now: func() time.Time { return w.now }})
}

func (w *world) reference() acltest.Reference {
	return acltest.Reference{Policies: w.policies, Purposes: acltest.Purposes, Consented: w.consented}
}

func openWarehouse(t *testing.T) *warehouse.Warehouse {
	t.Helper()
	opened, err := warehouse.Open(t.Context(), warehouse.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return opened
}

// publish puts rows where the gate reads a dataset.
func publish(t *testing.T, opened *warehouse.Warehouse, resource *acl.Resource, rows []acltest.Row) catalog.Dataset {
	t.Helper()
	dataset := catalog.Dataset{
		ID: resource.Dataset, System: "x", Department: resource.Department, Person: resource.Person, Tags: resource.Tags, Version: 1,
	}
	var columns []string
	for _, field := range resource.Fields {
		columns = append(columns, field.Column+" "+field.Type.SQL())
		dataset.Fields = append(dataset.Fields, catalog.Field{
			Name: field.Name, From: field.Name, Element: field.Element, Level: field.Level, Tags: field.Tags, Type: field.Type, State: catalog.FieldActive,
		})
	}
	table := warehouse.Published(resource.Dataset)
	require.NoError(t, opened.Exec(t.Context(), "CREATE OR REPLACE TABLE "+table+" ("+strings.Join(columns, ", ")+")"))
	for _, row := range rows {
		values := make([]string, len(resource.Fields))
		for i, field := range resource.Fields {
			values[i] = "NULL"
			if value := row[field.Name]; value.Valid {
				values[i] = "CAST(" + warehouse.Literal(value.Text) + " AS " + field.Type.SQL() + ")"
			}
		}
		require.NoError(t, opened.Exec(t.Context(), "INSERT INTO "+table+" VALUES ("+strings.Join(values, ", ")+")"))
	}
	return dataset
}

func drawWorld(t *testing.T, opened *warehouse.Warehouse, draw *acltest.Draw) *world {
	t.Helper()
	w := &world{warehouse: opened, resource: draw.Resource(), policies: draw.Policies(policiesAtMost), consented: draw.Consented()}
	if draw.Number(4) > 0 {
		w.policies = append(w.policies, draw.Wide("wide"))
	}
	for range rowsOfDataset {
		w.rows = append(w.rows, draw.Row(w.resource))
	}
	w.dataset = publish(t, opened, w.resource, w.rows)
	var err error
	w.set, err = acl.NewSet(1, acl.Contents{Policies: w.policies, Purposes: acltest.Purposes})
	require.NoError(t, err)
	return w
}

func reads(t *testing.T) int {
	t.Helper()
	wanted := os.Getenv(readsVariable)
	if wanted == "" {
		return fewReads
	}
	count, err := strconv.Atoi(wanted)
	require.NoError(t, err)
	return count
}

// TestEveryExitShowsWhatThePlainEvaluatorDoes reads random datasets as random
// principals through each exit, and compares every cell with the evaluator that
// walks all policies.
func TestEveryExitShowsWhatThePlainEvaluatorDoes(t *testing.T) {
	t.Parallel()
	exits := map[string]func(*testing.T, *world, *acltest.Draw) bool{"rows": readRows, "figures": readFigures, "sql": readSQL}
	for _, format := range []string{render.CSV, render.NDJSON, render.Arrow, render.Parquet, render.XLSX} {
		exits[format] = func(t *testing.T, w *world, draw *acltest.Draw) bool { return readCopy(t, w, draw, format) }
	}
	for name, exit := range exits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opened := openWarehouse(t)
			given := 0
			for seed := range reads(t) / readsPerWorld {
				draw := acltest.NewDraw(uint64(seed))
				w := drawWorld(t, opened, draw)
				for range readsPerWorld {
					if exit(t, w, draw) {
						given++
					}
				}
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
			require.Greater(t, given, reads(t)/6, "some of the reads give something")
		})
	}
}

// ask asks for a read and gives nil where nothing may be seen, after comparing
// that with the evaluator.
func ask(t *testing.T, w *world, asked acltest.Asked, request query.Request, least acl.Access) *query.Result {
	t.Helper()
	w.now = asked.At
	request.Dataset, request.Right, request.Purpose = w.dataset.ID, asked.Right, asked.Purpose
	if !request.All {
		request.Limit = 1000
	}
	result, err := w.gate().Read(t.Context(), asked.Principal(), request)
	record := w.records[len(w.records)-1]
	if err == nil {
		require.Equal(t, "allowed", record.Outcome)
		return result
	}
	require.NotEqual(t, "allowed", record.Outcome, "%v", err)
	var coded *fault.Error
	require.ErrorAs(t, err, &coded)
	if coded.Code != fault.Denied {
		require.Equal(t, fault.Invalid, coded.Code, "%v", err)
		return nil
	}
	if len(request.Fields)+len(request.Metrics)+len(request.GroupBy) == 0 {
		for _, row := range w.rows {
			for _, field := range w.resource.Fields {
				require.Less(t, w.reference().Shown(asked, field, row).Access, least, "%v refused, but %s of %v may be seen by %+v under %+v", err, field.Name, row, asked, w.policies)
			}
		}
	}
	return nil
}

func readRows(t *testing.T, w *world, draw *acltest.Draw) bool {
	t.Helper()
	asked := draw.Asked(w.resource)
	result := ask(t, w, asked, query.Request{}, acl.Masked)
	if result == nil {
		return false
	}
	defer result.Reader.Release()
	compareRows(t, w, asked, result.Fields, cells(t, result.Reader))
	record := w.records[len(w.records)-1]
	require.Len(t, record.Persons, people(w, asked), "the people concerned are on record")
	filterRows(t, w, asked, result.Fields)
	return true
}

// people counts whom the rows that are shown are about.
func people(w *world, asked acltest.Asked) int {
	found := map[string]bool{}
	for _, row := range shownRows(w, asked) {
		if person := row[w.resource.Person]; w.resource.Person != "" && person.Valid {
			found[person.Text] = true
		}
	}
	return len(found)
}

func shownRows(w *world, asked acltest.Asked) []acltest.Row {
	var shown []acltest.Row
	for _, row := range w.rows {
		if slices.ContainsFunc(w.resource.Fields, func(f acl.Field) bool { return w.reference().Shown(asked, f, row).Access >= acl.Masked }) {
			shown = append(shown, row)
		}
	}
	return shown
}

// expected writes the rows that are to be seen, cell by cell.
func expected(w *world, asked acltest.Asked, fields []plan.Field) (lines []string, governed []acltest.Row) {
	salt := query.SaltOf("secret", asked.Purpose, asked.Who.ID)
	for _, row := range shownRows(w, asked) {
		line, seen := "", acltest.Row{}
		for _, shown := range fields {
			field, _ := w.resource.Field(shown.Name)
			limit := w.reference().Shown(asked, field, row)
			if limit.Access < acl.Masked {
				limit = acl.Limit{}
			}
			value := acltest.Shown(row[field.Name], limit, salt)
			seen[field.Name] = value
			line += cell(value)
		}
		lines, governed = append(lines, line), append(governed, seen)
	}
	slices.Sort(lines)
	return lines, governed
}

func cell(value condition.Value) string {
	if !value.Valid {
		return "NULL|"
	}
	return value.Text + "|"
}

func compareRows(t *testing.T, w *world, asked acltest.Asked, fields []plan.Field, got []string) {
	t.Helper()
	want, _ := expected(w, asked, fields)
	require.Equal(t, want, got, "%+v of %+v under %+v", asked, w.resource, w.policies)
	for _, field := range w.resource.Fields {
		if slices.ContainsFunc(fields, func(f plan.Field) bool { return f.Name == field.Name }) {
			continue
		}
		for _, row := range w.rows {
			require.Less(t, w.reference().Shown(asked, field, row).Access, acl.Masked, "%s is left out", field.Name)
		}
	}
}

// cells writes the rows of a reader in order of their text.
func cells(t *testing.T, reader array.RecordReader) []string {
	t.Helper()
	var lines []string
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			line := ""
			for _, column := range batch.Columns() {
				text, null := render.Text(column, row)
				line += cell(condition.Value{Text: text, Valid: !null})
			}
			lines = append(lines, line)
		}
	}
	require.NoError(t, reader.Err())
	slices.Sort(lines)
	return lines
}

// filters are tried on what is shown; those that do not fit a field's type as it
// is shown must be refused without a word of values.
var filters = []string{"college = 'math'", "not college = 'math'", "pay > 20", "pay > '20'", "name like '%*%'", "mobile contains '1234'", "born < '2000-06-01'", "person_id is null", "name >= '张'"}

// filterRows holds filters over shown values against the same filters in Go.
func filterRows(t *testing.T, w *world, asked acltest.Asked, fields []plan.Field) {
	t.Helper()
	for _, filter := range filters {
		parsed, err := condition.Parse(filter)
		require.NoError(t, err)
		bound, bindErr := parsed.Bind(condition.Scope{Field: func(name string) (condition.Field, bool) {
			for _, field := range fields {
				if field.Name == name {
					return condition.Field{Name: name, Expression: name, Type: field.Type}, true
				}
			}
			return condition.Field{}, false
		}})
		result, err := w.gate().Read(t.Context(), asked.Principal(), query.Request{
			Dataset: w.dataset.ID, Right: asked.Right, Purpose: asked.Purpose, Limit: 1000, Where: filter, Sort: []string{fields[0].Name},
		})
		if bindErr != nil {
			require.True(t, fault.Is(err, fault.Invalid), "%s: %v", filter, err)
			continue
		}
		require.NoError(t, err, filter)
		_, governed := expected(w, asked, fields)
		count := 0
		for _, row := range governed {
			if bound.Holds(func(name string) condition.Value { return row[name] }) == condition.True {
				count++
			}
		}
		require.Len(t, cells(t, result.Reader), count, "%s over %v", filter, governed)
		result.Reader.Release()
	}
}

// readFigures groups and counts what is shown and, of what is not, statistics.
func readFigures(t *testing.T, w *world, draw *acltest.Draw) bool {
	t.Helper()
	asked := draw.Asked(w.resource)
	request := query.Request{Metrics: []plan.Metric{{Function: plan.Count, As: "n"}}}
	measured := w.resource.Fields[draw.Number(len(w.resource.Fields))].Name
	if draw.Number(3) > 0 {
		request.Metrics = append(request.Metrics, plan.Metric{Function: plan.Count, Field: measured, As: "m"})
	}
	if draw.Number(2) == 0 {
		request.GroupBy = []string{"college"}
	}
	result := ask(t, w, asked, request, acl.Statistics)
	if result == nil {
		return false
	}
	defer result.Reader.Release()
	got := cells(t, result.Reader)
	want := figures(w, asked, request)
	require.Equal(t, want, got, "%+v of %+v: %+v over %v under %+v", asked, w.resource, request, w.rows, w.policies)
	return true
}
