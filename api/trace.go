package api

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/yitong-hub/yitong/internal/telemetry"
)

// trace follows a request, as part of its caller's trace where that names one
// (W3C Trace Context). Spans have names of operations and datasets, statuses and
// numbers: nothing that a caller wrote, and nobody.
func (s *Server) trace(c *gin.Context) {
	ctx := propagation.TraceContext{}.Extract(c.Request.Context(), propagation.HeaderCarrier(c.Request.Header))
	ctx, span := s.Traces.Tracer().Start(ctx, operationOf(c), trace.WithSpanKind(trace.SpanKindServer))
	if !span.IsRecording() {
		c.Next()
		return
	}
	c.Request = c.Request.WithContext(ctx)
	defer func() {
		status := c.Writer.Status()
		span.SetAttributes(
			attribute.String("http.request.method", methodOf(c)), attribute.String("http.route", c.FullPath()),
			attribute.Int("http.response.status_code", status), attribute.Int64("yitong.rows", c.GetInt64(rowsKey)),
		)
		if status >= http.StatusInternalServerError || c.GetBool(brokenKey) {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}()
	c.Next()
}

// unknownOperation is one that the contract does not have: its path is whatever
// somebody wrote.
const unknownOperation = "unknown"

func operationOf(c *gin.Context) string {
	if c.FullPath() == "" {
		return unknownOperation
	}
	return methodOf(c) + " " + c.FullPath()
}

// methodOf gives a method that there is; a caller may write any text for one.
func methodOf(c *gin.Context) string {
	switch c.Request.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return c.Request.Method
	default:
		return "_OTHER" // as OpenTelemetry's conventions for HTTP have it
	}
}

// traced shows a step of a request as a span.
func (s *Server) traced(name string, step func(*gin.Context)) func(*gin.Context) {
	return func(c *gin.Context) {
		_, span := s.Traces.Tracer().Start(c.Request.Context(), name)
		defer span.End()
		step(c)
		if c.IsAborted() {
			span.SetStatus(codes.Error, "")
		}
	}
}

// rendering begins the span of writing an answer; the request's span is told what
// was read.
func (s *Server) rendering(c *gin.Context, dataset, decision string) (end func(error)) {
	span := trace.SpanFromContext(c.Request.Context())
	if !span.IsRecording() {
		return func(error) {}
	}
	// It was read, so that there is a dataset of that name.
	span.SetAttributes(attribute.String("yitong.dataset", dataset), attribute.String("yitong.decision", decision))
	_, rendering := s.Traces.Tracer().Start(c.Request.Context(), "render")
	return func(err error) {
		if err != nil {
			telemetry.Failed(rendering, err)
		}
		rendering.End()
	}
}

// traceID is the id of a request's trace, "" where there is none.
func traceID(c *gin.Context) string {
	if span := trace.SpanContextFromContext(c.Request.Context()); span.HasTraceID() {
		return span.TraceID().String()
	}
	return ""
}
