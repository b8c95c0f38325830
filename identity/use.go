package identity

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/Masterminds/squirrel"
)

const (
	// useEvery is how exact the last use of a key is.
	useEvery = time.Minute
	// flushEvery is how often uses are written.
	flushEvery = 15 * time.Second
)

// use marks the key as used, at most once in useEvery: between those, requests
// on many processors only read the mark.
func (k *heldKey) use(now time.Time) {
	seconds := now.Unix()
	if last := k.used.last.Load(); seconds-last >= int64(useEvery/time.Second) || seconds < last {
		k.used.last.Store(seconds)
	}
}

// later is the later one of a time and a mark in seconds, of which 0 is never.
func later(at time.Time, seconds int64) time.Time {
	if seconds != 0 && (at.IsZero() || at.Unix() < seconds) {
		return time.Unix(seconds, 0).UTC()
	}
	return at
}

// Flush writes when keys were last used, each at most once a minute, and
// removes tokens that ended. Watch and Close do so by themselves.
func (r *Registry) Flush(ctx context.Context) error {
	if err := r.flushUses(ctx); err != nil {
		return fmt.Errorf("keep the last use of keys: %w", err)
	}
	_, err := r.store.SQL().Delete("identity_token").Where(squirrel.LtOrEq{"ends": moment(r.now())}).
		RunWith(r.store.DB()).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("remove ended tokens: %w", err)
	}
	return nil
}

func (r *Registry) flushUses(ctx context.Context) error {
	keys, uses := r.current.Load().keys, map[string]int64{}
	for id, key := range keys {
		if last := key.used.last.Load(); last != key.used.written.Load() {
			uses[id] = last
		}
	}
	if len(uses) == 0 {
		return nil
	}
	err := r.store.InTx(ctx, func(tx *sql.Tx) error {
		// In the order of ids, as in shorten: two that lock the same rows in
		// another order would wait for each other.
		for _, id := range slices.Sorted(maps.Keys(uses)) {
			at := moment(time.Unix(uses[id], 0))
			_, err := r.store.SQL().Update("identity_key").Set("used", at).
				Where(squirrel.And{squirrel.Eq{"id": id}, squirrel.Lt{"used": at}}).RunWith(tx).ExecContext(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for id, last := range uses {
		keys[id].used.written.Store(last)
	}
	return nil
}
