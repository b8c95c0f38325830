package standard_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/standard"
	"github.com/yitong-hub/yitong/schema"
)

func open(t *testing.T) *warehouse.Warehouse {
	t.Helper()
	w, err := warehouse.Open(t.Context(), warehouse.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

const fails = "(fails)"

func TestRulesAndTypes(t *testing.T) {
	t.Parallel()
	w := open(t)
	cases := []struct {
		to, in, want string
		rules        []string
	}{
		{to: "string", in: "  张三　", want: "张三"},
		{to: "string", in: "", want: ""},
		{to: "string", in: "　", want: ""},
		{to: "string", in: "\ufeffA", want: "A"},
		{to: "string", in: "A\u00a0", want: "A"},
		{to: "string", in: "a　b\r\n", want: "a　b"},
		{to: "string", in: "\ta\t", want: "a"},
		{to: "string", in: "a\n", want: "a"},
		{to: "string", in: " a", want: " a", rules: []string{}},
		{to: "string", in: "ＡＢ－１２　", want: "AB-12 ", rules: []string{"halfwidth"}},
		{to: "string", in: "A1 ", want: "Ａ１　", rules: []string{"fullwidth"}},
		{to: "string", in: "张  三", want: "张三", rules: []string{"name"}},
		{to: "string", in: " John   Smith ", want: "John Smith", rules: []string{"name"}},
		{to: "string", in: "买买提•艾力", want: "买买提·艾力", rules: []string{"name"}},
		{to: "string", in: "+86 138-0013-8000", want: "13800138000", rules: []string{"phone"}},
		{to: "string", in: "0086（13800138000）", want: "13800138000", rules: []string{"phone"}},
		{to: "string", in: "a1b2", want: "12", rules: []string{"digits"}},
		{to: "string", in: "x", want: "X", rules: []string{"upper"}},
		{to: "string", in: " a \t b ", want: " a b ", rules: []string{"collapse_spaces"}},
		{to: "string", in: "2006年1月2日", want: "2006-01-02", rules: []string{"date"}},
		{to: "decimal(18,2)", in: "￥1,234.50", want: "1234.50", rules: []string{"money"}},
		{to: "decimal(18,2)", in: "(1,234.5)", want: "-1234.50", rules: []string{"money"}},
		{to: "decimal(18,2)", in: "1.500", want: "1.50"},
		{to: "decimal(18,2)", in: "1.505", want: fails},
		{to: "decimal(18,2)", in: "12a", want: fails},
		{to: "date", in: "20060102", want: "2006-01-02"},
		{to: "date", in: "2006/1/2", want: "2006-01-02"},
		{to: "date", in: "2006-01-02 00:00:00", want: "2006-01-02"},
		{to: "date", in: "2006-01-02 01:00:00", want: fails},
		{to: "date", in: "38719", want: "2006-01-02"},
		{to: "date", in: "19900230", want: fails},
		{to: "date", in: "199002", want: fails},
		{to: "date", in: " ", want: "<nil>"},
		{to: "int32", in: "１２", want: "12"},
		{to: "int32", in: "1.5", want: fails},
		{to: "int32", in: "3000000000", want: fails},
		{to: "uint64", in: "18446744073709551615", want: "18446744073709551615"},
		{to: "bool", in: "是", want: "true"},
		{to: "bool", in: "maybe", want: fails},
		{to: "timestamp", in: "2006/1/2 3:04:05", want: "2006-01-02 03:04:05"},
		{to: "timestamptz", in: "2006-01-02 08:00:00", want: "2006-01-02 00:00:00+00"},
		{to: "timestamptz", in: "2006-01-02T08:00:00+09:00", want: "2006-01-01 23:00:00+00"},
	}
	for _, c := range cases {
		to, err := schema.ParseType(c.to)
		require.NoError(t, err)
		require.Equal(t, c.want, value(t, w, "?", standard.Field{
			Name: "f", From: "c", Source: schema.Of(schema.String), Type: to, Rules: c.rules, Zone: "Asia/Shanghai",
		}, c.in), "%q as %s", c.in, c.to)
	}
}

func TestConversionsThatWouldLoseSomethingFail(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, c := range []struct{ from, to, in, want string }{
		{"float64", "int32", "2.0", "2"},
		{"float64", "int32", "2.5", fails},
		{"int64", "int16", "70000", fails},
		{"int64", "string", "7", "7"},
		{"decimal(10,4)", "decimal(10,2)", "1.2500", "1.25"},
		{"decimal(10,4)", "decimal(10,2)", "1.2550", fails},
		{"timestamp", "date", "2020-01-01 00:00:00", "2020-01-01"},
		{"timestamp", "date", "2020-01-01 00:00:01", fails},
		{"timestamp", "timestamptz", "2020-01-01 08:00:00", "2020-01-01 00:00:00+00"},
	} {
		from, err := schema.ParseType(c.from)
		require.NoError(t, err)
		to, err := schema.ParseType(c.to)
		require.NoError(t, err)
		field := standard.Field{Name: "f", From: "c", Source: from, Type: to, Zone: "Asia/Shanghai"}
		require.Equal(t, c.want, value(t, w, "CAST(? AS "+from.SQL()+")", field, c.in), "%s of %s as %s", c.in, c.from, c.to)
	}
}

func value(t *testing.T, w *warehouse.Warehouse, source string, field standard.Field, in string) string {
	t.Helper()
	column, err := standard.Compile(field)
	require.NoError(t, err)
	bad := column.Bad
	if bad == "" {
		bad = "false"
	}
	var failed bool
	var got sql.NullString
	query := fmt.Sprintf("SELECT %s, CAST(%s AS VARCHAR) FROM (SELECT %s AS c) l", bad, column.Value, source)
	require.NoError(t, w.Get(t.Context(), query, []any{in}, &failed, &got))
	switch {
	case failed:
		return fails
	case !got.Valid:
		return "<nil>"
	}
	return got.String
}
