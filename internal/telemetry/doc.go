// Package telemetry makes the loggers: slog to standard error, as text for
// people or JSON for machines, with attributes that look like secrets hidden.
// It imports internal/fault only. Start at [Logger].
package telemetry
