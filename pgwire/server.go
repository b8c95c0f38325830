package pgwire

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/query"
)

// Gate carries statements out; [query.Gate] does.
type Gate interface {
	SQL(ctx context.Context, principal acl.Principal, request query.SQLRequest) (*query.SQLResult, error)
	DescribeSQL(ctx context.Context, principal acl.Principal, request query.SQLRequest) (*arrow.Schema, error)
	ParametersOfSQL(ctx context.Context, text string) (int, error)
	ParameterTypesOfSQL(ctx context.Context, principal acl.Principal, request query.SQLRequest) ([]string, error)
}

// People say who signs in.
type People interface {
	// Principal gives who a user with a password from an address is, or a Denied
	// fault. It is asked before every statement.
	Principal(ctx context.Context, user, password string, from netip.Addr) (acl.Principal, error)
	// Allow counts a statement of a user, and refuses it by a Denied fault when
	// there are too many.
	Allow(ctx context.Context, user, password string, from netip.Addr) error
	// Answered counts the rows of an answer, or a refusal.
	Answered(user string, rows int64, refused bool)
}

// Limits bound what clients may take; zero values are the defaults.
type Limits struct {
	// Connections is the number of sessions at a time.
	Connections int
	// SignIn is how long a client may take to sign in, Idle how long a session may
	// wait for the next statement, Open how long with an open cursor, which holds
	// a state of the warehouse.
	SignIn, Idle, Open time.Duration
	// Statement is how long a statement may take, with what the client takes to
	// read its answer.
	Statement time.Duration
	// Answers is the number of answers that are open at a time, in all sessions:
	// each holds rows, or a state of the warehouse. A statement waits for its turn.
	Answers int
	// Message is the size of a message from a client, in bytes.
	Message int
	// Grace is how long statements may take to finish at the end.
	Grace time.Duration
}

// Defaults of limits.
const (
	DefaultConnections = 100
	DefaultSignIn      = 30 * time.Second
	DefaultIdle        = time.Hour
	DefaultOpen        = 5 * time.Minute
	DefaultStatement   = time.Minute
	DefaultAnswers     = 32
	// DefaultMessage has room for a statement of the largest size with its values.
	DefaultMessage = 1 << 20
	DefaultGrace   = 10 * time.Second
)

func orDefault[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}

func (l Limits) filled() Limits {
	return Limits{
		Connections: orDefault(l.Connections, DefaultConnections), SignIn: orDefault(l.SignIn, DefaultSignIn), Idle: orDefault(l.Idle, DefaultIdle),
		Open: orDefault(l.Open, DefaultOpen), Statement: orDefault(l.Statement, DefaultStatement), Message: orDefault(l.Message, DefaultMessage),
		Grace: orDefault(l.Grace, DefaultGrace), Answers: orDefault(l.Answers, DefaultAnswers),
	}
}

// Config is what a server is made of.
type Config struct {
	Gate   Gate
	People People
	// TLS is the certificate; without one, keys are taken from this machine alone.
	TLS    *tls.Config
	Logger *slog.Logger
	Limits Limits
}

// Server answers PostgreSQL's clients.
type Server struct {
	Config

	mu       sync.Mutex
	sessions map[uint32]*session
	// places are taken by connections, one each.
	places chan struct{}
	// answers are taken by open answers, one each.
	answers chan struct{}
}

// New makes a server.
func New(config Config) *Server {
	config.Limits = config.Limits.filled()
	return &Server{Config: config, sessions: map[uint32]*session{}, places: make(chan struct{}, config.Limits.Connections), answers: make(chan struct{}, config.Limits.Answers)}
}

// Serve answers at a listener until ctx ends, lets statements finish that began,
// and ends all sessions. It closes the listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var group sync.WaitGroup
	defer group.Wait()
	ended := context.AfterFunc(ctx, func() {
		_ = listener.Close() // Accept says what matters
		time.AfterFunc(s.Limits.Grace, stop)
	})
	defer ended()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			stop()
			return errors.Join(err, listener.Close())
		}
		group.Go(func() { s.connection(ctx, working, conn) })
	}
}

// connection answers one client. ctx ends when the server takes no more
// statements, working when those that began are to stop.
func (s *Server) connection(ctx, working context.Context, conn net.Conn) {
	defer conn.Close()
	defer func() {
		if found := recover(); found != nil {
			s.Logger.Error("panic", "panic", found)
		}
	}()
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		s.refuseUnread(conn, fatal(stateConnections, "sorry, too many clients already: at most %d connections are served at a time", s.Limits.Connections))
		return
	}
	opened, err := s.startUp(ctx, working, conn)
	if err != nil {
		s.Logger.Info("a PostgreSQL client was not let in", "cause", err)
		return
	}
	if opened == nil {
		return // it only asked to cancel
	}
	defer opened.end()
	if err := opened.serve(); err != nil {
		s.Logger.Info("a PostgreSQL session broke off", "cause", err)
	}
}

// register gives a session the number and the secret by which its statements can
// be canceled.
func (s *Server) register(opened *session, secret int) error {
	opened.secret = make([]byte, secret)
	if _, err := rand.Read(opened.secret); err != nil {
		return err
	}
	var number [4]byte
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if _, err := rand.Read(number[:]); err != nil {
			return err
		}
		opened.number = binary.BigEndian.Uint32(number[:]) >> 1 // clients take it for signed
		if _, taken := s.sessions[opened.number]; !taken {
			s.sessions[opened.number] = opened
			return nil
		}
	}
}

func (s *Server) forget(number uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, number)
}

// cancel stops what a session works on, when the secret is the session's.
func (s *Server) cancel(number uint32, secret []byte) {
	s.mu.Lock()
	found := s.sessions[number]
	s.mu.Unlock()
	if found != nil && subtle.ConstantTimeCompare(found.secret, secret) == 1 {
		found.stop(errCanceledByUser)
	}
}
