package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/semconv/v1.37.0"
	api "go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/yitong-hub/yitong/internal/fault"
)

// scope names what our spans are about.
const scope = "github.com/yitong-hub/yitong"

// flushTimeout bounds how long the end waits for a collector.
const flushTimeout = 5 * time.Second

// Traces make spans. The zero value makes none.
type Traces struct {
	tracer   api.Tracer
	provider *trace.TracerProvider
}

// OpenTraces exports spans by OTLP over HTTP, as the OTEL_ variables of the
// environment say. A collector that does not answer costs spans and nothing else;
// logger hears of it.
func OpenTraces(ctx context.Context, logger *slog.Logger) (*Traces, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "traces cannot be exported: see the OTEL_ variables of the environment")
	}
	described, err := resource.New(ctx, resource.WithAttributes(semconv.ServiceName("yitong")), resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, errors.Join(fault.Wrap(err, fault.Invalid, "OTEL_RESOURCE_ATTRIBUTES cannot be read"), exporter.Shutdown(ctx))
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(reporting{exporter, logger}), trace.WithResource(described))
	return &Traces{tracer: provider.Tracer(scope), provider: provider}, nil
}

// Tracer gives what begins spans, and none of them where no traces are exported.
func (t *Traces) Tracer() api.Tracer {
	if t == nil || t.tracer == nil {
		return noop.Tracer{}
	}
	return t.tracer
}

// Close exports what is left.
func (t *Traces) Close() error {
	if t == nil || t.provider == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("export the last traces: %w", err)
	}
	return nil
}

// reporting logs what cannot be exported and goes on.
type reporting struct {
	trace.SpanExporter
	logger *slog.Logger
}

// ExportSpans implements [trace.SpanExporter].
func (r reporting) ExportSpans(ctx context.Context, spans []trace.ReadOnlySpan) error {
	if err := r.SpanExporter.ExportSpans(ctx, spans); err != nil {
		r.logger.Warn("traces could not be exported", "spans", len(spans), "cause", err)
	}
	return nil
}

// Begin begins a stage of the work of a request; end takes its error, of which
// the span gets the code alone: texts may hold values.
func (t *Traces) Begin(ctx context.Context, stage string) (_ context.Context, end func(error)) {
	ctx, span := t.Tracer().Start(ctx, stage)
	if !span.IsRecording() {
		return ctx, func(error) {}
	}
	return ctx, func(err error) {
		if err != nil {
			Failed(span, err)
		}
		span.End()
	}
}

// Failed marks a span by the code of an error.
func Failed(span api.Span, err error) {
	span.SetStatus(codes.Error, "")
	span.SetAttributes(attribute.String("error.type", string(fault.CodeOf(err))))
}
