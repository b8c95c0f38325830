package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/telemetry"
)

// shortest is the length from which a value is looked for in logs: shorter ones
// stand in numbers and names by chance.
const shortest = 5

// silence gathers what no log may say: who asked, what was asked, and every value
// that was answered.
type silence struct{ persons, texts map[string]bool }

func (q *silence) forbid(t *testing.T, s scenario, body []byte) {
	t.Helper()
	if q.texts == nil {
		q.persons, q.texts = map[string]bool{}, map[string]bool{}
	}
	if s.As != "" {
		q.persons[s.As] = true
	}
	if _, question, found := strings.Cut(s.Path, "?"); found && len(question) >= shortest {
		q.texts[question] = true
		values, err := url.ParseQuery(question)
		require.NoError(t, err)
		for name, all := range values {
			for _, value := range all {
				if name == "where" || name == "cursor" || name == "sort" {
					q.texts[value] = true
				}
			}
		}
	}
	var answer struct {
		Rows []map[string]*string `json:"rows"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return
	}
	for _, row := range answer.Rows {
		for _, value := range row {
			if value != nil && len(*value) >= shortest {
				q.texts[*value] = true
			}
		}
	}
}

// holds reads the log: one line a request, and nothing in it that is forbidden.
func (q *silence) holds(t *testing.T, logs string, requests int) {
	t.Helper()
	require.Greater(t, len(q.persons), 5)
	require.Greater(t, len(q.texts), 50)
	lines := 0
	for line := range strings.Lines(logs) {
		var entry map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &entry))
		if entry["msg"] == "request" {
			lines++
			for _, key := range []string{"request", "method", "route", "status", "ms", "rows", "bytes"} {
				require.Contains(t, entry, key, line)
			}
		}
		for _, ours := range []string{"time", "level", "msg", "method", "route", "request", "application"} {
			delete(entry, ours)
		}
		rest, err := json.Marshal(entry)
		require.NoError(t, err)
		for person := range q.persons {
			require.NotRegexp(t, `\b`+regexp.QuoteMeta(person)+`\b`, string(rest), line)
		}
		for text := range q.texts {
			require.NotContains(t, string(rest), text, line)
		}
	}
	require.Equal(t, requests, lines, "one line a request")
}

// canary is written wherever a caller can write something.
const canary = "canary13812345678"

// TestLogsRepeatNothingThatACallerWrote writes a canary into every parameter,
// header and body of the contract.
func TestLogsRepeatNothingThatACallerWrote(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	handler := campusLogging(t, telemetry.Logger(&logs, "debug", true))
	document, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	sent := 0
	send := func(method, path, parameter, value string, parameters openapi3.Parameters, headers map[string]string, body string) {
		request := build(t, method, path, parameters, parameter, value)
		request.Header.Set("Authorization", "Bearer demo:administrator")
		for name, text := range headers {
			request.Header.Set(name, text)
		}
		if body != "" {
			request.Header.Set("Content-Type", "application/json")
			request.Body, request.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		require.Less(t, recorder.Code, 500)
		sent++
	}
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			parameters := append(append(openapi3.Parameters{}, item.Parameters...), operation.Parameters...)
			for _, parameter := range parameters {
				for _, value := range []string{canary, "name = '" + canary + "'", "name(" + canary + ")"} {
					send(method, path, parameter.Value.Name, value, parameters, nil, "")
				}
			}
			for _, name := range []string{"Authorization", "Accept", "If-None-Match", "User-Agent", "Referer", "X-Forwarded-For", "Cookie", "X-On-Behalf-Of"} {
				for _, value := range []string{canary, "Bearer " + canary, "Bearer demo:" + canary, "Bearer yt_" + canary} {
					send(method, path, "", "", parameters, map[string]string{name: value}, "")
				}
			}
			if operation.RequestBody != nil {
				for _, body := range []string{`{"` + canary + `": 1}`, `{"id": "` + canary + `", "reason": "` + canary + `"}`, canary} {
					send(method, path, "", "", parameters, nil, body)
				}
			}
		}
	}
	send("GET", "/"+canary, "", "", nil, nil, "")
	send(strings.ToUpper(canary), "/v1/me", "", "", nil, nil, "")
	require.Greater(t, sent, 500)
	require.Greater(t, strings.Count(logs.String(), "\n"), sent-1)
	for line := range strings.Lines(strings.ToLower(logs.String())) {
		require.NotContains(t, line, "13812345678")
	}
}
