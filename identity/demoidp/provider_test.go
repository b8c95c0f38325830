package demoidp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/identity/demoidp"
)

const base = "http://127.0.0.1:8080"

var began = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

func provider(t *testing.T) (*demoidp.Provider, *clock) {
	t.Helper()
	at := &clock{at: began}
	return demoidp.New(demoidp.Config{
		Base: func(host string) (string, error) {
			if host != "127.0.0.1:8080" {
				return "", errors.New("another host")
			}
			return base, nil
		},
		Path: "/demo-idp", Client: "yitong", Callback: "/signin/demo/callback", Now: at.now,
		People: func() []acl.Principal {
			return []acl.Principal{
				acl.NewPrincipal(acl.Profile{ID: "teacher", Name: "一位教师", Kind: acl.KindPerson, Roles: []string{"teacher", "odd_role"}, Attributes: map[string][]string{"campus_id": {"10001"}}}),
				acl.NewPrincipal(acl.Profile{ID: "steward_hr", Name: "人事处数据管理员", Kind: acl.KindPerson, Roles: []string{"steward"}, Attributes: map[string][]string{"department": {"hr"}}}),
				acl.NewPrincipal(acl.Profile{ID: "odd", Name: `<script>alert("x")</script>`, Kind: acl.KindPerson}),
				acl.NewPrincipal(acl.Profile{ID: "app_library", Name: "图书馆应用", Kind: acl.KindApplication}),
			}
		},
		CampusID: func(person acl.Principal) string { return "no-" + person.ID() },
	}), at
}

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// asks is a right authorization request, changed by pairs of key and value.
func asks(changed ...string) url.Values {
	challenge := sha256.Sum256([]byte(verifier))
	asked := url.Values{
		"response_type": {"code"}, "client_id": {"yitong"}, "redirect_uri": {base + "/signin/demo/callback"}, "scope": {"openid"}, "state": {"s"}, "nonce": {"n"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(changed); i += 2 {
		asked.Set(changed[i], changed[i+1])
	}
	return asked
}

func send(t *testing.T, p http.Handler, method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	target, body := base+"/demo-idp"+path, ""
	if method == http.MethodGet {
		target += "?" + form.Encode()
	} else {
		body = form.Encode()
	}
	request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			request.Host = header[i+1]
		}
	}
	recorder := httptest.NewRecorder()
	p.ServeHTTP(recorder, request)
	return recorder
}

// sentBack gives with what the browser is sent back to the client.
func sentBack(t *testing.T, got *httptest.ResponseRecorder) url.Values {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, got.Code, got.Body)
	to, err := got.Result().Location()
	require.NoError(t, err)
	query := to.Query()
	to.RawQuery = ""
	require.Equal(t, base+"/signin/demo/callback", to.String())
	require.Equal(t, "s", query.Get("state"))
	require.Equal(t, base+"/demo-idp", query.Get("iss"))
	return query
}

func code(t *testing.T, p http.Handler) string {
	t.Helper()
	return sentBack(t, send(t, p, http.MethodPost, "/authorize", asks("person", "teacher"))).Get("code")
}

func redeems(code string, changed ...string) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {"yitong"}, "redirect_uri": {base + "/signin/demo/callback"}, "code_verifier": {verifier}}
	for i := 0; i < len(changed); i += 2 {
		form.Set(changed[i], changed[i+1])
	}
	return form
}

// through calls the provider in this process.
type through struct{ http.Handler }

func (h through) RoundTrip(request *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	return recorder.Result(), nil
}

// TestTheIDTokenHolds verifies with another's implementation what this one signs.
func TestTheIDTokenHolds(t *testing.T) {
	t.Parallel()
	p, at := provider(t)
	got := send(t, p, http.MethodPost, "/token", redeems(code(t, p)))
	require.Equal(t, http.StatusOK, got.Code, got.Body)
	require.Equal(t, "no-store", got.Header().Get("Cache-Control"))
	var answer struct {
		IDToken   string `json:"id_token"`
		TokenType string `json:"token_type"`
	}
	require.NoError(t, json.Unmarshal(got.Body.Bytes(), &answer))
	require.Equal(t, "Bearer", answer.TokenType)
	ctx := oidc.ClientContext(t.Context(), &http.Client{Transport: through{p}})
	discovered, err := oidc.NewProvider(ctx, base+"/demo-idp")
	require.NoError(t, err)
	token, err := discovered.Verifier(&oidc.Config{ClientID: "yitong", Now: at.now}).Verify(ctx, answer.IDToken)
	require.NoError(t, err)
	require.Equal(t, "no-teacher", token.Subject)
	require.Equal(t, "n", token.Nonce)
	require.Equal(t, began.Add(5*time.Minute).Unix(), token.Expiry.Unix())
}

func TestCodesAreOfOneRequestOnceAndSoon(t *testing.T) {
	t.Parallel()
	p, at := provider(t)
	refused := func(form url.Values) {
		t.Helper()
		got := send(t, p, http.MethodPost, "/token", form)
		require.Equal(t, http.StatusBadRequest, got.Code)
		require.JSONEq(t, `{"error":"invalid_grant"}`, got.Body.String())
	}
	once := code(t, p)
	require.Equal(t, http.StatusOK, send(t, p, http.MethodPost, "/token", redeems(once)).Code)
	refused(redeems(once))
	refused(redeems("made-up"))
	refused(redeems(""))
	for _, changed := range [][]string{{"code_verifier", "another"}, {"code_verifier", ""}, {"client_id", "other"}, {"redirect_uri", base + "/elsewhere"}} {
		tried := code(t, p)
		refused(redeems(tried, changed...))
		refused(redeems(tried)) // who tried wrongly used it up
	}
	late := code(t, p)
	at.move(time.Minute)
	refused(redeems(late))
	require.JSONEq(t, `{"error":"unsupported_grant_type"}`, send(t, p, http.MethodPost, "/token", redeems("x", "grant_type", "password")).Body.String())
}

