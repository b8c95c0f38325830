package identity_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

const day = 24 * time.Hour

func states(t *testing.T, r *identity.Registry, application string) map[string]string {
	t.Helper()
	keys, err := r.Keys(t.Context(), application)
	require.NoError(t, err)
	found := map[string]string{}
	for _, key := range keys {
		found[key.ID] = key.State
	}
	return found
}

func TestIssuedKeys(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		r := open(t, opened, clock.now)
		register(t, r, library())
		first := issue(t, r, "library-site")
		require.Regexp(t, `^yt_[a-z2-7]{13}_[a-z2-7]{52}$`, first.Text)
		require.Equal(t, identity.Key{
			ID: first.ID, Application: "library-site", Prefix: "yt_" + first.ID, Made: began, MadeBy: "admin", Ends: began.Add(400 * day), State: identity.KeyActive,
		}, first.Key)
		require.True(t, strings.HasPrefix(first.Text, first.Prefix+"_"))
		clock.move(time.Hour)
		second := issue(t, r, "library-site")
		require.NotEqual(t, first.Text[len(first.Prefix):], second.Text[len(second.Prefix):])
		admitted(t, r, first.Text)
		admitted(t, r, second.Text)
		_, err := r.Issue(t.Context(), "admin", "library-site")
		require.Equal(t, fault.Conflict, fault.CodeOf(err), "two count")

		clock.move(400*day - time.Hour - time.Microsecond)
		admitted(t, r, first.Text)
		clock.move(time.Microsecond)
		refused(t, r, first.Text, somewhere, identity.ErrEnded)
		admitted(t, r, second.Text)
		third := issue(t, r, "library-site")
		require.Equal(t, map[string]string{first.ID: identity.KeyEnded, second.ID: identity.KeyActive, third.ID: identity.KeyActive}, states(t, r, "library-site"))
		_, err = r.Revoke(t.Context(), "admin", first.ID)
		require.Equal(t, fault.Conflict, fault.CodeOf(err))
		require.Contains(t, fault.Public(err), "ended by itself")
		requireNoSecret(t, opened, first.Text, second.Text, third.Text)

		_, err = r.Disable(t.Context(), "admin", "library-site")
		require.NoError(t, err)
		_, err = r.Rotate(t.Context(), "admin", "library-site", 0)
		require.Equal(t, fault.Conflict, fault.CodeOf(err), "disabled")
	})
}

// requireNoSecret looks for secrets in all that the state database keeps.
func requireNoSecret(t *testing.T, opened *store.Store, texts ...string) {
	t.Helper()
	columns := map[string]string{
		"identity_application": "document", "identity_change": "application || document",
		"identity_key": "id || application || hash || made || ends || used", "identity_token": "hash || application || key_id || made || ends",
	}
	for table, column := range columns {
		rows, err := opened.DB().QueryContext(t.Context(), fmt.Sprintf("SELECT %s FROM %s", column, table))
		require.NoError(t, err)
		for rows.Next() {
			var content string
			require.NoError(t, rows.Scan(&content))
			for _, text := range texts {
				require.NotContains(t, content, text[strings.LastIndex(text, "_")+1:], table)
			}
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		r := open(t, opened, clock.now)
		register(t, r, library())
		rotate := func(overlap time.Duration) (identity.IssuedKey, error) {
			return r.Rotate(t.Context(), "admin", "library-site", overlap)
		}
		_, err := rotate(0)
		require.Equal(t, fault.Conflict, fault.CodeOf(err), "nothing to rotate")
		old := issue(t, r, "library-site")
		for _, overlap := range []time.Duration{-1, 30*day + 1} {
			_, err = rotate(overlap)
			require.Equal(t, fault.Invalid, fault.CodeOf(err))
		}
		next, err := rotate(30 * day)
		require.NoError(t, err)
		_, err = rotate(day)
		require.Equal(t, fault.Conflict, fault.CodeOf(err), "three would count")
		clock.move(30*day - time.Microsecond)
		admitted(t, r, old.Text)
		clock.move(time.Microsecond)
		refused(t, r, old.Text, somewhere, identity.ErrEnded)
		admitted(t, r, next.Text)

		// The end of a key is brought forward, never put off.
		clock.move(370*day - time.Hour)
		last, err := rotate(day)
		require.NoError(t, err)
		clock.move(time.Hour)
		refused(t, r, next.Text, somewhere, identity.ErrEnded)
		admitted(t, r, last.Text)

		beside := issue(t, r, "library-site")
		only, err := rotate(0)
		require.NoError(t, err)
		refused(t, r, last.Text, somewhere, identity.ErrEnded)
		refused(t, r, beside.Text, somewhere, identity.ErrEnded)
		admitted(t, r, only.Text)
		require.Equal(t, 1, countActive(states(t, r, "library-site")))

		history, err := r.Changes(t.Context(), "library-site")
		require.NoError(t, err)
		require.Equal(t, identity.ActionRotate, history[0].Action)
		require.Nil(t, history[0].After)
		require.Len(t, history[0].Keys, 3, "the new one and the two that ended")
		require.Equal(t, only.Key, history[0].Keys[0])
		for _, ended := range history[0].Keys[1:] {
			require.Equal(t, identity.KeyEnded, ended.State)
			require.Equal(t, clock.now(), ended.Ends)
		}
	})
}

