package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/api"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/telemetry"
	"github.com/yitong-hub/yitong/pipelines"
)

// scenario is one line of scenarios/api.yaml.
type scenario struct {
	Name, As, Path, Body string
	// Bearer is a key or token instead of the name of one of the demo's people.
	Bearer     string
	Method     string
	Headers    map[string]string
	Status     int
	Type       string
	Has, Hasnt []string
	// Keep is a key of the answer whose value later paths name as {key}.
	Keep string
	// HasHeaders holds texts that must stand in headers.
	HasHeaders map[string]string `yaml:"has_headers"`
	// Browser keeps cookies and sends them.
	Browser bool
	// KeepLocation is a name under which the address of a redirect is kept, and
	// its query with _query behind the name.
	KeepLocation string `yaml:"keep_location"`

	cookies map[string]string
}

// campus serves a small demo campus.
func campus(t *testing.T) *api.Server {
	t.Helper()
	return campusLogging(t, slog.New(slog.DiscardHandler))
}

func campusLogging(t *testing.T, logger *slog.Logger) *api.Server {
	t.Helper()
	handler, err := opened(t, logger).Handler(logger, true)
	require.NoError(t, err)
	return handler
}

// opened is a small demo campus with some systems synchronised.
func opened(t *testing.T, logger *slog.Logger) *app.App {
	t.Helper()
	home := t.TempDir()
	settings := config.Config{Home: home, Campus: filepath.Join(home, "campus"), State: filepath.Join(home, "state.db"), Memory: 512 << 20}
	_, err := app.BuildDemo(t.Context(), settings, "small")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(settings.Campus, "signin.yaml"), []byte(signinText), 0o600))
	// Subscriptions can be registered; who delivers them is no part of these tests.
	require.NoError(t, os.WriteFile(filepath.Join(settings.Campus, "kafka.yaml"), []byte("brokers: [127.0.0.1:1]\ntopic_prefix: yitong.\n"), 0o600))
	opened, err := app.New(t.Context(), settings, app.Options{Logger: logger})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	_, err = opened.Sync(t.Context(), pipelines.Options{Systems: []string{"hr", "card", "academic", "hpc", "hall"}})
	require.NoError(t, err)
	return opened
}

// signinText lets everybody try as often as tests do.
const signinText = `
public_url: http://127.0.0.1:8080
limits: {attempts_per_minute: 1000000, failures_per_minute: 1000000}
providers:
  - {id: cas, kind: cas, title: {zh: 统一身份认证, en: Campus account}, url: "https://cas.campus.example/cas"}
`

func contractOf(t *testing.T) routers.Router {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	require.NoError(t, document.Validate(t.Context()))
	document.Servers = nil
	router, err := gorillamux.NewRouter(document)
	require.NoError(t, err)
	return router
}

func call(t *testing.T, handler http.Handler, s scenario) *http.Response {
	t.Helper()
	method := s.Method
	if method == "" {
		method = http.MethodGet
	}
	request := httptest.NewRequestWithContext(t.Context(), method, s.Path, strings.NewReader(s.Body))
	if s.Body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if s.As != "" {
		request.Header.Set("Authorization", "Bearer demo:"+s.As)
	}
	if s.Bearer != "" {
		request.Header.Set("Authorization", "Bearer "+s.Bearer)
	}
	for name, text := range s.Headers {
		request.Header.Set(name, text)
	}
	for name, text := range s.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: text})
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Result()
}

// TestScenarios plays scenarios/api.yaml and holds each answer against the contract.
func TestScenarios(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "scenarios", "api.yaml"))
	require.NoError(t, err)
	var scenarios []scenario
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&scenarios))
	require.GreaterOrEqual(t, len(scenarios), 40)
	var logs bytes.Buffer
	handler, router := campusLogging(t, telemetry.Logger(&logs, "debug", true)), contractOf(t)
	logs.Reset() // what the synchronisation says
	said := &silence{}
	answered, kept, cookies := map[string]bool{}, map[string]string{}, map[string]string{}
	soon := time.Now().AddDate(0, 0, 7).Format(time.DateOnly)
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) { //nolint:paralleltest // in the order of the file: some change policies
			for key, value := range kept {
				s.Path = strings.ReplaceAll(s.Path, "{"+key+"}", value)
			}
			for key, value := range kept {
				for name, text := range s.Headers {
					s.Headers[name] = strings.ReplaceAll(text, "{"+key+"}", value)
				}
				s.Bearer, s.Body = strings.ReplaceAll(s.Bearer, "{"+key+"}", value), strings.ReplaceAll(s.Body, "{"+key+"}", value)
			}
			s.Body = strings.ReplaceAll(s.Body, "@soon", soon)
			if s.Browser {
				s.cookies = cookies
			}
			response := call(t, handler, s)
			if s.Browser {
				takeCookies(cookies, response)
			}
			if s.KeepLocation != "" {
				location, err := response.Location()
				require.NoError(t, err)
				kept[s.KeepLocation], kept[s.KeepLocation+"_query"] = location.String(), location.RawQuery
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, s.Status, response.StatusCode, "%s", body)
			said.forbid(t, s, body)
			wanted := s.Type
			if wanted == "" {
				wanted = map[bool]string{true: "application/json", false: "application/problem+json"}[s.Status < 300]
			}
			if s.Status < 300 && s.Status != http.StatusNoContent || s.Status >= 400 || s.Type != "" {
				require.Contains(t, response.Header.Get("Content-Type"), wanted)
			}
			for _, has := range s.Has {
				require.Contains(t, string(body), has)
			}
			for _, hasnt := range s.Hasnt {
				require.NotContains(t, string(body), hasnt)
			}
			if s.Keep != "" {
				var answer map[string]any
				require.NoError(t, json.Unmarshal(body, &answer))
				kept[s.Keep], _ = answer[s.Keep].(string)
			}
			for name, has := range s.HasHeaders {
				require.Contains(t, response.Header.Get(name), has)
			}
			if operation := keeps(t, router, response, s, body); operation != "" {
				answered[operation] = true
			}
		})
	}
	said.holds(t, logs.String(), len(scenarios))
	document, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			require.True(t, answered[operation.OperationID], "no scenario gets an answer of %s %s", method, path)
		}
	}
}

func takeCookies(held map[string]string, response *http.Response) {
	for _, cookie := range response.Cookies() {
		if cookie.MaxAge < 0 {
			delete(held, cookie.Name)
			continue
		}
		held[cookie.Name] = cookie.Value
	}
}

// keeps holds an answer against the contract and names the operation that gave it.
func keeps(t *testing.T, router routers.Router, response *http.Response, s scenario, body []byte) string {
	t.Helper()
	method := s.Method
	if method == "" {
		method = http.MethodGet
	}
	request := httptest.NewRequestWithContext(t.Context(), method, s.Path, nil)
	route, parameters, err := router.FindRoute(request)
	if err != nil {
		if !strings.HasPrefix(request.URL.Path, "/demo-idp/") { // the demo's provider is none of the contract
			require.GreaterOrEqual(t, response.StatusCode, 400)
		}
		return ""
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, PathParams: parameters, Route: route},
		Status:                 response.StatusCode, Header: response.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: !strings.Contains(response.Header.Get("Content-Type"), "json") || strings.Contains(response.Header.Get("Content-Type"), "ndjson")},
	}
	input.SetBodyBytes(body)
	require.NoError(t, openapi3filter.ValidateResponse(t.Context(), input))
	if response.StatusCode < 400 {
		return route.Operation.OperationID
	}
	return ""
}
