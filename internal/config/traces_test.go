package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
)

func TestTracesAreWantedByTheStandardVariables(t *testing.T) {
	for name, one := range map[string]struct {
		variables map[string]string
		wanted    bool
		wrong     bool
	}{
		"nothing set":           {},
		"an endpoint":           {variables: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, wanted: true},
		"an endpoint of traces": {variables: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, wanted: true},
		"the default endpoint":  {variables: map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, wanted: true},
		"no exporter":           {variables: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}},
		"disabled":              {variables: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"}},
		"another exporter":      {variables: map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, wrong: true},
		"another protocol":      {variables: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"} {
				t.Setenv(variable, one.variables[variable])
			}
			wanted, err := config.LoadTraces()
			require.Equal(t, one.wrong, fault.Is(err, fault.Invalid))
			require.Equal(t, one.wanted, wanted)
		})
	}
}
