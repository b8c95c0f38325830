package api

import (
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"

	"github.com/yitong-hub/yitong/internal/fault"
)

// metrics are what the server counts: no name and no value of anybody.
type metrics struct {
	handler  http.Handler
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	running  prometheus.Gauge
}

func newMetrics(registry *prometheus.Registry) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yitong_http_requests_total", Help: "Requests answered."}, []string{"operation", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "yitong_http_request_seconds", Help: "Time to answer.", Buckets: []float64{.001, .002, .005, .01, .025, .05, .1, .25, 1, 5, 30},
		}, []string{"operation"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{Name: "yitong_http_requests_running", Help: "Requests being answered."}),
	}
	registry.MustRegister(m.requests, m.seconds, m.running, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

// observe counts and logs each request by its path in the contract: paths and
// questions themselves may name people.
func (s *Server) observe(c *gin.Context) {
	began := time.Now()
	s.metrics.running.Inc()
	defer func() {
		s.metrics.running.Dec()
		operation, took := operationOf(c), time.Since(began)
		s.metrics.requests.WithLabelValues(operation, strconv.Itoa(c.Writer.Status())).Inc()
		s.metrics.seconds.WithLabelValues(operation).Observe(took.Seconds())
		s.access(c, took)
	}()
	c.Next()
}

// access logs a request. Applications are named, persons are not: who read what
// is in the record of reads, which not everybody reads who reads logs.
func (s *Server) access(c *gin.Context, took time.Duration) {
	entry := []slog.Attr{
		slog.String("request", requestID(c)), slog.String("method", methodOf(c)), slog.String("route", c.FullPath()), slog.Int("status", c.Writer.Status()),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int64("rows", c.GetInt64(rowsKey)), slog.Int("bytes", max(c.Writer.Size(), 0)),
	}
	for key, text := range map[string]string{"trace": traceID(c), "application": c.GetString(applicationKey)} {
		if text != "" {
			entry = append(entry, slog.String(key, text))
		}
	}
	if c.GetBool(brokenKey) {
		entry = append(entry, slog.Bool("broken", true))
	}
	s.Logger.LogAttrs(c, slog.LevelInfo, "request", entry...)
}

// GetHealth says that the process lives.
func (s *Server) GetHealth(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) }

// GetReadiness asks the state database.
func (s *Server) GetReadiness(c *gin.Context) {
	if s.isRetired() {
		s.problem(c, fault.New(fault.Unavailable, "the server is ending"))
		return
	}
	if _, err := s.Catalog.Datasets(c, "no such system"); err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"status": "ok"})
}

// GetMetrics gives the counters.
func (s *Server) GetMetrics(c *gin.Context) { s.metrics.handler.ServeHTTP(c.Writer, c.Request) }

// GetContract gives the contract as it is written.
func (s *Server) GetContract(c *gin.Context) {
	c.Data(http.StatusOK, "application/yaml; charset=utf-8", contractText)
}

// docsPath is where the documentation and its parts are served.
const docsPath = "/docs"

// documentation is Swagger UI over the contract, from the binary.
func documentation() http.Handler {
	return v5emb.NewHandlerWithConfig(swgui.Config{
		Title: "Yitong 一通", SwaggerJSON: "/openapi.yaml", BasePath: docsPath, SettingsUI: map[string]string{"persistAuthorization": "false"},
	})
}

// GetDocumentation gives the contract as a page, without anything from outside.
func (s *Server) GetDocumentation(c *gin.Context) {
	c.Header("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; img-src 'self' data:")
	s.docs.ServeHTTP(c.Writer, c.Request)
}

// documentationParts are what the page is made of.
var documentationParts = []string{
	"swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "favicon-16x16.png", "favicon-32x32.png",
}

// GetDocumentationPart gives a script, a style or a picture of the page.
func (s *Server) GetDocumentationPart(c *gin.Context, part string) {
	if !slices.Contains(documentationParts, part) {
		s.fail(c, fault.New(fault.NotFound, "the documentation has no such part"))
		return
	}
	s.docs.ServeHTTP(c.Writer, c.Request)
}
