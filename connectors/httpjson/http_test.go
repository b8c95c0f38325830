package httpjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/conntest"
	"github.com/yitong-hub/yitong/connectors/httpjson"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

func node(t *testing.T, text string) yaml.Node {
	t.Helper()
	var n yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(text), &n))
	return *n.Content[0]
}

func openSource(t *testing.T, connection, options string, types map[string]schema.Type) connectors.Source {
	t.Helper()
	config := connectors.Config{
		System: "rooms", Connection: node(t, connection),
		Secret: func(name string) (string, error) { return "s3cr3t-" + name, nil },
		Datasets: []connectors.DatasetConfig{
			{Source: "/rows", Options: node(t, options), Types: types}, {Source: "no such dataset", Options: node(t, options)},
		},
	}
	source, err := httpjson.Driver().Open(config)
	require.NoError(t, err)
	return source
}

const total = 11

func item(i int) map[string]any {
	return map[string]any{"id": i + 1, "name": fmt.Sprintf("室%d", i), "size": map[string]any{"seats": 30 + i}, "amount": json.Number(fmt.Sprintf("12345678901234567890.%02d", i))}
}

func items(from, size int) []any {
	found := []any{}
	for i := from; i < min(total, from+size); i++ {
		found = append(found, item(i))
	}
	return found
}

// pages answers in each way of paging.
func pages(t *testing.T) *httptest.Server {
	t.Helper()
	number := func(r *http.Request, name string, fallback int) int {
		if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil {
			return n
		}
		return fallback
	}
	mux := http.NewServeMux()
	answers := map[string]func(http.ResponseWriter, *http.Request) any{
		"/none/rows": func(_ http.ResponseWriter, _ *http.Request) any { return items(0, total) },
		"/page/rows": func(_ http.ResponseWriter, r *http.Request) any {
			return map[string]any{"data": map[string]any{"list": items((number(r, "p", 1)-1)*3, 3)}}
		},
		"/offset/rows": func(_ http.ResponseWriter, r *http.Request) any {
			return map[string]any{"list": items(number(r, "offset", 0), number(r, "limit", 100))}
		},
		"/cursor/rows": func(_ http.ResponseWriter, r *http.Request) any {
			from := number(r, "after", 0)
			var next any
			if from+4 < total {
				next = from + 4
			}
			return map[string]any{"rows": items(from, 4), "next": next}
		},
		"/link/rows": func(w http.ResponseWriter, r *http.Request) any {
			from := number(r, "from", 0)
			if from+4 < total {
				w.Header().Set("Link", fmt.Sprintf(`<http://%s/link/rows?from=0>; rel="first", <http://%s/link/rows?from=%d>; rel="next"`, r.Host, r.Host, from+4))
			}
			return items(from, 4)
		},
	}
	for path, answer := range answers {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer s3cr3t-TOKEN" {
				http.Error(w, "who?", http.StatusUnauthorized)
				return
			}
			_ = json.NewEncoder(w).Encode(answer(w, r))
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestConformanceOfEachPaging(t *testing.T) {
	t.Parallel()
	server := pages(t)
	var rows []string
	for i := range total {
		rows = append(rows, fmt.Sprintf("12345678901234567890.%02d|%d|室%d|%d", i, i+1, i, 30+i))
	}
	for kind, options := range map[string]string{
		"none": "{}", "page": "{rows: data.list, paging: {kind: page, page_param: p}}",
		"offset": "{rows: list, paging: {kind: offset, size_param: limit, size: 4}}",
		"cursor": "{rows: rows, paging: {kind: cursor, cursor_param: after, cursor_path: next}}",
		"link":   "{paging: {kind: link}}",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			types := map[string]schema.Type{"id": schema.Of(schema.Int64), "amount": schema.DecimalOf(30, 2)}
			conntest.Run(t, conntest.Case{
				Open: func(t *testing.T) connectors.Source {
					return openSource(t, "{base_url: "+server.URL+"/"+kind+", token: {secret: TOKEN}, retries: 0}", options, types)
				},
				Dataset: "/rows", Columns: []string{"amount decimal(30,2)", "id int64", "name string", "size.seats string"}, Rows: trimmed(rows),
				Cursor: "id", Since: "9", SinceRows: trimmed(rows[8:]),
			})
		})
	}
}

// trimmed writes the amounts as Arrow does: without zeros at the end.
func trimmed(rows []string) []string {
	var all []string
	for _, row := range rows {
		amount, rest, _ := strings.Cut(row, "|")
		all = append(all, strings.TrimSuffix(strings.TrimRight(amount, "0"), ".")+"|"+rest)
	}
	all[0] = strings.Replace(all[0], "1234567890123456789|", "12345678901234567890|", 1)
	return all
}

