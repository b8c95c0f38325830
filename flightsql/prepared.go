package flightsql

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/yitong-hub/yitong/internal/fault"
)

// CreatePreparedStatement checks a statement and gives a handle, which is the
// question: nothing is kept here, so nothing can be left behind.
func (s *session) CreatePreparedStatement(ctx context.Context, request protocol.ActionCreatePreparedStatementRequest) (protocol.ActionCreatePreparedStatementResult, error) {
	var made protocol.ActionCreatePreparedStatementResult
	if len(request.GetTransactionId()) > 0 {
		return made, noTransactions()
	}
	question, err := ask(ctx, request.GetQuery())
	if err != nil {
		return made, err
	}
	if made.DatasetSchema, err = s.server.Gate.DescribeSQL(ctx, s.caller, question.request(false)); err != nil {
		return made, err
	}
	count, err := s.server.Gate.ParametersOfSQL(ctx, question.SQL)
	if err != nil {
		return made, err
	}
	made.ParameterSchema = parameters(count)
	made.Handle, made.IsUpdate = question.handle(), new(bool)
	return made, nil
}

// parameters are of the type that takes any: they are texts that take the type of
// what they stand beside.
func parameters(count int) *arrow.Schema {
	made := make([]arrow.Field, count)
	for i := range made {
		made[i] = arrow.Field{Name: fmt.Sprintf("$%d", i+1), Type: arrow.BinaryTypes.String, Nullable: true}
	}
	return arrow.NewSchema(made, nil)
}

// ClosePreparedStatement has nothing to end.
func (s *session) ClosePreparedStatement(context.Context, protocol.ActionClosePreparedStatementRequest) error {
	return nil
}

// DoPutPreparedStatementQuery puts values into the place of parameters, and gives
// the handle of that.
func (s *session) DoPutPreparedStatementQuery(ctx context.Context, request protocol.PreparedStatementQuery, reader flight.MessageReader, _ flight.MetadataWriter) ([]byte, error) {
	question, err := askedBefore(ctx, request.GetPreparedStatementHandle())
	if err != nil {
		return nil, err
	}
	if question.Args, err = values(reader); err != nil {
		return nil, err
	}
	count, err := s.server.Gate.ParametersOfSQL(ctx, question.SQL)
	if err != nil {
		return nil, err
	}
	if count != len(question.Args) {
		return nil, fault.New(fault.Invalid, "the statement has %d parameters, and %d values are given", count, len(question.Args))
	}
	return question.handle(), nil
}

// GetFlightInfoPreparedStatement describes the answer to a prepared statement.
func (s *session) GetFlightInfoPreparedStatement(ctx context.Context, request protocol.PreparedStatementQuery, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	question, err := askedBefore(ctx, request.GetPreparedStatementHandle())
	if err != nil {
		return nil, err
	}
	return s.info(ctx, question, descriptor)
}

// GetSchemaPreparedStatement gives the columns of the answer to a prepared statement.
func (s *session) GetSchemaPreparedStatement(ctx context.Context, request protocol.PreparedStatementQuery, _ *flight.FlightDescriptor) (*flight.SchemaResult, error) {
	question, err := askedBefore(ctx, request.GetPreparedStatementHandle())
	if err != nil {
		return nil, err
	}
	return s.columns(ctx, question)
}
