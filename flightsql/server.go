package flightsql

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
)

// People tells who people are.
type People interface {
	// Principal gives who signed in with a bearer that is no application's, or a
	// Denied fault.
	Principal(ctx context.Context, bearer string) (acl.Principal, error)
	// Acting gives the principal with the rights that lender lent it.
	Acting(ctx context.Context, principal acl.Principal, lender string) (acl.Principal, error)
}

// Config is what a server is made of.
type Config struct {
	Gate         *query.Gate
	People       People
	Applications identity.Admission
	// Certificate is the server's; without one it listens on loopback alone.
	Certificate *tls.Certificate
	Limits      Limits
	Logger      *slog.Logger
	Now         func() time.Time
}

// Limits bound what callers take. 0 is the default of each.
type Limits struct {
	// Connections are open at once, Streams answers that are being given at once,
	// StreamsEach those of one caller.
	Connections, Streams, StreamsEach int
	// Call is how long a call may work. Connection is how old a connection grows
	// before it is ended after its calls, which have as long as a call may work:
	// a client that stops reading holds an answer no longer.
	Call, Connection time.Duration
	// Finish is how long answers may take when the server ends.
	Finish time.Duration
}

// The defaults: an answer holds a state of the warehouse and some megabytes.
const (
	defaultConnections = 256
	defaultStreams     = 32
	defaultStreamsEach = 8
	defaultCall        = 10 * time.Minute
	defaultConnection  = 30 * time.Minute
	defaultFinish      = 30 * time.Second
)

const (
	// maxRequest bounds a message of a client: a statement with its parameters.
	maxRequest = 1 << 20
	// maxCalls bounds the calls at once on one connection.
	maxCalls = 64
	// maxHeaders bounds the headers of a call.
	maxHeaders = 16 << 10
	// probe is when a silent connection is asked whether its client is there,
	// probed how long that may take.
	probe, probed = time.Minute, 20 * time.Second
)

func or[T comparable](value, standard T) T {
	var none T
	if value == none {
		return standard
	}
	return value
}

func (l Limits) orDefaults() Limits {
	return Limits{
		Connections: or(l.Connections, defaultConnections), Streams: or(l.Streams, defaultStreams), StreamsEach: or(l.StreamsEach, defaultStreamsEach),
		Call: or(l.Call, defaultCall), Connection: or(l.Connection, defaultConnection), Finish: or(l.Finish, defaultFinish),
	}
}

// Server answers Flight SQL.
type Server struct {
	flight.BaseFlightServer
	Config
	info    protocol.BaseServer
	streams places
	grpc    *grpc.Server
}

// New makes a server.
func New(config Config) (*Server, error) {
	config.Limits = config.Limits.orDefaults()
	s := &Server{Config: config, streams: places{all: config.Limits.Streams, each: config.Limits.StreamsEach}}
	if err := describeServer(&s.info); err != nil {
		return nil, fmt.Errorf("describe the server: %w", err)
	}
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxRequest), grpc.MaxConcurrentStreams(maxCalls), grpc.MaxHeaderListSize(maxHeaders),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			Time: probe, Timeout: probed, MaxConnectionAge: s.Limits.Connection, MaxConnectionAgeGrace: s.Limits.Call,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: probed, PermitWithoutStream: true}),
		grpc.UnaryInterceptor(s.unary), grpc.StreamInterceptor(s.stream),
	}
	if config.Certificate != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{*config.Certificate}, MinVersion: tls.VersionTLS12})))
	}
	s.grpc = grpc.NewServer(options...)
	flight.RegisterFlightServiceServer(s.grpc, s)
	return s, nil
}

// Check refuses an address at which keys would travel in the open: without a
// certificate one that is not loopback is an Invalid fault.
func (s *Server) Check(address net.Addr) error {
	if tcp, is := address.(*net.TCPAddr); s.Certificate != nil || is && tcp.IP.IsLoopback() {
		return nil
	}
	return fault.New(fault.Invalid, "Flight SQL at %s needs a certificate: without one it answers at a loopback address alone, as 127.0.0.1", address)
}

// Serve answers on a listener that was checked, and closes it, until ctx ends;
// then it finishes the answers that began.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	if err := s.Check(listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	failed := make(chan error, 1)
	go func() { failed <- s.grpc.Serve(netutil.LimitListener(listener, s.Limits.Connections)) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	late := time.AfterFunc(s.Limits.Finish, s.grpc.Stop)
	defer late.Stop()
	s.grpc.GracefulStop()
	return <-failed
}
