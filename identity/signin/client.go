package signin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// callTime bounds a call to a provider, while somebody waits for a page.
	callTime = 10 * time.Second
	// maxAnswer bounds what a provider answers; keys and user infos are far below.
	maxAnswer = 1 << 20
)

// errLarge says that a provider answered too much.
var errLarge = errors.New("the provider's answer is larger than a MiB")

// boundedClient calls providers: no redirects, since a provider's own address is
// configured and a redirect would carry codes elsewhere.
func boundedClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: bounded{transport}, Timeout: callTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type bounded struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = &boundedBody{response.Body, maxAnswer}
	return response, nil
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(into []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLarge
	}
	n, err := b.ReadCloser.Read(into)
	b.left -= int64(n)
	return n, err
}

// inProcess calls the demo's provider, which is in this process: its address is
// the browser's, perhaps behind a tunnel, by which the server may not reach itself.
type inProcess struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (p inProcess) RoundTrip(request *http.Request) (*http.Response, error) {
	inner := request.Clone(context.WithoutCancel(request.Context()))
	inner.RequestURI, inner.Host = request.URL.RequestURI(), request.URL.Host
	if inner.Body == nil {
		inner.Body = http.NoBody
	}
	answer := &kept{header: http.Header{}, status: http.StatusOK}
	p.handler.ServeHTTP(answer, inner)
	return &http.Response{
		StatusCode: answer.status, Status: http.StatusText(answer.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: answer.header, Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()), Request: request,
	}, nil
}

// kept is an answer in memory.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (k *kept) Header() http.Header { return k.header }

// WriteHeader implements [http.ResponseWriter].
func (k *kept) WriteHeader(status int) { k.status = status }

// Write implements [http.ResponseWriter].
func (k *kept) Write(text []byte) (int, error) { return k.body.Write(text) }
