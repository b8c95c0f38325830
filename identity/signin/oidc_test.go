package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity/signin"
	"github.com/yitong-hub/yitong/internal/fault"
)

func oidcAt(f *forger) signin.Provider {
	return signin.Provider{ID: "sso", Kind: signin.KindOIDC, Issuer: f.URL, ClientID: "yitong", Claim: "campus_id", ClientSecret: signin.SecretRef{Secret: "SSO"}}
}

func TestOIDCSignsIn(t *testing.T) {
	t.Parallel()
	clock := newHands()
	f := newForger(t, clock)
	provider := oidcAt(f)
	provider.Scopes = []string{"openid", "profile"}
	s := service(t, state(t), clock, provider)
	began, asked := begin(t, s, signin.Start{Provider: "sso", ReturnTo: "/v1/me"})
	require.Equal(t, "code", asked.Get("response_type"))
	require.Equal(t, "openid profile", asked.Get("scope"))
	require.Equal(t, here+"/signin/sso/callback", asked.Get("redirect_uri"))
	require.Equal(t, "S256", asked.Get("code_challenge_method"))
	for _, secret := range []string{"state", "nonce", "code_challenge"} {
		require.Len(t, asked.Get(secret), 43, secret)
	}
	finished, err := s.Finish(t.Context(), "sso", url.Values{"state": asked["state"], "code": {f.code(asked)}, "iss": {f.URL}}, began.Browser)
	require.NoError(t, err)
	require.Equal(t, "10001", finished.Person.CampusID)
	require.Equal(t, "/v1/me", finished.ReturnTo)
	require.Equal(t, "yitong:secret+of+SSO", f.redeemed[0].Get("basic"), "RFC 6749, section 2.3.1: the secret is form-encoded")
	require.Len(t, f.redeemed, 1)

	address, err := s.SignOut(t.Context(), "sso", "evil.example", finished.Person.Proof)
	require.NoError(t, err)
	out, err := url.Parse(address)
	require.NoError(t, err)
	require.Equal(t, f.URL, "http://"+out.Host)
	require.Equal(t, url.Values{
		"x": {"1"}, "client_id": {"yitong"}, "post_logout_redirect_uri": {here + "/docs"}, "id_token_hint": {finished.Person.Proof},
	}, out.Query())
}

