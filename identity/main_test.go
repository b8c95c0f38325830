package identity_test

import (
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
)

// began is ten in the morning on the campus.
var began = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

var somewhere = netip.MustParseAddr("192.0.2.7")

// hands are those of a clock that tests move.
type hands struct {
	mu sync.Mutex
	at time.Time
}

func newHands() *hands { return &hands{at: began} }

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hands) move(by time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(by)
}

func open(t testing.TB, opened *store.Store, now func() time.Time) *identity.Registry {
	t.Helper()
	taken := func(id string) bool { return id == "dean" }
	made, err := identity.NewRegistry(t.Context(), opened, now, taken, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return made
}

func library() identity.Application {
	return identity.Application{
		ID: "library-site", Name: "图书馆网站", Department: "图书馆", Steward: "20230017", Contact: "lib@campus.example",
		Roles: []string{"reader"}, Groups: []string{"sites"}, Attributes: map[string][]string{"campus": {"north", "south"}},
	}
}

func register(t testing.TB, r *identity.Registry, application identity.Application) identity.Application {
	t.Helper()
	made, err := r.Register(t.Context(), "admin", application)
	require.NoError(t, err)
	return made
}

func issue(t testing.TB, r *identity.Registry, application string) identity.IssuedKey {
	t.Helper()
	made, err := r.Issue(t.Context(), "admin", application)
	require.NoError(t, err)
	return made
}

func admitted(t *testing.T, r *identity.Registry, text string) {
	t.Helper()
	_, _, err := r.Authenticate(t.Context(), text, somewhere)
	require.NoError(t, err)
}

// refused demands the one public text, and the cause in the log's text only.
func refused(t *testing.T, r *identity.Registry, text string, address netip.Addr, cause identity.RefusalError) {
	t.Helper()
	principal, application, err := r.Authenticate(t.Context(), text, address)
	requireRefusal(t, err, text, cause)
	require.Empty(t, principal.ID())
	require.Empty(t, application)
}

func requireRefusal(t *testing.T, err error, text string, cause identity.RefusalError) {
	t.Helper()
	require.Equal(t, fault.Denied, fault.CodeOf(err))
	require.Equal(t, "the key is not valid here", fault.Public(err))
	require.ErrorIs(t, err, cause)
	if len(text) > 20 {
		require.NotContains(t, err.Error(), text[len(text)-20:])
	}
}

// damaged is a text with another last character.
func damaged(text string) string {
	last := "a"
	if strings.HasSuffix(text, last) {
		last = "b"
	}
	return text[:len(text)-1] + last
}
