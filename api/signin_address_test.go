package api_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOutsideOfTheDemoThereIsNone(t *testing.T) {
	t.Parallel()
	p := serve(t, "", false)
	b := newBrowser(t)
	for _, path := range []string{"/demo-idp/.well-known/openid-configuration", "/demo-idp/authorize", "/demo-idp/token", "/demo-idp/keys", "/demo-idp/", "/signin/demo", "/signin/demo/callback?state=x&code=x"} {
		found := b.get(p.url + path)
		require.Equal(t, http.StatusNotFound, found.StatusCode, path)
		require.Equal(t, "application/problem+json", found.Header.Get("Content-Type"))
	}
	require.JSONEq(t, `{"providers":[]}`, b.get(p.url+"/v1/signin/providers").text)
	require.Equal(t, http.StatusUnauthorized, b.get(p.url+"/v1/me", "Authorization", "Bearer demo:teacher").StatusCode)
}

// TestTheHostHeaderIsBelievedOnThisMachineAlone asks the demo by other names.
func TestTheHostHeaderIsBelievedOnThisMachineAlone(t *testing.T) {
	t.Parallel()
	p := serve(t, "", true)
	handler, err := p.Handler(slog.New(slog.DiscardHandler), true)
	require.NoError(t, err)
	for host, status := range map[string]int{
		"127.0.0.1:9000": http.StatusSeeOther, "localhost:8080": http.StatusSeeOther, "[::1]:8080": http.StatusSeeOther, "localhost": http.StatusSeeOther,
		"evil.example": http.StatusConflict, "127.0.0.1.evil.example": http.StatusConflict, "localhost.evil.example:80": http.StatusConflict, "10.0.0.1:8080": http.StatusConflict,
		"127.0.0.1:80@evil.example": http.StatusConflict, "127.0.0.1:x": http.StatusConflict, "": http.StatusConflict, "localhost/x": http.StatusConflict,
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/signin/demo", nil)
		request.Host = host
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		require.Equal(t, status, recorder.Code, host)
		if status == http.StatusSeeOther {
			require.True(t, strings.HasPrefix(recorder.Header().Get("Location"), "http://"+host+"/demo-idp/authorize?"), recorder.Header().Get("Location"))
		}
	}
}

func TestCookiesOverHTTPS(t *testing.T) {
	t.Parallel()
	p := serve(t, "public_url: https://data.campus.example", true)
	handler, err := p.Handler(slog.New(slog.DiscardHandler), true)
	require.NoError(t, err)
	ask := func(method, target, body string, cookies map[string]string) answer {
		response := call(t, handler, scenario{Method: method, Path: target, Body: body, cookies: cookies, Headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}})
		response.Body.Close()
		return answer{response, ""}
	}
	cookies := map[string]string{}
	began := ask(http.MethodGet, "http://evil.example/signin/demo", "", nil)
	takeCookies(cookies, began.Response)
	to, err := began.Location()
	require.NoError(t, err)
	require.Equal(t, "https://data.campus.example/demo-idp/authorize", to.Scheme+"://"+to.Host+to.Path)
	chosen, err := ask(http.MethodPost, "/demo-idp/authorize", to.RawQuery+"&person=teacher", nil).Location()
	require.NoError(t, err)
	done := ask(http.MethodGet, chosen.RequestURI(), "", cookies)
	require.Equal(t, http.StatusSeeOther, done.StatusCode)
	for _, response := range []answer{began, done} {
		set := response.Header.Get("Set-Cookie")
		require.Contains(t, set, "__Host-yitong")
		for _, attribute := range []string{"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} {
			require.Contains(t, set, attribute)
		}
		require.NotContains(t, set, "Domain")
	}
	takeCookies(cookies, done.Response)
	require.Equal(t, http.StatusOK, ask(http.MethodGet, "/v1/session", "", cookies).StatusCode)
	plain := map[string]string{"yitong": cookies["__Host-yitong"]}
	require.Equal(t, http.StatusUnauthorized, ask(http.MethodGet, "/v1/session", "", plain).StatusCode, "a name that other hosts could set")
}
