package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/config"
)

const (
	// few is what a socket of these tests holds, so that a client that takes
	// nothing stops the server soon.
	few         = 4 << 10
	longCopy    = "/v1/datasets/card.trade/rows"
	longSteward = "steward_information"
	rowsOfCopy  = 4_000
)

// narrow makes connections that hold little.
type narrow struct{ net.Listener }

func (l narrow) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(few)
	}
	return conn, err
}

// serving serves one campus at a real address with the limits of a test.
type serving func(t *testing.T, limits config.Limits) (address string, drain func())

// TestLimits plays clients that are slow, silent or many against real sockets.
func TestLimits(t *testing.T) {
	t.Parallel()
	campus := opened(t, slog.New(slog.DiscardHandler))
	serve := func(t *testing.T, limits config.Limits) (string, func()) {
		t.Helper()
		limits = limits.OrDefaults()
		campus.Config.Limits = limits
		handler, err := campus.Handler(slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})), true)
		require.NoError(t, err)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		server := &http.Server{Handler: handler, ReadTimeout: limits.Arrival, ReadHeaderTimeout: limits.Arrival}
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(narrow{listener}) }()
		t.Cleanup(func() {
			require.NoError(t, server.Close())
			require.ErrorIs(t, <-ended, http.ErrServerClosed)
		})
		t.Parallel() // the campus has one set of limits while a server is made
		return "http://" + listener.Addr().String(), handler.Drain
	}
	for name, test := range map[string]func(*testing.T, serving){
		"a client that takes nothing loses its place": clientThatTakesNothing,
		"a slow client is served to the end":          slowClient,
		"a copy may not take for ever":                copyForEver,
		"what takes too long says so":                 tooLong,
		"load beyond the queue is turned away":        loadBeyondTheQueue,
		"who waits at the end is turned away":         waitingAtTheEnd,
		"a slow body holds no place":                  slowBody,
	} {
		t.Run(name, func(t *testing.T) { test(t, serve) }) //nolint:paralleltest // serve begins it
	}
}

// client takes from its socket what it reads and, where it is narrow, little more.
func client(buffer int) *http.Client {
	return &http.Client{Transport: &http.Transport{
		ReadBufferSize: 512, DisableKeepAlives: true, DisableCompression: true,
		Dial: func(network, address string) (net.Conn, error) { //nolint:staticcheck // tests have no context to hand on
			conn, err := net.Dial(network, address)
			if err == nil && buffer > 0 {
				err = conn.(*net.TCPConn).SetReadBuffer(buffer)
			}
			return conn, err
		},
	}}
}

// reply is a response whose body the test closes at its end.
type reply struct {
	StatusCode int
	Header     http.Header
	Body       io.Reader
}

func get(t *testing.T, url, as, accept string) reply {
	t.Helper()
	return getBy(t, client(0), url, as, accept)
}

func getBy(t *testing.T, by *http.Client, url, as, accept string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer demo:"+as)
	request.Header.Set("Accept", accept)
	response, err := by.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { response.Body.Close() })
	return reply{response.StatusCode, response.Header, response.Body}
}

// whole reads a CSV to its end and counts its rows.
func whole(t *testing.T, response reply) int {
	t.Helper()
	require.Equal(t, http.StatusOK, response.StatusCode)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return bytes.Count(text, []byte("\n")) - 1
}

func problemOf(t *testing.T, response reply) (problem struct{ Code, Detail string }) {
	t.Helper()
	require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
	require.NoError(t, json.NewDecoder(response.Body).Decode(&problem))
	return problem
}

// eventually waits until the counters of the server say what is wanted.
func eventually(t *testing.T, address, line string) {
	t.Helper()
	require.Eventually(t, func() bool {
		response := get(t, address+"/metrics", "", "*/*")
		text, err := io.ReadAll(response.Body)
		return err == nil && strings.Contains(string(text), line+"\n")
	}, time.Minute, 5*time.Millisecond, line)
}

// clientThatTakesNothing lets a second export in only when the first, whose client
// does not read, was ended.
func clientThatTakesNothing(t *testing.T, serve serving) {
	address, _ := serve(t, config.Limits{Stall: time.Second, Copies: config.Admission{Running: 1, Waiting: 1, Wait: time.Hour}})
	stalled := getBy(t, client(few), address+longCopy, longSteward, "text/csv")
	require.Equal(t, http.StatusOK, stalled.StatusCode)
	require.Equal(t, rowsOfCopy, whole(t, get(t, address+longCopy, longSteward, "text/csv")))
	_, err := io.ReadAll(stalled.Body)
	require.Error(t, err, "it must be seen that the copy is not whole")
}

// slowClient takes an export bit by bit for longer than a request may take to
// arrive and than a client may take nothing.
func slowClient(t *testing.T, serve serving) {
	const bit = 16 << 10
	address, _ := serve(t, config.Limits{Stall: 2 * time.Second, Arrival: 500 * time.Millisecond})
	response := getBy(t, client(bit), address+longCopy, longSteward, "text/csv")
	require.Equal(t, http.StatusOK, response.StatusCode)
	var text bytes.Buffer
	for {
		_, err := io.CopyN(&text, response.Body, bit)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		time.Sleep(200 * time.Millisecond) // a client that is slow
	}
	require.Equal(t, rowsOfCopy+1, bytes.Count(text.Bytes(), []byte("\n")))
}

