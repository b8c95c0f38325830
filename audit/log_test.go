package audit_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]string{
		"changed":           "UPDATE audit_record SET document = replace(document, 'p2', 'p9') WHERE seq = 2",
		"removed":           "DELETE FROM audit_record WHERE seq = 2",
		"cut off":           "DELETE FROM audit_record WHERE seq = 3",
		"emptied":           "DELETE FROM audit_record",
		"removed at first":  "DELETE FROM audit_record WHERE seq = 1",
		"another's content": "UPDATE audit_record SET document = (SELECT document FROM audit_record WHERE seq = 1) WHERE seq = 2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, opened *store.Store) {
				log := audit.New(opened, func() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) })
				for _, principal := range []string{"p1", "p2", "p3"} {
					require.NoError(t, log.Append(t.Context(), audit.Record{Principal: principal, Action: "read", Outcome: "allowed"}))
				}
				require.NoError(t, log.Verify(t.Context()))
				records, err := log.Records(t.Context())
				require.NoError(t, err)
				require.Len(t, records, 3)
				require.Equal(t, "p2", records[1].Principal)
				_, err = opened.DB().ExecContext(t.Context(), tamper)
				require.NoError(t, err)
				require.True(t, fault.Is(log.Verify(t.Context()), fault.Conflict))
			})
		})
	}
}

// TestConcurrentReadsAreAllOnRecord appends from many sides at once.
func TestConcurrentReadsAreAllOnRecord(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		log := audit.New(opened, time.Now)
		const sides, each = 8, 10
		var group sync.WaitGroup
		errs := make([]error, sides)
		for side := range sides {
			group.Go(func() {
				for range each {
					errs[side] = errors.Join(errs[side], log.Append(t.Context(), audit.Record{Principal: "p", Action: "read", Outcome: "allowed"}))
				}
			})
		}
		group.Wait()
		require.NoError(t, errors.Join(errs...))
		records, err := log.Records(t.Context())
		require.NoError(t, err)
		require.Len(t, records, sides*each)
		require.NoError(t, log.Verify(t.Context()))
	})
}
