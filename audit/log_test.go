package audit_test

import (
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
