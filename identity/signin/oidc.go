package signin

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// rediscoverAfter is how old what a provider says of itself may be.
	rediscoverAfter = time.Hour
	// retryAfter is how long one that does not answer then is left alone.
	retryAfter = time.Minute
	// clockSkew is how far the provider's clock may be behind ours.
	clockSkew = time.Minute
)

// oidcProvider signs in by the authorization code flow of OpenID Connect Core
// 1.0, section 3.1, with PKCE (RFC 7636).
type oidcProvider struct {
	config Provider
	secret string
	client *http.Client
	now    func() time.Time
	logger *slog.Logger
	found  atomic.Pointer[discovered]
}

// discovered is what a provider says of itself (OpenID Connect Discovery 1.0).
type discovered struct {
	provider *oidc.Provider
	at       time.Time

	EndSession   string   `json:"end_session_endpoint"`
	AuthMethods  []string `json:"token_endpoint_auth_methods_supported"`
	NamesIssuer  bool     `json:"authorization_response_iss_parameter_supported"`
	JWKS         string   `json:"jwks_uri"`
	TokenAddress string   `json:"token_endpoint"`
}

// discover asks the provider about itself, at most once an hour. One that does
// not answer then is as it was.
func (p *oidcProvider) discover(ctx context.Context) (*discovered, error) {
	held := p.found.Load()
	if held != nil && p.now().Sub(held.at) < rediscoverAfter {
		return held, nil
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.config.Issuer)
	if err == nil {
		made := &discovered{provider: provider, at: p.now()}
		if err = made.read(); err == nil {
			p.found.Store(made)
			return made, nil
		}
	}
	if held != nil {
		kept := *held
		kept.at = p.now().Add(retryAfter - rediscoverAfter)
		p.found.Store(&kept)
		p.logger.Warn("a provider did not say how it is reached: it counts as it was", "provider", p.config.ID, "cause", err)
		return held, nil
	}
	return nil, fault.Wrap(err, fault.Unavailable, "the campus's sign-in does not answer now: try again in a moment")
}

// read checks what the provider says: no secret goes to where anybody listens.
func (d *discovered) read() error {
	if err := d.provider.Claims(d); err != nil {
		return fmt.Errorf("decode what the provider says of itself: %w", err)
	}
	endpoint := d.provider.Endpoint()
	for name, address := range map[string]string{"authorization_endpoint": endpoint.AuthURL, "token_endpoint": endpoint.TokenURL, "jwks_uri": d.JWKS} {
		parsed, err := url.Parse(address)
		if err != nil || parsed.Scheme != "https" && (parsed.Scheme != "http" || !isLoopback(parsed.Hostname())) {
			return fmt.Errorf("the provider's %s is not reached by https", name)
		}
	}
	return nil
}

func (p *oidcProvider) oauth(found *discovered, callback string) *oauth2.Config {
	endpoint := found.provider.Endpoint()
	// To try one way after the other would use the code up. Basic is the default
	// of Discovery 1.0, section 3.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if p.secret == "" || len(found.AuthMethods) > 0 && !slices.Contains(found.AuthMethods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	scopes := []string{oidc.ScopeOpenID}
	for _, scope := range p.config.Scopes {
		if scope != oidc.ScopeOpenID {
			scopes = append(scopes, scope)
		}
	}
	return &oauth2.Config{ClientID: p.config.ClientID, ClientSecret: p.secret, Endpoint: endpoint, RedirectURL: callback, Scopes: scopes}
}

func (p *oidcProvider) begin(ctx context.Context, state string, one flow) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(one.Nonce), oauth2.S256ChallengeOption(one.Verifier)}
	if p.config.Renew {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	} else if one.Silent {
		options = append(options, oauth2.SetAuthURLParam("prompt", "none"))
	}
	return p.oauth(found, one.Callback).AuthCodeURL(state, options...), nil
}

// silentErrors are those by which a provider says that it would have to show a
// page (Core 1.0, section 3.1.2.6).
var silentErrors = []string{"login_required", "interaction_required", "consent_required", "account_selection_required"}

func (p *oidcProvider) finish(ctx context.Context, one flow, answer url.Values) (Person, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	// RFC 9207: an answer that another provider gave must not be taken for ours.
	if issuer := answer.Get("iss"); issuer != p.config.Issuer && (issuer != "" || found.NamesIssuer) {
		return Person{}, refused(ErrIssuer, againText)
	}
	if problem := answer.Get("error"); problem != "" {
		if one.Silent && slices.Contains(silentErrors, problem) {
			return Person{}, nil
		}
		return Person{}, refused(fmt.Errorf("%.100q: %w", problem, ErrDeclined), "the sign-in was cancelled or refused there: sign in again")
	}
	if answer.Get("code") == "" {
		return Person{}, refused(ErrAnswer, againText)
	}
	asking := oidc.ClientContext(ctx, p.client)
	token, err := p.oauth(found, one.Callback).Exchange(asking, answer.Get("code"), oauth2.VerifierOption(one.Verifier))
	if err != nil {
		return Person{}, exchangeFault(err)
	}
	text, _ := token.Extra("id_token").(string)
	if text == "" {
		return Person{}, refused(ErrToken, againText)
	}
	idToken, err := p.verify(asking, found, one, text, token.AccessToken)
	if err != nil {
		return Person{}, err
	}
	id, err := p.campusID(asking, found, idToken, token)
	return Person{CampusID: id, Proof: text}, err
}

