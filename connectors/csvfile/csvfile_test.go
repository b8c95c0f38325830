package csvfile_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/conntest"
	"github.com/yitong-hub/yitong/connectors/csvfile"
	"github.com/yitong-hub/yitong/schema"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	var rows []string
	text.WriteString("编号,姓名,金额\n")
	for i := range 11 {
		fmt.Fprintf(&text, "%d,\"王,%d\",%d.50\n", i+1, i, i)
		rows = append(rows, fmt.Sprintf("%d|王,%d|%d.5", i+1, i, i))
	}
	for name, coding := range map[string]encoding.Encoding{
		"utf-8": encoding.Nop, "utf-8 with mark": unicode.UTF8BOM, "gb18030": simplifiedchinese.GB18030,
		"utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			encoded, err := coding.NewEncoder().String(text.String())
			require.NoError(t, err)
			write(t, dir, "a.csv", encoded)
			types := map[string]schema.Type{"编号": schema.Of(schema.Int64), "金额": schema.DecimalOf(10, 2)}
			conntest.Run(t, conntest.Case{
				Open:    func(t *testing.T) connectors.Source { return openSource(t, dir, "a.csv", "", types) },
				Dataset: "a.csv", Columns: []string{"编号 int64", "姓名 string", "金额 decimal(10,2)"}, Rows: rows,
				Cursor: "编号", Since: "10", SinceRows: rows[9:],
			})
		})
	}
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

func openSource(t testing.TB, dir, dataset, options string, types map[string]schema.Type) connectors.Source {
	t.Helper()
	var connection, nodes yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte("dir: "+dir), &connection))
	require.NoError(t, yaml.Unmarshal([]byte(options), &nodes))
	config := connectors.Config{System: "s", Connection: *connection.Content[0]}
	declared := connectors.DatasetConfig{Source: dataset, Types: types}
	if options != "" {
		declared.Options = *nodes.Content[0]
	}
	config.Datasets = []connectors.DatasetConfig{declared}
	source, err := csvfile.Driver().Open(config)
	require.NoError(t, err)
	return source
}

// loaded is a whole file as read.
type loaded struct {
	names   []string
	rows    [][]string
	rejects []connectors.Reject
}

func load(t testing.TB, text, options string) loaded {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "x.csv", text)
	found, err := loadFile(t, dir, "x.csv", options)
	require.NoError(t, err)
	return found
}

func loadFile(t testing.TB, dir, name, options string) (loaded, error) {
	t.Helper()
	var all loaded
	source := openSource(t, dir, name, options, nil)
	stream, err := source.Read(t.Context(), connectors.ReadRequest{Dataset: name})
	if err != nil {
		return all, err
	}
	defer stream.Close()
	for _, field := range stream.Schema().Fields() {
		all.names = append(all.names, field.Name)
	}
	for {
		batch, err := stream.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all.rejects = append(all.rejects, batch.Rejects...)
		for i := range int(batch.Record.NumRows()) {
			row := make([]string, batch.Record.NumCols())
			for j := range row {
				row[j] = strings.Clone(batch.Record.Column(j).ValueStr(i))
			}
			all.rows = append(all.rows, row)
		}
		batch.Record.Release()
	}
}

func (l loaded) codes() []string {
	codes := []string{}
	for _, reject := range l.rejects {
		codes = append(codes, fmt.Sprintf("%d %s", reject.Row, reject.Code))
	}
	return codes
}

