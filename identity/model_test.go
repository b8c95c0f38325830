package identity_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

// model is what keys and tokens mean, in a few lines.
type model struct {
	disabled bool
	keys     []*modelKey
}

type modelKey struct {
	issued  identity.IssuedKey
	ends    time.Time
	revoked bool
	tokens  []identity.Token
}

func (k *modelKey) counts(now time.Time) bool { return !k.revoked && now.Before(k.ends) }

func (m *model) counting(now time.Time) (all []*modelKey) {
	for _, key := range m.keys {
		if key.counts(now) {
			all = append(all, key)
		}
	}
	return all
}

// walk is a random sequence of changes, made on one of the nodes each.
type walk struct {
	t      *testing.T
	random *rand.Rand
	clock  *hands
	nodes  []*identity.Registry
	model  model
}

func (w *walk) code(err error) fault.Code { return fault.CodeOf(err) }

func (w *walk) issue(node *identity.Registry) {
	now := w.clock.now()
	made, err := node.Issue(w.t.Context(), "admin", "library-site")
	if w.model.disabled || len(w.model.counting(now)) >= identity.MaxKeys {
		require.Equal(w.t, fault.Conflict, w.code(err))
		return
	}
	require.NoError(w.t, err)
	w.model.keys = append(w.model.keys, &modelKey{issued: made, ends: now.Add(identity.KeyLife)})
}

func (w *walk) rotate(node *identity.Registry) {
	now, overlap := w.clock.now(), time.Duration(w.random.IntN(3))*10*day
	counting := w.model.counting(now)
	made, err := node.Rotate(w.t.Context(), "admin", "library-site", overlap)
	if w.model.disabled || len(counting) == 0 || overlap > 0 && len(counting) >= identity.MaxKeys {
		require.Equal(w.t, fault.Conflict, w.code(err))
		return
	}
	require.NoError(w.t, err)
	for _, key := range counting {
		if ends := now.Add(overlap); ends.Before(key.ends) {
			key.ends = ends
		}
	}
	w.model.keys = append(w.model.keys, &modelKey{issued: made, ends: now.Add(identity.KeyLife)})
}

func (w *walk) revoke(node *identity.Registry) {
	if len(w.model.keys) == 0 {
		return
	}
	key := w.model.keys[w.random.IntN(len(w.model.keys))]
	_, err := node.Revoke(w.t.Context(), "admin", key.issued.ID)
	if !key.counts(w.clock.now()) {
		require.Equal(w.t, fault.Conflict, w.code(err))
		return
	}
	require.NoError(w.t, err)
	key.revoked = true
}

func (w *walk) toggle(node *identity.Registry) {
	toggle := node.Disable
	if w.model.disabled {
		toggle = node.Enable
	}
	_, err := toggle(w.t.Context(), "admin", "library-site")
	require.NoError(w.t, err)
	w.model.disabled = !w.model.disabled
}

func (w *walk) grant(node *identity.Registry) {
	for _, key := range w.model.keys {
		made, err := node.Grant(w.t.Context(), "library-site", key.issued.Text, somewhere)
		if w.model.disabled || !key.counts(w.clock.now()) {
			require.Equal(w.t, fault.Denied, w.code(err))
			continue
		}
		require.NoError(w.t, err)
		key.tokens = append(key.tokens, made)
	}
}

func (w *walk) wait(*identity.Registry) {
	w.clock.move([]time.Duration{10 * time.Minute, day, 10 * day, 200 * day}[w.random.IntN(4)])
}

// compare asks a node about every key and token there ever was.
func (w *walk) compare(node *identity.Registry) {
	now := w.clock.now()
	for _, key := range w.model.keys {
		want := !w.model.disabled && key.counts(now)
		_, _, err := node.Authenticate(w.t.Context(), key.issued.Text, somewhere)
		require.Equal(w.t, want, err == nil, "key %s: %v", key.issued.ID, err)
		for _, token := range key.tokens {
			_, _, err := node.Authenticate(w.t.Context(), token.AccessToken, somewhere)
			require.Equal(w.t, want && now.Before(token.Ends), err == nil, "token of key %s: %v", key.issued.ID, err)
		}
	}
}

// Whatever happens to keys, on whichever node: the node where it happened knows
// at once, the others within a second.
func TestKeysMeanWhatTheModelSays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		made, clock := 0, newHands()
		for seed := range uint64(4) {
			w := &walk{
				t: t, random: rand.New(rand.NewPCG(seed, 7)), clock: clock,
				nodes: []*identity.Registry{open(t, opened, clock.now), open(t, opened, clock.now)},
			}
			if seed == 0 {
				register(t, w.nodes[0], library())
			} else { // the keys of before have nothing to do with it
				for _, key := range must(w.nodes[0].Keys(t.Context(), "library-site")) {
					_, _ = w.nodes[0].Revoke(t.Context(), "admin", key.ID)
				}
				_, _ = w.nodes[0].Enable(t.Context(), "admin", "library-site")
			}
			steps := []func(*identity.Registry){w.issue, w.issue, w.rotate, w.revoke, w.grant, w.grant, w.wait, w.wait, w.toggle}
			for range 60 {
				if w.model.disabled && w.random.IntN(2) == 0 {
					w.toggle(w.nodes[w.random.IntN(2)])
				}
				at := w.random.IntN(2)
				clock.move(time.Second) // both may have looked at the last state
				steps[w.random.IntN(len(steps))](w.nodes[at])
				w.compare(w.nodes[at])
				clock.move(time.Second)
				w.compare(w.nodes[1-at])
			}
			made += len(w.model.keys)
		}
		require.Greater(t, made, 25)
	})
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
