package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/testserver"
)

// TestTheCampusOnServersIsTheSameCampus moves the relational systems to real
// servers: what arrives has the same rows and the same content checksum.
func TestTheCampusOnServersIsTheSameCampus(t *testing.T) {
	t.Parallel()
	for name, servers := range map[string]app.DemoServers{
		"postgres": {Postgres: testserver.Postgres(t)},
		"mysql":    {MySQL: testserver.MariaDB(t)},
	} {
		t.Run(name, func(t *testing.T) {
			with := settings(t)
			_, err := app.BuildDemo(t.Context(), with, "small")
			require.NoError(t, err)
			files := map[string]*catalog.Proof{}
			for _, run := range sync(t, with).Runs {
				files[run.Dataset] = run.Proof
			}
			loads, err := app.LoadDemo(t.Context(), with, servers)
			require.NoError(t, err)
			moved := map[string]bool{}
			for _, load := range loads {
				require.Equal(t, name, load.Connector)
				require.Positive(t, load.Rows)
				moved[load.System] = true
			}
			require.GreaterOrEqual(t, len(moved), 10)
			fresh := settings(t)
			fresh.Campus = with.Campus
			for _, run := range sync(t, fresh).Runs {
				require.Equal(t, catalog.OutcomePublished, run.Outcome, "%s: %s", run.Dataset, run.Message)
				require.Equal(t, *files[run.Dataset], *run.Proof, run.Dataset)
			}
			_, err = app.LoadDemo(t.Context(), with, servers)
			require.NoError(t, err, "loading again replaces what is there")
		})
	}
}

func TestLoadDemoNeedsAServer(t *testing.T) {
	t.Parallel()
	for want, servers := range map[string]app.DemoServers{
		"--postgres, --mysql": {}, "--postgres is not": {Postgres: "postgres://u:s3cr3t@[/x"}, "--mysql is not": {MySQL: "u:s3cr3t@/"},
	} {
		_, err := app.LoadDemo(t.Context(), settings(t), servers)
		require.True(t, fault.Is(err, fault.Invalid))
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "s3cr3t")
	}
}
