package telemetry_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/telemetry"
)

func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	for _, asJSON := range []bool{false, true} {
		var out bytes.Buffer
		telemetry.Logger(&out, "info", asJSON).Info("connected", "system", "hr", "db_password", "s3cret", "accessToken", "s3cret")
		require.Contains(t, out.String(), "hr")
		require.NotContains(t, out.String(), "s3cret")
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := telemetry.Logger(&out, "", false)
	logger.Info("quiet")
	logger.Warn("loud")
	require.NotContains(t, out.String(), "quiet")
	require.Contains(t, out.String(), "loud")
}
