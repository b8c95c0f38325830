package flightsql_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/flightsql"
)

func at[T any](value T) *T { return &value }

// listed fetches a list.
func listed(ctx context.Context, t *testing.T, client *protocol.Client, info *flight.FlightInfo, err error) []string {
	t.Helper()
	require.NoError(t, err)
	lines, columns, err := fetch(ctx, client, info)
	require.NoError(t, err)
	promised, err := flight.DeserializeSchema(info.Schema, memory.DefaultAllocator)
	require.NoError(t, err)
	require.True(t, promised.Equal(columns))
	return lines
}

func TestListsHaveWhatMayBeSeen(t *testing.T) {
	t.Parallel()
	c := open(t)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	ctx := with(t, "person:p1")
	reference := protocol.TableRef{Table: "staff"}
	get := func(info *flight.FlightInfo, err error) []string { return listed(ctx, t, client, info, err) }

	require.Equal(t, []string{"yitong|"}, get(client.GetCatalogs(ctx)))
	require.Equal(t, []string{"TABLE|"}, get(client.GetTableTypes(ctx)))
	require.Equal(t, []string{"yitong|card|", "yitong|hr|"}, get(client.GetDBSchemas(ctx, &protocol.GetDBSchemasOpts{})))
	require.Equal(t, []string{"yitong|hr|"}, get(client.GetDBSchemas(ctx, &protocol.GetDBSchemasOpts{Catalog: at("yitong"), DbSchemaFilterPattern: at("h%")})))
	require.Empty(t, get(client.GetDBSchemas(ctx, &protocol.GetDBSchemasOpts{Catalog: at("")})))
	trade, staff := "yitong|card|trade|TABLE|", "yitong|hr|staff|TABLE|"
	for _, one := range []struct {
		opts   *protocol.GetTablesOpts
		wanted []string
	}{
		{&protocol.GetTablesOpts{}, []string{trade, staff}},
		{&protocol.GetTablesOpts{TableTypes: []string{"VIEW", "TABLE"}}, []string{trade, staff}},
		{&protocol.GetTablesOpts{TableTypes: []string{"VIEW"}}, nil},
		{&protocol.GetTablesOpts{Catalog: at("other")}, nil},
		{&protocol.GetTablesOpts{TableNameFilterPattern: at("%a%")}, []string{trade, staff}},
		{&protocol.GetTablesOpts{TableNameFilterPattern: at("s____")}, []string{staff}},
		{&protocol.GetTablesOpts{TableNameFilterPattern: at("%t%ff")}, []string{staff}},
		{&protocol.GetTablesOpts{TableNameFilterPattern: at(`st\_ff`)}, nil},
		{&protocol.GetTablesOpts{TableNameFilterPattern: at(`\s\taff`)}, []string{staff}},
		{&protocol.GetTablesOpts{TableNameFilterPattern: at("")}, nil},
		{&protocol.GetTablesOpts{TableNameFilterPattern: at("STAFF")}, nil},
		{&protocol.GetTablesOpts{TableNameFilterPattern: at(strings.Repeat("%a", 5000))}, nil},
		{&protocol.GetTablesOpts{DbSchemaFilterPattern: at("card"), TableNameFilterPattern: at("%")}, []string{trade}},
	} {
		require.Equal(t, one.wanted, get(client.GetTables(ctx, one.opts)), "%+v", one.opts)
	}
	require.Empty(t, get(client.GetPrimaryKeys(ctx, protocol.TableRef{Table: "staff"})), "there are rows that show no key")
	require.Empty(t, get(client.GetPrimaryKeys(ctx, protocol.TableRef{Table: "trade"})), "a field of the key is hidden")
	require.Empty(t, get(client.GetPrimaryKeys(ctx, protocol.TableRef{Table: "payroll"})))
	require.Empty(t, get(client.GetExportedKeys(ctx, reference)))
	require.Empty(t, get(client.GetImportedKeys(ctx, reference)))
	require.Empty(t, get(client.GetCrossReference(ctx, reference, reference)))

	c.enact(t, allow("keys", "hr.staff", math, "id", "name"))
	require.Equal(t, []string{"yitong|hr|staff|id|1|NULL|"}, get(client.GetPrimaryKeys(ctx, reference)))
	require.Equal(t, []string{"yitong|hr|staff|id|1|NULL|"}, get(client.GetPrimaryKeys(ctx, protocol.TableRef{Catalog: at("yitong"), DBSchema: at("hr"), Table: "staff"})))
	require.Empty(t, get(client.GetPrimaryKeys(ctx, protocol.TableRef{DBSchema: at("card"), Table: "staff"})))
	c.enact(t, masked(allow("keys", "hr.staff", "", "id"), acl.Mask{Kind: acl.MaskFirst}))
	require.Equal(t, []string{staff}, get(client.GetTables(ctx, &protocol.GetTablesOpts{})), "at once")
	require.Empty(t, get(client.GetPrimaryKeys(ctx, reference)), "masked it tells no rows apart")
	c.enact(t)
	require.Empty(t, get(client.GetTables(ctx, &protocol.GetTablesOpts{IncludeSchema: true})))
	require.Empty(t, get(client.GetDBSchemas(ctx, &protocol.GetDBSchemasOpts{})))
}

