package identity

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
)

const (
	// writeEvery is how often counts are written: what a crash can forget.
	writeEvery = 5 * time.Second
	// maxTallies bounds counts in memory while they cannot be written, to some
	// two megabytes: all applications, on some days.
	maxTallies = 3 * MaxApplications
)

// Count is what an application did.
type Count struct {
	// Requests are all, Refused those of them that were not answered with what
	// was asked for, whatever the reason.
	Requests int64 `json:"requests"`
	Refused  int64 `json:"refused"`
	// Rows are the rows that were given out.
	Rows int64 `json:"rows"`
}

// DayUsage is what an application did on a day.
type DayUsage struct {
	// Day is a day of the campus ([acl.DefaultZone]), as 2026-03-01.
	Day string `json:"day"`
	Count
	// Reads are what counted towards the quota of the day.
	Reads int64 `json:"reads"`
}

// Usage counts in memory what applications do, and adds it to the state
// database every few seconds: all nodes add to the same counts. A crash forgets
// what was counted since. It is safe for concurrent use.
type Usage struct {
	store  *store.Store
	now    func() time.Time
	zone   *time.Location
	logger *slog.Logger

	mu      sync.Mutex
	tallies map[place]*tally
	// lost is how many counts found no place in memory.
	lost int64

	// flushing lets one write at a time.
	flushing sync.Mutex
	watcher  *watcher
}

// place is where something is counted.
type place struct{ day, application string }

// amounts are counts with what counts towards the quota.
type amounts struct {
	Count
	reads int64
}

// tally is what was counted in a place.
type tally struct {
	// stored are the reads that the state database had, of all nodes, when it
	// was last written to; writing and pending is what it had not.
	stored           int64
	writing, pending amounts
}

func (t *tally) reads() int64 { return t.stored + t.writing.reads + t.pending.reads }

func (a *amounts) add(other amounts) {
	a.Requests += other.Requests
	a.Refused += other.Refused
	a.Rows += other.Rows
	a.reads += other.reads
}

// NewUsage reads what was counted today already.
func NewUsage(ctx context.Context, opened *store.Store, now func() time.Time, logger *slog.Logger) (*Usage, error) {
	zone, err := time.LoadLocation(acl.DefaultZone)
	if err != nil {
		return nil, fmt.Errorf("the time zone of the campus: %w", err)
	}
	u := &Usage{store: opened, now: now, zone: zone, logger: logger, tallies: map[place]*tally{}}
	return u, u.Flush(ctx)
}

func (u *Usage) day(at time.Time) string { return at.In(u.zone).Format(time.DateOnly) }

// untilMidnight is how long the day of a moment still lasts.
func (u *Usage) untilMidnight(at time.Time) time.Duration {
	local := at.In(u.zone)
	return time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, u.zone).Sub(at)
}

// Record counts what an application did at a moment, as its requests end.
func (u *Usage) Record(application string, at time.Time, count Count) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if found := u.tally(place{u.day(at), application}); found != nil {
		found.pending.add(amounts{Count: count})
		return
	}
	u.lost++
}

// takeRead counts a read, unless the quota of the day is used up, and gives how
// many are left. What cannot be counted is not allowed.
func (u *Usage) takeRead(application string, at time.Time, quota int64) (left int64, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	found := u.tally(place{u.day(at), application})
	if found == nil || found.reads() >= quota {
		return 0, false
	}
	found.pending.reads++
	return quota - found.reads(), true
}

// readsLeft is how much of the quota of the day is left.
func (u *Usage) readsLeft(application string, at time.Time, quota int64) int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	if found := u.tallies[place{u.day(at), application}]; found != nil {
		return max(0, quota-found.reads())
	}
	return quota
}

// tally finds where to count, or gives nil when there is no more place. It is
// called with mu held.
func (u *Usage) tally(at place) *tally {
	found := u.tallies[at]
	if found == nil && len(u.tallies) < maxTallies {
		found = &tally{}
		u.tallies[at] = found
	}
	return found
}

// Of lists what an application did on the days from and to of the campus and
// between them, those without anything left out. What other nodes counted in
// the last seconds is not in it.
func (u *Usage) Of(ctx context.Context, application string, from, to time.Time) ([]DayUsage, error) {
	first, last := u.day(from), u.day(to)
	if last < first {
		return nil, fault.New(fault.Invalid, "usage: the last day, %s, is before the first, %s", last, first)
	}
	if err := u.Flush(ctx); err != nil {
		return nil, err
	}
	rows, err := u.store.SQL().Select("day", "requests", "refused", "row_count", "reads").From("identity_usage").
		Where(squirrel.And{squirrel.Eq{"application": application}, squirrel.GtOrEq{"day": first}, squirrel.LtOrEq{"day": last}}).
		OrderBy("day").RunWith(u.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list usage: %w", err)
	}
	defer rows.Close()
	days := []DayUsage{}
	for rows.Next() {
		var one DayUsage
		if err := rows.Scan(&one.Day, &one.Requests, &one.Refused, &one.Rows, &one.Reads); err != nil {
			return nil, fmt.Errorf("list usage: %w", err)
		}
		days = append(days, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list usage: %w", err)
	}
	return days, nil
}
