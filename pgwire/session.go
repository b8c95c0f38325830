package pgwire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/statement"
)

// Where a session is in a transaction, as ReadyForQuery says it.
const (
	outside  = 'I'
	inside   = 'T'
	insideIt = 'E' // and a statement failed
)

// session is a client that has signed in.
type session struct {
	server   *Server
	conn     net.Conn
	backend  *pgproto3.Backend
	inlet    *inlet
	from     netip.Addr
	user     string
	password string
	// long says that secrets of cancel requests are long, as of version 3.2.
	long   bool
	number uint32
	secret []byte

	// ctx ends when the client is gone or the server stops.
	ctx   context.Context //nolint:containedctx // it is the session's life
	leave context.CancelCauseFunc

	settings settings
	state    byte
	// skipping says that an error came in the extended protocol: all until the next
	// Sync is passed over.
	skipping   bool
	statements map[string]*prepared
	portals    map[string]*portal

	mu sync.Mutex
	// working stops what the session works on; nil when it waits.
	working context.CancelCauseFunc
}

// stop stops what the session works on.
func (s *session) stop(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.working != nil {
		s.working(cause)
	}
}

// work does something that a cancel request or the statement's time can stop.
func (s *session) work(do func(ctx context.Context) error) error {
	ctx, stop := context.WithCancelCause(s.ctx)
	defer stop(nil)
	timer := time.AfterFunc(s.statementTime(), func() { stop(errTooSlow) })
	defer timer.Stop()
	s.mu.Lock()
	s.working = stop
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.working = nil
		s.mu.Unlock()
	}()
	if err := do(ctx); err != nil {
		return failureOf(ctx, err)
	}
	return nil
}

// end gives everything back that the session holds.
func (s *session) end() {
	s.server.forget(s.number)
	s.closePortals(true)
	s.leave(nil)
}

// caller is who asks, as of now: a key may have ended since the last statement.
func (s *session) caller(ctx context.Context) (acl.Principal, error) {
	principal, err := s.server.People.Principal(ctx, s.user, s.password, s.from)
	if fault.Is(err, fault.Denied) {
		return principal, &failure{state: stateSignIn, message: "the key is not valid any more", fatal: true, cause: err}
	}
	return principal, err
}

// patience is how long the session waits for its client.
func (s *session) patience() (time.Duration, *failure) {
	if s.holdsRows() {
		return s.server.Limits.Open, fatal(stateIdle, "terminating connection: it waited too long with an open cursor")
	}
	return s.server.Limits.Idle, fatal(stateIdleSession, "terminating connection due to idle-session timeout")
}

// serve answers until the client leaves.
func (s *session) serve() error {
	for {
		message, err := s.backend.Receive()
		var why *failure
		switch {
		case errors.As(err, &why):
			return s.finish(why)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return errors.Join(err, s.finish(fatal(stateProtocol, "the message cannot be read, or it is larger than %d bytes", s.server.Limits.Message)))
		}
		if _, leaves := message.(*pgproto3.Terminate); leaves {
			return nil
		}
		if err := s.guarded(message); err != nil {
			if errors.As(err, &why) && why.fatal {
				return s.finish(why)
			}
			return err
		}
	}
}

// finish says the last word.
func (s *session) finish(why *failure) error {
	s.backend.Send(why.response())
	return s.flush()
}

// guarded answers a message; a panic is the end of the session alone.
func (s *session) guarded(message pgproto3.FrontendMessage) (err error) {
	defer func() {
		if found := recover(); found != nil {
			s.server.Logger.Error("panic", "panic", found, "stack", string(debug.Stack()))
			err = fatal(stateInternal, "an internal error occurred; the operator's log has the cause")
		}
	}()
	return s.answer(message)
}

func (s *session) flush() error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return s.backend.Flush()
}

// ready says that the next statement may come.
func (s *session) ready() error {
	if s.state == outside {
		s.closePortals(false)
	}
	s.backend.Send(&pgproto3.ReadyForQuery{TxStatus: s.state})
	return s.flush()
}

// fail tells an error; only one that ends the session is given back.
func (s *session) fail(err error) error {
	why := failureOf(s.ctx, err)
	if why.fatal {
		return why
	}
	if why.state == stateInternal || why.state == stateUnavailable {
		s.server.Logger.Error("a statement failed", "state", why.state, "cause", why.cause)
	}
	if s.state == inside {
		s.state = insideIt
	}
	s.backend.Send(why.response())
	return nil
}

// answer answers a message.
func (s *session) answer(message pgproto3.FrontendMessage) error {
	if message, simple := message.(*pgproto3.Query); simple {
		s.skipping = false
		if err := s.simple(message.String); err != nil {
			if err := s.fail(err); err != nil {
				return err
			}
		}
		return s.ready()
	}
	if _, sync := message.(*pgproto3.Sync); sync {
		s.skipping = false
		return s.ready()
	}
	if s.skipping {
		return nil
	}
	if err := s.extended(message); err != nil {
		s.skipping = true
		if err := s.fail(err); err != nil {
			return err
		}
		return s.flush() // who waits for an answer before Sync has it
	}
	return nil
}

// simple carries out the statements of a text, up to the first that fails.
func (s *session) simple(text string) error {
	texts, err := statement.Split(text)
	if err != nil {
		return err
	}
	if len(texts) == 0 {
		s.backend.Send(&pgproto3.EmptyQueryResponse{})
		return nil
	}
	for _, one := range texts {
		made, err := s.prepare(one, nil)
		if err != nil {
			return err
		}
		if err := s.once(made); err != nil {
			return err
		}
	}
	return nil
}

// once carries a statement out whole.
func (s *session) once(of *prepared) error {
	if of.parameters > 0 {
		return failed(stateParameterType, "there is no parameter $1: values come with the extended protocol")
	}
	opened := &portal{of: of}
	defer opened.close()
	if err := s.describe(opened); err != nil {
		return err
	}
	if opened.columns != nil {
		s.backend.Send(opened.description())
	}
	return s.execute(opened, 0)
}

// report tells a client the value of a setting that clients want to know.
func (s *session) report(name string) {
	s.backend.Send(&pgproto3.ParameterStatus{Name: name, Value: s.settings.value(name)})
}

// notice tells a client something that is no error.
func (s *session) notice(format string, args ...any) {
	s.backend.Send(&pgproto3.NoticeResponse{Severity: "NOTICE", SeverityUnlocalized: "NOTICE", Code: "00000", Message: fmt.Sprintf(format, args...)})
}
