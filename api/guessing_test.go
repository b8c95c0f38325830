package api_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// from sends a request from an address.
func from(t *testing.T, handler http.Handler, address, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	request.RemoteAddr = address
	if body != "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

const hurried = `
public_url: http://127.0.0.1:8080
trusted_proxies: [10.0.0.0/8, "::1/128"]
limits: {attempts_per_minute: 3, failures_per_minute: 3}
`

func requireTooMany(t *testing.T, response *httptest.ResponseRecorder) {
	t.Helper()
	require.Equal(t, http.StatusTooManyRequests, response.Code)
	seconds, err := strconv.Atoi(response.Header().Get("Retry-After"))
	require.NoError(t, err)
	require.True(t, 1 <= seconds && seconds <= 20, seconds)
}

func TestGuessingIsSlow(t *testing.T) {
	t.Parallel()
	handler, err := serve(t, hurried, true).Handler(slog.New(slog.DiscardHandler), true)
	require.NoError(t, err)
	const attacker, neighbour = "192.0.2.1:1000", "192.0.2.2:1000"
	for name, guess := range map[string][]string{
		"keys": {"Authorization", "Bearer yt_wrong"}, "tokens": {"Authorization", "Bearer yta_wrong"}, "names": {"Authorization", "Bearer demo:nobody"},
		"sessions": {"Cookie", "yitong=yts_" + strings.Repeat("A", 43)}, "odd sessions": {"Cookie", "yitong=x"},
	} {
		address := "203.0.113." + strconv.Itoa(len(name)) + ":1"
		for range 3 {
			require.Equal(t, http.StatusUnauthorized, from(t, handler, address, http.MethodGet, "/v1/me", "", guess...).Code, name)
		}
		requireTooMany(t, from(t, handler, address, http.MethodGet, "/v1/me", "", guess...))
		require.Equal(t, http.StatusOK, from(t, handler, address, http.MethodGet, "/v1/me", "", "Authorization", "Bearer demo:teacher").Code, "what is right is taken")
		require.Equal(t, http.StatusUnauthorized, from(t, handler, address, http.MethodGet, "/v1/me", "").Code, "who sends nothing guesses nothing")
	}
	// Requests for tokens and sign-ins are counted right or wrong, together.
	require.Equal(t, http.StatusUnauthorized, from(t, handler, attacker, http.MethodPost, "/oauth/token", "grant_type=client_credentials&client_id=a&client_secret=b").Code)
	require.Equal(t, http.StatusSeeOther, from(t, handler, attacker, http.MethodGet, "/signin/demo", "").Code)
	require.Equal(t, http.StatusForbidden, from(t, handler, attacker, http.MethodGet, "/signin/demo/callback?state=x", "").Code)
	for _, path := range []string{"/signin/demo", "/signin/demo/callback?state=x", "/signin/no-such"} {
		requireTooMany(t, from(t, handler, attacker, http.MethodGet, path, ""))
	}
	page := from(t, handler, attacker, http.MethodGet, "/signin/demo", "", "Accept", "text/html", "Accept-Language", "en")
	requireTooMany(t, page)
	require.Contains(t, page.Header().Get("Content-Type"), "text/html")
	token := from(t, handler, attacker, http.MethodPost, "/oauth/token", "grant_type=client_credentials")
	requireTooMany(t, token)
	require.Contains(t, token.Header().Get("Content-Type"), "application/json")
	require.Equal(t, http.StatusOK, from(t, handler, attacker, http.MethodGet, "/healthz", "").Code)
	require.Equal(t, http.StatusSeeOther, from(t, handler, neighbour, http.MethodGet, "/signin/demo", "").Code)
}

// TestForwardedAddresses counts clients behind proxies.
func TestForwardedAddresses(t *testing.T) {
	t.Parallel()
	handler, err := serve(t, hurried, true).Handler(slog.New(slog.DiscardHandler), true)
	require.NoError(t, err)
	exhausted := func(remote, forwarded string) bool {
		response := from(t, handler, remote, http.MethodGet, "/signin/demo", "", "X-Forwarded-For", forwarded)
		return response.Code == http.StatusTooManyRequests
	}
	for range 3 {
		require.False(t, exhausted("10.1.1.1:1", "198.51.100.1"))
	}
	for _, same := range [][2]string{
		{"10.1.1.1:2", "198.51.100.1"}, {"[::1]:1", "198.51.100.1"}, {"10.2.2.2:1", "198.51.100.1, 10.1.1.1"}, {"198.51.100.1:1", ""},
		{"10.1.1.1:1", "9.9.9.9, 198.51.100.1"}, {"198.51.100.1:1", "9.9.9.9"}, {"10.1.1.1:1", "x, 198.51.100.1, 10.0.0.1"},
	} {
		require.True(t, exhausted(same[0], same[1]), same)
	}
	for _, other := range [][2]string{{"10.1.1.1:1", "198.51.100.2"}, {"10.1.1.1:1", ""}, {"198.51.100.3:1", "198.51.100.1"}, {"10.1.1.2:1", "198.51.100.1, x"}} {
		require.False(t, exhausted(other[0], other[1]), other)
	}
}
