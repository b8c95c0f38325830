package identity_test

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

func TestWhatIsNoKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		r := open(t, opened, clock.now)
		register(t, r, library())
		key := issue(t, r, "library-site")
		id, secret := key.ID, key.Text[len(key.Prefix)+1:]
		// Without the state database: a malformed text needs none.
		require.NoError(t, opened.Close())
		clock.move(time.Hour)
		for name, text := range map[string]string{
			"nothing": "", "the prefix": "yt_", "another prefix": "xy_" + id + "_" + secret, "no prefix": id + "_" + secret,
			"no secret": key.Prefix, "a short secret": key.Text[:len(key.Text)-1], "a long secret": key.Text + "a",
			"capitals": strings.ToUpper(key.Text), "a capital": "yt_" + id + "_A" + secret[1:], "a space": key.Text + " ", "a line": key.Text[:len(key.Text)-1] + "\n",
			"a digit that is none": "yt_" + id + "_1" + secret[1:], "another sign between": "yt_" + id + "-" + secret,
			"a null": "yt_" + id + "_\x00" + secret[1:], "another letter": "yt_" + id + "_é" + secret[2:], "very long": strings.Repeat(key.Text, 10_000),
			"a short token": "yta_" + id + "_" + secret[1:], "a word": "password",
		} {
			_, _, err := r.Authenticate(t.Context(), text, somewhere)
			requireRefusal(t, err, text, identity.ErrMalformed)
			_, err = r.Grant(t.Context(), "library-site", text, somewhere)
			requireRefusal(t, err, name, identity.ErrMalformed)
		}
		_, _, err := r.Authenticate(t.Context(), key.Text, somewhere)
		require.Equal(t, fault.Unavailable, fault.CodeOf(err), "nobody is let in, nor told to give up")
	})
}

func TestWhatIsNotTheKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		r := open(t, opened, clock.now)
		register(t, r, library())
		key := issue(t, r, "library-site")
		other := library()
		other.ID = "canteen"
		register(t, r, other)
		foreign := issue(t, r, "canteen")
		admitted(t, r, key.Text)
		at := len(key.Prefix) + 1
		for i := at; i < len(key.Text); i++ { // each letter of the secret counts
			letter := "a"
			if key.Text[i] == 'a' {
				letter = "b"
			}
			refused(t, r, key.Text[:i]+letter+key.Text[i+1:], somewhere, identity.ErrUnknown)
		}
		refused(t, r, foreign.Prefix+key.Text[at-1:], somewhere, identity.ErrUnknown)
		refused(t, r, "yt_"+strings.Repeat("a", 13)+key.Text[at-1:], somewhere, identity.ErrUnknown)
		refused(t, r, "yta"+key.Text[2:], somewhere, identity.ErrUnknown)

		_, err := r.Disable(t.Context(), "admin", "library-site")
		require.NoError(t, err)
		refused(t, r, key.Text, somewhere, identity.ErrDisabled)
		refused(t, r, damaged(key.Text), somewhere, identity.ErrUnknown)
		admitted(t, r, foreign.Text)
		_, err = r.Enable(t.Context(), "admin", "library-site")
		require.NoError(t, err)
		admitted(t, r, key.Text)
	})
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		r := open(t, opened, newHands().now)
		application := register(t, r, library())
		key := issue(t, r, application.ID)
		token, err := r.Grant(t.Context(), application.ID, key.Text, somewhere)
		require.NoError(t, err)
		for _, c := range []struct {
			networks []string
			inside   []string
			outside  []string
		}{
			{nil, []string{"10.0.0.1", "::1", "fe80::1%eth0"}, nil},
			{[]string{"10.1.0.0/16"}, []string{"10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3"}, []string{"10.0.255.255", "10.2.0.0", "::10.1.0.1", "fe80::1", "::"}},
			{[]string{"192.0.2.7/32", "2001:db8::/32"}, []string{"192.0.2.7", "2001:db8:1::9", "2001:db8::1%eth0"}, []string{"192.0.2.6", "2001:db9::"}},
			{[]string{"0.0.0.0/0"}, []string{"1.2.3.4", "::ffff:1.2.3.4"}, []string{"2001:db8::1"}},
		} {
			application.Networks = c.networks
			application, err = r.Update(t.Context(), "admin", application)
			require.NoError(t, err)
			for _, text := range []string{key.Text, token.AccessToken} {
				for _, inside := range c.inside {
					_, _, err := r.Authenticate(t.Context(), text, netip.MustParseAddr(inside))
					require.NoError(t, err, "%s in %v", inside, c.networks)
				}
				for _, outside := range c.outside {
					refused(t, r, text, netip.MustParseAddr(outside), identity.ErrNetwork)
				}
				if len(c.networks) > 0 {
					refused(t, r, text, netip.Addr{}, identity.ErrNetwork)
				}
			}
			for _, outside := range c.outside {
				_, err := r.Grant(t.Context(), application.ID, key.Text, netip.MustParseAddr(outside))
				requireRefusal(t, err, key.Text, identity.ErrNetwork)
			}
		}
	})
}

