package storetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/store"
)

// postgresVariable names a PostgreSQL database of the test's own; its tables
// are made by the migrations.
const postgresVariable = "YITONG_TEST_STATE_POSTGRES"

// Each runs test on a new SQLite file, and on the PostgreSQL database that
// YITONG_TEST_STATE_POSTGRES names when there is one.
func Each(t *testing.T, test func(*testing.T, *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, filepath.Join(t.TempDir(), "state.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := os.Getenv(postgresVariable)
		if dsn == "" {
			t.Skip(postgresVariable + " names no database: the PostgreSQL side was not tested")
		}
		test(t, open(t, dsn))
	})
}

func open(t *testing.T, dsn string) *store.Store {
	t.Helper()
	opened, err := store.Open(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return opened
}
