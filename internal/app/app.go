package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/api"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors/all"
	"github.com/yitong-hub/yitong/contributions"
	"github.com/yitong-hub/yitong/feed"
	"github.com/yitong-hub/yitong/feed/kafka"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/telemetry"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/query"
)

// App is one opened home folder with all of its parts.
type App struct {
	Config    config.Config
	Catalog   *catalog.Catalog
	Warehouse *warehouse.Warehouse
	Pipelines *pipelines.Engine
	Directory *identity.Directory
	Policies  *policystore.Store
	Audit     *audit.Log
	Gate      *query.Gate
	// Contributions is the gate of writing, as Gate is that of reading.
	Contributions *contributions.Gate
	// Principals are those of the directory and the applications with keys.
	Principals   *identity.Principals
	Applications api.Applications
	// Subscriptions are delivered while Serve runs.
	Subscriptions *feed.Registry

	store   *store.Store
	lock    *homeLock
	demo    demoServers
	brokers kafka.Config
	// ending ends, by endFeeds, before the server does.
	ending   context.Context //nolint:containedctx // that of all feeds
	endFeeds context.CancelFunc
	traces   *telemetry.Traces
}

// Options are what a caller may hand in.
type Options struct {
	Logger *slog.Logger
	// Progress gets the events of a synchronisation; nil for none.
	Progress func(pipelines.Event)
}

// New opens the home folder of settings as its only owner. The caller closes
// the App. Another process that owns the folder is a Conflict fault.
func New(ctx context.Context, settings config.Config, options Options) (*App, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	opened := &App{Config: settings, demo: demoServers{campus: settings.Campus, logger: options.Logger}}
	opened.ending, opened.endFeeds = context.WithCancel(context.WithoutCancel(ctx))
	if err := opened.open(ctx, options); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}

func (a *App) open(ctx context.Context, options Options) error {
	var err error
	if a.traces, err = openTraces(ctx, options.Logger); err != nil {
		return err
	}
	if a.lock, err = lockHome(a.Config.Home); err != nil {
		return err
	}
	if a.store, err = store.Open(ctx, a.Config.State); err != nil {
		return err
	}
	if a.Catalog, err = catalog.New(ctx, a.store); err != nil {
		return err
	}
	interrupted, err := a.Catalog.CloseInterrupted(ctx, time.Now().UTC())
	if err != nil {
		return err
	}
	if interrupted > 0 {
		options.Logger.Warn("runs were interrupted", "runs", interrupted)
	}
	a.Warehouse, err = warehouse.Open(ctx, warehouse.Config{
		Dir: a.Config.Home, Memory: warehouseShare(a.Config.Memory), Logger: options.Logger,
	})
	if err != nil {
		return err
	}
	a.Pipelines = pipelines.New(pipelines.Config{
		Warehouse: a.Warehouse, Catalog: a.Catalog, Drivers: all.Drivers(), CampusDir: a.Config.Campus,
		Secrets: a.secret, Memory: a.Config.Memory, Logger: options.Logger, Progress: options.Progress,
		Published: func() { a.Gate.Published() },
	})
	return a.openGate(ctx, options.Logger)
}

// openGate makes the one reader. A campus without principals has nobody who
// may read, and can be synchronised all the same.
func (a *App) openGate(ctx context.Context, logger *slog.Logger) error {
	var err error
	if a.Policies, err = policystore.New(ctx, a.store, time.Now, logger); err != nil {
		return err
	}
	if err := applyPolicies(ctx, a.Policies, a.Config); err != nil {
		return err
	}
	a.Policies.Watch()
	if a.Audit, err = audit.Open(ctx, auditDir(a.Config), a.store, audit.Options{Now: time.Now, Logger: logger}); err != nil {
		return err
	}
	a.Gate = query.New(query.Config{
		Warehouse: a.Warehouse, Catalog: a.Catalog, Policies: a.Policies, Recorder: tracedRecorder{a.Audit, a.traces}, Now: time.Now,
		MaxRows: a.Config.Limits.Rows, Stages: a.traces,
	})
	a.Contributions = a.contributions()
	if a.Directory, err = loadDirectory(a.Config, logger); err != nil {
		return err
	}
	return a.openApplications(ctx, logger)
}