// copyForEver takes nothing of a copy that has little time from a client that
// has much.
func copyForEver(t *testing.T, serve serving) {
	address, _ := serve(t, config.Limits{Stall: time.Hour, Copies: config.Admission{Running: 1, Waiting: 1, Wait: time.Hour, Time: 2 * time.Second}})
	stalled := getBy(t, client(few), address+longCopy, longSteward, "text/csv")
	eventually(t, address, `yitong_http_queue_running{class="copies"} 0`)
	_, err := io.ReadAll(stalled.Body)
	require.True(t, err != nil || stalled.StatusCode == http.StatusGatewayTimeout, "it must be seen that the copy is not whole")
}

// tooLong gives answers no time at all.
func tooLong(t *testing.T, serve serving) {
	none := config.Admission{Time: time.Nanosecond}
	address, _ := serve(t, config.Limits{Pages: none, Copies: none})
	for _, accept := range []string{"application/json", "text/csv", "application/vnd.apache.parquet"} {
		response := get(t, address+longCopy, longSteward, accept)
		require.Equal(t, http.StatusGatewayTimeout, response.StatusCode, accept)
		require.Empty(t, response.Header.Get("ETag"))
		problem := problemOf(t, response)
		require.Equal(t, "timeout", problem.Code)
		require.Contains(t, problem.Detail, "ask for less")
	}
	response := get(t, address+"/healthz", "", "*/*")
	require.Equal(t, http.StatusOK, response.StatusCode, "how the server is has no such limit")
}

// loadBeyondTheQueue fills the places and the queue of copies: the next is refused
// at once, and pages go on.
func loadBeyondTheQueue(t *testing.T, serve serving) {
	address, _ := serve(t, config.Limits{Stall: time.Hour, Copies: config.Admission{Running: 1, Waiting: 1, Wait: time.Hour}})
	first := getBy(t, client(few), address+longCopy, longSteward, "text/csv")
	second := inBackground(t, address)
	eventually(t, address, `yitong_http_queue_waiting{class="copies"} 1`)
	third := get(t, address+longCopy, longSteward, "text/csv")
	require.Equal(t, http.StatusServiceUnavailable, third.StatusCode)
	require.Equal(t, "3600", third.Header.Get("Retry-After"))
	require.Equal(t, "unavailable", problemOf(t, third).Code)
	require.Equal(t, http.StatusOK, get(t, address+longCopy+"?limit=1", longSteward, "application/json").StatusCode, "a page has a place of its own")
	require.Equal(t, rowsOfCopy, whole(t, first))
	require.Equal(t, rowsOfCopy, strings.Count(<-second, "\n")-1)
	eventually(t, address, `yitong_http_queue_running{class="copies"} 0`)
	eventually(t, address, `yitong_http_turned_away_total{class="copies",reason="full"} 1`)
}

// inBackground asks for a long copy and gives its text when it is there.
func inBackground(t *testing.T, address string) <-chan string {
	t.Helper()
	answer := make(chan string, 1)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+longCopy, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer demo:"+longSteward)
	request.Header.Set("Accept", "text/csv")
	go func() {
		defer close(answer)
		response, err := client(0).Do(request)
		if !assert.NoError(t, err) {
			return
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		assert.NoError(t, err)
		answer <- string(text)
	}()
	return answer
}

// waitingAtTheEnd ends a server while an export runs and another waits.
func waitingAtTheEnd(t *testing.T, serve serving) {
	address, drain := serve(t, config.Limits{Stall: time.Hour, Copies: config.Admission{Running: 1, Waiting: 1, Wait: time.Hour}})
	running := getBy(t, client(few), address+longCopy, longSteward, "text/csv")
	waiting := inBackground(t, address)
	eventually(t, address, `yitong_http_queue_waiting{class="copies"} 1`)
	drain()
	require.Contains(t, <-waiting, "the server is ending")
	require.Equal(t, http.StatusServiceUnavailable, get(t, address+"/readyz", "", "*/*").StatusCode)
	require.Equal(t, http.StatusServiceUnavailable, get(t, address+"/v1/me", "leader", "*/*").StatusCode)
	require.Equal(t, http.StatusOK, get(t, address+"/healthz", "", "*/*").StatusCode)
	require.Equal(t, rowsOfCopy, whole(t, running), "what began is finished")
}

// slowBody sends half of a body to the only place there is.
func slowBody(t *testing.T, serve serving) {
	address, _ := serve(t, config.Limits{Pages: config.Admission{Running: 1, Waiting: 1, Wait: time.Hour}})
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /v1/decisions/simulate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer demo:administrator\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	require.NoError(t, err)
	eventually(t, address, "yitong_http_requests_running 2") // it and the one that asks
	require.Equal(t, http.StatusOK, get(t, address+"/v1/me", "leader", "*/*").StatusCode)
}
