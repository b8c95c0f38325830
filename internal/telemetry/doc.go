// Package telemetry makes what a server tells about itself: logs (slog to standard
// error, as text for people or JSON for machines, with attributes that look like
// secrets hidden) and traces (OpenTelemetry, exported by OTLP). Neither has values
// of rows or names of persons. It imports internal/fault only. Start at [Logger]
// and [OpenTraces].
package telemetry
