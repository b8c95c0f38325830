package app

import (
	"context"
	"errors"
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
)

const (
	// readTimeout bounds how long a request may take to arrive.
	readTimeout = 30 * time.Second
	// shutdownTimeout is how long answers may take to finish at the end.
	shutdownTimeout = 30 * time.Second
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
	// Postgres says how PostgreSQL's clients are served beside.
	Postgres Postgres
}

// IsDemo reports whether the campus is the demo's.
func IsDemo(settings config.Config) bool { return demo.Is(settings.Campus) }

// Handler makes the handler of the HTTP API.
func (a *App) Handler(logger *slog.Logger, demo bool) (http.Handler, error) {
	return api.New(api.Config{
		Gate: a.Gate, Catalog: a.Catalog, Policies: a.Policies, Audit: a.Audit.Reader, Desk: a.Desk(), People: people{a, demo}, Applications: a.Applications, Logger: logger, Now: time.Now,
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
	server := &http.Server{Handler: handler, ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, IdleTimeout: 2 * time.Minute}
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
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	return errors.Join(server.Shutdown(finish), ignoreClosed(<-failed))
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
