package oracle

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
	n := func(i int32) *int32 { return &i }
	for _, c := range []struct {
		in     described
		want   string
		ruling bool
	}{
		{described{kind: "NUMBER"}, "string", true},
		{described{kind: "NUMBER", precision: n(10), scale: n(2)}, "decimal(10,2)", false},
		{described{kind: "NUMBER", precision: n(5), scale: n(-3)}, "decimal(8,0)", true},
		{described{kind: "NUMBER", precision: n(2), scale: n(5)}, "decimal(5,5)", false},
		{described{kind: "NUMBER", scale: n(0)}, "decimal(38,0)", false},
		{described{kind: "NUMBER", precision: n(38), scale: n(-5)}, "string", true},
		{described{kind: "DATE"}, "timestamp", false},
		{described{kind: "TIMESTAMP(6)", scale: n(6)}, "timestamp", false},
		{described{kind: "TIMESTAMP(9)", scale: n(9)}, "string", true},
		{described{kind: "TIMESTAMP(6) WITH LOCAL TIME ZONE", scale: n(6)}, "timestamptz", false},
		{described{kind: "RAW"}, "binary", false}, {described{kind: "CLOB"}, "string", false},
		{described{kind: "CHAR"}, "string", true}, {described{kind: "SDO_GEOMETRY"}, "string", true},
	} {
		column := columnOf(c.in, false)
		require.Equal(t, c.want, column.Type.String(), c.in.kind)
		require.Equal(t, c.ruling, column.Ruling != "", c.in.kind)
		require.NotContains(t, column.Expression, "%")
	}
}

func TestGBK(t *testing.T) {
	t.Parallel()
	column := columnOf(described{name: "XM", kind: "VARCHAR2"}, true)
	require.Equal(t, `UTL_RAW.CAST_TO_RAW("XM")`, column.Expression)
	got, err := column.Decode([]byte{0xd5, 0xc5, 0xc8, 0xfd})
	require.NoError(t, err)
	require.Equal(t, "张三", string(got))
	_, err = column.Decode([]byte{0xd5, 0xc5, 0xff})
	require.Error(t, err)
}

func TestStatement(t *testing.T) {
	t.Parallel()
	table := sqltext.Table{Dataset: schema.Dataset{Name: "T"}, Quoted: `"HR"."T"`, Placeholder: squirrel.Colon,
		Columns: []sqltext.Column{columnOf(described{name: "ID", kind: "VARCHAR2"}, false), columnOf(described{name: "AT", kind: "DATE"}, false)}}
	got, arguments, err := table.Statement(connectors.ReadRequest{Columns: []string{"ID"}, Cursor: "AT", Since: "2026-01-01T00:00:00"})
	require.NoError(t, err)
	require.Contains(t, got, `SELECT "ID", TO_CHAR("AT", 'YYYY-MM-DD"T"HH24:MI:SS') FROM "HR"."T" WHERE ("AT" >= TO_DATE(:1, `)
	require.Equal(t, []any{"2026-01-01T00:00:00"}, arguments)
}
