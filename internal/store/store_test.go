package store_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

func TestInTxKeepsAllOrNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		insert := func(tx *sql.Tx) error {
			_, err := opened.SQL().Insert("catalog_system").Columns("id", "document").Values("hr", "{}").RunWith(tx).ExecContext(t.Context())
			return err
		}
		refused := errors.New("refused")
		require.ErrorIs(t, opened.InTx(t.Context(), func(tx *sql.Tx) error {
			require.NoError(t, insert(tx))
			return refused
		}), refused)
		count := func() (n int) {
			require.NoError(t, opened.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM catalog_system").Scan(&n))
			return n
		}
		require.Zero(t, count())
		require.NoError(t, opened.InTx(t.Context(), insert))
		require.Equal(t, 1, count())
	})
}

func TestOpenTwiceKeepsTheState(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "state.db")
	for range 2 {
		opened, err := store.Open(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, opened.Close())
	}
}
