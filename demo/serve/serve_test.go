package serve_test

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/demo"
	"github.com/yitong-hub/yitong/demo/serve"
	"github.com/yitong-hub/yitong/internal/fault"
)

func TestServersNeedTheirSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := serve.Start(t.Context(), dir, slog.New(slog.DiscardHandler))
	require.True(t, fault.Is(err, fault.NotFound))
	require.NoError(t, demo.Build(t.Context(), demo.Config{Dir: dir, Scale: "small", Seed: 1, Connectors: []string{"http", "ldap"}}))
	servers, err := serve.Start(t.Context(), dir, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	base, ok := servers.Secret("DEMO_HTTP_URL")
	require.True(t, ok)
	token, ok := servers.Secret("DEMO_REPAIR_TOKEN")
	require.True(t, ok)
	for _, c := range []struct {
		token  string
		status int
	}{{"", http.StatusUnauthorized}, {"Bearer x", http.StatusUnauthorized}, {"Bearer " + token, http.StatusOK}} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/repair/orders?pageNo=1&pageSize=5", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", c.token)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, c.status, response.StatusCode)
	}
	require.NoError(t, servers.Close())
}
