package pgwire

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/statement"
)

// SQLSTATEs, PostgreSQL's appendix A.
const (
	stateProtocol        = "08P01"
	stateUnsupported     = "0A000"
	stateValue           = "22023"
	stateText            = "22P02"
	stateEncoding        = "22021"
	stateReadOnly        = "25006"
	stateNoTransaction   = "25P01"
	stateFailedBlock     = "25P02"
	stateIdle            = "25P03"
	stateNoStatement     = "26000"
	stateSignIn          = "28000"
	statePassword        = "28P01"
	stateNoCursor        = "34000"
	stateNoDatabase      = "3D000"
	stateDenied          = "42501"
	stateSyntax          = "42601"
	stateNoColumn        = "42703"
	stateNoSetting       = "42704"
	stateNoFunction      = "42883"
	stateNoTable         = "42P01"
	stateCursorExists    = "42P03"
	stateStatementExists = "42P05"
	stateParameterType   = "42P18"
	stateRefused         = "42000"
	stateConnections     = "53300"
	stateRate            = "53400"
	stateLimit           = "54000"
	stateCondition       = "55000"
	stateCanceled        = "57014"
	stateShutdown        = "57P01"
	stateIdleSession     = "57P05"
	stateUnavailable     = "58000"
	stateInternal        = "XX000"
)

// failure is an error in PostgreSQL's terms.
type failure struct {
	state, message, hint string
	// fatal ends the session.
	fatal bool
	cause error
}

func (f *failure) Error() string { return f.state + ": " + f.message }
func (f *failure) Unwrap() error { return f.cause }

func failed(state, format string, args ...any) *failure {
	return &failure{state: state, message: fmt.Sprintf(format, args...)}
}

func fatal(state, format string, args ...any) *failure {
	made := failed(state, format, args...)
	made.fatal = true
	return made
}

func (f *failure) response() *pgproto3.ErrorResponse {
	severity := "ERROR"
	if f.fatal {
		severity = "FATAL"
	}
	return &pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: f.state, Message: f.message, Hint: f.hint}
}

// Why work on a statement stops.
var (
	errCanceledByUser = errors.New("canceled on the user's request")
	errTooSlow        = errors.New("it took too long")
	errGone           = errors.New("the client is gone")
)

// failureOf puts any error into PostgreSQL's terms, with its public text alone.
func failureOf(ctx context.Context, err error) *failure {
	var known *failure
	if errors.As(err, &known) {
		return known
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errCanceledByUser):
		return failed(stateCanceled, "canceling statement due to user request")
	case errors.Is(cause, errTooSlow):
		return failed(stateCanceled, "canceling statement due to statement timeout")
	case fault.Is(err, fault.Canceled):
		return failed(stateCanceled, "the statement was canceled")
	}
	made := failed(stateOf(err), "%s", fault.Public(err))
	made.cause = err
	return made
}

func stateOf(err error) string {
	for _, known := range []struct {
		refusal statement.RefusalError
		state   string
	}{
		{statement.ErrSyntax, stateSyntax}, {statement.ErrWrites, stateReadOnly}, {statement.ErrTable, stateNoTable}, {statement.ErrColumn, stateNoColumn},
		{statement.ErrFunction, stateNoFunction}, {statement.ErrValue, stateText}, {statement.ErrRows, stateLimit}, {statement.ErrSize, stateLimit},
	} {
		if errors.Is(err, known.refusal) {
			return known.state
		}
	}
	switch fault.CodeOf(err) {
	case fault.Invalid:
		return stateRefused
	case fault.NotFound:
		return stateNoTable
	case fault.Denied:
		return stateDenied
	case fault.Conflict, fault.Stopped:
		return stateCondition
	case fault.Unavailable:
		return stateUnavailable
	case fault.Canceled:
		return stateCanceled
	}
	return stateInternal
}