// TestTheColumnsOfTablesAreThoseOfSelect compares lists with answers, and finds no
// name that is hidden in any message.
func TestTheColumnsOfTablesAreThoseOfSelect(t *testing.T) {
	t.Parallel()
	c := open(t)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	ctx := with(t, "person:p1")
	info, err := client.GetTables(ctx, &protocol.GetTablesOpts{IncludeSchema: true})
	require.NoError(t, err)
	reader, err := client.DoGet(ctx, info.Endpoint[0].Ticket)
	require.NoError(t, err)
	defer reader.Release()
	require.True(t, reader.Next())
	batch := reader.RecordBatch()
	require.EqualValues(t, 2, batch.NumRows())
	for row, id := range []string{"card.trade", "hr.staff"} {
		text := batch.Column(4).(*array.Binary).Value(row)
		for _, hidden := range []string{"hidden", "payroll"} {
			require.NotContains(t, string(text), hidden)
		}
		columns, err := flight.DeserializeSchema(text, memory.DefaultAllocator)
		require.NoError(t, err)
		_, wanted, err := read(ctx, client, "SELECT * FROM "+id)
		require.NoError(t, err)
		require.Equal(t, wanted.NumFields(), columns.NumFields())
		for i, field := range wanted.Fields() {
			require.Equal(t, field.Name, columns.Field(i).Name)
			require.Equal(t, field.Type.String(), columns.Field(i).Type.String(), field.Name)
		}
	}
	columns, err := flight.DeserializeSchema(batch.Column(4).(*array.Binary).Value(1), memory.DefaultAllocator)
	require.NoError(t, err)
	mobile := columns.Field(slices.IndexFunc(columns.Fields(), func(f arrow.Field) bool { return f.Name == "mobile" }))
	known := protocol.ColumnMetadata{Data: &mobile.Metadata}
	remarks, _ := known.Remarks()
	require.Equal(t, "字段mobile (masked: phone)", remarks)
}

func TestTheServerSaysWhatItCan(t *testing.T) {
	t.Parallel()
	c := open(t)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	ctx := with(t, "person:p1")
	info, err := client.GetSqlInfo(ctx, []protocol.SqlInfo{protocol.SqlInfoFlightSqlServerName, protocol.SqlInfoFlightSqlServerReadOnly, protocol.SqlInfoFlightSqlServerTransaction})
	lines := listed(ctx, t, client, info, err)
	require.Len(t, lines, 3)
	require.Contains(t, lines[0], "Yitong")
	require.Contains(t, lines[1], "true")
	info, err = client.GetSqlInfo(ctx, nil)
	require.Greater(t, len(listed(ctx, t, client, info, err)), 30)
	info, err = client.GetSqlInfo(ctx, []protocol.SqlInfo{99_999})
	require.NoError(t, err)
	_, _, err = fetch(ctx, client, info)
	require.Equal(t, codes.NotFound, status.Code(err))

	info, err = client.GetXdbcTypeInfo(ctx, nil)
	lines = listed(ctx, t, client, info, err)
	require.Len(t, lines, 19)
	require.Contains(t, strings.Join(lines, "\n"), `DECIMAL|3|38|NULL|NULL|["precision","scale"]|1|false|3|false|false|false|DECIMAL|0|38|3|NULL|10|NULL|`)
	info, err = client.GetXdbcTypeInfo(ctx, at(int32(93)))
	require.Len(t, listed(ctx, t, client, info, err), 2)
}

func TestWhatWritesIsRefused(t *testing.T) {
	t.Parallel()
	c := open(t)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	ctx := with(t, "person:p1")
	refused := func(what string, err error) {
		require.Equal(t, codes.Unimplemented, status.Code(err), "%s: %v", what, err)
		require.NotEmpty(t, status.Convert(err).Message())
	}
	_, err := client.ExecuteUpdate(ctx, "DELETE FROM hr.staff")
	refused("an update", err)
	_, err = client.BeginTransaction(ctx)
	refused("a transaction", err)
	_, err = client.ExecuteSubstrait(ctx, protocol.SubstraitPlan{Plan: []byte("x"), Version: "1"})
	refused("Substrait", err)
	_, err = client.ExecuteSubstraitUpdate(ctx, protocol.SubstraitPlan{Plan: []byte("x"), Version: "1"})
	refused("Substrait that writes", err)
	_, err = client.PrepareSubstrait(ctx, protocol.SubstraitPlan{Plan: []byte("x"), Version: "1"})
	refused("a prepared plan", err)
	statement, err := client.Prepare(ctx, "SELECT 1")
	require.NoError(t, err)
	_, err = statement.ExecuteUpdate(ctx)
	refused("a prepared update", err)
	row := rowOf(t, []arrow.DataType{arrow.BinaryTypes.String}, []string{"5"})
	rows, err := array.NewRecordReader(row.Schema(), []arrow.RecordBatch{row})
	require.NoError(t, err)
	_, err = client.ExecuteIngest(ctx, rows, &protocol.ExecuteIngestOpts{Table: "staff", TableDefinitionOptions: &protocol.TableDefinitionOptions{
		IfNotExist: protocol.TableDefinitionOptionsTableNotExistOptionFail, IfExists: protocol.TableDefinitionOptionsTableExistsOptionAppend,
	}})
	refused("ingestion", err)
	_, err = client.Client.PollFlightInfo(ctx, &flight.FlightDescriptor{})
	refused("polling", err)
	flights, err := client.Client.ListFlights(ctx, &flight.Criteria{})
	require.NoError(t, err)
	_, err = flights.Recv()
	refused("flights", err)
	exchange, err := client.Client.DoExchange(ctx)
	require.NoError(t, err)
	_, err = exchange.Recv()
	refused("an exchange", err)
	require.Empty(t, c.recorded())
}
