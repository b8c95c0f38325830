package identity_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

func grant(t *testing.T, r *identity.Registry, application, key string) identity.Token {
	t.Helper()
	made, err := r.Grant(t.Context(), application, key, somewhere)
	require.NoError(t, err)
	return made
}

func countTokens(t *testing.T, opened *store.Store) (n int) {
	t.Helper()
	require.NoError(t, opened.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM identity_token").Scan(&n))
	return n
}

func TestTokensCountForAnHour(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		r := open(t, opened, clock.now)
		register(t, r, library())
		key := issue(t, r, "library-site")
		token := grant(t, r, "library-site", key.Text)
		require.Equal(t, began.Add(time.Hour), token.Ends)
		text, err := json.Marshal(token)
		require.NoError(t, err)
		require.JSONEq(t, fmt.Sprintf(`{"access_token": %q, "token_type": "Bearer", "expires_in": 3600}`, token.AccessToken), string(text))
		requireNoSecret(t, opened, token.AccessToken, key.Text)

		nodes := []*identity.Registry{r, open(t, opened, clock.now)}
		for _, node := range nodes {
			principal, application, err := node.Authenticate(t.Context(), token.AccessToken, somewhere)
			require.NoError(t, err)
			require.Equal(t, "library-site", principal.ID())
			require.Equal(t, "library-site", application.ID)
			refused(t, node, damaged(token.AccessToken), somewhere, identity.ErrUnknown)
		}
		_, err = r.Grant(t.Context(), "library-site", token.AccessToken, somewhere)
		requireRefusal(t, err, token.AccessToken, identity.ErrMalformed) // a token begets no tokens
		clock.move(time.Hour - time.Microsecond)
		admitted(t, r, token.AccessToken)
		clock.move(time.Microsecond)
		for _, node := range nodes {
			refused(t, node, token.AccessToken, somewhere, identity.ErrEnded)
		}
		require.Equal(t, 1, countTokens(t, opened))
		require.NoError(t, r.Flush(t.Context()))
		require.Zero(t, countTokens(t, opened), "what ended is removed")
		clock.move(6 * time.Second)
		refused(t, r, token.AccessToken, somewhere, identity.ErrUnknown)
	})
}

func TestGrantsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		r := open(t, opened, newHands().now)
		register(t, r, library())
		other := library()
		other.ID = "canteen"
		register(t, r, other)
		key := issue(t, r, "library-site")
		ask := func(application, key string, cause identity.RefusalError) {
			t.Helper()
			_, err := r.Grant(t.Context(), application, key, somewhere)
			requireRefusal(t, err, key, cause)
		}
		ask("canteen", key.Text, identity.ErrForeign)
		ask("", key.Text, identity.ErrForeign)
		ask("none", key.Text, identity.ErrForeign)
		ask("library-site", damaged(key.Text), identity.ErrUnknown)
		_, err := r.Disable(t.Context(), "admin", "library-site")
		require.NoError(t, err)
		ask("library-site", key.Text, identity.ErrDisabled)
		_, err = r.Enable(t.Context(), "admin", "library-site")
		require.NoError(t, err)
		_, err = r.Revoke(t.Context(), "admin", key.ID)
		require.NoError(t, err)
		ask("library-site", key.Text, identity.ErrRevoked)
		require.Zero(t, countTokens(t, opened))
	})
}

func TestTokensEndWithTheirKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		r := open(t, opened, clock.now)
		there := open(t, opened, clock.now)
		register(t, r, library())
		first, second := issue(t, r, "library-site"), issue(t, r, "library-site")
		of := map[string]string{first.ID: grant(t, r, "library-site", first.Text).AccessToken, second.ID: grant(t, r, "library-site", second.Text).AccessToken}
		clock.move(time.Second)
		for _, text := range of {
			admitted(t, r, text)
			admitted(t, there, text)
		}
		_, err := r.Revoke(t.Context(), "admin", first.ID)
		require.NoError(t, err)
		refused(t, r, of[first.ID], somewhere, identity.ErrRevoked)
		admitted(t, r, of[second.ID])
		clock.move(time.Second)
		refused(t, there, of[first.ID], somewhere, identity.ErrRevoked)
		_, err = r.Disable(t.Context(), "admin", "library-site")
		require.NoError(t, err)
		refused(t, r, of[second.ID], somewhere, identity.ErrDisabled)
		_, err = r.Enable(t.Context(), "admin", "library-site")
		require.NoError(t, err)
		admitted(t, r, of[second.ID])

		_, err = r.Rotate(t.Context(), "admin", "library-site", 10*time.Minute)
		require.NoError(t, err)
		short := grant(t, r, "library-site", second.Text)
		require.Equal(t, int64(600), short.ExpiresIn)
		clock.move(10 * time.Minute)
		refused(t, r, of[second.ID], somewhere, identity.ErrEnded)
		refused(t, r, short.AccessToken, somewhere, identity.ErrEnded)
	})
}

func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		r := open(t, opened, clock.now)
		register(t, r, library())
		other := library()
		other.ID = "canteen"
		register(t, r, other)
		foreign := grant(t, r, "canteen", issue(t, r, "canteen").Text)
		key := issue(t, r, "library-site")
		var all []string
		for range identity.MaxTokens + 5 {
			clock.move(time.Millisecond)
			all = append(all, grant(t, r, "library-site", key.Text).AccessToken)
		}
		require.Equal(t, identity.MaxTokens+1, countTokens(t, opened))
		for i, text := range all {
			if i < 5 {
				refused(t, r, text, somewhere, identity.ErrUnknown)
			} else {
				admitted(t, r, text)
			}
		}
		admitted(t, r, foreign.AccessToken)

		// What is in memory is looked up again.
		admitted(t, r, all[5])
		grant(t, r, "library-site", key.Text)
		clock.move(5 * time.Second)
		refused(t, r, all[5], somewhere, identity.ErrUnknown)
	})
}

func TestTokensAreBoundedBetweenNodes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		nodes := []*identity.Registry{open(t, opened, time.Now), open(t, opened, time.Now)}
		register(t, nodes[0], library())
		key := issue(t, nodes[0], "library-site")
		require.NoError(t, nodes[1].Refresh(t.Context()))
		var group sync.WaitGroup
		for i := range 4 {
			group.Go(func() {
				for range identity.MaxTokens/4 + 10 {
					if _, err := nodes[i%2].Grant(t.Context(), "library-site", key.Text, somewhere); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		require.Equal(t, identity.MaxTokens, countTokens(t, opened))
	})
}

func TestTokensNeedTheStateDatabase(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		r := open(t, opened, newHands().now)
		register(t, r, library())
		token := grant(t, r, "library-site", issue(t, r, "library-site").Text)
		_, err := opened.DB().ExecContext(t.Context(), "ALTER TABLE identity_token RENAME TO away")
		require.NoError(t, err)
		_, _, err = r.Authenticate(t.Context(), token.AccessToken, somewhere)
		require.Equal(t, fault.Unavailable, fault.CodeOf(err))
	})
}
