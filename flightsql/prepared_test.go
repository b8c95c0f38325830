package flightsql_test

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/yitong-hub/yitong/flightsql"
)

// rowOf makes one row of parameters, of texts as Arrow's builders read them; "-"
// is NULL.
func rowOf(t testing.TB, kinds []arrow.DataType, rows ...[]string) arrow.RecordBatch {
	t.Helper()
	fields := make([]arrow.Field, len(kinds))
	for i, kind := range kinds {
		fields[i] = arrow.Field{Name: string(rune('a' + i)), Type: kind, Nullable: true}
	}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer builder.Release()
	for _, values := range rows {
		for i, value := range values {
			if value == "-" {
				builder.Field(i).AppendNull()
			} else {
				require.NoError(t, builder.Field(i).AppendValueFromString(value))
			}
		}
	}
	return builder.NewRecordBatch()
}

// prepared prepares a statement, binds a row where there is one, and reads.
func prepared(ctx context.Context, t *testing.T, client *protocol.Client, sql string, row arrow.RecordBatch) ([]string, error) {
	t.Helper()
	statement, err := client.Prepare(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer func() { require.NoError(t, statement.Close(ctx)) }()
	if row != nil {
		statement.SetParameters(row)
	}
	info, err := statement.Execute(ctx)
	if err != nil {
		return nil, err
	}
	lines, _, err := fetch(ctx, client, info)
	return lines, err
}

func TestParametersOfEachType(t *testing.T) {
	t.Parallel()
	c := open(t)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	ctx := with(t, "person:p1")
	const staff = "SELECT id FROM hr.staff WHERE "
	for _, one := range []struct {
		sql    string
		kind   arrow.DataType
		value  string
		wanted []string
	}{
		{staff + "name = $1", arrow.BinaryTypes.String, "李四", []string{"2|"}},
		{staff + "name = ?", arrow.BinaryTypes.LargeString, "李四", []string{"2|"}},
		{staff + "name = $1", arrow.BinaryTypes.String, "x' OR true --", nil},
		{staff + "name = $1", arrow.BinaryTypes.String, "", nil},
		{staff + "name = $1", arrow.BinaryTypes.String, "-", nil},
		{"SELECT $1 IS NULL", arrow.Null, "-", []string{"true|"}},
		{"SELECT $1 IS NULL", arrow.BinaryTypes.String, "", []string{"false|"}},
		{staff + "flag = $1", arrow.FixedWidthTypes.Boolean, "true", []string{"1|"}},
		{staff + "small = $1", arrow.PrimitiveTypes.Uint8, "255", []string{"2|"}},
		{staff + "big = $1", arrow.PrimitiveTypes.Int64, "-9223372036854775808", []string{"1|"}},
		{staff + "big = $1", arrow.PrimitiveTypes.Int32, "0", []string{"3|"}},
		{staff + "small = $1", arrow.PrimitiveTypes.Int16, "255", []string{"2|"}},
		{staff + "small = $1", arrow.PrimitiveTypes.Int8, "0", []string{"1|"}},
		{staff + "small = $1", arrow.PrimitiveTypes.Uint16, "255", []string{"2|"}},
		{staff + "small = $1", arrow.PrimitiveTypes.Uint32, "255", []string{"2|"}},
		{"SELECT CAST($1 AS UBIGINT)", arrow.PrimitiveTypes.Uint64, "18446744073709551615", []string{"18446744073709551615|"}},
		{staff + "grade = $1", arrow.PrimitiveTypes.Float32, "1.5", []string{"1|"}},
		{staff + "grade = $1", arrow.PrimitiveTypes.Float64, "-1", []string{"2|"}},
		{"SELECT CAST($1 AS DOUBLE)", arrow.PrimitiveTypes.Float64, "0.1", []string{"0.1|"}},
		{staff + "pay = $1", &arrow.Decimal128Type{Precision: 10, Scale: 2}, "5000.00", []string{"1|"}},
		{staff + "wide = $1", &arrow.Decimal128Type{Precision: 38, Scale: 0}, "99999999999999999999999999999999999998", []string{"3|"}},
		{staff + "born = $1", arrow.FixedWidthTypes.Date32, "1999-01-01", []string{"2|"}},
		{staff + "born = $1", arrow.FixedWidthTypes.Date64, "1999-01-01", []string{"2|"}},
		{staff + "clock = $1", arrow.FixedWidthTypes.Time64us, "08:00:00", []string{"1|"}},
		{staff + "clock = $1", arrow.FixedWidthTypes.Time32s, "08:00:00", []string{"1|"}},
		{staff + "local = $1", &arrow.TimestampType{Unit: arrow.Microsecond}, "2026-01-01 08:00:00", []string{"1|"}},
		{staff + "seen_at = $1", arrow.FixedWidthTypes.Timestamp_us, "2026-01-01T00:00:00Z", []string{"1|"}},
		{staff + "seen_at > $1", arrow.FixedWidthTypes.Timestamp_ms, "2026-01-01T12:00:00Z", []string{"2|"}},
		{staff + "uid = $1", arrow.BinaryTypes.String, "00000000-0000-0000-0000-000000000001", []string{"1|"}},
	} {
		row := rowOf(t, []arrow.DataType{one.kind}, []string{one.value})
		lines, err := prepared(ctx, t, client, one.sql, row)
		require.NoError(t, err, "%s with %s", one.sql, one.kind)
		require.Equal(t, one.wanted, lines, "%s with %s", one.sql, one.kind)
	}
	two := []arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64}
	lines, err := prepared(ctx, t, client, staff+"big = $2 OR name = $1 ORDER BY id", rowOf(t, two, []string{"李四", "0"}))
	require.NoError(t, err)
	require.Equal(t, []string{"2|", "3|"}, lines)
}

func TestParametersThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	c := open(t)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	ctx := with(t, "person:p1")
	const asked = "SELECT id FROM hr.staff WHERE name = $1"
	one := []arrow.DataType{arrow.BinaryTypes.String}
	for why, row := range map[string]arrow.RecordBatch{
		"has 1 parameters, and 0 values": nil,
		"has 1 parameters, and 2 values": rowOf(t, []arrow.DataType{one[0], one[0]}, []string{"a", "b"}),
		"one row of parameters":          rowOf(t, one, []string{"a"}, []string{"b"}),
		"of the type binary":             rowOf(t, []arrow.DataType{arrow.BinaryTypes.Binary}, []string{"YQ=="}),
		"a list, a struct":               rowOf(t, []arrow.DataType{arrow.ListOf(one[0])}, []string{`["a"]`}),
		"or a dictionary":                rowOf(t, []arrow.DataType{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: one[0]}}, []string{"a"}),
		"cannot be seen":                 rowOf(t, one, []string{"a\x00b"}),
		"no UTF-8":                       rowOf(t, one, []string{"a\xffb"}),
	} {
		_, err := prepared(ctx, t, client, asked, row)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%s: %v", why, err)
		require.ErrorContains(t, err, why)
	}
	_, err := prepared(ctx, t, client, "SELECT id FROM hr.staff WHERE big = $1", rowOf(t, one, []string{"many"}))
	require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", err)
	_, err = client.Execute(ctx, asked)
	require.ErrorContains(t, err, "has 1 parameters, and 0 values")
}

func TestPreparedStatementsTellTheirColumnsAndParameters(t *testing.T) {
	t.Parallel()
	c := open(t)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	ctx := with(t, "person:p1")
	statement, err := client.Prepare(ctx, "SELECT pay, name FROM hr.staff WHERE name = $1 AND big < $2")
	require.NoError(t, err)
	require.Equal(t, 2, statement.ParameterSchema().NumFields())
	require.Equal(t, "$2", statement.ParameterSchema().Field(1).Name)
	require.Equal(t, "pay", statement.DatasetSchema().Field(0).Name)
	update, told := statement.IsUpdate()
	require.True(t, told)
	require.False(t, update)
	described, err := statement.GetSchema(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, described.Schema)
	require.NoError(t, statement.Close(ctx))
	require.Empty(t, c.recorded(), "nothing was read")

	// A handle is a question: whoever brings it gets an answer of their own.
	handle := statement.Handle()
	other := protocol.NewPreparedStatement(client, handle)
	other.SetParameters(rowOf(t, []arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64}, []string{"李四", "9223372036854775807"}))
	info, err := other.Execute(with(t, "person:p2"))
	require.NoError(t, err)
	lines, _, err := fetch(with(t, "person:p2"), client, info)
	require.NoError(t, err)
	require.Empty(t, lines, "the number is not below itself")
}
