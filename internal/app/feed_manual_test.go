package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/feed/kafka"
)

// words are those of a command of a shell: bare, or between single quotes.
var words = regexp.MustCompile(`'[^']*'|[^\s']+`)

// requestOf reads a command of curl with the options that the manual uses.
func requestOf(t *testing.T, command, address string) *http.Request {
	t.Helper()
	list := words.FindAllString(strings.ReplaceAll(command, "\\\n", " "), -1)
	require.Equal(t, "curl", list[0])
	method, target, body, header := http.MethodGet, "", "", http.Header{}
	for i := 1; i < len(list); i++ {
		word := strings.Trim(list[i], "'")
		switch word {
		case "-N":
		case "-H":
			i++
			name, value, ok := strings.Cut(strings.Trim(list[i], "'"), ": ")
			require.True(t, ok, list[i])
			header.Set(name, value)
		case "-d":
			i++
			method, body = http.MethodPost, strings.Trim(list[i], "'")
		default:
			require.NotContains(t, word, "-H")
			target = strings.Replace(word, "http://127.0.0.1:8080", address, 1)
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	require.NoError(t, err)
	request.Header = header
	return request
}

// TestExamplesOfTheFeedManual keeps docs/change-feeds.md true: its commands are
// answered, and its kafka.yaml can be read.
func TestExamplesOfTheFeedManual(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile(filepath.Join("..", "..", "docs", "change-feeds.md"))
	require.NoError(t, err)
	blocks := func(language string) [][]string {
		return regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(manual), -1)
	}
	c := servingWith(t, blocks("yaml")[0][1])
	defer c.stop()
	c.grant(t, "")
	commands, last := blocks("sh"), ""
	require.Len(t, commands, 4)
	for _, command := range commands {
		request := requestOf(t, command[1], c.address)
		if request.Header.Get("Last-Event-ID") != "" {
			request.Header.Set("Last-Event-ID", last)
		}
		request.URL.RawQuery = strings.Replace(request.URL.RawQuery, "wait=10", "wait=0", 1)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		if request.Header.Get("Accept") == "text/event-stream" {
			stream := follow(t, response)
			require.Equal(t, "meta", stream.next(t).event)
			if last == "" {
				_, one := stream.change(t)
				require.Equal(t, "insert", one.Type)
			}
			last = stream.last
			continue
		}
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", command[1], body)
		require.True(t, json.Valid(body))
	}
}

// servingWith serves a campus that names brokers.
func servingWith(t *testing.T, brokers string) *campus {
	t.Helper()
	// The example's brokers, secrets and authority are not there; they are not
	// needed to subscribe, and only to deliver.
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, kafka.FileName), []byte(brokers), 0o600))
	read, err := kafka.Load(dir)
	require.NoError(t, err)
	require.Equal(t, "scram-sha-512", read.SASL)
	return serving(t, "brokers: [127.0.0.1:1]\ntopic_prefix: "+read.TopicPrefix+"\n")
}
