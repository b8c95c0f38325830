package flightsql

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/yitong-hub/yitong/query"
)

// MetadataKey names what the metadata of an answer's schema tell of it, as the
// JSON of [Metadata].
const MetadataKey = "yitong"

// Metadata tells what an answer is made of.
type Metadata struct {
	manner
	// Datasets are those that the statement read, as they were shown to it.
	Datasets []query.Shown `json:"datasets"`
}

// maxPiece is about how large a batch travels, in bytes: usual clients take
// messages of four megabytes.
const maxPiece = 1 << 20

// GetFlightInfoStatement describes the answer to a statement, and reads nothing.
func (s *session) GetFlightInfoStatement(ctx context.Context, request protocol.StatementQuery, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	question, err := ask(ctx, request.GetQuery())
	if err != nil {
		return nil, err
	}
	return s.info(ctx, question, descriptor)
}

// info describes the answer to a question, with a ticket that is the question.
func (s *session) info(ctx context.Context, question asked, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	schema, err := s.server.Gate.DescribeSQL(ctx, s.caller, question.request(true))
	if err != nil {
		return nil, err
	}
	ticket, err := protocol.CreateStatementQueryTicket(question.handle())
	if err != nil {
		return nil, fmt.Errorf("write a ticket: %w", err)
	}
	return infoOf(schema, ticket, descriptor), nil
}

func infoOf(schema *arrow.Schema, ticket []byte, descriptor *flight.FlightDescriptor) *flight.FlightInfo {
	return &flight.FlightInfo{
		Schema: flight.SerializeSchema(schema, memory.DefaultAllocator), FlightDescriptor: descriptor,
		Endpoint: []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: ticket}}}, TotalRecords: -1, TotalBytes: -1,
	}
}

// GetSchemaStatement gives the columns of the answer to a statement.
func (s *session) GetSchemaStatement(ctx context.Context, request protocol.StatementQuery, _ *flight.FlightDescriptor) (*flight.SchemaResult, error) {
	question, err := ask(ctx, request.GetQuery())
	if err != nil {
		return nil, err
	}
	return s.columns(ctx, question)
}

func (s *session) columns(ctx context.Context, question asked) (*flight.SchemaResult, error) {
	schema, err := s.server.Gate.DescribeSQL(ctx, s.caller, question.request(false))
	if err != nil {
		return nil, err
	}
	return &flight.SchemaResult{Schema: flight.SerializeSchema(schema, memory.DefaultAllocator)}, nil
}

// answer reads what a ticket asks for, as the one who brings it, and gives it
// batch by batch, as fast as the client takes it.
func (s *session) answer(ctx context.Context, ticket []byte, stream flight.FlightService_DoGetServer) error {
	question, err := askedBefore(ctx, ticket)
	if err != nil {
		return err
	}
	result, err := s.server.Gate.SQL(ctx, s.caller, question.request(true))
	if err != nil {
		return err
	}
	defer result.Reader.Release()
	told, err := json.Marshal(Metadata{manner: question.manner, Datasets: result.Datasets})
	if err != nil {
		return fmt.Errorf("write what an answer is made of: %w", err)
	}
	metadata := arrow.MetadataFrom(map[string]string{MetadataKey: string(told)})
	writer := flight.NewRecordWriter(stream, ipc.WithSchema(arrow.NewSchema(result.Reader.Schema().Fields(), &metadata)))
	if err := s.write(writer, result.Reader); err != nil {
		return err
	}
	return writer.Close() // writes the schema where there was no row
}

func (s *session) write(writer *flight.Writer, reader array.RecordReader) error {
	for reader.Next() {
		if err := writePieces(writer, reader.RecordBatch()); err != nil {
			return err
		}
		s.rows += reader.RecordBatch().NumRows()
	}
	return reader.Err()
}

// writePieces writes a batch, a large one in pieces.
func writePieces(writer *flight.Writer, batch arrow.RecordBatch) error {
	rows := batch.NumRows()
	if rows == 0 {
		return nil
	}
	size := 0
	for _, column := range batch.Columns() {
		size += sizeOf(column.Data())
	}
	pieces := int64(size/maxPiece + 1)
	each := (rows + pieces - 1) / pieces
	for from := int64(0); from < rows; from += each {
		piece := batch.NewSlice(from, min(from+each, rows))
		err := writer.Write(piece)
		piece.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// sizeOf is what a column takes, in bytes.
func sizeOf(column arrow.ArrayData) int {
	size := 0
	for _, buffer := range column.Buffers() {
		if buffer != nil {
			size += buffer.Len()
		}
	}
	for _, child := range column.Children() {
		size += sizeOf(child)
	}
	return size
}
