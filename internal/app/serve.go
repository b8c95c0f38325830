package app

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/api"
	"github.com/yitong-hub/yitong/demo"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/telemetry"
)

// ServeOptions say how to serve.
type ServeOptions struct {
	// Listen is the address, as 127.0.0.1:8080.
	Listen string
	// Demo lets anybody be one of the campus's people by naming them.
	Demo   bool
	Logger *slog.Logger
	// Ready gets the address once the server answers.
	Ready func(address string)
	// Execute carries out commands of the same user on this machine, who would
	// otherwise be refused while the server owns the home folder; nil takes none.
	Execute Execute
	// Flight serves Arrow Flight SQL too.
	Flight FlightOptions
	// Postgres says how PostgreSQL's clients are served beside.
	Postgres PostgresOptions
}

// IsDemo reports whether the campus is the demo's.
func IsDemo(settings config.Config) bool { return demo.Is(settings.Campus) }

// Handler makes the handler of the HTTP API.
func (a *App) Handler(logger *slog.Logger, demo bool) (*api.Server, error) {
	people, signin, err := a.signin(logger, demo)
	if err != nil {
		return nil, err
	}
	return api.New(api.Config{
		Gate: a.Gate, Catalog: a.Catalog, Policies: a.Policies, Audit: a.Audit.Reader, Desk: a.Desk(), People: people, Applications: a.Applications, Signin: signin, Contributions: a.Contributions, Logger: logger, Now: time.Now,
		Ending: a.ending, Subscriptions: a.Subscriptions,
		Limits: a.Config.Limits, Traces: a.traces,
	})
}

// Serve answers until ctx ends, then finishes the answers that it began.
func (a *App) Serve(ctx context.Context, options ServeOptions) (ended error) {
	if options.Demo && !IsDemo(a.Config) {
		return fault.New(fault.Denied, "only a demo campus is served in demo mode, where anybody may be anybody: yitong serve without --demo")
	}
	handler, err := a.Handler(options.Logger, options.Demo)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", options.Listen)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the address %s cannot be listened on: another server may be there", options.Listen)
	}
	if options.Execute != nil {
		stop, err := a.listenLocal(context.WithoutCancel(ctx), options.Execute, options.Logger)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		defer func() { ended = errors.Join(ended, stop()) }()
	}
	stopDelivery, err := a.deliver(a.ending, options.Logger)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { ended = errors.Join(ended, stopDelivery()) }()
	if options.Flight.Listen != "" {
		stop, err := a.listenFlight(ctx, options)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		defer func() { ended = errors.Join(ended, stop()) }()
	}
	ctx, stopAll := context.WithCancel(ctx)
	defer stopAll()
	postgres, err := a.servePostgres(ctx, options)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() {
		stopAll()
		ended = errors.Join(ended, <-postgres)
	}()
	limits := a.Config.Limits.OrDefaults()
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: limits.Arrival, ReadTimeout: limits.Arrival, IdleTimeout: limits.Idle, MaxHeaderBytes: limits.Header,
		ErrorLog: log.New(complaints{options.Logger}, "", 0),
	}
	server.RegisterOnShutdown(a.endFeeds)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if options.Ready != nil {
		options.Ready(listener.Addr().String())
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	if options.Demo { // nobody sends requests here who would have to find another server
		limits.Grace = 0
	}
	return finish(context.WithoutCancel(ctx), server, handler, failed, limits, options.Logger)
}

// finish ends a server: it says that it is not ready, answers on for the grace,
// then takes nothing new and finishes the answers that began.
func finish(ctx context.Context, server *http.Server, handler *api.Server, failed <-chan error, limits config.Limits, logger *slog.Logger) error {
	logger.Info("ending", "grace", limits.Grace, "finish", limits.Finish)
	handler.Retire()
	grace := time.NewTimer(limits.Grace)
	defer grace.Stop()
	select {
	case err := <-failed:
		return err
	case <-grace.C:
	}
	handler.Drain()
	ctx, cancel := context.WithTimeout(ctx, limits.Finish)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(fault.New(fault.Unavailable, "answers were broken off: they took longer than %s to finish", limits.Finish), server.Close())
	}
	return errors.Join(err, ignoreClosed(<-failed))
}

// complaints logs what the HTTP server has to say, without clients' addresses.
type complaints struct{ logger *slog.Logger }

// Write implements io.Writer.
func (c complaints) Write(text []byte) (int, error) {
	c.logger.Warn("the HTTP server complains", "text", telemetry.Redact(strings.TrimSpace(string(text))))
	return len(text), nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// people tells the API who asks.
type people struct {
	app  *App
	demo bool
	// unknown is what is done with people whom the directory does not have.
	unknown string
}

// demoKey begins the key by which anybody may be one of the demo's people.
const demoKey = "demo:"

// Principal gives who signed in. In the demo "demo:leader" is one of the leader.
func (p people) Principal(_ context.Context, bearer string) (acl.Principal, error) {
	if id, named := strings.CutPrefix(bearer, demoKey); named && p.demo {
		if principal, err := p.app.Directory.Principal(id); err == nil {
			return principal, nil
		}
	}
	return acl.Principal{}, fault.New(fault.Denied, "the key is not valid here")
}

// Acting gives the principal with the rights that lender lent it.
func (p people) Acting(ctx context.Context, principal acl.Principal, lender string) (acl.Principal, error) {
	from, err := p.Find(lender)
	if err != nil {
		return acl.Principal{}, fault.New(fault.Denied, "%s lent nothing that counts now", lender)
	}
	delegation, err := p.app.Policies.Acting(ctx, principal.ID(), lender, time.Now())
	if err != nil {
		return acl.Principal{}, err
	}
	return from.ActedBy(principal, delegation), nil
}

// Find finds a principal by id.
func (p people) Find(id string) (acl.Principal, error) { return p.app.Principals.Principal(id) }

// All lists everybody.
func (p people) All() ([]acl.Principal, error) { return p.app.Principals.Principals() }
