package identity

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// freshFor is how long what is in memory counts without a look at the state
	// database: within it, what another node revoked counts here no longer.
	freshFor = time.Second
	// pollEvery is how often that look is taken beside requests, so that they
	// need not wait for it.
	pollEvery = 100 * time.Millisecond
	// refreshTime bounds the reading of the state database.
	refreshTime = 5 * time.Second
	// endedFor is how long keys are held in memory after their end, so that the
	// log can say why one is refused.
	endedFor = 30 * 24 * time.Hour
)

// contents are the applications and keys of one version. They do not change,
// but for the marks of the last use.
type contents struct {
	version int64
	members map[string]*member
	// order holds the ids of members, sorted.
	order []string
	keys  map[string]*heldKey
}

// heldKey is a key as it is held in memory.
type heldKey struct {
	id      string
	digest  digest
	member  *member
	ends    time.Time
	revoked bool
	used    *useMark
}

// useMark is when a key was last used, in seconds since 1970, and what of that
// the state database has.
type useMark struct{ last, written atomic.Int64 }

// view is contents and when they were last known to be the newest.
type view struct {
	*contents
	checked time.Time
}

// freshAt is false as well when the clock was set back behind the last look.
func (v *view) freshAt(now time.Time) bool {
	age := now.Sub(v.checked)
	return age >= 0 && age < freshFor
}

// fresh gives contents that are no older than freshFor, read now when need be.
func (r *Registry) fresh(ctx context.Context) (*contents, error) {
	failures := r.failures.Load()
	if held := r.current.Load(); held.freshAt(r.now()) {
		return held.contents, nil
	}
	select {
	case r.refreshing <- struct{}{}:
	case <-ctx.Done():
		return nil, unavailable(ctx.Err())
	}
	defer func() { <-r.refreshing }()
	if held := r.current.Load(); held.freshAt(r.now()) {
		return held.contents, nil
	}
	if r.failures.Load() != failures {
		return nil, unavailable(errors.New("another request tried meanwhile, without success"))
	}
	if err := r.refresh(ctx); err != nil {
		return nil, unavailable(err)
	}
	return r.current.Load().contents, nil
}

func unavailable(cause error) error {
	return fault.Wrap(cause, fault.Unavailable, "who asks cannot be found out at this moment: try again")
}

// Refresh takes up what changed since the last time.
func (r *Registry) Refresh(ctx context.Context) error {
	r.refreshing <- struct{}{}
	defer func() { <-r.refreshing }()
	return r.refresh(ctx)
}

// refresh does so for whoever has the place in r.refreshing. It is finished
// even when the request that began it goes away: others wait for it.
func (r *Registry) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTime)
	defer cancel()
	began := r.now()
	held := r.current.Load().contents
	var version int64
	err := r.store.SQL().Select("version").From("identity_version").Where(squirrel.Eq{"id": 1}).
		RunWith(r.store.DB()).QueryRowContext(ctx).Scan(&version)
	if err == nil && version != held.version {
		held, err = r.read(ctx, version, held)
	}
	if err != nil {
		r.failures.Add(1)
		return fmt.Errorf("read applications: %w", err)
	}
	r.current.Store(&view{contents: held, checked: began})
	return nil
}

// read gives all of a version, or of a later one: then the next look finds the
// version to be another and reads again.
func (r *Registry) read(ctx context.Context, version int64, before *contents) (*contents, error) {
	made := &contents{version: version, members: map[string]*member{}, keys: map[string]*heldKey{}}
	if err := r.readMembers(ctx, made); err != nil {
		return nil, err
	}
	made.order = slices.Sorted(maps.Keys(made.members))
	return made, r.readKeys(ctx, made, before)
}

func (r *Registry) readMembers(ctx context.Context, into *contents) error {
	rows, err := r.store.SQL().Select("id", "document").From("identity_application").RunWith(r.store.DB()).QueryContext(ctx)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, document string
		if err := rows.Scan(&id, &document); err != nil {
			return err
		}
		var application Application
		if err := json.Unmarshal([]byte(document), &application); err != nil {
			return fmt.Errorf("decode application %s: %w", id, err)
		}
		if into.members[id], err = newMember(application); err != nil {
			return fmt.Errorf("decode application %s: %w", id, err)
		}
	}
	return rows.Err()
}

// readKeys leaves out keys of applications that were not there a moment before.
func (r *Registry) readKeys(ctx context.Context, into, before *contents) error {
	rows, err := r.store.SQL().Select("id", "application", "hash", "ends", "revoked", "used").From("identity_key").
		Where(squirrel.Gt{"ends": moment(r.now().Add(-endedFor))}).RunWith(r.store.DB()).QueryContext(ctx)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		made := &heldKey{used: &useMark{}}
		var application, hash string
		var revoked, used time.Time
		if err := rows.Scan(&made.id, &application, &hash, momentInto{&made.ends}, momentInto{&revoked}, momentInto{&used}); err != nil {
			return err
		}
		sum, err := hex.DecodeString(hash)
		if err != nil || len(sum) != len(made.digest) {
			return fmt.Errorf("the hash of key %s is damaged", made.id)
		}
		made.digest = digest(sum)
		var known bool
		if made.member, known = into.members[application]; !known {
			continue
		}
		made.revoked = !revoked.IsZero()
		if held := before.keys[made.id]; held != nil {
			made.used = held.used
		} else if !used.IsZero() {
			made.used.last.Store(used.Unix())
			made.used.written.Store(used.Unix())
		}
		into.keys[made.id] = made
	}
	return rows.Err()
}

// Watch takes up changes that other nodes make before requests need them, and
// keeps when keys were used, until Close.
func (r *Registry) Watch() {
	failed, flushed := false, time.Now()
	r.watcher = watch(pollEvery, func(ctx context.Context) {
		err := r.Refresh(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			r.logger.Error("applications could not be refreshed", "cause", err)
		}
		failed = err != nil
		if time.Since(flushed) < flushEvery {
			return
		}
		flushed = time.Now()
		if err := r.Flush(ctx); err != nil && ctx.Err() == nil {
			r.logger.Error("the use of keys could not be kept", "cause", err)
		}
	})
}

// Close ends Watch and keeps what is only in memory.
func (r *Registry) Close() error {
	r.watcher.close()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return r.Flush(ctx)
}
