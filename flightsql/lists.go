package flightsql

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

const (
	// catalogName is the one catalog: schemas are systems, tables datasets.
	catalogName = "yitong"
	tableType   = "TABLE"
)

// list gives rows that build appends.
func list(ctx context.Context, schema *arrow.Schema, build func(*array.RecordBuilder) error) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	if err := build(builder); err != nil {
		return nil, nil, err
	}
	batch := builder.NewRecordBatch()
	defer batch.Release()
	reader, err := array.NewRecordReader(schema, []arrow.RecordBatch{batch})
	if err != nil {
		return nil, nil, err
	}
	chunks := make(chan flight.StreamChunk)
	go flight.StreamChunksFromReader(ctx, reader, chunks)
	return schema, chunks, nil
}

// text appends a text to a column.
func text(builder *array.RecordBuilder, column int, value string) {
	builder.Field(column).(*array.StringBuilder).Append(value)
}

// listed describes a list; its ticket is the command itself, decided when it is read.
func listed(schema *arrow.Schema, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return infoOf(schema, descriptor.GetCmd(), descriptor), nil
}

// GetFlightInfoCatalogs describes the list of catalogs.
func (s *session) GetFlightInfoCatalogs(_ context.Context, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return listed(schema_ref.Catalogs, descriptor)
}

// DoGetCatalogs lists the one catalog.
func (s *session) DoGetCatalogs(ctx context.Context) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return list(ctx, schema_ref.Catalogs, func(builder *array.RecordBuilder) error {
		text(builder, 0, catalogName)
		return nil
	})
}

// GetFlightInfoTableTypes describes the list of kinds of tables.
func (s *session) GetFlightInfoTableTypes(_ context.Context, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return listed(schema_ref.TableTypes, descriptor)
}

// DoGetTableTypes lists the one kind of tables.
func (s *session) DoGetTableTypes(ctx context.Context) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return list(ctx, schema_ref.TableTypes, func(builder *array.RecordBuilder) error {
		text(builder, 0, tableType)
		return nil
	})
}

// GetFlightInfoExportedKeys describes the list of keys of others that name a table's.
func (s *session) GetFlightInfoExportedKeys(_ context.Context, _ protocol.TableRef, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return listed(schema_ref.ExportedKeys, descriptor)
}

// DoGetExportedKeys lists none: definitions declare no foreign keys.
func (s *session) DoGetExportedKeys(ctx context.Context, _ protocol.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return list(ctx, schema_ref.ExportedKeys, nothing)
}

// GetFlightInfoImportedKeys describes the list of a table's keys that name others.
func (s *session) GetFlightInfoImportedKeys(_ context.Context, _ protocol.TableRef, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return listed(schema_ref.ImportedKeys, descriptor)
}

// DoGetImportedKeys lists none: definitions declare no foreign keys.
func (s *session) DoGetImportedKeys(ctx context.Context, _ protocol.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return list(ctx, schema_ref.ImportedKeys, nothing)
}

// GetFlightInfoCrossReference describes the list of keys between two tables.
func (s *session) GetFlightInfoCrossReference(_ context.Context, _ protocol.CrossTableRef, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return listed(schema_ref.CrossReference, descriptor)
}

// DoGetCrossReference lists none: definitions declare no foreign keys.
func (s *session) DoGetCrossReference(ctx context.Context, _ protocol.CrossTableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return list(ctx, schema_ref.CrossReference, nothing)
}

func nothing(*array.RecordBuilder) error { return nil }
