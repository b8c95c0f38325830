package app

import (
	"context"
	"log/slog"

	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/telemetry"
	"github.com/yitong-hub/yitong/query"
)

// openTraces makes traces where the environment wants them.
func openTraces(ctx context.Context, logger *slog.Logger) (*telemetry.Traces, error) {
	wanted, err := config.LoadTraces()
	if err != nil || !wanted {
		return nil, err
	}
	return telemetry.OpenTraces(ctx, logger)
}

// tracedRecorder shows the writing of records in traces.
type tracedRecorder struct {
	query.Recorder
	traces *telemetry.Traces
}

// Append implements [query.Recorder].
func (r tracedRecorder) Append(ctx context.Context, record audit.Record) (err error) {
	ctx, end := r.traces.Begin(ctx, "audit")
	defer func() { end(err) }()
	return r.Recorder.Append(ctx, record)
}
