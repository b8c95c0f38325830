package storetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/testserver"
)

// postgresVariable names a PostgreSQL database to use instead of a server
// started for the tests.
const postgresVariable = "YITONG_TEST_STATE_POSTGRES"

// Each runs test on a new SQLite file and on PostgreSQL, there in a schema of
// its own: tests run beside each other.
func Each(t *testing.T, test func(*testing.T, *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, filepath.Join(t.TempDir(), "state.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		database := os.Getenv(postgresVariable)
		if database == "" {
			database = testserver.Postgres(t)
		}
		test(t, open(t, testserver.PostgresSchema(t, database)))
	})
}

func open(t *testing.T, dsn string) *store.Store {
	t.Helper()
	opened, err := store.Open(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return opened
}