// TestOIDCRefusesForgedAnswers lets the provider, or who stands between, answer
// what must not be believed.
func TestOIDCRefusesForgedAnswers(t *testing.T) {
	t.Parallel()
	set := func(key string, value any) func(*forger, url.Values) {
		return func(f *forger, _ url.Values) { f.claims = func(claims map[string]any) { claims[key] = value } }
	}
	answered := func(key, value string) func(*forger, url.Values) {
		return func(_ *forger, answer url.Values) { answer.Set(key, value) }
	}
	for name, test := range map[string]struct {
		forge   func(f *forger, answer url.Values)
		cause   signin.RefusalError
		ok      bool
		setup   func(p *signin.Provider)
		unknown bool
	}{
		"right":            {forge: func(*forger, url.Values) {}, ok: true},
		"another nonce":    {forge: set("nonce", strings.Repeat("A", 43)), cause: signin.ErrNonce},
		"an empty nonce":   {forge: set("nonce", ""), cause: signin.ErrNonce},
		"no nonce":         {forge: func(f *forger, _ url.Values) { f.claims = func(c map[string]any) { delete(c, "nonce") } }, cause: signin.ErrNonce},
		"another audience": {forge: set("aud", "other"), cause: signin.ErrToken},
		"no audience":      {forge: set("aud", []string{}), cause: signin.ErrToken},
		"two audiences":    {forge: set("aud", []string{"yitong", "other"}), cause: signin.ErrToken},
		"another party":    {forge: set("azp", "other"), cause: signin.ErrToken},
		"another issuer":   {forge: set("iss", "https://evil.example"), cause: signin.ErrToken},
		"expired":          {forge: set("exp", newHands().now().Add(-time.Second).Unix()), cause: signin.ErrToken},
		"no end":           {forge: func(f *forger, _ url.Values) { f.claims = func(c map[string]any) { delete(c, "exp") } }, cause: signin.ErrToken},
		"not yet":          {forge: set("nbf", newHands().now().Add(time.Hour).Unix()), cause: signin.ErrToken},
		"another access":   {forge: set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), cause: signin.ErrToken},
		"alg none":         {forge: func(f *forger, _ url.Values) { f.sign = unsigned }, cause: signin.ErrToken},
		"public key as secret": {forge: func(f *forger, _ url.Values) {
			f.sign = func(c map[string]any) string { return signed(jose.HS256, f.publicText(), c) }
		}, cause: signin.ErrToken},
		"another key": {forge: func(f *forger, _ url.Values) {
			other, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				panic(err)
			}
			f.sign = func(c map[string]any) string { return signed(jose.RS256, other, c) }
		}, cause: signin.ErrToken},
		"another algorithm": {forge: func(f *forger, _ url.Values) {
			f.sign = func(c map[string]any) string { return signed(jose.PS256, f.key, c) }
		}, cause: signin.ErrToken},
		"a changed payload": {forge: func(f *forger, _ url.Values) {
			f.sign = func(c map[string]any) string {
				right, other := signed(jose.RS256, f.key, c), map[string]any{}
				for key, value := range c {
					other[key] = value
				}
				other["campus_id"] = "10002"
				parts, payload := strings.Split(right, "."), strings.Split(unsigned(other), ".")[1]
				return parts[0] + "." + payload + "." + parts[2]
			}
		}, cause: signin.ErrToken},
		"no ID token": {forge: func(f *forger, _ url.Values) {
			f.token = func(_ http.ResponseWriter, answer map[string]any) bool { delete(answer, "id_token"); return true }
		}, cause: signin.ErrToken},
		"no token at all": {forge: func(f *forger, _ url.Values) {
			f.sign = func(map[string]any) string { return "x" }
		}, cause: signin.ErrToken},
		"another code":             {forge: answered("code", "code-999"), cause: signin.ErrReplayed},
		"no code":                  {forge: answered("code", ""), cause: signin.ErrAnswer},
		"an answer of another":     {forge: answered("iss", "https://evil.example"), cause: signin.ErrIssuer},
		"declined":                 {forge: answered("error", "access_denied"), cause: signin.ErrDeclined},
		"not silent":               {forge: answered("error", "login_required"), cause: signin.ErrDeclined},
		"no campus id":             {forge: set("campus_id", nil), cause: signin.ErrCampusID},
		"an empty campus id":       {forge: set("campus_id", ""), cause: signin.ErrCampusID},
		"a campus id with a space": {forge: set("campus_id", "10001 "), cause: signin.ErrCampusID},
		"a campus id of lines":     {forge: set("campus_id", "10001\nx"), cause: signin.ErrCampusID},
		"a long campus id":         {forge: set("campus_id", strings.Repeat("1", 65)), cause: signin.ErrCampusID},
		"two campus ids":           {forge: set("campus_id", []string{"10001", "10002"}), cause: signin.ErrCampusID},
		"a campus id of another":   {forge: set("campus_id", map[string]any{"x": 1}), cause: signin.ErrCampusID},
		"a campus id of a half":    {forge: set("campus_id", 1.5), cause: signin.ErrCampusID},
		"the token endpoint is broken": {forge: func(f *forger, _ url.Values) {
			f.token = func(w http.ResponseWriter, _ map[string]any) bool {
				w.WriteHeader(http.StatusInternalServerError)
				return false
			}
		}, unknown: true},
		"the token endpoint sends elsewhere": {forge: func(f *forger, _ url.Values) {
			f.token = func(w http.ResponseWriter, _ map[string]any) bool {
				w.Header().Set("Location", "https://evil.example/")
				w.WriteHeader(http.StatusTemporaryRedirect)
				return false
			}
		}, unknown: true},
		"the token endpoint never ends": {forge: func(f *forger, _ url.Values) {
			f.token = func(w http.ResponseWriter, answer map[string]any) bool {
				answer["x"] = strings.Repeat("x", 2<<20)
				return true
			}
		}, unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newHands()
			f := newForger(t, clock)
			s := service(t, state(t), clock, oidcAt(f))
			began, asked := begin(t, s, signin.Start{Provider: "sso", ReturnTo: "/v1/me"})
			answer := url.Values{"state": asked["state"], "code": {f.code(asked)}}
			test.forge(f, answer)
			finished, err := s.Finish(t.Context(), "sso", answer, began.Browser)
			require.Equal(t, "/v1/me", finished.ReturnTo)
			switch {
			case test.ok:
				require.NoError(t, err)
				require.Equal(t, "10001", finished.Person.CampusID)
				return
			case test.unknown:
				require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
			default:
				requireRefused(t, err, test.cause)
			}
			require.Empty(t, finished.Person)
			require.NotContains(t, err.Error(), "secret of SSO")
		})
	}
}

