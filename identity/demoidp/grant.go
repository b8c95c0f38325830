package demoidp

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/yitong-hub/yitong/acl"
)

// challengeForm is a SHA-256 in base64url (RFC 7636, section 4.2).
var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// request is an authorization request (Core 1.0, section 3.1.2.1).
type request struct {
	Client, Redirect, State, Nonce, Challenge, Prompt string
}

// grant is a choice that waits for its code to be redeemed.
type grant struct {
	request
	issuer, subject, name string
	at                    time.Time
}

// asked reads an authorization request. One of another client, or to be answered
// elsewhere, is answered nowhere but here (RFC 6749, section 4.1.2.1).
func (p *Provider) asked(w http.ResponseWriter, r *http.Request, form url.Values) (request, string, bool) {
	base, issuer, ok := p.issuer(w, r)
	if !ok {
		return request{}, "", false
	}
	one := request{
		Client: form.Get("client_id"), Redirect: form.Get("redirect_uri"), State: form.Get("state"), Nonce: form.Get("nonce"),
		Challenge: form.Get("code_challenge"), Prompt: form.Get("prompt"),
	}
	if one.Client != p.Client || one.Redirect != base+p.Callback {
		http.Error(w, "The demo's identity provider serves this server alone: begin at its sign-in.", http.StatusBadRequest)
		return request{}, "", false
	}
	wrong := ""
	switch {
	case form.Get("response_type") != "code":
		wrong = "unsupported_response_type"
	case form.Get("code_challenge_method") != "S256" || !challengeForm.MatchString(one.Challenge),
		!slices.Contains(splitScopes(form.Get("scope")), "openid"), form.Has("request"), form.Has("request_uri"):
		wrong = "invalid_request"
	case slices.Contains(splitScopes(one.Prompt), "none"):
		wrong = "login_required" // it knows nobody already
	}
	if wrong != "" {
		p.sendBack(w, r, one, issuer, url.Values{"error": {wrong}})
		return request{}, "", false
	}
	return one, issuer, true
}

// sendBack answers an authorization request at the client.
func (p *Provider) sendBack(w http.ResponseWriter, r *http.Request, one request, issuer string, with url.Values) {
	with.Set("state", one.State)
	with.Set("iss", issuer)
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, one.Redirect+"?"+with.Encode(), http.StatusSeeOther)
}

// chosen takes the choice of a person and gives the client a code.
func (p *Provider) chosen(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	one, issuer, ok := p.asked(w, r, r.PostForm)
	if !ok {
		return
	}
	if r.PostForm.Has("cancel") {
		p.sendBack(w, r, one, issuer, url.Values{"error": {"access_denied"}})
		return
	}
	people := p.People()
	place := slices.IndexFunc(people, func(person acl.Principal) bool {
		return person.Profile().Kind == acl.KindPerson && person.ID() == r.PostForm.Get("person")
	})
	if place < 0 {
		p.page(w, r, one, http.StatusBadRequest)
		return
	}
	code, kept := p.keep(grant{one, issuer, p.CampusID(people[place]), people[place].Profile().Name, p.Now()})
	if !kept {
		p.sendBack(w, r, one, issuer, url.Values{"error": {"temporarily_unavailable"}})
		return
	}
	p.sendBack(w, r, one, issuer, url.Values{"code": {code}})
}

func (p *Provider) keep(one grant) (code string, kept bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.codes) >= maxCodes {
		for code, other := range p.codes {
			if one.at.Sub(other.at) >= codeLife {
				delete(p.codes, code)
			}
		}
		if len(p.codes) >= maxCodes {
			return "", false
		}
	}
	code = rand.Text()
	p.codes[code] = one
	return code, true
}

// redeem takes a code out: it counts once.
func (p *Provider) redeem(code string) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one, known := p.codes[code]
	delete(p.codes, code)
	return one, known && p.Now().Sub(one.at) < codeLife
}

// token redeems a code for an ID token (Core 1.0, section 3.1.3).
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	_, issuer, ok := p.issuer(w, r)
	if !ok {
		return
	}
	if err := r.ParseForm(); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_request"})
		return
	}
	if r.PostForm.Get("grant_type") != "authorization_code" {
		answer(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
		return
	}
	one, known := p.redeem(r.PostForm.Get("code"))
	challenge := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	proved := subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(challenge[:])), []byte(one.Challenge)) == 1
	if !known || !proved || one.issuer != issuer || r.PostForm.Get("client_id") != one.Client || r.PostForm.Get("redirect_uri") != one.Redirect {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	now := p.Now()
	claims := map[string]any{
		"iss": issuer, "sub": one.subject, "aud": one.Client, "name": one.name,
		"iat": now.Unix(), "auth_time": one.at.Unix(), "exp": now.Add(tokenLife).Unix(),
	}
	if one.Nonce != "" {
		claims["nonce"] = one.Nonce
	}
	idToken, err := p.sign(claims)
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	// The access token opens nothing: there is no user info.
	answer(w, http.StatusOK, map[string]any{
		"access_token": rand.Text(), "token_type": "Bearer", "expires_in": int(tokenLife / time.Second), "id_token": idToken,
	})
}

// logout has no session to end, and sends back where the client is (OpenID
// Connect RP-Initiated Logout 1.0).
func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	base, _, ok := p.issuer(w, r)
	if !ok {
		return
	}
	after, err := url.Parse(r.URL.Query().Get("post_logout_redirect_uri"))
	if err != nil || after.Scheme+"://"+after.Host != base || after.User != nil {
		http.Error(w, "post_logout_redirect_uri: it is no address of this server", http.StatusBadRequest)
		return
	}
	if state := r.URL.Query().Get("state"); state != "" {
		query := after.Query()
		query.Set("state", state)
		after.RawQuery = query.Encode()
	}
	http.Redirect(w, r, after.String(), http.StatusSeeOther) //nolint:gosec // of this server, as was just checked
}
