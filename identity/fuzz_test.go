package identity_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
)

// FuzzAuthenticate sends anything at all: only the key and the token are let
// in, and everything else is told the same.
func FuzzAuthenticate(f *testing.F) {
	opened, err := store.Open(f.Context(), filepath.Join(f.TempDir(), "state.db"))
	require.NoError(f, err)
	defer opened.Close()
	r := open(f, opened, newHands().now)
	register(f, r, library())
	key := issue(f, r, "library-site")
	token, err := r.Grant(f.Context(), "library-site", key.Text, somewhere)
	require.NoError(f, err)
	for _, text := range []string{"", "yt_", "yta_", key.Text, token.AccessToken, damaged(key.Text), damaged(token.AccessToken), key.Prefix, "yta" + key.Text[2:]} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _, err := r.Authenticate(t.Context(), text, somewhere)
		if text == key.Text || text == token.AccessToken {
			require.NoError(t, err)
			return
		}
		require.Equal(t, fault.Denied, fault.CodeOf(err))
		require.Equal(t, "the key is not valid here", fault.Public(err))
	})
}
