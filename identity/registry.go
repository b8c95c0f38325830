package identity

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
)

// Registry keeps the applications of departments with their keys and tokens in
// the state database, and says who sends a key. All nodes share it. It is safe
// for concurrent use.
type Registry struct {
	store  *store.Store
	now    func() time.Time
	taken  func(id string) bool
	logger *slog.Logger
	zone   *time.Location

	current atomic.Pointer[view]
	// refreshing has one place, for who reads the state database.
	refreshing chan struct{}
	failures   atomic.Int64
	tokens     tokens
	watcher    *watcher
}

// NewRegistry reads what the state database has. taken tells which ids are
// somebody else's already, as [Directory.Knows] does; nil is none. Days are
// those of [acl.DefaultZone].
func NewRegistry(ctx context.Context, opened *store.Store, now func() time.Time, taken func(id string) bool, logger *slog.Logger) (*Registry, error) {
	zone, err := time.LoadLocation(acl.DefaultZone)
	if err != nil {
		return nil, fmt.Errorf("the time zone of the campus: %w", err)
	}
	r := &Registry{store: opened, now: now, taken: taken, logger: logger, zone: zone, refreshing: make(chan struct{}, 1)}
	r.current.Store(&view{contents: &contents{version: -1}})
	return r, r.Refresh(ctx)
}

// Register keeps a new application, which by registers. What is wrong with it
// is an Invalid fault; an id that is somebody's, a Conflict.
func (r *Registry) Register(ctx context.Context, by string, application Application) (Application, error) {
	if err := application.check(); err != nil {
		return Application{}, err
	}
	if r.taken != nil && r.taken(application.ID) {
		return Application{}, fault.New(fault.Conflict, "%q is the id of another principal of the campus: choose another one", application.ID)
	}
	made := application.clone()
	made.Disabled, made.Revision = false, 1
	err := r.change(ctx, by, func(tx *sql.Tx, at time.Time) (Change, error) {
		if err := r.refuseRegister(ctx, tx, made.ID); err != nil {
			return Change{}, err
		}
		made.Made, made.MadeBy, made.Changed, made.ChangedBy = at, by, at, by
		if err := r.insertApplication(ctx, tx, made); err != nil {
			return Change{}, err
		}
		return Change{Application: made.ID, Action: ActionRegister, After: &made}, nil
	})
	if err != nil {
		return Application{}, fmt.Errorf("register an application: %w", err)
	}
	return made.clone(), nil
}

func (r *Registry) refuseRegister(ctx context.Context, tx *sql.Tx, id string) error {
	var all, alike int64
	err := r.store.SQL().Select("count(*)").Column("coalesce(sum(CASE WHEN lower(id) = lower(?) THEN 1 ELSE 0 END), 0)", id).
		From("identity_application").RunWith(tx).QueryRowContext(ctx).Scan(&all, &alike)
	if err != nil {
		return err
	}
	if alike > 0 {
		return fault.New(fault.Conflict, "there is an application %q already, or one whose id differs in capitals only", id)
	}
	if all >= MaxApplications {
		return fault.New(fault.Conflict, "there are %d applications already, more than which are not kept", MaxApplications)
	}
	return nil
}

func (r *Registry) insertApplication(ctx context.Context, tx *sql.Tx, made Application) error {
	document, err := json.Marshal(made)
	if err != nil {
		return err
	}
	_, err = r.store.SQL().Insert("identity_application").Columns("id", "document").Values(made.ID, string(document)).
		RunWith(tx).ExecContext(ctx)
	return err
}

// Update replaces what is known of an application, except what is the
// registry's. Its Revision says on which one the change builds: when that is
// not the last one, nothing changes, and it is a Conflict fault.
func (r *Registry) Update(ctx context.Context, by string, application Application) (Application, error) {
	if err := application.check(); err != nil {
		return Application{}, err
	}
	return r.edit(ctx, by, application.ID, ActionUpdate, func(before Application) (Application, error) {
		if before.Revision != application.Revision {
			return Application{}, fault.New(fault.Conflict, "application %q was changed meanwhile, by %s: look at it again", before.ID, before.ChangedBy)
		}
		after := application.clone()
		after.Disabled, after.Made, after.MadeBy = before.Disabled, before.Made, before.MadeBy
		return after, nil
	})
}

// Disable lets nothing of an application count until it is enabled again: its
// keys and tokens are refused, and it is no principal.
func (r *Registry) Disable(ctx context.Context, by, id string) (Application, error) {
	return r.edit(ctx, by, id, ActionDisable, func(before Application) (Application, error) {
		if before.Disabled {
			return Application{}, fault.New(fault.Conflict, "application %q is disabled already", id)
		}
		before.Disabled = true
		return before, nil
	})
}

// Enable takes back [Registry.Disable]. Keys that ended meanwhile have ended.
func (r *Registry) Enable(ctx context.Context, by, id string) (Application, error) {
	return r.edit(ctx, by, id, ActionEnable, func(before Application) (Application, error) {
		if !before.Disabled {
			return Application{}, fault.New(fault.Conflict, "application %q is not disabled", id)
		}
		before.Disabled = false
		return before, nil
	})
}

// edit changes one application.
func (r *Registry) edit(ctx context.Context, by, id, action string, work func(Application) (Application, error)) (Application, error) {
	var after Application
	err := r.change(ctx, by, func(tx *sql.Tx, at time.Time) (Change, error) {
		before, err := r.application(ctx, tx, id)
		if err != nil {
			return Change{}, err
		}
		if after, err = work(before); err != nil {
			return Change{}, err
		}
		after.Revision, after.Changed, after.ChangedBy = before.Revision+1, at, by
		document, err := json.Marshal(after)
		if err != nil {
			return Change{}, err
		}
		_, err = r.store.SQL().Update("identity_application").Set("document", string(document)).
			Where(squirrel.Eq{"id": id}).RunWith(tx).ExecContext(ctx)
		return Change{Application: id, Action: action, After: &after}, err
	})
	if err != nil {
		return Application{}, fmt.Errorf("%s application: %w", action, err)
	}
	return after.clone(), nil
}

// application reads one from the state database, or gives a NotFound fault.
func (r *Registry) application(ctx context.Context, from squirrel.BaseRunner, id string) (Application, error) {
	var document string
	err := r.store.SQL().Select("document").From("identity_application").Where(squirrel.Eq{"id": id}).
		RunWith(from).QueryRowContext(ctx).Scan(&document)
	if errors.Is(err, sql.ErrNoRows) {
		return Application{}, unknown(id)
	}
	if err != nil {
		return Application{}, fmt.Errorf("read an application: %w", err)
	}
	var found Application
	if err := json.Unmarshal([]byte(document), &found); err != nil {
		return Application{}, fmt.Errorf("decode application %s: %w", id, err)
	}
	return found, nil
}

func unknown(id string) error {
	return fault.New(fault.NotFound, "there is no application %q", id)
}

// Get finds an application, disabled or not, or gives a NotFound fault.
func (r *Registry) Get(ctx context.Context, id string) (Application, error) {
	known, err := r.fresh(ctx)
	if err != nil {
		return Application{}, err
	}
	if found, is := known.members[id]; is {
		return found.application.clone(), nil
	}
	return Application{}, unknown(id)
}

// List gives all applications by id, the disabled ones too.
func (r *Registry) List(ctx context.Context) ([]Application, error) {
	known, err := r.fresh(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Application, 0, len(known.order))
	for _, id := range known.order {
		all = append(all, known.members[id].application.clone())
	}
	return all, nil
}
