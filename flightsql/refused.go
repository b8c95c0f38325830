package flightsql

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/flight"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/yitong-hub/yitong/internal/fault"
)

func unsupported(what string) error {
	return fault.New(codeUnsupported, "this server does not %s", what)
}

func readOnly() error {
	return fault.New(codeUnsupported, "datasets are read-only here: only SELECT is taken")
}

func noTransactions() error {
	return fault.New(codeUnsupported, "there are no transactions: each statement reads one state of the datasets; use autocommit")
}

func noSubstrait() error {
	return fault.New(codeUnsupported, "Substrait plans are not taken: send SQL")
}

// DoPutCommandStatementUpdate refuses.
func (s *session) DoPutCommandStatementUpdate(context.Context, protocol.StatementUpdate) (int64, error) {
	return 0, readOnly()
}

// DoPutPreparedStatementUpdate refuses.
func (s *session) DoPutPreparedStatementUpdate(context.Context, protocol.PreparedStatementUpdate, flight.MessageReader) (int64, error) {
	return 0, readOnly()
}

// DoPutCommandStatementIngest refuses.
func (s *session) DoPutCommandStatementIngest(context.Context, protocol.StatementIngest, flight.MessageReader) (int64, error) {
	return 0, readOnly()
}

// DoPutCommandSubstraitPlan refuses.
func (s *session) DoPutCommandSubstraitPlan(context.Context, protocol.StatementSubstraitPlan) (int64, error) {
	return 0, noSubstrait()
}

// GetFlightInfoSubstraitPlan refuses.
func (s *session) GetFlightInfoSubstraitPlan(context.Context, protocol.StatementSubstraitPlan, *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return nil, noSubstrait()
}

// GetSchemaSubstraitPlan refuses.
func (s *session) GetSchemaSubstraitPlan(context.Context, protocol.StatementSubstraitPlan, *flight.FlightDescriptor) (*flight.SchemaResult, error) {
	return nil, noSubstrait()
}

// CreatePreparedSubstraitPlan refuses.
func (s *session) CreatePreparedSubstraitPlan(context.Context, protocol.ActionCreatePreparedSubstraitPlanRequest) (protocol.ActionCreatePreparedStatementResult, error) {
	return protocol.ActionCreatePreparedStatementResult{}, noSubstrait()
}

// BeginTransaction refuses.
func (s *session) BeginTransaction(context.Context, protocol.ActionBeginTransactionRequest) ([]byte, error) {
	return nil, noTransactions()
}

// EndTransaction refuses.
func (s *session) EndTransaction(context.Context, protocol.ActionEndTransactionRequest) error {
	return noTransactions()
}

// BeginSavepoint refuses.
func (s *session) BeginSavepoint(context.Context, protocol.ActionBeginSavepointRequest) ([]byte, error) {
	return nil, noTransactions()
}

// EndSavepoint refuses.
func (s *session) EndSavepoint(context.Context, protocol.ActionEndSavepointRequest) error {
	return noTransactions()
}
