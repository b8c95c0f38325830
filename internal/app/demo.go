package app

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/connectors/all"
	"github.com/yitong-hub/yitong/demo"
	"github.com/yitong-hub/yitong/demo/serve"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
)

// demoSeed makes everybody's demo campus the same.
const demoSeed = 1902

// BuildDemo builds the demo campus unless the home folder has definitions
// already, and reports whether it did.
func BuildDemo(ctx context.Context, settings config.Config, scale string) (bool, error) {
	present, err := filepath.Glob(filepath.Join(settings.Campus, "systems", "*.yaml"))
	if err != nil || len(present) > 0 {
		return false, err
	}
	lock, err := lockHome(settings.Home)
	if err != nil {
		return false, err
	}
	err = demo.Build(ctx, demo.Config{Dir: settings.Campus, Scale: scale, Seed: demoSeed, Connectors: connectorNames()})
	return err == nil, errors.Join(err, lock.release())
}

// EvolveDemo moves the demo campus on by so many days and gives the day reached.
func EvolveDemo(ctx context.Context, settings config.Config, days int) (int, error) {
	lock, err := lockHome(settings.Home)
	if err != nil {
		return 0, err
	}
	day, err := demo.Evolve(ctx, settings.Campus, days)
	return day, errors.Join(err, lock.release())
}

// connectorNames lists the kinds of connector that there are.
func connectorNames() []string {
	var names []string
	for _, driver := range all.Drivers() {
		names = append(names, driver.Name)
	}
	return names
}

// demoServers answer for the systems of a demo campus that are servers. They
// are started when the first of them is asked for and end with the App.
type demoServers struct {
	campus string
	logger *slog.Logger

	mu      sync.Mutex
	running *serve.Servers
}

// demoPrefix begins the names of the demo servers' addresses and secrets.
const demoPrefix = "DEMO_"

// secret looks a name up in the environment and the secrets file, and then at
// the demo campus's own servers.
func (a *App) secret(name string) (string, error) {
	value, err := a.Config.Secret(name)
	if err == nil || !strings.HasPrefix(name, demoPrefix) || !serve.There(a.demo.campus) {
		return value, err
	}
	return a.demo.secret(name)
}

func (d *demoServers) secret(name string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running == nil {
		started, err := serve.Start(context.Background(), d.campus, d.logger) // they outlive the call that needs them first
		if err != nil {
			return "", err
		}
		d.running = started
	}
	value, ok := d.running.Secret(name)
	if !ok {
		return "", fault.New(fault.Invalid, "the demo campus's servers have no %s", name)
	}
	return value, nil
}

func (d *demoServers) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running == nil {
		return nil
	}
	err := d.running.Close()
	d.running = nil
	return err
}

// ServeDemo answers for the demo campus's servers until ctx ends; tell gets
// their addresses.
func ServeDemo(ctx context.Context, settings config.Config, logger *slog.Logger, tell func(addresses []string)) error {
	servers, err := serve.Start(ctx, settings.Campus, logger)
	if err != nil {
		return err
	}
	tell(servers.Names())
	<-ctx.Done()
	return servers.Close()
}

// Principals lists who can read.
func Principals(settings config.Config) ([]acl.Principal, error) {
	directory, err := identity.Load(principalsFile(settings), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return directory.Principals(), nil
}
