package pgwire

import (
	"context"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/statement"
)

const (
	// maxPrepared and maxPortals bound what a session keeps: texts of statements,
	// and answers that are open.
	maxPrepared = 1000
	maxPortals  = 10
)

// extended answers a message of the extended protocol, except Sync.
func (s *session) extended(message pgproto3.FrontendMessage) error {
	switch message := message.(type) {
	case *pgproto3.Parse:
		return s.parse(message)
	case *pgproto3.Bind:
		return s.bind(message)
	case *pgproto3.Describe:
		return s.describeNamed(message.ObjectType, message.Name)
	case *pgproto3.Execute:
		opened, err := s.portal(message.Portal)
		if err != nil {
			return err
		}
		return s.execute(opened, message.MaxRows)
	case *pgproto3.Close:
		s.closeNamed(message.ObjectType, message.Name)
		s.backend.Send(&pgproto3.CloseComplete{})
		return nil
	case *pgproto3.Flush:
		return s.flush()
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		return nil // of a COPY that was refused
	case *pgproto3.FunctionCall:
		return failed(stateUnsupported, "function calls are not taken: write SELECT")
	}
	return fatal(stateProtocol, "the message has no place here")
}

func (s *session) parse(message *pgproto3.Parse) error {
	if _, taken := s.statements[message.Name]; taken && message.Name != "" {
		return failed(stateStatementExists, "prepared statement %q already exists", message.Name)
	}
	if len(s.statements) >= maxPrepared {
		return failed(stateLimit, "a session keeps at most %d prepared statements", maxPrepared)
	}
	texts, err := statement.Split(message.Query)
	if err != nil {
		return err
	}
	if len(texts) > 1 {
		return failed(stateSyntax, "cannot insert multiple commands into a prepared statement")
	}
	text := ""
	if len(texts) == 1 {
		text = texts[0]
	}
	made, err := s.prepare(text, message.ParameterOIDs)
	if err != nil {
		return err
	}
	s.statements[message.Name] = made
	s.backend.Send(&pgproto3.ParseComplete{})
	return nil
}

// prepare reads a statement.
func (s *session) prepare(text string, types []uint32) (*prepared, error) {
	made := &prepared{text: text}
	var err error
	if made.command, err = interpret(text); err != nil {
		return nil, err
	}
	if s.state == insideIt && (made.command == nil || !made.command.ends) {
		return nil, errInFailedBlock()
	}
	if made.command != nil {
		return made, nil
	}
	err = s.work(func(ctx context.Context) error {
		made.parameters, err = s.server.Gate.ParametersOfSQL(ctx, text)
		return err
	})
	made.types = make([]uint32, made.parameters)
	copy(made.types, types)
	return made, err
}

func (s *session) bind(message *pgproto3.Bind) error {
	of, known := s.statements[message.PreparedStatement]
	if !known {
		return failed(stateNoStatement, "prepared statement %q does not exist", message.PreparedStatement)
	}
	if _, taken := s.portals[message.DestinationPortal]; taken && message.DestinationPortal != "" {
		return failed(stateCursorExists, "cursor %q already exists", message.DestinationPortal)
	}
	if len(message.Parameters) != of.parameters {
		return failed(stateProtocol, "bind message supplies %d parameters, but prepared statement %q requires %d", len(message.Parameters), message.PreparedStatement, of.parameters)
	}
	if len(message.ParameterFormatCodes) > 1 && len(message.ParameterFormatCodes) != of.parameters {
		return failed(stateProtocol, "there are %d formats of %d parameters", len(message.ParameterFormatCodes), of.parameters)
	}
	made := &portal{of: of, formats: append([]int16{}, message.ResultFormatCodes...)}
	for _, format := range made.formats {
		if format != textFormat && format != binaryFormat {
			return failed(stateProtocol, "there is no format %d", format)
		}
	}
	for i, value := range message.Parameters {
		format := int16(textFormat)
		if len(message.ParameterFormatCodes) > 0 {
			format = message.ParameterFormatCodes[min(i, len(message.ParameterFormatCodes)-1)]
		}
		text, kind, err := parameter(of.types[i], format, value)
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "the value of $%d cannot be read", i+1)
		}
		made.args, made.argTypes = append(made.args, text), append(made.argTypes, kind)
	}
	if of.columns != nil {
		made.columns, made.described = of.columns, true
	}
	if err := s.keep(message.DestinationPortal, made); err != nil {
		return err
	}
	s.backend.Send(&pgproto3.BindComplete{})
	return nil
}