func exchangeFault(err error) error {
	var answered *oauth2.RetrieveError
	if errors.As(err, &answered) && answered.ErrorCode == "invalid_grant" {
		return refused(ErrReplayed, againText)
	}
	if errors.As(err, &answered) {
		// The body may repeat what was sent: only the code goes to the log.
		err = fmt.Errorf("the provider's token endpoint answered %d %.100q", answered.Response.StatusCode, answered.ErrorCode)
	}
	return fault.Wrap(err, fault.Unavailable, "the campus's sign-in does not answer as it should: try again in a moment")
}

// verify holds an ID token against Core 1.0, section 3.1.3.7: issuer, audience,
// signature by an algorithm of the provider's, times; and nonce and azp here.
func (p *oidcProvider) verify(ctx context.Context, found *discovered, one flow, text, access string) (*oidc.IDToken, error) {
	// Not VerifierContext: that would fetch the keys anew each time, and keep this
	// request's context while it does.
	verifier := found.provider.Verifier(&oidc.Config{ClientID: p.config.ClientID, Now: p.now})
	idToken, err := verifier.Verify(ctx, text)
	if err != nil {
		return nil, refused(fmt.Errorf("%w: %w", ErrToken, err), againText)
	}
	if one.Nonce == "" || subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(one.Nonce)) != 1 {
		return nil, refused(ErrNonce, againText)
	}
	var more struct {
		Party    string       `json:"azp"`
		AuthTime *json.Number `json:"auth_time"`
	}
	if err := idToken.Claims(&more); err != nil {
		return nil, refused(ErrToken, againText)
	}
	if more.Party != p.config.ClientID && (more.Party != "" || len(idToken.Audience) > 1) {
		return nil, refused(fmt.Errorf("%w: it is for another party", ErrToken), againText)
	}
	if idToken.AccessTokenHash != "" {
		if err := idToken.VerifyAccessToken(access); err != nil {
			return nil, refused(fmt.Errorf("%w: %w", ErrToken, err), againText)
		}
	}
	if p.config.Renew {
		// prompt went through the browser, where anybody may strike it out.
		if more.AuthTime == nil {
			return nil, refused(ErrStale, againText)
		}
		seconds, err := more.AuthTime.Float64()
		if err != nil || int64(seconds) < one.Began.Add(-clockSkew).Unix() {
			return nil, refused(ErrStale, againText)
		}
	}
	return idToken, nil
}

// campusID is what the claim holds, in the ID token or else in the user info
// (Core 1.0, section 5.3), which must be of the same subject.
func (p *oidcProvider) campusID(ctx context.Context, found *discovered, idToken *oidc.IDToken, token *oauth2.Token) (string, error) {
	var claims json.RawMessage
	if err := idToken.Claims(&claims); err != nil {
		return "", refused(ErrToken, againText)
	}
	id, told, err := claimIn(claims, p.config.Claim)
	if told || err != nil {
		return id, err
	}
	if found.provider.UserInfoEndpoint() == "" {
		return "", refused(ErrCampusID, campusIDText)
	}
	info, err := found.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		// The error repeats the whole answer, which may be about the person.
		return "", fault.Wrap(errors.New("the provider's user info cannot be read"), fault.Unavailable, "the campus's sign-in does not answer as it should: try again in a moment")
	}
	if info.Subject != idToken.Subject {
		return "", refused(fmt.Errorf("%w: the user info is of somebody else", ErrToken), againText)
	}
	if err := info.Claims(&claims); err != nil {
		return "", refused(ErrToken, againText)
	}
	if id, told, err = claimIn(claims, p.config.Claim); err == nil && !told {
		err = refused(ErrCampusID, campusIDText)
	}
	return id, err
}

// claimIn gives the one text or whole number that a claim is, alone or in a
// list, as directories give it. An e-mail address must not be unverified.
func claimIn(claims []byte, name string) (id string, told bool, err error) {
	decoder := json.NewDecoder(bytes.NewReader(claims))
	decoder.UseNumber()
	var all map[string]any
	if err := decoder.Decode(&all); err != nil {
		return "", false, refused(ErrToken, againText)
	}
	value := all[name]
	if list, is := value.([]any); is && len(list) == 1 {
		value = list[0]
	}
	if name == "email" && value != nil && all["email_verified"] != true {
		return "", true, refused(fmt.Errorf("%w: its e-mail address is not verified", ErrCampusID), campusIDText)
	}
	switch value := value.(type) {
	case nil:
		return "", false, nil
	case string:
		return value, true, nil
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return strconv.FormatInt(whole, 10), true, nil
		}
	}
	return "", true, refused(ErrCampusID, campusIDText)
}

func (p *oidcProvider) signOut(ctx context.Context, proof, after string) (string, error) {
	found, err := p.discover(ctx)
	if err != nil || found.EndSession == "" {
		return "", err
	}
	address, err := url.Parse(found.EndSession)
	if err != nil || address.Scheme != "https" && (address.Scheme != "http" || !isLoopback(address.Hostname())) {
		return "", fault.Wrap(errors.Join(err, errors.New("the provider's end_session_endpoint is no address")), fault.Unavailable, "the campus's sign-in does not say how one signs out there")
	}
	query := address.Query()
	query.Set("client_id", p.config.ClientID)
	query.Set("post_logout_redirect_uri", after)
	if proof != "" {
		query.Set("id_token_hint", proof)
	}
	address.RawQuery = query.Encode()
	return address.String(), nil
}