// A node that cannot see the state database lets nobody in on what it knew a
// second ago, and does so again when the database is back.
func TestNothingIsFreshForLong(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		r := open(t, opened, clock.now)
		register(t, r, library())
		key := issue(t, r, "library-site")
		clock.move(time.Second)
		_, err := opened.DB().ExecContext(t.Context(), "ALTER TABLE identity_version RENAME TO away")
		require.NoError(t, err)
		_, _, err = r.Authenticate(t.Context(), key.Text, somewhere)
		require.Equal(t, fault.Unavailable, fault.CodeOf(err))
		require.NotContains(t, fault.Public(err), "identity_version")
		_, err = r.Get(t.Context(), "library-site")
		require.Equal(t, fault.Unavailable, fault.CodeOf(err))
		_, err = opened.DB().ExecContext(t.Context(), "ALTER TABLE away RENAME TO identity_version")
		require.NoError(t, err)
		admitted(t, r, key.Text)
		clock.move(-time.Hour) // a clock that was set back makes nothing fresh
		_, err = opened.DB().ExecContext(t.Context(), "ALTER TABLE identity_version RENAME TO away")
		require.NoError(t, err)
		_, _, err = r.Authenticate(t.Context(), key.Text, somewhere)
		require.Equal(t, fault.Unavailable, fault.CodeOf(err))
	})
}

func TestWatchTakesUpChangesOfOthers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands() // stands still: only Watch can take anything up
		here, there := open(t, opened, clock.now), open(t, opened, clock.now)
		there.Watch()
		register(t, here, library())
		key := issue(t, here, "library-site")
		enters := func() bool {
			_, _, err := there.Authenticate(context.Background(), key.Text, somewhere)
			return err == nil
		}
		require.Eventually(t, enters, time.Minute, 10*time.Millisecond)
		_, err := here.Revoke(t.Context(), "admin", key.ID)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return !enters() }, time.Minute, 10*time.Millisecond)
		require.NoError(t, there.Close())
	})
}

// Many authenticate while keys come and go: after a key was revoked, nobody
// enters with it.
func TestRevokedWhileInUse(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		r := open(t, opened, time.Now)
		register(t, r, library())
		for range 5 {
			key := issue(t, r, "library-site")
			token, err := r.Grant(t.Context(), "library-site", key.Text, somewhere)
			require.NoError(t, err)
			revoked := make(chan struct{})
			var group sync.WaitGroup
			for _, text := range []string{key.Text, token.AccessToken, key.Text, token.AccessToken} {
				group.Go(func() {
					for {
						var gone bool
						select {
						case <-revoked:
							gone = true
						default:
						}
						_, _, err := r.Authenticate(t.Context(), text, somewhere)
						if gone {
							if fault.CodeOf(err) != fault.Denied {
								t.Error("a revoked key was let in:", err)
							}
							return
						}
					}
				})
			}
			_, err = r.Revoke(t.Context(), "admin", key.ID)
			require.NoError(t, err)
			close(revoked)
			group.Wait()
		}
	})
}

// Two nodes that make keys at the same moment make no more than may count.
func TestBoundsHoldBetweenNodes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		nodes := []*identity.Registry{open(t, opened, time.Now), open(t, opened, time.Now)}
		register(t, nodes[0], library())
		var group sync.WaitGroup
		made := make(chan error, 8)
		for i := range cap(made) {
			group.Go(func() {
				_, err := nodes[i%2].Issue(t.Context(), "admin", "library-site")
				made <- err
			})
		}
		group.Wait()
		close(made)
		count := map[fault.Code]int{}
		for err := range made {
			count[fault.CodeOf(err)]++
		}
		require.Equal(t, map[fault.Code]int{"": identity.MaxKeys, fault.Conflict: 8 - identity.MaxKeys}, count)
	})
}
