package api_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/render"
)

// rowsPerExit bounds the datasets that are compared: a page has as many rows.
const rowsPerExit = 1000

// TestEveryExitGivesTheSame reads every dataset as everybody through each exit of
// the API, and compares with what the gate itself gives: what may be seen in JSON
// and in SQL, what may be held in the other forms.
func TestEveryExitGivesTheSame(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	settings := config.Config{Home: home, Campus: filepath.Join(home, "campus"), State: filepath.Join(home, "state.db"), Memory: 512 << 20}
	_, err := app.BuildDemo(t.Context(), settings, "small")
	require.NoError(t, err)
	opened, err := app.New(t.Context(), settings, app.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	_, err = opened.Sync(t.Context(), pipelines.Options{Systems: []string{"hr", "card", "academic"}})
	require.NoError(t, err)
	handler, err := opened.Handler(slog.New(slog.DiscardHandler), true)
	require.NoError(t, err)
	datasets, err := opened.Catalog.Everything(t.Context())
	require.NoError(t, err)
	people, err := app.Principals(settings)
	require.NoError(t, err)
	given := map[string]int{}
	for _, who := range people {
		for _, dataset := range datasets {
			if dataset.Version == 0 || dataset.Rows > rowsPerExit {
				continue
			}
			for _, exit := range exits {
				want, denied := gateRows(t, opened, who, query.Request{Dataset: dataset.ID, Right: exit.right, Limit: rowsPerExit})
				got := exit.read(t, handler, who.ID(), dataset.ID)
				where := exit.name + " of " + dataset.ID + " as " + who.ID()
				if denied {
					require.Nil(t, got, where)
					continue
				}
				slices.Sort(got)
				require.Equal(t, want, got, where)
				given[exit.name] += len(got)
			}
		}
	}
	for _, exit := range exits {
		require.Greater(t, given[exit.name], 300, exit.name)
	}
}

// gateRows gives rows as texts, or that nothing may be seen or not be sorted so.
func gateRows(t *testing.T, opened *app.App, who acl.Principal, request query.Request) (rows []string, denied bool) {
	t.Helper()
	result, err := opened.Gate.Read(t.Context(), who, request)
	if err != nil {
		require.Contains(t, []fault.Code{fault.Denied, fault.Invalid}, fault.CodeOf(err), "%v", err)
		return nil, true
	}
	defer result.Reader.Release()
	rows = linesOf(t, result.Reader)
	slices.Sort(rows)
	return rows, false
}

func linesOf(t *testing.T, reader array.RecordReader) []string {
	t.Helper()
	lines := []string{}
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			cells := make([]*string, batch.NumCols())
			for i, column := range batch.Columns() {
				if text, null := render.Text(column, row); !null {
					cells[i] = &text
				}
			}
			lines = append(lines, lineOf(t, cells))
		}
	}
	require.NoError(t, reader.Err())
	return lines
}

func lineOf(t *testing.T, cells []*string) string {
	t.Helper()
	text, err := json.Marshal(cells)
	require.NoError(t, err)
	return string(text)
}

// exit reads a dataset and gives nil where it is refused.
type exit struct {
	name  string
	right acl.Right
	read  func(t *testing.T, handler http.Handler, as, dataset string) []string
}

var exits = []exit{
	{"JSON", acl.View, func(t *testing.T, handler http.Handler, as, dataset string) []string {
		var page struct {
			Rows []map[string]*string
			Meta struct{ Fields []struct{ Name string } }
		}
		if !fetch(t, handler, as, dataset, "application/json", &page) {
			return nil
		}
		lines := []string{}
		for _, row := range page.Rows {
			cells := []*string{}
			for _, field := range page.Meta.Fields {
				cells = append(cells, row[field.Name])
			}
			lines = append(lines, lineOf(t, cells))
		}
		return lines
	}},
	{"SQL", acl.View, func(t *testing.T, handler http.Handler, as, dataset string) []string {
		body, err := json.Marshal(map[string]any{"sql": "SELECT * FROM " + dataset, "limit": rowsPerExit})
		require.NoError(t, err)
		response := call(t, handler, scenario{As: as, Method: http.MethodPost, Path: "/v1/sql", Body: string(body)})
		defer response.Body.Close()
		if response.StatusCode >= http.StatusBadRequest {
			return nil
		}
		var answer struct{ Rows [][]*string }
		require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
		lines := []string{}
		for _, row := range answer.Rows {
			lines = append(lines, lineOf(t, row))
		}
		return lines
	}},
	{"Arrow", acl.Hold, func(t *testing.T, handler http.Handler, as, dataset string) []string {
		var text bytes.Buffer
		if !fetch(t, handler, as, dataset, "application/vnd.apache.arrow.stream", &text) {
			return nil
		}
		reader, err := ipc.NewReader(&text)
		require.NoError(t, err)
		defer reader.Release()
		return linesOf(t, reader)
	}},
	{"NDJSON", acl.Hold, func(t *testing.T, handler http.Handler, as, dataset string) []string {
		var text bytes.Buffer
		if !fetch(t, handler, as, dataset, "application/x-ndjson", &text) {
			return nil
		}
		names := headerOf(t, handler, as, dataset)
		lines := []string{}
		for line := range strings.Lines(text.String()) {
			var row map[string]*string
			require.NoError(t, json.Unmarshal([]byte(line), &row))
			cells := make([]*string, len(names))
			for i, name := range names {
				cells[i] = row[name]
			}
			lines = append(lines, lineOf(t, cells))
		}
		return lines
	}},
}

// headerOf gives the columns of a copy.
func headerOf(t *testing.T, handler http.Handler, as, dataset string) []string {
	t.Helper()
	var text bytes.Buffer
	require.True(t, fetch(t, handler, as, dataset, "text/csv", &text))
	header, err := csv.NewReader(&text).Read()
	require.NoError(t, err)
	return slices.Clone(header)
}

func fetch(t *testing.T, handler http.Handler, as, dataset, accept string, into any) bool {
	t.Helper()
	path := "/v1/datasets/" + dataset + "/rows" // a copy is of all rows
	if accept == "application/json" {
		path += "?limit=" + strconv.Itoa(rowsPerExit)
	}
	response := call(t, handler, scenario{As: as, Path: path, Headers: map[string]string{"Accept": accept}})
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return false
	}
	if buffer, raw := into.(*bytes.Buffer); raw {
		_, err := buffer.ReadFrom(response.Body)
		require.NoError(t, err)
		return true
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(into))
	return true
}
