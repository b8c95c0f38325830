package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// forger is an OpenID provider that answers as a test wants it to. Left alone it
// answers as it should.
type forger struct {
	URL   string
	clock *hands
	key   *rsa.PrivateKey

	mu sync.Mutex
	// claims changes what an ID token says, sign how it is made; answer changes
	// what the token endpoint answers, metadata what the provider says of itself.
	claims   func(claims map[string]any)
	sign     func(claims map[string]any) string
	token    func(w http.ResponseWriter, answer map[string]any) bool
	metadata map[string]any
	userInfo map[string]any

	challenges map[string]url.Values
	// redeemed are the forms of all token requests with their Authorization.
	redeemed []url.Values
	// asked is how often the keys were asked for.
	asked int
}

func newForger(t testing.TB, clock *hands) *forger {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	f := &forger{clock: clock, key: key, metadata: map[string]any{}, challenges: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", f.configuration)
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked++
		writeJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: f.key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("/token", f.redeem)
	mux.HandleFunc("/userinfo", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, f.userInfo) })
	served := httptest.NewServer(mux)
	t.Cleanup(served.Close)
	f.URL = served.URL
	return f
}

func writeJSON(w http.ResponseWriter, what any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(what)
}

func (f *forger) configuration(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	what := map[string]any{
		"issuer": f.URL, "authorization_endpoint": f.URL + "/authorize", "token_endpoint": f.URL + "/token", "jwks_uri": f.URL + "/keys",
		"end_session_endpoint": f.URL + "/logout?x=1", "id_token_signing_alg_values_supported": []string{"RS256"},
	}
	for key, value := range f.metadata {
		what[key] = value
	}
	writeJSON(w, what)
}

// code remembers an authorization request, as if somebody had signed in.
func (f *forger) code(asked url.Values) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	code := fmt.Sprintf("code-%d", len(f.challenges))
	f.challenges[code] = asked
	return code
}

func (f *forger) redeem(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		http.Error(w, "form", http.StatusBadRequest)
		return
	}
	if id, secret, basic := r.BasicAuth(); basic {
		r.PostForm.Set("basic", id+":"+secret)
	}
	f.redeemed = append(f.redeemed, r.PostForm)
	asked, known := f.challenges[r.PostForm.Get("code")]
	delete(f.challenges, r.PostForm.Get("code"))
	challenge := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if !known || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(challenge[:]) ||
		asked.Get("code_challenge_method") != "S256" || asked.Get("redirect_uri") != r.PostForm.Get("redirect_uri") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		writeJSON(w, map[string]string{"error": "invalid_grant"})
		return
	}
	now := f.clock.now()
	claims := map[string]any{
		"iss": f.URL, "sub": "u-1", "aud": "yitong", "nonce": asked.Get("nonce"), "campus_id": "10001",
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "auth_time": now.Unix(),
	}
	if f.claims != nil {
		f.claims(claims)
	}
	answer := map[string]any{"access_token": "access", "token_type": "Bearer"}
	if f.sign != nil {
		answer["id_token"] = f.sign(claims)
	} else {
		answer["id_token"] = signed(jose.RS256, f.key, claims)
	}
	if f.token == nil || f.token(w, answer) {
		writeJSON(w, answer)
	}
}

func signed(algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	made, err := signer.Sign(text)
	if err != nil {
		panic(err)
	}
	compact, err := made.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return compact
}

// unsigned makes a token of alg none.
func unsigned(claims map[string]any) string {
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"1"}`)) + "." + base64.RawURLEncoding.EncodeToString(text) + "."
}

// publicText is the public key as those use it who take it for a secret (alg confusion).
func (f *forger) publicText() []byte {
	text, err := x509.MarshalPKIXPublicKey(f.key.Public())
	if err != nil {
		panic(err)
	}
	return text
}
