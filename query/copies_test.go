package query_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/query/render"
)

// readCopy writes a copy and reads it back.
func readCopy(t *testing.T, w *world, draw *acltest.Draw, format string) bool {
	t.Helper()
	asked := draw.Asked(w.resource)
	asked.Right = acl.Hold
	result := ask(t, w, asked, query.Request{All: true}, acl.Masked)
	if result == nil {
		return false
	}
	defer result.Reader.Release()
	var written bytes.Buffer
	_, err := render.Write(&written, format, result.Reader)
	require.NoError(t, err)
	got := readBack(t, format, written.Bytes(), result.Fields)
	if format == render.CSV { // it has no NULL
		want, _ := expected(w, asked, result.Fields)
		for i := range want {
			want[i] = strings.ReplaceAll("|"+want[i], "|NULL", "|")[1:]
		}
		slices.Sort(want)
		require.Equal(t, want, got)
		return true
	}
	compareRows(t, w, asked, result.Fields, got)
	return true
}

func readBack(t *testing.T, format string, text []byte, fields []plan.Field) []string {
	t.Helper()
	switch format {
	case render.CSV:
		records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		require.NoError(t, err)
		lines := []string(nil)
		for _, record := range records[1:] {
			lines = append(lines, strings.Join(record, "|")+"|")
		}
		slices.Sort(lines)
		return lines
	case render.NDJSON:
		lines := []string(nil)
		for line := range strings.Lines(string(text)) {
			var row map[string]*string
			require.NoError(t, json.Unmarshal([]byte(line), &row))
			made := ""
			for _, field := range fields {
				value := condition.Value{}
				if found := row[field.Name]; found != nil {
					value = condition.Value{Text: *found, Valid: true}
				}
				made += cell(value)
			}
			lines = append(lines, made)
		}
		slices.Sort(lines)
		return lines
	case render.Arrow:
		reader, err := ipc.NewReader(bytes.NewReader(text))
		require.NoError(t, err)
		defer reader.Release()
		return cells(t, reader)
	case render.XLSX:
		return readWorkbook(t, text, fields)
	}
	opened, err := file.NewParquetReader(bytes.NewReader(text))
	require.NoError(t, err)
	defer opened.Close()
	reader, err := pqarrow.NewFileReader(opened, pqarrow.ArrowReadProperties{BatchSize: 100}, memory.DefaultAllocator)
	require.NoError(t, err)
	table, err := reader.ReadTable(t.Context())
	require.NoError(t, err)
	defer table.Release()
	rows := array.NewTableReader(table, 100)
	defer rows.Release()
	return cells(t, rows)
}

// readWorkbook reads what the cells of a workbook show.
func readWorkbook(t *testing.T, text []byte, fields []plan.Field) []string {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(text))
	require.NoError(t, err)
	defer book.Close()
	rows, err := book.Rows("rows")
	require.NoError(t, err)
	count := 0
	for rows.Next() { // rows of nothing but NULL too
		count++
	}
	require.NoError(t, errors.Join(rows.Error(), rows.Close()))
	lines := []string(nil)
	for line := range count - 1 {
		made := ""
		for i := range fields {
			at, err := excelize.CoordinatesToCellName(i+1, line+2)
			require.NoError(t, err)
			shown, err := book.GetCellValue("rows", at)
			require.NoError(t, err)
			kind, err := book.GetCellType("rows", at)
			require.NoError(t, err)
			value := condition.Value{Text: shown, Valid: kind != excelize.CellTypeUnset || shown != ""}
			if kind == excelize.CellTypeBool {
				value.Text = strings.ToLower(shown)
			}
			made += cell(value)
		}
		lines = append(lines, made)
	}
	slices.Sort(lines)
	return lines
}
