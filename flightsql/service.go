package flightsql

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/flight"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/identity"
)

// session answers one call of one caller.
type session struct {
	protocol.BaseServer
	server *Server
	caller acl.Principal
	rows   int64
}

// as signs the caller in, lets work answer for them, and counts the call.
func (s *Server) as(ctx context.Context, work func(*session, flight.FlightServer) error) error {
	caller, application, err := s.signIn(ctx)
	made := &session{BaseServer: s.info, server: s, caller: caller}
	if application != "" {
		defer func() {
			done := identity.Count{Requests: 1, Rows: made.rows}
			if err != nil {
				done.Refused = 1
			}
			s.Applications.Usage.Record(application, s.Now(), done)
		}()
	}
	if err == nil {
		err = work(made, protocol.NewFlightServerWithAllocator(made, &scarce{left: maxParameterMemory}))
	}
	return err
}

// GetFlightInfo describes an answer and gives the ticket for it.
func (s *Server) GetFlightInfo(ctx context.Context, request *flight.FlightDescriptor) (info *flight.FlightInfo, err error) {
	err = s.as(ctx, func(_ *session, bound flight.FlightServer) error {
		info, err = bound.GetFlightInfo(ctx, request)
		return err
	})
	return info, err
}

// GetSchema gives the columns of an answer.
func (s *Server) GetSchema(ctx context.Context, request *flight.FlightDescriptor) (result *flight.SchemaResult, err error) {
	err = s.as(ctx, func(_ *session, bound flight.FlightServer) error {
		result, err = bound.GetSchema(ctx, request)
		return err
	})
	return result, err
}

// PollFlightInfo implements flight.FlightServer.
func (s *Server) PollFlightInfo(ctx context.Context, request *flight.FlightDescriptor) (info *flight.PollInfo, err error) {
	err = s.as(ctx, func(_ *session, bound flight.FlightServer) error {
		info, err = bound.PollFlightInfo(ctx, request)
		return err
	})
	return info, err
}

// DoGet gives the rows of a ticket. Those of statements go straight from the gate
// to the client; the others are lists.
func (s *Server) DoGet(request *flight.Ticket, stream flight.FlightService_DoGetServer) error {
	return s.as(stream.Context(), func(made *session, bound flight.FlightServer) error {
		if err := s.streams.take(made.caller.ID()); err != nil {
			return err
		}
		defer s.streams.leave(made.caller.ID())
		if ticket, err := protocol.GetStatementQueryTicket(request); err == nil {
			return made.answer(stream.Context(), ticket.GetStatementHandle(), stream)
		}
		return bound.DoGet(request, stream)
	})
}

// DoPut takes the parameters of prepared statements.
func (s *Server) DoPut(stream flight.FlightService_DoPutServer) error {
	return s.as(stream.Context(), func(_ *session, bound flight.FlightServer) error {
		checked, err := checkPut(stream)
		if err != nil {
			return err
		}
		return bound.DoPut(checked)
	})
}

// DoAction prepares statements.
func (s *Server) DoAction(request *flight.Action, stream flight.FlightService_DoActionServer) error {
	return s.as(stream.Context(), func(_ *session, bound flight.FlightServer) error { return bound.DoAction(request, stream) })
}

// ListActions lists the actions of the protocol.
func (s *Server) ListActions(request *flight.Empty, stream flight.FlightService_ListActionsServer) error {
	return s.as(stream.Context(), func(_ *session, bound flight.FlightServer) error { return bound.ListActions(request, stream) })
}

// ListFlights implements flight.FlightServer.
func (s *Server) ListFlights(_ *flight.Criteria, stream flight.FlightService_ListFlightsServer) error {
	return s.as(stream.Context(), func(*session, flight.FlightServer) error { return unsupported("list flights: ask for tables") })
}

// DoExchange implements flight.FlightServer.
func (s *Server) DoExchange(stream flight.FlightService_DoExchangeServer) error {
	return s.as(stream.Context(), func(*session, flight.FlightServer) error { return unsupported("exchange rows") })
}