func TestOIDCCampusIDs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		claim, id string
		claims    map[string]any
		info      map[string]any
		cause     signin.RefusalError
	}{
		"a text":                         {claim: "no", claims: map[string]any{"no": "10001"}, id: "10001"},
		"a number":                       {claim: "no", claims: map[string]any{"no": 10001}, id: "10001"},
		"a list of one":                  {claim: "no", claims: map[string]any{"no": []string{"10001"}}, id: "10001"},
		"the subject":                    {claim: "sub", id: "u-1"},
		"of the user info":               {claim: "no", info: map[string]any{"sub": "u-1", "no": "10001"}, id: "10001"},
		"the ID token goes first":        {claim: "no", claims: map[string]any{"no": "10001"}, info: map[string]any{"sub": "u-1", "no": "10002"}, id: "10001"},
		"of somebody else's user info":   {claim: "no", info: map[string]any{"sub": "u-2", "no": "10001"}, cause: signin.ErrToken},
		"nowhere":                        {claim: "no", info: map[string]any{"sub": "u-1"}, cause: signin.ErrCampusID},
		"a verified e-mail address":      {claim: "email", claims: map[string]any{"email": "w@campus.example", "email_verified": true}, id: "w@campus.example"},
		"an e-mail address":              {claim: "email", claims: map[string]any{"email": "w@campus.example"}, cause: signin.ErrCampusID},
		"an unverified e-mail address":   {claim: "email", claims: map[string]any{"email": "w@campus.example", "email_verified": false}, cause: signin.ErrCampusID},
		"an e-mail address, yes as text": {claim: "email", claims: map[string]any{"email": "w@campus.example", "email_verified": "true"}, cause: signin.ErrCampusID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newHands()
			f := newForger(t, clock)
			f.claims = func(claims map[string]any) {
				for key, value := range test.claims {
					claims[key] = value
				}
			}
			if test.info != nil {
				f.metadata["userinfo_endpoint"], f.userInfo = f.URL+"/userinfo", test.info
			}
			provider := oidcAt(f)
			provider.Claim = test.claim
			s := service(t, state(t), clock, provider)
			began, asked := begin(t, s, signin.Start{Provider: "sso"})
			finished, err := s.Finish(t.Context(), "sso", url.Values{"state": asked["state"], "code": {f.code(asked)}}, began.Browser)
			if test.cause != "" {
				requireRefused(t, err, test.cause)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.id, finished.Person.CampusID)
		})
	}
}

func TestOIDCRenewDemandsAFreshProof(t *testing.T) {
	t.Parallel()
	clock := newHands()
	f := newForger(t, clock)
	provider := oidcAt(f)
	provider.Renew = true
	s := service(t, state(t), clock, provider)
	try := func(when any) error {
		began, asked := begin(t, s, signin.Start{Provider: "sso", Silent: true})
		require.Equal(t, "login", asked.Get("prompt"))
		require.Equal(t, "0", asked.Get("max_age"))
		f.claims = func(claims map[string]any) { claims["auth_time"] = when }
		_, err := s.Finish(t.Context(), "sso", url.Values{"state": asked["state"], "code": {f.code(asked)}}, began.Browser)
		return err
	}
	require.NoError(t, try(clock.now().Unix()))
	requireRefused(t, try(clock.now().Add(-time.Hour).Unix()), signin.ErrStale)
	requireRefused(t, try(nil), signin.ErrStale)
}

