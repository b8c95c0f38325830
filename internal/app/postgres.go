package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pgwire"
)

// demoPassword is by which anybody may be one of the demo's people.
const demoPassword = "demo"

// PostgresOptions say how PostgreSQL's clients are served.
type PostgresOptions struct {
	// Listen is the address, as 127.0.0.1:5432; "" serves none.
	Listen string
	// Certificate and Key are files in PEM, without which only this machine's
	// clients are let in.
	Certificate, Key string
	// Ready gets the address once the server answers.
	Ready func(address string)
}

// servePostgres answers PostgreSQL's clients until ctx ends; the error comes when
// it has ended.
func (a *App) servePostgres(ctx context.Context, options ServeOptions) (ended <-chan error, err error) {
	done := make(chan error, 1)
	if options.Postgres.Listen == "" {
		close(done)
		return done, nil
	}
	config := pgwire.Config{Gate: a.Gate, People: postgresPeople{people{app: a, demo: options.Demo}}, Logger: options.Logger}
	if options.Postgres.Certificate != "" {
		certificate, err := tls.LoadX509KeyPair(options.Postgres.Certificate, options.Postgres.Key)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "the certificate %s cannot be used with the key %s", options.Postgres.Certificate, options.Postgres.Key)
		}
		config.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	listener, err := net.Listen("tcp", options.Postgres.Listen)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the address %s cannot be listened on: another server may be there", options.Postgres.Listen)
	}
	go func() { done <- pgwire.New(config).Serve(ctx, listener) }()
	if options.Postgres.Ready != nil {
		options.Postgres.Ready(listener.Addr().String())
	}
	return done, nil
}

// postgresPeople tells the wire who signs in: an application by its id and key, or
// in the demo one of its people.
type postgresPeople struct{ people }

// Principal implements pgwire.People.
func (p postgresPeople) Principal(ctx context.Context, user, password string, from netip.Addr) (acl.Principal, error) {
	if p.demo && password == demoPassword {
		return p.people.Principal(ctx, demoKey+user)
	}
	principal, _, err := p.application(ctx, user, password, from)
	return principal, err
}

func (p postgresPeople) application(ctx context.Context, user, password string, from netip.Addr) (acl.Principal, identity.Application, error) {
	principal, application, err := p.app.Applications.Registry.Authenticate(ctx, password, from)
	if err == nil && application.ID != user {
		err = fault.Wrap(errors.New("the key is another application's"), fault.Denied, "the key is not valid here")
	}
	if err != nil {
		return acl.Principal{}, identity.Application{}, err
	}
	return principal, application, nil
}

// Allow implements pgwire.People.
func (p postgresPeople) Allow(ctx context.Context, user, password string, from netip.Addr) error {
	if p.demo && password == demoPassword {
		return nil
	}
	_, application, err := p.application(ctx, user, password, from)
	if err != nil {
		return err
	}
	for {
		allowance := p.app.Applications.Limiter.Allow(application, time.Now())
		if allowance.OK {
			return nil
		}
		if allowance.RetryAfter > patience {
			return fault.New(fault.Denied, "%s asks too often or used up its reads of the day: try again in %s", user, allowance.RetryAfter.Round(time.Second))
		}
		select {
		case <-time.After(allowance.RetryAfter):
		case <-ctx.Done():
			return fault.Wrap(context.Cause(ctx), fault.Canceled, "the statement was canceled")
		}
	}
}

// patience is how long a statement waits for its turn: tools ask dozens of questions
// when they connect, and do not come again when they are refused one.
const patience = 5 * time.Second

// Answered implements pgwire.People.
func (p postgresPeople) Answered(user string, rows int64, refused bool) {
	if _, err := p.app.Applications.Registry.Get(context.Background(), user); err != nil {
		return // one of the demo's people
	}
	done := identity.Count{Requests: 1, Rows: rows}
	if refused {
		done.Refused = 1
	}
	p.app.Applications.Usage.Record(user, time.Now(), done)
}