func (a *App) openApplications(ctx context.Context, logger *slog.Logger) error {
	var err error
	if a.Applications.Registry, err = identity.NewRegistry(ctx, a.store, time.Now, a.Directory.Knows, logger); err != nil {
		return err
	}
	if a.Applications.Usage, err = identity.NewUsage(ctx, a.store, time.Now, logger); err != nil {
		return err
	}
	a.Applications.Registry.Watch()
	a.Applications.Usage.Watch()
	a.Applications.Limiter = identity.NewLimiter(a.Applications.Usage)
	a.Principals = identity.NewPrincipals(a.Applications.Registry, a.Directory)
	return a.openSubscriptions()
}

func loadDirectory(settings config.Config, logger *slog.Logger) (*identity.Directory, error) {
	directory, err := identity.Load(principalsFile(settings), logger)
	if fault.Is(err, fault.NotFound) {
		return identity.Await(principalsFile(settings), logger), nil
	}
	return directory, err
}

func auditDir(settings config.Config) string { return filepath.Join(settings.Home, "audit") }

func principalsFile(settings config.Config) string {
	return filepath.Join(settings.Campus, "principals.yaml")
}

// warehouseShare leaves half of the budget to batches in flight and drivers.
func warehouseShare(memory int64) int64 { return memory / 2 }

// Close gives everything back, in the reverse order of opening.
func (a *App) Close() error {
	a.endFeeds()
	errs := []error{a.demo.close()}
	if a.Gate != nil {
		a.Gate.Close()
	}
	if a.Warehouse != nil {
		errs = append(errs, a.Warehouse.Close())
	}
	if a.Applications.Usage != nil {
		errs = append(errs, a.Applications.Usage.Close())
	}
	if a.Applications.Registry != nil {
		errs = append(errs, a.Applications.Registry.Close())
	}
	if a.Audit != nil {
		errs = append(errs, a.Audit.Close())
	}
	if a.Policies != nil {
		errs = append(errs, a.Policies.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.lock != nil {
		errs = append(errs, a.lock.release())
	}
	errs = append(errs, a.traces.Close())
	return errors.Join(errs...)
}

// Sync reads the definitions anew, tells the catalog of them, and synchronises
// what options name.
func (a *App) Sync(ctx context.Context, options pipelines.Options) (pipelines.Summary, error) {
	systems, err := loadSystems(a.Config)
	if err != nil {
		return pipelines.Summary{}, err
	}
	for _, system := range systems {
		if err := a.Catalog.Register(ctx, system); err != nil {
			return pipelines.Summary{}, err
		}
	}
	return a.Pipelines.Sync(ctx, systems, options)
}

// Replay runs quarantined rows through the pipeline again.
func (a *App) Replay(ctx context.Context, filter pipelines.ReplayFilter) (catalog.Run, error) {
	systems, err := loadSystems(a.Config)
	if err != nil {
		return catalog.Run{}, err
	}
	return a.Pipelines.Replay(ctx, systems, filter)
}

func loadSystems(settings config.Config) ([]definition.System, error) {
	dir := filepath.Join(settings.Campus, "systems")
	systems, err := definition.LoadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(systems) == 0 {
		return nil, fault.New(fault.NotFound, "there are no definitions in %s: yitong demo build makes a demo campus", dir)
	}
	return systems, nil
}

// CatalogView is the catalog of a home folder without owning the folder: it
// can be opened while another process synchronises.
type CatalogView struct {
	Catalog   *catalog.Catalog
	Audit     *audit.Reader
	Policies  *policystore.Store
	Directory *identity.Directory
	store     *store.Store
}

// OpenCatalog opens the catalog for reading. A home folder without one is a
// NotFound fault.
func OpenCatalog(ctx context.Context, settings config.Config) (*CatalogView, error) {
	if _, err := os.Stat(settings.Home); err != nil {
		return nil, fault.New(fault.NotFound, "there is nothing in %s yet: run yitong run, or name another --home", settings.Home)
	}
	opened, err := store.Open(ctx, settings.State)
	if err != nil {
		return nil, err
	}
	view := &CatalogView{store: opened}
	if err := view.open(ctx, settings); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return view, nil
}

func (v *CatalogView) open(ctx context.Context, settings config.Config) error {
	var err error
	if v.Catalog, err = catalog.New(ctx, v.store); err != nil {
		return err
	}
	if v.Policies, err = policystore.New(ctx, v.store, time.Now, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if v.Directory, err = loadDirectory(settings, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	v.Audit, err = audit.View(ctx, auditDir(settings), v.store)
	return err
}

// Close closes the view.
func (v *CatalogView) Close() error { return v.store.Close() }
