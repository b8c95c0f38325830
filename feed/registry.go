package feed

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/query"
)

// maxActive bounds the subscriptions of one application that are delivered.
const maxActive = 100

// Gate gives changes; query's does.
type Gate interface {
	Begin(ctx context.Context, principal acl.Principal, request query.ChangesRequest) (offset string, version int64, err error)
	Follow(ctx context.Context, following query.Following) error
	Newest(ctx context.Context, dataset string) (int64, error)
}

// Principals finds applications; of one that may do nothing any more it gives a
// NotFound fault.
type Principals interface {
	Principal(id string) (acl.Principal, error)
}

// Config is what a registry is made of.
type Config struct {
	Store      *store.Store
	Gate       Gate
	Principals Principals
	Now        func() time.Time
	// Prefix begins the names of all topics; "" says that there are no brokers.
	Prefix string
}

// Registry keeps the subscriptions. It is safe for concurrent use.
type Registry struct {
	Config
	// turned wakes the runner.
	turned chan struct{}
}

// NewRegistry makes a registry.
func NewRegistry(config Config) *Registry { return &Registry{config, make(chan struct{}, 1)} }

func (r *Registry) wake() {
	select {
	case r.turned <- struct{}{}:
	default:
	}
}

// Register begins a subscription. Its application must have the right to hold
// at that moment, and at every later one for as long as it lasts.
func (r *Registry) Register(ctx context.Context, by acl.Principal, asked Subscription) (Subscription, error) {
	if r.Prefix == "" {
		return asked, fault.New(fault.Conflict, "there are no brokers: an administrator names them in kafka.yaml of the campus; docs/change-feeds.md has an example")
	}
	if err := mayTouch(by, asked.Application); err != nil {
		return asked, err
	}
	principal, err := r.application(asked.Application)
	if err != nil {
		return asked, err
	}
	if err := asked.check(r.Prefix); err != nil {
		return asked, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return asked, fmt.Errorf("name a subscription: %w", err)
	}
	made := Subscription{
		ID: id.String(), Application: asked.Application, Dataset: asked.Dataset, Fields: asked.Fields, Where: asked.Where, Purpose: asked.Purpose,
		From: asked.From, Topic: asked.Topic, Made: r.Now().UTC(), MadeBy: by.ID(), State: Active,
	}
	if made.place, made.Version, err = r.Gate.Begin(ctx, principal, made.request()); err != nil {
		return asked, err
	}
	if err := r.insert(ctx, made); err != nil {
		return asked, err
	}
	r.wake()
	return r.Get(ctx, by, made.ID)
}

func (r *Registry) application(id string) (acl.Principal, error) {
	principal, err := r.Principals.Principal(id)
	if err == nil && principal.Profile().Kind != acl.KindApplication {
		err = fault.New(fault.Invalid, "application: %s is none", id)
	}
	return principal, err
}

// roleAdministrator is the role of those who look after all subscriptions.
const roleAdministrator = "administrator"

func mayTouch(by acl.Principal, application string) error {
	own := by.Profile().Kind == acl.KindApplication && by.ID() == application
	if by.Actor() == "" && (own || by.HasRole(roleAdministrator)) {
		return nil
	}
	return fault.New(fault.Denied, "this is for administrators, and for applications about themselves")
}

// List gives the subscriptions of an application, or of all for administrators,
// the newest first.
func (r *Registry) List(ctx context.Context, by acl.Principal) ([]Subscription, error) {
	application := by.ID()
	if mayTouch(by, "") == nil {
		application = ""
	} else if err := mayTouch(by, application); err != nil {
		return nil, err
	}
	found, err := r.list(ctx, application)
	if err != nil {
		return nil, err
	}
	newest := map[string]int64{}
	for i, one := range found {
		if _, known := newest[one.Dataset]; !known {
			if newest[one.Dataset], err = r.newest(ctx, one.Dataset); err != nil {
				return nil, err
			}
		}
		found[i].behind(newest[one.Dataset])
	}
	return found, nil
}

func (r *Registry) newest(ctx context.Context, dataset string) (int64, error) {
	newest, err := r.Gate.Newest(ctx, dataset)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return newest, err
}

func (s *Subscription) behind(newest int64) {
	if s.State == Ended { // it is told nothing of what came after
		newest = s.Version
	}
	s.Newest, s.Lag = newest, max(newest-s.Version, 0)
}

// Get gives one. Of others it is as if it were not there.
func (r *Registry) Get(ctx context.Context, by acl.Principal, id string) (Subscription, error) {
	found, err := r.find(ctx, id)
	if err == nil && mayTouch(by, found.Application) != nil {
		err = noSuch(id)
	}
	if err != nil {
		return Subscription{}, err
	}
	newest, err := r.newest(ctx, found.Dataset)
	found.behind(newest)
	return found, err
}

func noSuch(id string) error { return fault.New(fault.NotFound, "there is no subscription %q", id) }

// End ends a subscription, at once in this process and within seconds in others.
func (r *Registry) End(ctx context.Context, by acl.Principal, id string) (Subscription, error) {
	found, err := r.Get(ctx, by, id)
	if err != nil {
		return found, err
	}
	if found.State == Ended {
		return found, nil
	}
	if err := r.end(ctx, id, "ended by "+by.ID()); err != nil {
		return found, err
	}
	r.wake()
	return r.Get(ctx, by, id)
}

// active counts those of an application that go on.
func active(found []Subscription, application string) int {
	return len(slices.DeleteFunc(slices.Clone(found), func(s Subscription) bool { return s.State != Active || s.Application != application }))
}
