package config

import (
	"os"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// LoadTraces reports whether traces are wanted, by the standard variables of
// OpenTelemetry, of which the exporter reads the others itself: an endpoint, or
// OTEL_TRACES_EXPORTER=otlp, unless OTEL_SDK_DISABLED or OTEL_TRACES_EXPORTER=none.
// What cannot be done is an Invalid fault.
func LoadTraces() (bool, error) {
	exporter := strings.ToLower(os.Getenv("OTEL_TRACES_EXPORTER"))
	endpoint := first(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"))
	switch {
	case strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true"), exporter == "none", exporter == "" && endpoint == "":
		return false, nil
	case exporter != "" && exporter != "otlp":
		return false, fault.New(fault.Invalid, "OTEL_TRACES_EXPORTER: traces are exported by otlp, or not at all (none)")
	}
	protocol := first(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf")
	if protocol != "http/protobuf" {
		return false, fault.New(fault.Invalid, "OTEL_EXPORTER_OTLP_PROTOCOL: traces are exported by http/protobuf")
	}
	return true, nil
}