func TestDialects(t *testing.T) {
	t.Parallel()
	table := [][]string{{"1", "甲"}, {"2", "乙"}, {"3", "丙"}}
	for name, c := range map[string]struct {
		text, options string
		names         []string
		rows          [][]string
		rejects       []string
	}{
		"plain":               {text: "no,name\n1,甲\n2,乙\n3,丙\n", rows: table},
		"no end of line":      {text: "no,name\n1,甲\n2,乙\n3,丙", rows: table},
		"semicolons, crlf":    {text: "no;name\r\n1;甲\r\n2;乙\r\n3;丙\r\n", rows: table},
		"tabs, cr":            {text: "no\tname\r1\t甲\r2\t乙\r3\t丙\r", rows: table},
		"title above":         {text: "学生名单,\n2026年,\nno,name\n1,甲\n2,乙\n3,丙\n", options: "{skip: 2}", rows: table},
		"no header":           {text: "1,甲\n2,乙\n3,丙\n", names: []string{"column_1", "column_2"}, rows: table},
		"names stated":        {text: "1,甲\n2,乙\n3,丙\n", options: "{columns: [no, name], header: 0}", rows: table},
		"a field too many":    {text: "no,name\n1,甲\n9,9,9\n2,乙\n3,丙\n", rows: table, rejects: []string{"3 field_count"}},
		"an open quote":       {text: "no,name\n1,甲\n\"9,9\n2,乙\n3,丙\n", rows: table, rejects: []string{"3 unclosed_quote"}},
		"a bad byte":          {text: "no,name\n1,甲\n9,\xff\n2,乙\n3,丙\n", rows: table, rejects: []string{"3 encoding"}},
		"another table":       {text: "no,name\n1,甲\n2,乙\n3,丙\nno,name\n4,丁\n", rows: table, rejects: []string{"5 another_table", "6 another_table"}},
		"files joined":        {text: "no,name\n1,甲\n2,乙\nno,name\n3,丙\n", options: "{repeated_header: skip}", rows: table},
		"quoted line ends":    {text: "no,name\n1,\"甲\n\"\n2,乙\n3,\"\"\"丙\"\n", rows: [][]string{{"1", "甲\n"}, {"2", "乙"}, {"3", `"丙`}}},
		"null and empty":      {text: "no,name\n1,\n2,\\N\n3,NULL\n", options: `{nulls: ['\N']}`, rows: [][]string{{"1", ""}, {"2", "(null)"}, {"3", "NULL"}}},
		"swallowed rows":      {text: "a,b,c\n1,2,\"x\n4,5,6\n7,8,\"\n9,9,9\n", names: []string{"a", "b", "c"}, rows: [][]string{{"4", "5", "6"}, {"9", "9", "9"}}, rejects: []string{"2 unclosed_quote", "4 unclosed_quote"}},
		"a name twice":        {text: "a,a,\n1,2,3\n4,5,6\n", names: []string{"a", "a_2", "column_3"}, rows: [][]string{{"1", "2", "3"}, {"4", "5", "6"}}},
		"one column":          {text: "学号\n2022000001\n2022000002\n", names: []string{"学号"}, rows: [][]string{{"2022000001"}, {"2022000002"}}},
		"words only":          {text: "姓名,学院\n张三,数学\n李四,物理\n", names: []string{"姓名", "学院"}, rows: [][]string{{"张三", "数学"}, {"李四", "物理"}}},
		"backslash before it": {text: "a,b\n1,\"x \\\" y\"\n2,\"z\"\n", names: []string{"a", "b"}, rows: [][]string{{"1", `x " y`}, {"2", "z"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := load(t, c.text, c.options)
			if c.names == nil {
				c.names = []string{"no", "name"}
			}
			if c.rejects == nil {
				c.rejects = []string{}
			}
			require.Equal(t, c.names, got.names)
			require.Equal(t, c.rows, got.rows)
			require.Equal(t, c.rejects, got.codes())
		})
	}
}

// TestWellFormedFilesReadAsTheyWereWritten writes tables with the standard
// library and reads them back.
func TestWellFormedFilesReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		width := rapid.IntRange(2, 6).Draw(r, "width")
		cell := rapid.OneOf(rapid.StringMatching(`[0-9]{1,6}`), rapid.StringMatching("[a-z张三 ,\";']{0,8}"), rapid.StringMatching("[a-z张三 \"\n;']{0,8}"))
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, width, width), 1, 30).Draw(r, "rows")
		var text bytes.Buffer
		writer := csv.NewWriter(&text)
		header := make([]string, width)
		for i := range header {
			header[i] = fmt.Sprintf("col%c", 'a'+i)
		}
		require.NoError(t, writer.WriteAll(append([][]string{header}, rows...)))
		write(t, dir, "x.csv", text.String())
		got, err := loadFile(t, dir, "x.csv", `{delimiter: ",", quote: '"', header: 1, skip: 0}`)
		require.NoError(t, err)
		require.Empty(t, got.rejects, text.String())
		require.Equal(t, rows, got.rows)
	})
}

// TestDecodedTextIsCutAnywhere reads a GBK file longer than the sample, so that
// the sample ends inside a character.
func TestDecodedTextIsCutAnywhere(t *testing.T) {
	t.Parallel()
	for shift := range 4 {
		var text strings.Builder
		text.WriteString("号,名" + strings.Repeat("x", shift) + "\n")
		const rows = 40_000
		for i := range rows {
			fmt.Fprintf(&text, "%d,汉字汉字\n", i)
		}
		encoded, err := simplifiedchinese.GB18030.NewEncoder().String(text.String())
		require.NoError(t, err)
		got := load(t, encoded, "")
		require.Len(t, got.rows, rows)
		require.Empty(t, got.rejects)
		require.Equal(t, []string{"39999", "汉字汉字"}, got.rows[rows-1])
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "a;b\r\n\"x\";\"\"\"\"\r\n", "\xef\xbb\xbfa\tb\n1\t\n", "\"", "a,b\n\"1,2\n3,4", "\xd0\xd5,\xc3\xfb\n1,2\n", "a\rb\rc"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		write(t, dir, "x.csv", string(text))
		got, err := loadFile(t, dir, "x.csv", "")
		if err != nil {
			return
		}
		for _, row := range got.rows {
			require.Len(t, row, len(got.names))
		}
		for _, reject := range got.rejects {
			require.NotEmpty(t, reject.Code)
			require.Positive(t, reject.Row)
		}
	})
}