func TestOIDCSilentFindsNobody(t *testing.T) {
	t.Parallel()
	clock := newHands()
	f := newForger(t, clock)
	s := service(t, state(t), clock, oidcAt(f))
	began, asked := begin(t, s, signin.Start{Provider: "sso", Silent: true, ReturnTo: "/x"})
	require.Equal(t, "none", asked.Get("prompt"))
	finished, err := s.Finish(t.Context(), "sso", url.Values{"state": asked["state"], "error": {"login_required"}}, began.Browser)
	require.NoError(t, err)
	require.Equal(t, signin.Finished{ReturnTo: "/x"}, finished)
}

// TestOIDCDiscovery lets a provider say wrong things of itself.
func TestOIDCDiscovery(t *testing.T) {
	t.Parallel()
	for name, metadata := range map[string]map[string]any{
		"another issuer":              {"issuer": "https://evil.example"},
		"a token endpoint over http":  {"token_endpoint": "http://evil.example/token"},
		"a key set over http":         {"jwks_uri": "http://evil.example/keys"},
		"an authorization of scripts": {"authorization_endpoint": "javascript:alert(1)"},
		"no token endpoint":           {"token_endpoint": ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newHands()
			f := newForger(t, clock)
			f.metadata = metadata
			_, err := service(t, state(t), clock, oidcAt(f)).Begin(t.Context(), signin.Start{Provider: "sso"})
			require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
		})
	}
	clock := newHands()
	f := newForger(t, clock)
	f.metadata = map[string]any{"authorization_response_iss_parameter_supported": true}
	s := service(t, state(t), clock, oidcAt(f))
	began, asked := begin(t, s, signin.Start{Provider: "sso"})
	_, err := s.Finish(t.Context(), "sso", url.Values{"state": asked["state"], "code": {f.code(asked)}}, began.Browser)
	requireRefused(t, err, signin.ErrIssuer) // it says that it names itself, and did not

	// What was found counts on when the provider does not answer an hour later.
	f.mu.Lock()
	f.metadata["issuer"] = "https://evil.example"
	f.mu.Unlock()
	clock.move(2 * time.Hour)
	began, asked = begin(t, s, signin.Start{Provider: "sso"})
	_, err = s.Finish(t.Context(), "sso", url.Values{"state": asked["state"], "code": {f.code(asked)}, "iss": {f.URL}}, began.Browser)
	require.NoError(t, err)
}

func TestOIDCWaysToProveTheClient(t *testing.T) {
	t.Parallel()
	clock := newHands()
	f := newForger(t, clock)
	f.metadata["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
	s := service(t, state(t), clock, oidcAt(f))
	began, asked := begin(t, s, signin.Start{Provider: "sso"})
	_, err := s.Finish(t.Context(), "sso", url.Values{"state": asked["state"], "code": {f.code(asked)}}, began.Browser)
	require.NoError(t, err)
	require.Equal(t, "secret of SSO", f.redeemed[0].Get("client_secret"))
	require.Empty(t, f.redeemed[0].Get("basic"))
}

// TestOIDCKeysChange lets the provider sign with a new key, as providers do.
func TestOIDCKeysChange(t *testing.T) {
	t.Parallel()
	clock := newHands()
	f := newForger(t, clock)
	s := service(t, state(t), clock, oidcAt(f))
	sign := func() {
		t.Helper()
		began, asked := begin(t, s, signin.Start{Provider: "sso"})
		_, err := s.Finish(t.Context(), "sso", url.Values{"state": asked["state"], "code": {f.code(asked)}}, began.Browser)
		require.NoError(t, err)
	}
	for range 3 {
		sign()
	}
	require.Equal(t, 1, f.asked, "keys are kept")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	f.mu.Lock()
	f.key = key
	f.mu.Unlock()
	sign()
	require.Equal(t, 2, f.asked)
}
