package sqlserver

import (
	"testing"

	"github.com/Masterminds/squirrel"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/sqltext"
	"github.com/yitong-hub/yitong/schema"
)

func TestTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in     described
		want   string
		ruling bool
	}{
		{described{kind: "tinyint"}, "uint8", false}, {described{kind: "bigint"}, "int64", false},
		{described{kind: "decimal", precision: 38, scale: 10}, "decimal(38,10)", false},
		{described{kind: "money"}, "decimal(19,4)", false}, {described{kind: "smallmoney"}, "decimal(10,4)", false},
		{described{kind: "datetime2", scale: 6}, "timestamp", false}, {described{kind: "datetime2", scale: 7}, "string", true},
		{described{kind: "datetimeoffset", scale: 3}, "timestamptz", false}, {described{kind: "time", scale: 7}, "string", true},
		{described{kind: "uniqueidentifier"}, "uuid", false}, {described{kind: "timestamp"}, "binary", true},
		{described{kind: "geography"}, "string", true}, {described{kind: "nchar"}, "string", true},
	} {
		column := columnOf(c.in)
		require.Equal(t, c.want, column.Type.String(), c.in.kind)
		require.Equal(t, c.ruling, column.Ruling != "", c.in.kind)
		require.NotContains(t, column.Expression, "%")
	}
}

func TestStatement(t *testing.T) {
	t.Parallel()
	table := sqltext.Table{Dataset: schema.Dataset{Name: "dbo.a]b"}, Quoted: "[dbo]." + quote("a]b"), Placeholder: squirrel.AtP,
		Columns: []sqltext.Column{columnOf(described{name: "id", kind: "int"}), columnOf(described{name: "x]", kind: "nvarchar"}), columnOf(described{name: "at", kind: "datetime2", scale: 3})}}
	got, arguments, err := table.Statement(connectors.ReadRequest{Columns: []string{"x]"}, Cursor: "at", Since: "2026-01-01T00:00:00"})
	require.NoError(t, err)
	require.Equal(t, "SELECT [x]]], CONVERT(varchar(27), [at], 126) FROM [dbo].[a]]b] WHERE ([at] >= CONVERT(datetime2(3), @p1, 126) OR [at] IS NULL) ORDER BY [at]", got)
	require.Equal(t, []any{"2026-01-01T00:00:00"}, arguments)
	_, _, err = table.Statement(connectors.ReadRequest{Columns: []string{"none"}})
	require.Error(t, err)
}
