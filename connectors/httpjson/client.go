package httpjson

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/time/rate"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// maxAnswer bounds one answer: a page that is larger needs a smaller size.
	maxAnswer = 64 << 20
	// firstWait and longestWait bound the time between two tries.
	firstWait   = 200 * time.Millisecond
	longestWait = 30 * time.Second
)

// client asks one system.
type client struct {
	base    *url.URL
	headers map[string]string
	http    *http.Client
	token   oauth2.TokenSource // nil without sign-in
	limit   *rate.Limiter      // nil without a bound
	retries int
}

func newClient(config connectors.Config, connection Connection) (*client, error) {
	text, err := connection.BaseURL.Resolve(config)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(text)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fault.New(fault.Invalid, "connection of system %s: base_url is not the address of an HTTP server", config.System)
	}
	timeout, err := connection.timeout(config.System)
	if err != nil {
		return nil, err
	}
	c := &client{base: base, headers: connection.Headers, retries: defaultRetries}
	if connection.Retries != nil {
		c.retries = *connection.Retries
	}
	if connection.RatePerSecond > 0 {
		c.limit = rate.NewLimiter(rate.Limit(connection.RatePerSecond), 1)
	}
	c.http = &http.Client{Timeout: timeout, CheckRedirect: sameHost, Transport: http.DefaultTransport.(*http.Transport).Clone()}
	c.token, err = tokens(config, connection, c.http)
	return c, err
}

// sameHost keeps a token from being carried to another host.
func sameHost(request *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return errors.New("too many redirections")
	}
	if request.URL.Host != via[0].URL.Host || request.URL.Scheme != via[0].URL.Scheme {
		return errors.New("a redirection to another host is not followed")
	}
	return nil
}

func tokens(config connectors.Config, connection Connection, with *http.Client) (oauth2.TokenSource, error) {
	if connection.OAuth2 == nil {
		token, err := connection.Token.Resolve(config)
		if err != nil || token == "" {
			return nil, err
		}
		return oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}), nil
	}
	address, err := connection.OAuth2.TokenURL.Resolve(config)
	if err != nil {
		return nil, err
	}
	secret, err := connection.OAuth2.ClientSecret.Resolve(config)
	if err != nil {
		return nil, err
	}
	credentials := clientcredentials.Config{
		ClientID: connection.OAuth2.ClientID, ClientSecret: secret, TokenURL: address, Scopes: connection.OAuth2.Scopes,
	}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, with) //nolint:contextcheck // the source outlives any one call
	return credentials.TokenSource(ctx), nil
}

// answer is a decoded page.
type answer struct {
	body any
	next string // the address of the Link header's rel="next"
}

// get asks for a path below the base, or for a whole address that the system
// itself has given.
func (c *client) get(ctx context.Context, path string, query url.Values) (answer, error) {
	address, err := c.address(path, query)
	if err != nil {
		return answer{}, err
	}
	wait := firstWait
	for try := 0; ; try++ {
		got, after, err := c.once(ctx, address)
		if err == nil || after < 0 || try >= c.retries {
			return got, err
		}
		pause := max(after, wait/2+time.Duration(rand.Int64N(int64(wait))))
		wait = min(wait*2, longestWait)
		timer := time.NewTimer(min(pause, longestWait))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return answer{}, fault.Wrap(ctx.Err(), fault.Canceled, "the reading was canceled")
		}
	}
}

func (c *client) address(path string, query url.Values) (*url.URL, error) {
	given, err := url.Parse(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the path of the dataset is not one of an address")
	}
	if given.IsAbs() || given.Host != "" {
		address := c.base.ResolveReference(given)
		if address.Host != c.base.Host || address.Scheme != c.base.Scheme {
			return nil, fault.New(fault.Invalid, "the next page is on another host, which is not followed")
		}
		return address, nil
	}
	address := c.base.JoinPath(given.Path)
	values := given.Query()
	for name := range query {
		values.Set(name, query.Get(name))
	}
	address.RawQuery = values.Encode()
	return address, nil
}

// once makes one request. after is how long to wait before another try, below
// zero when there is no use in one.
func (c *client) once(ctx context.Context, address *url.URL) (answer, time.Duration, error) {
	if c.limit != nil {
		if err := c.limit.Wait(ctx); err != nil {
			return answer{}, -1, fault.Wrap(err, fault.Canceled, "the reading was canceled")
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return answer{}, -1, fault.New(fault.Invalid, "%s cannot be asked for", describe(address.Path))
	}
	for name, value := range c.headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Accept", "application/json")
	if c.token != nil {
		token, err := c.token.Token()
		if err != nil {
			return answer{}, 0, fault.New(fault.Unavailable, "the sign-in at the token server failed: check client_id, the secret and token_url")
		}
		token.SetAuthHeader(request)
	}
	response, err := c.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return answer{}, -1, fault.Wrap(ctx.Err(), fault.Canceled, "the reading was canceled")
		}
		// The error of the client holds the address with its parameters.
		return answer{}, 0, fault.New(fault.Unavailable, "%s: the server does not answer", describe(address.Path))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return c.refused(address, response)
	}
	return decode(ctx, address, response)
}

func (c *client) refused(address *url.URL, response *http.Response) (answer, time.Duration, error) {
	what := describe(address.Path)
	after := time.Duration(-1)
	code := fault.Unavailable
	reason := "the server answers " + response.Status
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests || status >= 500:
		after = retryAfter(response.Header.Get("Retry-After"))
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		reason = "the server refuses the sign-in (" + response.Status + "): check the token or its secret"
	case status == http.StatusNotFound:
		code, reason = fault.NotFound, "there is no such path"
	case status < 500:
		code = fault.Invalid
	}
	return answer{}, after, fault.New(code, "%s: %s", what, reason)
}

// retryAfter reads a number of seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

func decode(ctx context.Context, address *url.URL, response *http.Response) (answer, time.Duration, error) {
	what := describe(address.Path)
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		if ctx.Err() != nil {
			return answer{}, -1, fault.Wrap(ctx.Err(), fault.Canceled, "the reading was canceled")
		}
		return answer{}, 0, fault.New(fault.Unavailable, "%s: the answer breaks off", what)
	}
	if len(text) > maxAnswer {
		return answer{}, -1, fault.New(fault.Invalid, "%s: the answer is larger than %d MB: ask for smaller pages", what, maxAnswer>>20)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // numbers keep all their digits
	var body any
	if err := decoder.Decode(&body); err != nil {
		return answer{}, 0, fault.New(fault.Unavailable, "%s: the answer is not whole JSON", what)
	}
	if decoder.More() {
		return answer{}, -1, fault.New(fault.Invalid, "%s: the answer holds more than one JSON value", what)
	}
	return answer{body: body, next: nextLink(response.Header.Values("Link"))}, -1, nil
}
