package identity_test

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

func count(t testing.TB, opened *store.Store, now func() time.Time) *identity.Usage {
	t.Helper()
	made, err := identity.NewUsage(t.Context(), opened, now, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return made
}

func limited(perSecond float64, burst int, quota int64) identity.Application {
	application := library()
	application.RatePerSecond, application.Burst, application.DailyReads = perSecond, burst, quota
	return application
}

func fields(a identity.Allowance) map[string]string {
	header, found := http.Header{}, map[string]string{}
	a.Fields(header)
	for name := range header {
		found[name] = header.Get(name)
	}
	return found
}

func TestRateAndItsFields(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		limiter := identity.NewLimiter(count(t, opened, clock.now))
		application := limited(0.5, 3, 1000)
		at := clock.now()
		require.Equal(t, identity.Allowance{OK: true, Limit: 3, Remaining: 2, Reset: 2 * time.Second}, limiter.Allow(application, at))
		require.Equal(t, identity.Allowance{OK: true, Limit: 3, Remaining: 1, Reset: 4 * time.Second}, limiter.Allow(application, at))
		last := limiter.Allow(application, at)
		require.Equal(t, map[string]string{"Ratelimit-Limit": "3", "Ratelimit-Remaining": "0", "Ratelimit-Reset": "6"}, fields(last))
		at = at.Add(500 * time.Millisecond)
		stopped := limiter.Allow(application, at)
		require.Equal(t, identity.Allowance{Limit: 3, RetryAfter: 1500 * time.Millisecond, Reset: 1500 * time.Millisecond}, stopped)
		require.Equal(t, map[string]string{"Ratelimit-Limit": "3", "Ratelimit-Remaining": "0", "Ratelimit-Reset": "2", "Retry-After": "2"}, fields(stopped))
		require.False(t, limiter.Allow(application, at.Add(stopped.RetryAfter-time.Millisecond)).OK)
		require.True(t, limiter.Allow(application, at.Add(stopped.RetryAfter)).OK)

		// Another application has a bucket of its own; new limits count at once.
		other := limited(0.5, 3, 1000)
		other.ID = "canteen"
		require.True(t, limiter.Allow(other, at).OK)
		application.RatePerSecond = 1000
		at = at.Add(2 * time.Second)
		require.False(t, limiter.Allow(application, at).OK, "what was waited for at the old rate")
		require.True(t, limiter.Allow(application, at.Add(10*time.Millisecond)).OK)
		application.Burst = 1
		at = at.Add(time.Minute)
		require.Equal(t, int64(1), limiter.Allow(application, at).Limit)
		require.False(t, limiter.Allow(application, at).OK)
	})
}

func TestDefaultsOfLimits(t *testing.T) {
	t.Parallel()
	perSecond, burst, quota := library().Limits()
	require.Equal(t, []any{10.0, 20, int64(100_000)}, []any{perSecond, burst, quota})
	perSecond, burst, quota = limited(1.5, 2, 3).Limits()
	require.Equal(t, []any{1.5, 2, int64(3)}, []any{perSecond, burst, quota})
}

func TestQuotaOfTheDay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		usage := count(t, opened, clock.now)
		limiter := identity.NewLimiter(usage)
		application := limited(100, 100, 3)
		untilMidnight := 14 * time.Hour
		require.Equal(t, identity.Allowance{OK: true, Limit: 3, Remaining: 2, Reset: untilMidnight}, limiter.Allow(application, clock.now()))
		require.NoError(t, usage.Close())

		// A restart does not forget the day, nor does another node.
		usage = count(t, opened, clock.now)
		limiter = identity.NewLimiter(usage)
		elsewhere := count(t, opened, clock.now)
		require.Equal(t, int64(1), limiter.Allow(application, clock.now()).Remaining)
		require.NoError(t, usage.Flush(t.Context()))
		require.NoError(t, elsewhere.Flush(t.Context()))
		there := identity.NewLimiter(elsewhere)
		require.Equal(t, int64(0), there.Allow(application, clock.now()).Remaining)
		clock.move(time.Hour)
		stopped := there.Allow(application, clock.now())
		require.Equal(t, identity.Allowance{Limit: 3, RetryAfter: untilMidnight - time.Hour, Reset: untilMidnight - time.Hour}, stopped)
		require.Equal(t, map[string]string{"Ratelimit-Limit": "3", "Ratelimit-Remaining": "0", "Ratelimit-Reset": "46800", "Retry-After": "46800"}, fields(stopped))
		require.True(t, limiter.Allow(application, clock.now()).OK, "not known here yet")
		require.NoError(t, elsewhere.Flush(t.Context()))
		require.NoError(t, usage.Flush(t.Context()))
		require.False(t, limiter.Allow(application, clock.now()).OK)

		application.DailyReads = 6 // four were read
		require.Equal(t, int64(1), limiter.Allow(application, clock.now()).Remaining)
		application.DailyReads = 3
		clock.move(untilMidnight - time.Hour - 1)
		require.False(t, limiter.Allow(application, clock.now()).OK)
		clock.move(1)
		require.True(t, limiter.Allow(application, clock.now()).OK, "a new day")
		require.True(t, limiter.Allow(application, clock.now()).OK)
	})
}

// Whatever the moments of requests, also when they overtake one another: in any
// span no more are allowed than the burst and what the rate makes in it.
func TestRateIsNeverExceeded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		usage := count(t, opened, clock.now)
		for seed := range uint64(40) {
			random := rand.New(rand.NewPCG(seed, 1))
			limiter := identity.NewLimiter(usage)
			perSecond, burst := 0.5+random.Float64()*50, 1+random.IntN(20)
			application := limited(perSecond, burst, identity.MaxDailyReads)
			at := began
			var allowed []time.Time
			for range 400 {
				at = at.Add(time.Duration(random.ExpFloat64() / perSecond / 2 * float64(time.Second)))
				asked := at.Add(-time.Duration(random.IntN(100)) * time.Millisecond)
				if limiter.Allow(application, asked).OK {
					allowed = append(allowed, at)
				}
			}
			for i := range allowed {
				for j := i; j < len(allowed); j++ {
					span := allowed[j].Sub(allowed[i]) + 100*time.Millisecond // asked may be that much before
					if most := float64(burst) + perSecond*span.Seconds() + 1e-6; float64(j-i+1) > most {
						t.Fatalf("seed %d: %d requests in %s at %g a second and %d at once", seed, j-i+1, span, perSecond, burst)
					}
				}
			}
			require.Greater(t, len(allowed), burst)
		}
	})
}

func TestQuotaHoldsForManyAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		usage := count(t, opened, newHands().now)
		limiter := identity.NewLimiter(usage)
		application := limited(identity.MaxRatePerSecond, identity.MaxBurst, 500)
		var allowed atomic.Int64
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 200 {
					if limiter.Allow(application, began).OK {
						allowed.Add(1)
					}
				}
			})
		}
		group.Go(func() {
			for range 5 {
				if err := usage.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
		group.Wait()
		require.Equal(t, int64(500), allowed.Load())
		days, err := usage.Of(t.Context(), application.ID, began, began)
		require.NoError(t, err)
		require.Equal(t, []identity.DayUsage{{Day: "2026-03-01", Reads: 500}}, days)
	})
}
