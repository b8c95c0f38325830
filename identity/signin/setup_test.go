package signin_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity/signin"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
)

const here = "https://data.campus.example"

// hands are those of a clock that tests move.
type hands struct {
	mu sync.Mutex
	at time.Time
}

func newHands() *hands { return &hands{at: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)} }

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

func state(t testing.TB) *store.Store {
	t.Helper()
	opened, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return opened
}

func service(t testing.TB, opened *store.Store, clock *hands, providers ...signin.Provider) *signin.Service {
	t.Helper()
	made, err := signin.New(signin.Options{
		Config: signin.Config{PublicURL: here, Landing: "/docs", Providers: providers}, Store: opened, Now: clock.now,
		Secret: func(name string) (string, error) { return "secret of " + name, nil }, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return made
}

func begin(t testing.TB, s *signin.Service, start signin.Start) (signin.Began, url.Values) {
	t.Helper()
	began, err := s.Begin(t.Context(), start)
	require.NoError(t, err)
	parsed, err := url.Parse(began.URL)
	require.NoError(t, err)
	return began, parsed.Query()
}

func requireRefused(t testing.TB, err error, cause signin.RefusalError) {
	t.Helper()
	require.ErrorIs(t, err, cause)
	require.True(t, fault.Is(err, fault.Denied))
	require.NotContains(t, fault.Public(err), string(cause))
}

// noRedirects is a browser that shows where it is sent.
func noRedirects(jar http.CookieJar) *http.Client {
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
