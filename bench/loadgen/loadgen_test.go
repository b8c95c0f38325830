package loadgen_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/bench/loadgen"
)

// TestAStallIsChargedToAllThatWereDue stalls one request for a second on a clock
// of its own.
func TestAStallIsChargedToAllThatWereDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		report := loadgen.Run(t.Context(), loadgen.Load{Rate: 100, Length: 2 * time.Second, InFlight: 1, Request: func(_ context.Context, i int) error {
			if i == 50 {
				time.Sleep(time.Second)
			}
			return nil
		}})
		require.Len(t, report.Latencies, 200)
		require.Equal(t, time.Second, loadgen.Quantile(report.Latencies, 1))
		require.Equal(t, 10*time.Millisecond, report.Latencies[100], "100 requests were due in that second and 100 were not late")
		require.Equal(t, 500*time.Millisecond, loadgen.Quantile(report.Latencies, 0.75))
		require.Equal(t, 1990*time.Millisecond, report.Took)
	})
}

func TestALoadEndsWithItsContextAndCountsFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wrong := errors.New("wrong")
		report := loadgen.Run(ctx, loadgen.Load{Rate: 10, Length: time.Hour, InFlight: 4, Request: func(_ context.Context, i int) error {
			if i%2 == 0 {
				return wrong
			}
			return nil
		}})
		require.InDelta(t, 5, report.Failed, 1)
		require.ErrorIs(t, report.FirstError, wrong)
		require.Len(t, report.Delays, report.Failed+len(report.Latencies))
	})
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	times := make([]time.Duration, 1000)
	for i := range times {
		times[i] = time.Duration(i + 1)
	}
	require.EqualValues(t, 500, loadgen.Quantile(times, 0.5))
	require.EqualValues(t, 990, loadgen.Quantile(times, 0.99))
	require.EqualValues(t, 1000, loadgen.Quantile(times, 1))
	require.Zero(t, loadgen.Quantile(nil, 0.5))
}
