package xlsxfile_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/conntest"
	"github.com/yitong-hub/yitong/connectors/xlsxfile"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

func save(t *testing.T, dir, name, sheet string, rows [][]any) {
	t.Helper()
	book := excelize.NewFile()
	require.NoError(t, book.SetSheetName("Sheet1", sheet))
	for i, row := range rows {
		require.NoError(t, book.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &row))
	}
	require.NoError(t, book.SaveAs(filepath.Join(dir, name)))
	require.NoError(t, book.Close())
}

func openSource(t *testing.T, dir, dataset, options string, types map[string]schema.Type) connectors.Source {
	t.Helper()
	var connection, nodes yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte("dir: "+dir), &connection))
	declared := connectors.DatasetConfig{Source: dataset, Types: types}
	if options != "" {
		require.NoError(t, yaml.Unmarshal([]byte(options), &nodes))
		declared.Options = *nodes.Content[0]
	}
	source, err := xlsxfile.Driver().Open(connectors.Config{System: "s", Connection: *connection.Content[0], Datasets: []connectors.DatasetConfig{declared}})
	require.NoError(t, err)
	return source
}

func TestConformance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	table := [][]any{{"编号", "姓名", "金额"}}
	var rows []string
	for i := range 9 {
		table = append(table, []any{i + 1, fmt.Sprintf("王%d", i), float64(i) + 0.5})
		rows = append(rows, fmt.Sprintf("%d|王%d|%d.5", i+1, i, i))
	}
	save(t, dir, "a.xlsx", "表", table)
	types := map[string]schema.Type{"编号": schema.Of(schema.Int64), "金额": schema.DecimalOf(10, 2)}
	conntest.Run(t, conntest.Case{
		Open:    func(t *testing.T) connectors.Source { return openSource(t, dir, "a.xlsx", "", types) },
		Dataset: "a.xlsx", Columns: []string{"编号 int64", "姓名 string", "金额 decimal(10,2)"}, Rows: rows,
		Cursor: "编号", Since: "8", SinceRows: rows[7:],
	})
}

func read(t *testing.T, source connectors.Source, dataset string) (rows []string, rejects []connectors.Reject) {
	t.Helper()
	rows, rejects, err := conntest.ReadAll(t.Context(), source, connectors.ReadRequest{Dataset: dataset})
	require.NoError(t, err)
	return rows, rejects
}

func TestWhatExcelKeepsAndLoses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	save(t, dir, "b.xlsx", "表", [][]any{
		{"学生名单"}, {}, {"号", "日期", "数", "日期"},
		{"1", day, 0.1, day.Add(90 * time.Minute)},
		{"2", 46_082, 1e-7, nil},
		{},
		{"3", "2026-03-01", true, "x"},
		{"4", nil, 1.1010519491231002e17, "110105194912310021"},
		{"5", nil, "#N/A", nil},
		{"6", nil, 1, nil, "zu viel"},
	})
	source := openSource(t, dir, "b.xlsx", "", nil)
	datasets, err := source.Discover(t.Context())
	require.NoError(t, err)
	var names []string
	for _, column := range datasets[0].Columns {
		names = append(names, column.Name)
	}
	require.Equal(t, []string{"号", "日期", "数", "日期_2"}, names)
	rows, rejects := read(t, source, "b.xlsx")
	require.Equal(t, []string{
		"1|2026-03-01|0.1|2026-03-01 01:30:00", "2|46082|0.0000001|(null)", "3|2026-03-01|true|x",
	}, rows)
	var codes []string
	for _, reject := range rejects {
		codes = append(codes, fmt.Sprintf("%d %s", reject.Row, reject.Code))
	}
	require.Equal(t, []string{"8 precision_lost", "9 cell_error", "10 field_count"}, codes)
}

func TestFaultsSayWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	save(t, dir, "a.xlsx", "表", [][]any{{"a", "b"}, {1, 2}})
	for options, says := range map[string]string{"{sheet: 无}": "has no sheet 无: it has 表", "{header_row: 9}": "state header_row"} {
		_, err := openSource(t, dir, "a.xlsx", options, nil).Read(t.Context(), connectors.ReadRequest{Dataset: "a.xlsx"})
		require.ErrorContains(t, err, says)
		require.True(t, fault.Is(err, fault.Invalid))
	}
}
