package app

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/api"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/identity/demoidp"
	"github.com/yitong-hub/yitong/identity/session"
	"github.com/yitong-hub/yitong/identity/signin"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
)

func signinFile(settings config.Config) string {
	return filepath.Join(settings.Campus, "signin.yaml")
}

// signin makes what people sign in by, and what tells who they are.
func (a *App) signin(logger *slog.Logger, demo bool) (people, *api.Signin, error) {
	settings, err := signin.Load(signinFile(a.Config))
	if err != nil {
		return people{}, nil, err
	}
	options := signin.Options{Config: settings, Secret: a.secret, Store: a.store, Now: time.Now, Logger: logger}
	if demo {
		options.Demo = a.demoProvider
	}
	service, err := signin.New(options)
	if err != nil {
		return people{}, nil, err
	}
	sessions := session.New(a.store, session.Limits{Life: settings.Session.Life, Idle: settings.Session.Idle}, time.Now)
	return people{a, demo, settings.Unknown}, &api.Signin{Service: service, Sessions: sessions, Record: a.Audit}, nil
}

// demoProvider makes the identity provider of a demo campus.
func (a *App) demoProvider(base func(host string) (string, error)) http.Handler {
	return demoidp.New(demoidp.Config{
		Base: base, Path: signin.DemoPath, Client: signin.DemoClient, Callback: signin.Callback(signin.DemoProvider),
		People: a.Directory.Principals, CampusID: identity.CampusID, Now: time.Now,
	})
}

// Signed gives who has a campus id for which a provider vouched. Somebody whom
// the directory does not have is nobody, or a person without roles where
// signin.yaml says so; never one who has the id of somebody else.
func (p people) Signed(ctx context.Context, campusID string) (acl.Principal, error) {
	principal, err := p.app.Directory.Person(campusID)
	if !fault.Is(err, fault.NotFound) || p.unknown != signin.UnknownPerson {
		return principal, err
	}
	// An application keeps its id while it is disabled.
	_, err = p.app.Applications.Registry.Get(ctx, campusID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return acl.Principal{}, err
	}
	if err == nil || p.app.Directory.Knows(campusID) {
		return acl.Principal{}, fault.New(fault.Conflict, "the campus id %q is the id of somebody else here: the operators of this server have to tell them apart", campusID)
	}
	return acl.NewPrincipal(acl.Profile{
		ID: campusID, Name: campusID, Kind: acl.KindPerson, Attributes: map[string][]string{acl.AttributeCampusID: {campusID}},
	}), nil
}
