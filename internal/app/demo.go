package app

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/connectors/all"
	"github.com/yitong-hub/yitong/demo"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/config"
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

// connectorNames lists the kinds of connector that need no server.
func connectorNames() []string {
	var names []string
	for _, driver := range all.Drivers() {
		names = append(names, driver.Name)
	}
	return names
}

// Principals lists who can read.
func Principals(settings config.Config) ([]acl.Principal, error) {
	directory, err := identity.Load(principalsFile(settings))
	if err != nil {
		return nil, err
	}
	return directory.Principals(), nil
}
