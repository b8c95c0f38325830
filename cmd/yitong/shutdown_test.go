package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asCommand makes the test's binary the command itself.
const asCommand = "YITONG_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// serveProcess starts a server as a process of its own and gives where it answers.
func serveProcess(t *testing.T, home string, environment ...string) (*exec.Cmd, string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	process := exec.CommandContext(t.Context(), self, "serve", "--demo", "--listen", "127.0.0.1:0", "--home", home)
	process.Env = append(append(os.Environ(), asCommand+"=1"), environment...)
	said, err := process.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	t.Cleanup(func() { _ = process.Process.Kill() })
	lines := bufio.NewReader(said)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	address := regexp.MustCompile(`http://(127\.0\.0\.1:\d+),`).FindStringSubmatch(line)
	require.NotNil(t, address, line)
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return process, address[1]
}

// TestSIGTERMFinishesAnExport ends a server while a slow client takes an export.
func TestSIGTERMFinishesAnExport(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, args := range [][]string{{"demo", "build", "--scale", "small"}, {"sync", "card"}} {
		status, _, errs := call(t, append(args, "--home", home)...)
		require.Equal(t, exitDone, status, errs)
	}
	process, address := serveProcess(t, home)
	narrow := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true, ReadBufferSize: 512, Dial: func(network, to string) (net.Conn, error) { //nolint:staticcheck // the client of one test
		conn, err := net.Dial(network, to)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(4 << 10) // the server is stopped soon
		}
		return conn, err
	}}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/v1/datasets/card.trade/rows", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer demo:steward_information")
	request.Header.Set("Accept", "application/x-ndjson")
	response, err := narrow.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Contains(t, metrics(t, address), `yitong_http_queue_running{class="copies"} 1`+"\n")

	require.NoError(t, process.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			err = conn.Close()
			return err != nil
		}
		return true
	}, time.Minute, 5*time.Millisecond, "nobody new is let in")
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, 4_000, bytes.Count(text, []byte("\n")), "the export is whole")
	require.NoError(t, process.Wait(), "and the server ends well")
}

// TestSIGTERMDoesNotWaitForEver ends a server whose client takes nothing.
func TestSIGTERMDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	status, _, errs := call(t, "demo", "build", "--scale", "small", "--home", home)
	require.Equal(t, exitDone, status, errs)
	process, address := serveProcess(t, home, "YITONG_SHUTDOWN_FINISH=200ms", "YITONG_ARRIVAL=1h")
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /v1/decisions/simulate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer demo:administrator\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return strings.Contains(metrics(t, address), "yitong_http_requests_running 2\n") // it and the one that asks
	}, time.Minute, 5*time.Millisecond)
	require.NoError(t, process.Process.Signal(syscall.SIGTERM))
	var failed *exec.ExitError
	require.ErrorAs(t, process.Wait(), &failed)
	require.Equal(t, exitFailed, failed.ExitCode(), "it says that an answer was broken off")
}

func metrics(t *testing.T, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}