func readAll(t *testing.T, source connectors.Source) (rows int, rejects []connectors.Reject, err error) {
	t.Helper()
	stream, err := source.Read(t.Context(), connectors.ReadRequest{Dataset: "/rows"})
	if err != nil {
		return 0, nil, err
	}
	defer func() { require.NoError(t, stream.Close()) }()
	for {
		batch, err := stream.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return rows, rejects, nil
		}
		if err != nil {
			return rows, rejects, err
		}
		rows += int(batch.Record.NumRows())
		rejects = append(rejects, batch.Rejects...)
		batch.Record.Release()
	}
}

func TestFailuresAreTriedAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch asked.Add(1) {
		case 1:
			http.Error(w, "boom", http.StatusInternalServerError)
		case 2:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		case 3:
			_, _ = io.WriteString(w, `[{"id": 1}, {"id"`)
		default:
			_, _ = io.WriteString(w, `[{"id": 1}, {"id": 2}]`)
		}
	}))
	t.Cleanup(server.Close)
	rows, _, err := readAll(t, openSource(t, "{base_url: "+server.URL+"}", "{}", nil))
	require.NoError(t, err)
	require.Equal(t, 2, rows)
	require.EqualValues(t, 4, asked.Load())
}

func TestFaultsSayWhatWouldBeRightAndNoSecret(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	for name, c := range map[string]struct {
		answer  func(http.ResponseWriter, *http.Request)
		options string
		code    fault.Code
		says    string
	}{
		"refused":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "{}", fault.Unavailable, "check the token"},
		"no rows there": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"a": []}`) }, "{rows: b.c}", fault.Invalid, "nothing at b.c"},
		"not an array":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"a": {}}`) }, "{rows: a}", fault.Invalid, "not an array"},
		"same page":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `[{"id": 1}]`) }, "{paging: {kind: page}}", fault.Invalid, "same rows"},
		"circle":        {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"r": [{"id": 1}], "n": "x"}`) }, "{rows: r, paging: {kind: cursor, cursor_path: n}}", fault.Invalid, "circle"},
		"redirected":    {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) }, "{}", fault.Unavailable, "does not answer"},
		"other host": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "<"+other.URL+`/x>; rel="next"`)
			_, _ = io.WriteString(w, `[{"id": 1}]`)
		}, "{paging: {kind: link}}", fault.Invalid, "another host"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(c.answer))
			t.Cleanup(server.Close)
			_, _, err := readAll(t, openSource(t, "{base_url: "+server.URL+", token: {secret: TOKEN}, retries: 0}", c.options, nil))
			require.ErrorContains(t, err, c.says)
			require.Equal(t, c.code, fault.CodeOf(err))
			require.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if id != "yitong" || secret != "s3cr3t-CLIENT" || r.FormValue("grant_type") != "client_credentials" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token": "fresh", "token_type": "Bearer", "expires_in": 3600}`)
	})
	mux.HandleFunc("GET /rows", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer fresh" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, `[{"id": 1}]`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	connection := "{base_url: " + server.URL + ", retries: 0, oauth2: {token_url: " + server.URL + "/token, client_id: %s, client_secret: {secret: CLIENT}}}"
	rows, _, err := readAll(t, openSource(t, fmt.Sprintf(connection, "yitong"), "{}", nil))
	require.NoError(t, err)
	require.Equal(t, 1, rows)
	_, _, err = readAll(t, openSource(t, fmt.Sprintf(connection, "other"), "{}", nil))
	require.ErrorContains(t, err, "sign-in at the token server failed")
}

func TestRowsThatCannotBeReadAreKept(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "1" {
			_, _ = io.WriteString(w, `[{"id": 1, "tags": ["a"], "ok": true}, 7, {"id": "x"}]`)
			return
		}
		if r.URL.Query().Get("page") == "2" {
			_, _ = io.WriteString(w, `[{"id": 2, "surprise": 1}]`)
			return
		}
		_, _ = io.WriteString(w, `[]`)
	}))
	t.Cleanup(server.Close)
	rows, rejects, err := readAll(t, openSource(t, "{base_url: "+server.URL+"}", "{paging: {kind: page}}", map[string]schema.Type{"id": schema.Of(schema.Int64)}))
	require.NoError(t, err)
	require.Equal(t, 1, rows)
	var codes []string
	for _, reject := range rejects {
		codes = append(codes, fmt.Sprintf("%d %s %s", reject.Row, reject.Code, reject.Raw))
	}
	require.Equal(t, []string{`2 not_an_object 7`, `3 type_mismatch {"id":"x"}`, `4 unknown_field {"id":2,"surprise":1}`}, codes)
}
