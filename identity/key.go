package identity

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// KeyLife is how long a key counts. A year and a month: who rotates once a
	// year has time to do so, and what nobody cares for ends by itself.
	KeyLife = 400 * 24 * time.Hour
	// MaxKeys is how many keys of an application count at once: one in use, and
	// one that takes its place.
	MaxKeys = 2
	// MaxOverlap bounds how long old keys count beside a new one.
	MaxOverlap = 30 * 24 * time.Hour
)

// States of keys.
const (
	KeyActive  = "active"
	KeyEnded   = "ended"
	KeyRevoked = "revoked"
)

// Key is what is known of a key, without its secret.
type Key struct {
	ID          string `json:"id"`
	Application string `json:"application"`
	// Prefix is how the text of the key begins, by which people tell keys apart.
	Prefix string    `json:"prefix"`
	Made   time.Time `json:"made"`
	MadeBy string    `json:"made_by"`
	// Ends is when it counts no longer; a rotation brings it forward.
	Ends time.Time `json:"ends"`
	// Revoked and RevokedBy say when it was ended before its time, and by whom.
	Revoked   time.Time `json:"revoked,omitzero"`
	RevokedBy string    `json:"revoked_by,omitempty"`
	// LastUsed is the day of the campus on which it, or a token of it, was last
	// used, as 2026-03-01; "" when it never was.
	LastUsed string `json:"last_used,omitempty"`
	// State is one of active, ended and revoked. An active key of a disabled
	// application is refused all the same.
	State string `json:"state"`
}

// IssuedKey is a new key. Its text cannot be had a second time.
type IssuedKey struct {
	Key
	// Text is the key itself: yt_<id>_<secret>.
	Text string `json:"text"`
}

// Issue makes a key of an application. When MaxKeys count already, or the
// application is disabled, it is a Conflict fault.
func (r *Registry) Issue(ctx context.Context, by, application string) (IssuedKey, error) {
	return r.make(ctx, by, application, ActionIssue, func(_ *sql.Tx, _ time.Time, counting []Key) ([]Key, error) {
		if len(counting) >= MaxKeys {
			return nil, fault.New(fault.Conflict, "application %q has %d keys that count: rotate them, or revoke one", application, len(counting))
		}
		return nil, nil
	})
}

// Rotate makes a new key, and lets those that count end after overlap, which is
// at most MaxOverlap, if they do not end before. 0 ends them now. An overlap by
// which more than MaxKeys would count is a Conflict fault.
func (r *Registry) Rotate(ctx context.Context, by, application string, overlap time.Duration) (IssuedKey, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return IssuedKey{}, fault.New(fault.Invalid, "overlap: old keys count at most %d days beside the new one", MaxOverlap/(24*time.Hour))
	}
	return r.make(ctx, by, application, ActionRotate, func(tx *sql.Tx, at time.Time, counting []Key) ([]Key, error) {
		if len(counting) == 0 {
			return nil, fault.New(fault.Conflict, "application %q has no key that counts: issue one", application)
		}
		if overlap > 0 && len(counting) >= MaxKeys {
			return nil, fault.New(fault.Conflict,
				"application %q has %d keys that count: revoke one that is not in use, or rotate without overlap", application, len(counting))
		}
		slices.SortFunc(counting, func(a, b Key) int { return strings.Compare(a.ID, b.ID) })
		for i := range counting {
			if err := r.shorten(ctx, tx, &counting[i], at, at.Add(overlap)); err != nil {
				return nil, err
			}
		}
		return counting, nil
	})
}

// shorten lets a key end at a moment, if it does not end before.
func (r *Registry) shorten(ctx context.Context, tx *sql.Tx, key *Key, at, ends time.Time) error {
	if !ends.Before(key.Ends) {
		return nil
	}
	key.Ends = ends
	key.State = key.state(at)
	_, err := r.store.SQL().Update("identity_key").Set("ends", moment(ends)).Where(squirrel.Eq{"id": key.ID}).
		RunWith(tx).ExecContext(ctx)
	return err
}

func (k *Key) state(now time.Time) string {
	switch {
	case !k.Revoked.IsZero():
		return KeyRevoked
	case !now.Before(k.Ends):
		return KeyEnded
	}
	return KeyActive
}

