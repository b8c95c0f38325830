package identity_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

func TestUsageByDay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		nodes := []*identity.Usage{count(t, opened, clock.now), count(t, opened, clock.now)}
		midnight := began.Add(14 * time.Hour)
		for _, node := range nodes {
			node.Record("canteen", began, identity.Count{Requests: 1})
			node.Record("library-site", began, identity.Count{Requests: 3, Refused: 1, Rows: 200})
			node.Record("library-site", midnight.Add(-1), identity.Count{Requests: 1, Rows: 7})
			node.Record("library-site", midnight, identity.Count{Requests: 1, Refused: 1})
		}
		of := func(node *identity.Usage, from, to time.Time) []identity.DayUsage {
			t.Helper()
			days, err := node.Of(t.Context(), "library-site", from, to)
			require.NoError(t, err)
			return days
		}
		first := identity.DayUsage{Day: "2026-03-01", Count: identity.Count{Requests: 4, Refused: 1, Rows: 207}}
		require.Equal(t, first, of(nodes[0], began, began)[0], "what it counted itself is there at once")
		clock.move(24 * time.Hour)
		require.NoError(t, nodes[1].Close())
		first.Count = identity.Count{Requests: 8, Refused: 2, Rows: 414}
		second := identity.DayUsage{Day: "2026-03-02", Count: identity.Count{Requests: 2, Refused: 2}}
		require.Equal(t, []identity.DayUsage{first, second}, of(nodes[0], began, midnight))
		require.Equal(t, []identity.DayUsage{second}, of(nodes[0], midnight, midnight.AddDate(1, 0, 0)))
		require.Empty(t, of(nodes[0], began.AddDate(0, 0, -9), began.AddDate(0, 0, -1)))
		_, err := nodes[0].Of(t.Context(), "library-site", midnight, began)
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
	})
}

func TestUsageSurvivesAnOutage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		usage := count(t, opened, clock.now)
		limiter := identity.NewLimiter(usage)
		application := limited(100, 100, 4)
		rename := func(from, to string) {
			t.Helper()
			_, err := opened.DB().ExecContext(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to)
			require.NoError(t, err)
		}
		rename("identity_usage", "away")
		for range 3 {
			require.True(t, limiter.Allow(application, clock.now()).OK)
			usage.Record(application.ID, clock.now(), identity.Count{Requests: 1, Rows: 2})
			require.Error(t, usage.Flush(t.Context()))
		}
		require.True(t, limiter.Allow(application, clock.now()).OK)
		require.False(t, limiter.Allow(application, clock.now()).OK, "the quota counts meanwhile")
		rename("away", "identity_usage")
		for range 2 { // nothing is added twice
			days, err := usage.Of(t.Context(), application.ID, began, began)
			require.NoError(t, err)
			require.Equal(t, []identity.DayUsage{{Day: "2026-03-01", Count: identity.Count{Requests: 3, Rows: 6}, Reads: 4}}, days)
		}
		require.False(t, limiter.Allow(application, clock.now()).OK)
	})
}

func TestUsageOfManyNodesAddsUp(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		var group sync.WaitGroup
		for range 3 {
			usage := count(t, opened, newHands().now)
			usage.Watch()
			group.Go(func() {
				for i := range 300 {
					usage.Record([]string{"canteen", "library-site", "gate"}[i%3], began, identity.Count{Requests: 1, Rows: int64(i % 2)})
					if i%50 == 0 {
						if err := usage.Flush(t.Context()); err != nil {
							t.Error(err)
						}
					}
				}
				if err := usage.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for _, application := range []string{"canteen", "library-site", "gate"} {
			days, err := count(t, opened, newHands().now).Of(t.Context(), application, began, began)
			require.NoError(t, err)
			require.Equal(t, []identity.DayUsage{{Day: "2026-03-01", Count: identity.Count{Requests: 300, Rows: 150}}}, days)
		}
	})
}

// What nobody registered cannot fill the memory.
func TestCountsAreBounded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		usage := count(t, opened, newHands().now)
		limiter := identity.NewLimiter(usage)
		application := library()
		allowed := 0
		for i := range identity.MaxApplications + 10 {
			application.ID = time.Duration(i).String()
			if limiter.Allow(application, began).OK {
				allowed++
			}
		}
		require.Equal(t, identity.MaxApplications, allowed)
	})
}
