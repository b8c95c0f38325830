package oracle_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/oracle"
	"github.com/yitong-hub/yitong/internal/fault"
)

func open(t *testing.T, text string) (connectors.Source, error) {
	t.Helper()
	var parsed yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(text), &parsed))
	return oracle.Driver().Open(connectors.Config{
		System: "finance", Connection: *parsed.Content[0], Secret: func(string) (string, error) { return "s3cret/@:", nil },
	})
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	source, err := open(t, "{host: 127.0.0.1, port: 1, service: d, user: u, password: {secret: P}}")
	require.NoError(t, err)
	defer source.Close()
	err = source.Check(t.Context())
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))
	require.NotContains(t, err.Error(), "s3cret")
}

func TestDefinitionMistakes(t *testing.T) {
	t.Parallel()
	for want, text := range map[string]string{
		"are needed": "{host: h}", "unknown charset": "{host: h, service: d, user: u, charset: maybe}",
		"field nonsense not found": "{host: h, nonsense: 1}",
	} {
		_, err := open(t, text)
		require.ErrorContains(t, err, want)
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
	}
}