// make makes a key after before has dealt with those that count; what it gives
// are the keys that it changed.
func (r *Registry) make(ctx context.Context, by, application, action string, before func(*sql.Tx, time.Time, []Key) ([]Key, error)) (IssuedKey, error) {
	id := random(keyIDBytes)
	made := newCredential(keyPrefix, id)
	issued := IssuedKey{Text: made.text, Key: Key{ID: id, Application: application, Prefix: keyPrefix + id, MadeBy: by, State: KeyActive}}
	err := r.change(ctx, by, func(tx *sql.Tx, at time.Time) (Change, error) {
		found, err := r.application(ctx, tx, application)
		if err != nil {
			return Change{}, err
		}
		if found.Disabled {
			return Change{}, fault.New(fault.Conflict, "application %q is disabled: enable it before it gets a key", application)
		}
		counting, err := r.keys(ctx, tx, squirrel.And{
			squirrel.Eq{"application": application, "revoked": ""}, squirrel.Gt{"ends": moment(at)},
		})
		if err != nil {
			return Change{}, err
		}
		touched, err := before(tx, at, counting)
		if err != nil {
			return Change{}, err
		}
		issued.Made, issued.Ends = at, at.Add(KeyLife)
		_, err = r.store.SQL().Insert("identity_key").
			Columns("id", "application", "hash", "made", "made_by", "ends", "revoked", "revoked_by", "used").
			Values(id, application, hex.EncodeToString(made.digest[:]), moment(at), by, moment(issued.Ends), "", "", "").
			RunWith(tx).ExecContext(ctx)
		return Change{Application: application, Action: action, Keys: append([]Key{issued.Key}, touched...)}, err
	})
	if err != nil {
		return IssuedKey{}, fmt.Errorf("%s a key: %w", action, err)
	}
	return issued, nil
}

// Revoke ends a key, and every token that was granted for it, at once in this
// process and within a second in others. It gives the key as it is then.
func (r *Registry) Revoke(ctx context.Context, by, id string) (Key, error) {
	var revoked Key
	err := r.change(ctx, by, func(tx *sql.Tx, at time.Time) (Change, error) {
		found, err := r.keys(ctx, tx, squirrel.Eq{"id": id})
		if err != nil {
			return Change{}, err
		}
		if len(found) == 0 {
			return Change{}, fault.New(fault.NotFound, "there is no key %q", id)
		}
		revoked = found[0]
		switch revoked.State {
		case KeyRevoked:
			return Change{}, fault.New(fault.Conflict, "the key was revoked already, at %s by %s", revoked.Revoked.Format(time.RFC3339), revoked.RevokedBy)
		case KeyEnded:
			return Change{}, fault.New(fault.Conflict, "the key ended by itself, at %s", revoked.Ends.Format(time.RFC3339))
		}
		revoked.Revoked, revoked.RevokedBy, revoked.State = at, by, KeyRevoked
		_, err = r.store.SQL().Update("identity_key").Set("revoked", moment(at)).Set("revoked_by", by).
			Where(squirrel.Eq{"id": id}).RunWith(tx).ExecContext(ctx)
		return Change{Application: revoked.Application, Action: ActionRevoke, Keys: []Key{revoked}}, err
	})
	if err != nil {
		return Key{}, fmt.Errorf("revoke a key: %w", err)
	}
	return revoked, nil
}

// Keys lists the keys that an application ever had, newest first, or gives a
// NotFound fault.
func (r *Registry) Keys(ctx context.Context, application string) ([]Key, error) {
	if _, err := r.application(ctx, r.store.DB(), application); err != nil {
		return nil, err
	}
	return r.keys(ctx, r.store.DB(), squirrel.Eq{"application": application})
}

func (r *Registry) keys(ctx context.Context, from squirrel.BaseRunner, where squirrel.Sqlizer) ([]Key, error) {
	rows, err := r.store.SQL().Select("id", "application", "made", "made_by", "ends", "revoked", "revoked_by", "used").
		From("identity_key").Where(where).OrderBy("made DESC", "id").RunWith(from).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	defer rows.Close()
	now, marks, all := r.now(), r.current.Load().keys, []Key{}
	for rows.Next() {
		var one Key
		var used time.Time
		err := rows.Scan(&one.ID, &one.Application, momentInto{&one.Made}, &one.MadeBy, momentInto{&one.Ends},
			momentInto{&one.Revoked}, &one.RevokedBy, momentInto{&used})
		if err != nil {
			return nil, fmt.Errorf("list keys: %w", err)
		}
		one.Prefix, one.State = keyPrefix+one.ID, one.state(now)
		if held := marks[one.ID]; held != nil {
			used = later(used, held.used.last.Load())
		}
		if !used.IsZero() {
			one.LastUsed = used.In(r.zone).Format(time.DateOnly)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return all, nil
}
