package flightsql

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/schema"
)

// tables are those that the caller's statements may read, by the call's headers,
// whose names a request admits.
func (s *session) tables(ctx context.Context, catalog *string, system, table func(string) bool) ([]query.Table, error) {
	how, err := mannerOf(ctx)
	if err != nil {
		return nil, err
	}
	if catalog != nil && *catalog != catalogName {
		return nil, nil
	}
	all, err := s.server.Gate.Tables(ctx, s.caller, how.Right, how.Purpose)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(one query.Table) bool { return !system(one.System) || !table(one.Name) }), nil
}

func anyName(string) bool { return true }

// like admits the names that fit a pattern, in which % is any text, _ any
// character and \ makes the next one plain; nil admits all.
func like(pattern *string) func(string) bool {
	if pattern == nil {
		return anyName
	}
	return func(name string) bool { return fits([]rune(*pattern), []rune(name)) }
}

// fits goes through the name once for each % at most.
func fits(pattern, name []rune) bool {
	at, anything, resume := 0, -1, 0
	for i := 0; i < len(name); {
		if at < len(pattern) {
			literal, width := pattern[at], 1
			if literal == '\\' && at+1 < len(pattern) {
				literal, width = pattern[at+1], 2
			}
			switch {
			case width == 1 && literal == '%':
				anything, resume = at, i
				at++
				continue
			case width == 1 && literal == '_', literal == name[i]:
				at += width
				i++
				continue
			}
		}
		if anything < 0 {
			return false
		}
		resume++
		at, i = anything+1, resume
	}
	for at < len(pattern) && pattern[at] == '%' {
		at++
	}
	return at == len(pattern)
}

// exactly admits one name; nil admits all.
func exactly(wanted *string) func(string) bool {
	if wanted == nil {
		return anyName
	}
	return func(name string) bool { return name == *wanted }
}

// GetFlightInfoSchemas describes the list of systems.
func (s *session) GetFlightInfoSchemas(_ context.Context, _ protocol.GetDBSchemas, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return listed(schema_ref.DBSchemas, descriptor)
}

// DoGetDBSchemas lists the systems of which the caller may read something.
func (s *session) DoGetDBSchemas(ctx context.Context, request protocol.GetDBSchemas) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return list(ctx, schema_ref.DBSchemas, func(builder *array.RecordBuilder) error {
		found, err := s.tables(ctx, request.GetCatalog(), like(request.GetDBSchemaFilterPattern()), anyName)
		found = slices.CompactFunc(found, func(a, b query.Table) bool { return a.System == b.System })
		for _, one := range found {
			text(builder, 0, catalogName)
			text(builder, 1, one.System)
		}
		return err
	})
}

func tablesSchema(request protocol.GetTables) *arrow.Schema {
	if request.GetIncludeSchema() {
		return schema_ref.TablesWithIncludedSchema
	}
	return schema_ref.Tables
}

// GetFlightInfoTables describes the list of datasets.
func (s *session) GetFlightInfoTables(_ context.Context, request protocol.GetTables, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return listed(tablesSchema(request), descriptor)
}

// DoGetTables lists the datasets of which the caller may read something, with the
// fields that are shown where they are asked for.
func (s *session) DoGetTables(ctx context.Context, request protocol.GetTables) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return list(ctx, tablesSchema(request), func(builder *array.RecordBuilder) error {
		if kinds := request.GetTableTypes(); len(kinds) > 0 && !slices.Contains(kinds, tableType) {
			return nil
		}
		found, err := s.tables(ctx, request.GetCatalog(), like(request.GetDBSchemaFilterPattern()), like(request.GetTableNameFilterPattern()))
		for _, one := range found {
			text(builder, 0, catalogName)
			text(builder, 1, one.System)
			text(builder, 2, one.Name)
			text(builder, 3, tableType)
			if request.GetIncludeSchema() {
				columns := flight.SerializeSchema(columnsOf(one), memory.DefaultAllocator)
				builder.Field(4).(*array.BinaryBuilder).Append(columns)
			}
		}
		return err
	})
}

// columnsOf gives the columns of SELECT * with what is known of them.
func columnsOf(table query.Table) *arrow.Schema {
	made := make([]arrow.Field, len(table.Columns))
	for i, column := range table.Columns {
		remarks := column.Title.ZH
		if remarks == "" {
			remarks = column.Title.EN
		}
		if column.Mask != "" {
			remarks += " (" + column.Access + ": " + column.Mask + ")"
		}
		known := protocol.NewColumnMetadataBuilder().CatalogName(catalogName).SchemaName(table.System).TableName(table.Name).
			TypeName(column.Type.SQL()).IsReadOnly(true).IsSearchable(true).Remarks(remarks)
		kind := column.Type.Arrow()
		if column.Type.Kind == schema.UUID { // answers give it as text
			kind = arrow.BinaryTypes.String
		}
		made[i] = arrow.Field{Name: column.Name, Type: kind, Nullable: true, Metadata: known.Metadata()}
	}
	return arrow.NewSchema(made, nil)
}

// GetFlightInfoPrimaryKeys describes the list of a dataset's key fields.
func (s *session) GetFlightInfoPrimaryKeys(_ context.Context, _ protocol.TableRef, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return listed(schema_ref.PrimaryKeys, descriptor)
}

// DoGetPrimaryKeys lists a dataset's key fields, where the caller sees all of them.
func (s *session) DoGetPrimaryKeys(ctx context.Context, request protocol.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return list(ctx, schema_ref.PrimaryKeys, func(builder *array.RecordBuilder) error {
		found, err := s.tables(ctx, request.Catalog, exactly(request.DBSchema), exactly(&request.Table))
		for _, one := range found {
			for i, name := range one.Key {
				text(builder, 0, catalogName)
				text(builder, 1, one.System)
				text(builder, 2, one.Name)
				text(builder, 3, name)
				builder.Field(4).(*array.Int32Builder).Append(int32(i + 1))
				builder.Field(5).AppendNull()
			}
		}
		return err
	})
}