func countActive(states map[string]string) (n int) {
	for _, state := range states {
		if state == identity.KeyActive {
			n++
		}
	}
	return n
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		here, there := open(t, opened, clock.now), open(t, opened, clock.now)
		register(t, here, library())
		key := issue(t, here, "library-site")
		clock.move(time.Second)
		admitted(t, there, key.Text)
		clock.move(time.Second / 2)
		revoked, err := here.Revoke(t.Context(), "steward", key.ID)
		require.NoError(t, err)
		require.Equal(t, []any{identity.KeyRevoked, "steward", clock.now()}, []any{revoked.State, revoked.RevokedBy, revoked.Revoked})
		refused(t, here, key.Text, somewhere, identity.ErrRevoked) // at once
		clock.move(time.Second / 2)
		refused(t, there, key.Text, somewhere, identity.ErrRevoked) // a second after there looked last
		_, err = here.Revoke(t.Context(), "admin", key.ID)
		require.Equal(t, fault.Conflict, fault.CodeOf(err))
		require.Contains(t, fault.Public(err), "by steward")
		keys, err := there.Keys(t.Context(), "library-site")
		require.NoError(t, err)
		require.Equal(t, []identity.Key{revoked}, withoutUse(keys))
	})
}

func withoutUse(keys []identity.Key) []identity.Key {
	for i := range keys {
		keys[i].LastUsed = ""
	}
	return keys
}

func TestLastUse(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		r := open(t, opened, clock.now)
		register(t, r, library())
		key := issue(t, r, "library-site")
		lastUsed := func(node *identity.Registry) string {
			t.Helper()
			keys, err := node.Keys(t.Context(), "library-site")
			require.NoError(t, err)
			require.Len(t, keys, 1)
			return keys[0].LastUsed
		}
		kept := func() (text string) {
			t.Helper()
			require.NoError(t, r.Flush(t.Context()))
			require.NoError(t, opened.DB().QueryRowContext(t.Context(), "SELECT used FROM identity_key").Scan(&text))
			return text
		}
		require.Empty(t, lastUsed(r))
		refused(t, r, damaged(key.Text), somewhere, identity.ErrUnknown)
		require.Empty(t, lastUsed(r), "a refusal is no use")
		clock.move(14*time.Hour - 10*time.Second) // ten seconds before midnight on the campus
		admitted(t, r, key.Text)
		require.Equal(t, "2026-03-01", lastUsed(r))
		first := kept()
		clock.move(59 * time.Second)
		admitted(t, r, key.Text)
		require.Equal(t, first, kept(), "once a minute")
		clock.move(time.Second)
		admitted(t, r, key.Text)
		require.Equal(t, "2026-03-02", lastUsed(r))
		require.Less(t, first, kept())
		require.Equal(t, "2026-03-02", lastUsed(open(t, opened, clock.now)))
		clock.move(day)
		admitted(t, r, key.Text)
		require.NoError(t, r.Close())
		require.Equal(t, "2026-03-03", lastUsed(open(t, opened, clock.now)))
	})
}