func TestOnlyThisServerIsAnswered(t *testing.T) {
	t.Parallel()
	p, _ := provider(t)
	for _, changed := range [][]string{{"client_id", "other"}, {"redirect_uri", "https://evil.example/signin/demo/callback"}, {"redirect_uri", base + "/signin/demo/callback/.."}, {"redirect_uri", ""}} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			got := send(t, p, method, "/authorize", asks(append(changed, "person", "teacher")...))
			require.Equal(t, http.StatusBadRequest, got.Code, changed)
			require.Empty(t, got.Header().Get("Location"))
		}
	}
	for _, path := range []string{"/authorize", "/.well-known/openid-configuration"} {
		require.Equal(t, http.StatusMisdirectedRequest, send(t, p, http.MethodGet, path, asks(), "Host", "evil.example").Code)
	}
	require.Equal(t, http.StatusMisdirectedRequest, send(t, p, http.MethodPost, "/token", redeems(code(t, p)), "Host", "evil.example").Code)
}

func TestErrorsGoBackToTheClient(t *testing.T) {
	t.Parallel()
	p, _ := provider(t)
	for problem, changed := range map[string][][]string{
		"unsupported_response_type": {{"response_type", "token"}, {"response_type", ""}},
		"invalid_request":           {{"code_challenge", ""}, {"code_challenge", "short"}, {"code_challenge_method", "plain"}, {"scope", "profile"}, {"request", "x"}, {"request_uri", "x"}},
		"login_required":            {{"prompt", "none"}},
	} {
		for _, one := range changed {
			require.Equal(t, problem, sentBack(t, send(t, p, http.MethodGet, "/authorize", asks(one...))).Get("error"), one)
		}
	}
	require.Equal(t, "access_denied", sentBack(t, send(t, p, http.MethodPost, "/authorize", asks("cancel", "1"))).Get("error"))
}

func TestThePageListsPeople(t *testing.T) {
	t.Parallel()
	p, _ := provider(t)
	for _, test := range []struct{ lang, accept, want string }{
		{"", "", `lang="zh"`}, {"", "zh-CN,zh;q=0.9,en;q=0.8", `lang="zh"`}, {"", "en-US,en;q=0.9", `lang="en"`}, {"en", "zh-CN", `lang="en"`}, {"zh", "en", `lang="zh"`},
		{"fr", "", `lang="zh"`}, {"", "fr", `lang="en"`}, {"", "\x00", `lang="zh"`}, {"<script>", "", `lang="zh"`},
	} {
		got := send(t, p, http.MethodGet, "/authorize", asks("lang", test.lang), "Accept-Language", test.accept)
		require.Equal(t, http.StatusOK, got.Code)
		require.Contains(t, got.Body.String(), "<html "+test.want, test)
	}
	got := send(t, p, http.MethodGet, "/authorize", asks("state", `"><script>alert(1)</script>`))
	page := got.Body.String()
	require.NotContains(t, page, "<script")
	require.Contains(t, page, "角色：教师、odd_role")
	require.Contains(t, page, "数据管理员 · 人事处")
	require.Contains(t, page, "学工号：no-teacher")
	require.NotContains(t, page, "图书馆应用", "applications do not sign in")
	require.Contains(t, got.Header().Get("Content-Security-Policy"), "default-src 'none'")
	require.Contains(t, got.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'")
	require.Len(t, regexp.MustCompile(`<button class="person"`).FindAllString(page, -1), 3)
	english := send(t, p, http.MethodGet, "/authorize", asks("lang", "en")).Body.String()
	require.Contains(t, english, "A teacher 一位教师")
	require.Contains(t, english, "Data steward, Human Resources")
	for _, wrong := range []string{"nobody", "app_library", ""} {
		got := send(t, p, http.MethodPost, "/authorize", asks("person", wrong))
		require.Equal(t, http.StatusBadRequest, got.Code)
		require.Contains(t, got.Body.String(), `role="alert"`)
	}
}

func TestSignOutStaysHere(t *testing.T) {
	t.Parallel()
	p, _ := provider(t)
	got := send(t, p, http.MethodGet, "/logout", url.Values{"post_logout_redirect_uri": {base + "/docs"}, "state": {"x"}})
	require.Equal(t, base+"/docs?state=x", got.Header().Get("Location"))
	for _, elsewhere := range []string{"", "https://evil.example/", "//evil.example", "http://127.0.0.1:8080@evil.example/", "javascript:alert(1)", "http://127.0.0.1:80800/", base + ".evil.example/", "http://a@127.0.0.1:8080/"} {
		require.Equal(t, http.StatusBadRequest, send(t, p, http.MethodGet, "/logout", url.Values{"post_logout_redirect_uri": {elsewhere}}).Code, elsewhere)
	}
}

func TestMethodsAndPathsThatThereAreNot(t *testing.T) {
	t.Parallel()
	p, _ := provider(t)
	require.Equal(t, http.StatusMethodNotAllowed, send(t, p, http.MethodGet, "/token", redeems("x")).Code)
	require.Equal(t, http.StatusNotFound, send(t, p, http.MethodGet, "/userinfo", nil).Code)
	require.Equal(t, http.StatusBadRequest, send(t, p, http.MethodPost, "/authorize", url.Values{"x": {strings.Repeat("a", 70<<10)}}).Code)
}
