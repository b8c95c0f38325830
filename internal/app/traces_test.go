package app_test

import (
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	gosync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/pipelines"
)

// receiver is a collector that keeps the spans it gets.
type receiver struct {
	mu    gosync.Mutex
	spans []*traces.Span
	text  string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil || request.URL.Path != "/v1/traces" {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	var got collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &got); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text += string(body)
	for _, resource := range got.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			r.spans = append(r.spans, scope.Spans...)
		}
	}
}

const (
	callersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersSpan  = "00f067aa0ba902b7"
)

// TestARequestIsFollowedThroughItsParts exports the spans of requests to a
// collector, and looks at what they say and do not say.
func TestARequestIsFollowedThroughItsParts(t *testing.T) {
	got := &receiver{}
	server := httptest.NewServer(got)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	with := settings(t)
	_, err := app.BuildDemo(t.Context(), with, "small")
	require.NoError(t, err)
	opened, err := app.New(t.Context(), with, app.Options{})
	require.NoError(t, err)
	_, err = opened.Sync(t.Context(), pipelines.Options{Systems: []string{"hr"}})
	require.NoError(t, err)
	handler, err := opened.Handler(slog.New(slog.DiscardHandler), true)
	require.NoError(t, err)
	ask := func(path, as, accept string) int {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		request.Header.Set("Authorization", "Bearer demo:"+as)
		request.Header.Set("Traceparent", "00-"+callersTrace+"-"+callersSpan+"-01")
		request.Header.Set("Accept", accept)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		return recorder.Code
	}
	require.Equal(t, http.StatusOK, ask("/v1/datasets/hr.staff/rows?where=staff_no%20%3D%20'10001'&limit=3", "steward_hr", "application/json"))
	require.Equal(t, http.StatusForbidden, ask("/v1/datasets/hr.staff/rows?limit=3", "visitor", "text/csv"))
	require.Equal(t, http.StatusNotFound, ask("/v1/datasets/zhangsan13812345678/rows", "steward_hr", "application/json"))
	require.NoError(t, opened.Close(), "which exports what is left")

	var roots []*traces.Span
	inside := map[string]map[string]*traces.Span{}
	for _, span := range got.spans {
		require.Equal(t, callersTrace, hex.EncodeToString(span.TraceId))
		if hex.EncodeToString(span.ParentSpanId) == callersSpan {
			roots = append(roots, span)
			continue
		}
		parent := hex.EncodeToString(span.ParentSpanId)
		if inside[parent] == nil {
			inside[parent] = map[string]*traces.Span{}
		}
		inside[parent][span.Name] = span
	}
	require.Len(t, roots, 3)
	root := roots[0]
	require.Equal(t, "GET /v1/datasets/:dataset/rows", root.Name)
	require.Equal(t, traces.Span_SPAN_KIND_SERVER, root.Kind)
	parts := inside[hex.EncodeToString(root.SpanId)]
	for _, name := range []string{"authenticate", "admit", "plan", "query", "render"} {
		require.Contains(t, parts, name)
	}
	require.Contains(t, inside[hex.EncodeToString(parts["plan"].SpanId)], "decide")
	require.Contains(t, inside[hex.EncodeToString(parts["query"].SpanId)], "audit", "the record is written within the read")
	attributes := map[string]string{}
	for _, one := range root.Attributes {
		attributes[one.Key] = one.Value.GetStringValue()
		if one.Value.GetStringValue() == "" {
			attributes[one.Key] = one.Value.String()
		}
	}
	require.Equal(t, "hr.staff", attributes["yitong.dataset"])
	require.NotEmpty(t, attributes["yitong.decision"])
	require.Contains(t, attributes["http.response.status_code"], "200")
	require.Contains(t, attributes["yitong.rows"], "1")
	refused := inside[hex.EncodeToString(roots[1].SpanId)]
	require.Contains(t, refused, "plan")
	require.NotContains(t, refused, "query")
	require.Equal(t, traces.Status_STATUS_CODE_ERROR, refused["plan"].Status.Code)
	for _, said := range []string{"10001", "staff_no", "steward_hr", "visitor", "zhangsan", "13812345678", "demo:"} {
		require.NotContains(t, got.text, said)
	}
}

// TestACollectorThatIsNotThereCostsNothingElse exports to where nobody listens.
func TestACollectorThatIsNotThereCostsNothingElse(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	opened, err := app.New(t.Context(), settings(t), app.Options{})
	require.NoError(t, err)
	handler, err := opened.Handler(slog.New(slog.DiscardHandler), false)
	require.NoError(t, err)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil))
	assert.Equal(t, http.StatusOK, recorder.Code)
	require.NoError(t, opened.Close())
}
