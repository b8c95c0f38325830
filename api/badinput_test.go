package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// oddities are values that no parameter and no body means.
var oddities = map[string]string{
	"empty": "", "letters": "x", "negative": "-1", "huge": "99999999999999999999", "fraction": "1.5", "not a number": "NaN", "zero byte": "\x00",
	"quote": "'", "double quote": `"`, "SQL": "' OR 1=1 --", "statement": "1; DROP TABLE x", "path": "../../etc/passwd", "percent": "%", "full width": "１２", "right to left": "a\u202eb",
	"not UTF-8": "\xff\xfe", "long": strings.Repeat("a", 9000), "nested": strings.Repeat("(", 5000), "template": "{{7*7}}", "newline": "a\r\nX-Evil: 1", "null": "null", "bool": "true",
	"list": "a,b,,c", "many": strings.Repeat("a,", 3000), "date": "2026-13-45T99:99:99Z", "emoji": "😀", "star": "*", "JSON": `{"a":[1]}`,
}

var bodies = map[string]string{
	"nothing": "", "no JSON": "{", "a list": "[]", "a text": `"x"`, "null": "null", "a number": "1e999", "unknown keys": `{"x":1}`, "deep": strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000),
	"twice": `{"id":"a","id":"b"}`, "wrong types": `{"id":1,"effect":[],"subject":"x","resource":7,"rights":"view","purpose":{},"grant":"x","until":3,"fields":1,"dataset":[],"reason":0,"to":[],"period":"x","valid":[],"put":{},"remove":1}`,
	"zero byte": "{\"id\":\"a\x00\"}", "not UTF-8": "{\"id\":\"\xff\"}", "large": `{"reason":"` + strings.Repeat("a", 5<<20) + `"}`,
}

// TestNoInputBreaksAnything sends every oddity to every parameter and every body
// of the contract, as everybody who may be told different things.
func TestNoInputBreaksAnything(t *testing.T) {
	t.Parallel()
	handler := campus(t)
	document, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	sent := 0
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			parameters := append(append(openapi3.Parameters{}, item.Parameters...), operation.Parameters...)
			for _, as := range []string{"leader", "administrator", "visitor"} {
				for _, parameter := range parameters {
					for name, odd := range oddities {
						request := build(t, method, path, parameters, parameter.Value.Name, odd)
						require.NotPanics(t, func() {
							harmless(t, handler, request, as, fmt.Sprintf("%s %s %s=%s", method, path, parameter.Value.Name, name))
						})
						sent++
					}
				}
				if operation.RequestBody == nil {
					continue
				}
				for name, body := range bodies {
					request := build(t, method, path, parameters, "", "")
					request.Body, request.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
					request.Header.Set("Content-Type", "application/json")
					harmless(t, handler, request, as, fmt.Sprintf("%s %s body %s", method, path, name))
					sent++
				}
			}
		}
	}
	require.Greater(t, sent, 5000)
}

// good gives each parameter a value that is right, so that the odd one is met.
func good(parameter *openapi3.Parameter) string {
	if text, ok := parameter.Example.(string); ok {
		return text
	}
	switch parameter.Name {
	case "dataset":
		return "hr.staff"
	case "field":
		return "name"
	case "metric":
		return "count"
	}
	return "x"
}

func build(t *testing.T, method, path string, parameters openapi3.Parameters, odd, value string) *http.Request {
	t.Helper()
	query, header := url.Values{}, http.Header{}
	for _, parameter := range parameters {
		p := parameter.Value
		text := good(p)
		if p.Name == odd {
			text = value
		} else if !p.Required {
			continue
		}
		switch p.In {
		case openapi3.ParameterInPath:
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(text))
		case openapi3.ParameterInHeader:
			header.Set(p.Name, text)
		default:
			query.Set(p.Name, text)
		}
	}
	request := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
	request.URL = &url.URL{RawQuery: query.Encode()}
	var err error
	request.URL.Path, err = url.PathUnescape(path)
	require.NoError(t, err)
	request.URL.RawPath = path
	request.Header = header
	return request
}

func harmless(t *testing.T, handler http.Handler, request *http.Request, as, what string) {
	t.Helper()
	request.Header.Set("Authorization", "Bearer demo:"+as)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	response := recorder.Result()
	defer response.Body.Close()
	require.Less(t, response.StatusCode, 500, "%s: %s", what, recorder.Body)
	if response.StatusCode < 400 {
		return
	}
	require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"), what)
	var problem map[string]any
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &problem), what)
	require.NotEmpty(t, problem["detail"], what)
	for _, inner := range []string{"SELECT", "duckdb", "Binder", "sqlite", "strconv", "goroutine", ".go:"} {
		require.NotContains(t, recorder.Body.String(), inner, what)
	}
	require.Empty(t, response.Header.Get("X-Evil"), what)
}