// keep gives a portal its name; that of no name takes the place of the one before.
func (s *session) keep(name string, made *portal) error {
	if before := s.portals[name]; before != nil {
		before.close()
		delete(s.portals, name)
	}
	if len(s.portals) >= maxPortals {
		return failed(stateLimit, "a session has at most %d open cursors", maxPortals)
	}
	s.portals[name] = made
	return nil
}

func (s *session) portal(name string) (*portal, error) {
	found, known := s.portals[name]
	if !known {
		return nil, failed(stateNoCursor, "portal %q does not exist", name)
	}
	return found, nil
}

// aStatement is what Describe and Close call a prepared statement; a portal is
// anything else.
const aStatement = 'S'

func (s *session) describeNamed(kind byte, name string) error {
	if kind != aStatement {
		opened, err := s.portal(name)
		if err != nil {
			return err
		}
		if err := s.describe(opened); err != nil {
			return err
		}
		return s.sendColumns(opened)
	}
	of, known := s.statements[name]
	if !known {
		return failed(stateNoStatement, "prepared statement %q does not exist", name)
	}
	trial, err := s.trial(of)
	if err != nil {
		return err
	}
	s.backend.Send(&pgproto3.ParameterDescription{ParameterOIDs: of.types})
	return s.sendColumns(trial)
}

// trial describes a statement without values. What its parameters and columns are
// counts from then on, since the client was told so.
func (s *session) trial(of *prepared) (*portal, error) {
	trial := &portal{of: of}
	if of.columns != nil {
		trial.columns, trial.described = of.columns, true
		return trial, nil
	}
	if of.command == nil && of.parameters > 0 {
		if err := s.inferTypes(of); err != nil {
			return nil, err
		}
	}
	for _, oid := range of.types {
		_, kind, err := parameter(oid, textFormat, nil)
		if err != nil {
			return nil, err
		}
		switch {
		case oid == pgtype.NumericOID:
			kind = "DECIMAL(38,0)"
		case kind == "": // a value that stands alone is a text
			kind = "VARCHAR"
		}
		trial.args, trial.argTypes = append(trial.args, nil), append(trial.argTypes, kind)
	}
	err := s.describe(trial)
	if err != nil && of.parameters > 0 {
		trial.argTypes = nil // where a text is none that the statement can do with
		err = s.describe(trial)
	}
	if of.command == nil {
		of.columns = trial.columns
	}
	return trial, err
}

// inferTypes fills in the types of parameters that the client did not say.
func (s *session) inferTypes(of *prepared) error {
	return s.work(func(ctx context.Context) error {
		principal, err := s.caller(ctx)
		if err != nil {
			return err
		}
		names, err := s.server.Gate.ParameterTypesOfSQL(ctx, principal, s.request(&portal{of: of}))
		if err != nil {
			return err
		}
		for i := range of.types {
			if of.types[i] == 0 && i < len(names) {
				of.types[i] = oidOf(names[i])
			}
		}
		return nil
	})
}

// oidOf gives the type of a parameter by the engine's name.
func oidOf(name string) uint32 {
	if name == "DECIMAL" {
		return pgtype.NumericOID
	}
	for oid, known := range engineTypes {
		if known == name && oid != pgtype.OIDOID {
			return oid
		}
	}
	return pgtype.TextOID
}

func (s *session) sendColumns(of *portal) error {
	if of.columns == nil {
		s.backend.Send(&pgproto3.NoData{})
		return nil
	}
	s.backend.Send(of.description())
	return nil
}

func (s *session) closeNamed(kind byte, name string) {
	if kind == aStatement {
		delete(s.statements, name)
		return
	}
	if found := s.portals[name]; found != nil {
		found.close()
		delete(s.portals, name)
	}
}

// closePortals closes what ends with a transaction, or all.
func (s *session) closePortals(all bool) {
	for name, one := range s.portals {
		if all || !one.hold {
			one.close()
			delete(s.portals, name)
		}
	}
}

// holdsRows reports whether an answer is open.
func (s *session) holdsRows() bool {
	for _, one := range s.portals {
		if one.rows != nil {
			return true
		}
	}
	return false
}
