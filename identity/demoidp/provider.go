package demoidp

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/yitong-hub/yitong/acl"
)

const (
	// keyBits is what RS256 asks for at least (RFC 7518, section 3.3).
	keyBits = 2048
	keyID   = "demo"
	// tokenLife is how long an ID token counts: it is looked at at once.
	tokenLife = 5 * time.Minute
	// codeLife is how long a code waits (RFC 6749, section 4.1.2, advises ten
	// minutes at most).
	codeLife = time.Minute
	// maxCodes bounds the codes that wait.
	maxCodes = 10_000
	maxForm  = 64 << 10
)

// Config is what a provider is made of.
type Config struct {
	// Base gives the address of the server by the Host that was asked for, and
	// Path is where under it the provider answers.
	Base func(host string) (string, error)
	Path string
	// Client is the one client, and Callback the path to which it is answered.
	Client, Callback string
	// People gives who can be chosen, and CampusID the subject of each.
	People   func() []acl.Principal
	CampusID func(person acl.Principal) string
	Now      func() time.Time
}

// Provider is the demo's identity provider.
type Provider struct {
	Config
	mux *http.ServeMux
	key func() (*rsa.PrivateKey, error)

	mu    sync.Mutex
	codes map[string]grant
}

// New makes the provider. Its key is made when it is first needed, and lasts
// as long as the process.
func New(config Config) *Provider {
	p := &Provider{Config: config, mux: http.NewServeMux(), codes: map[string]grant{}}
	p.key = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) })
	p.mux.HandleFunc("GET "+p.Path+"/.well-known/openid-configuration", p.configuration)
	p.mux.HandleFunc("GET "+p.Path+"/keys", p.keys)
	p.mux.HandleFunc("GET "+p.Path+"/authorize", p.choose)
	p.mux.HandleFunc("POST "+p.Path+"/authorize", p.chosen)
	p.mux.HandleFunc("POST "+p.Path+"/token", p.token)
	p.mux.HandleFunc("GET "+p.Path+"/logout", p.logout)
	return p
}

// ServeHTTP implements [http.Handler].
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	p.mux.ServeHTTP(w, r)
}

// issuer is this provider's address, as the one who asks reaches it.
func (p *Provider) issuer(w http.ResponseWriter, r *http.Request) (base, issuer string, ok bool) {
	base, err := p.Base(r.Host)
	if err != nil {
		http.Error(w, "the demo is reached by its own address alone", http.StatusMisdirectedRequest)
		return "", "", false
	}
	return base, base + p.Path, true
}

func (p *Provider) configuration(w http.ResponseWriter, r *http.Request) {
	_, issuer, ok := p.issuer(w, r)
	if !ok {
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token",
		"jwks_uri": issuer + "/keys", "end_session_endpoint": issuer + "/logout",
		"response_types_supported": []string{"code"}, "grant_types_supported": []string{"authorization_code"},
		"subject_types_supported": []string{"public"}, "scopes_supported": []string{"openid"},
		"id_token_signing_alg_values_supported": []string{string(jose.RS256)},
		"token_endpoint_auth_methods_supported": []string{"none"}, "code_challenge_methods_supported": []string{"S256"},
		"claims_supported": []string{"sub", "name"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	key, err := p.key()
	if err != nil {
		http.Error(w, "no key can be made", http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: key.Public(), KeyID: keyID, Algorithm: string(jose.RS256), Use: "sig"},
	}})
}

// sign makes an ID token (OpenID Connect Core 1.0, section 2).
func (p *Provider) sign(claims map[string]any) (string, error) {
	key, err := p.key()
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(text)
	if err != nil {
		return "", fmt.Errorf("sign an ID token: %w", err)
	}
	return signed.CompactSerialize()
}

func answer(w http.ResponseWriter, status int, what any) {
	text, err := json.Marshal(what)
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // who asked went away: there is nobody to tell
}
