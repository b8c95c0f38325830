package identity

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"github.com/Masterminds/squirrel"
)

// Watch writes counts every few seconds, until Close.
func (u *Usage) Watch() {
	u.watcher = watch(writeEvery, func(ctx context.Context) {
		if err := u.Flush(ctx); err != nil && ctx.Err() == nil {
			u.logger.Error("the usage of applications could not be kept; it is tried again", "cause", err)
		}
	})
}

// Close ends Watch and writes what was not written.
func (u *Usage) Close() error {
	u.watcher.close()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return u.Flush(ctx)
}

// Flush adds what was counted to the state database, and takes up what other
// nodes added. What cannot be written is kept for the next time.
func (u *Usage) Flush(ctx context.Context) error {
	u.flushing.Lock()
	defer u.flushing.Unlock()
	today := u.day(u.now())
	taken, lost := u.take()
	if lost > 0 {
		u.logger.Error("usage of applications was not counted: there is no more place in memory", "counts", lost)
	}
	stored, err := u.write(ctx, today, taken)
	if err != nil {
		u.giveBack(taken)
		return fmt.Errorf("keep the usage of applications: %w", err)
	}
	u.settle(today, stored)
	return nil
}

// take moves what is pending into writing and gives it.
func (u *Usage) take() (map[place]amounts, int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := map[place]amounts{}
	for at, one := range u.tallies {
		if one.pending != (amounts{}) {
			one.writing, one.pending = one.pending, amounts{}
			taken[at] = one.writing
		}
	}
	lost := u.lost
	u.lost = 0
	return taken, lost
}

func (u *Usage) giveBack(taken map[place]amounts) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for at, amount := range taken {
		one := u.tallies[at]
		one.pending.add(amount)
		one.writing = amounts{}
	}
}

// settle keeps what the state database has of today, and forgets days that are
// over. Today may have become yesterday meanwhile.
func (u *Usage) settle(today string, stored map[string]int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for at, one := range u.tallies {
		one.stored += one.writing.reads
		one.writing = amounts{}
		if at.day < today && one.pending == (amounts{}) {
			delete(u.tallies, at)
		}
	}
	for application, reads := range stored {
		if one := u.tally(place{today, application}); one != nil {
			one.stored = reads
		}
	}
}

// write adds amounts and gives the reads of today of all applications.
func (u *Usage) write(ctx context.Context, today string, taken map[place]amounts) (map[string]int64, error) {
	if len(taken) == 0 {
		return u.readsOf(ctx, u.store.DB(), today)
	}
	var stored map[string]int64
	err := u.store.InTx(ctx, func(tx *sql.Tx) error {
		// In one order on all nodes, so that none waits for another in a circle.
		for _, at := range slices.SortedFunc(maps.Keys(taken), comparePlaces) {
			if err := u.add(ctx, tx, at, taken[at]); err != nil {
				return err
			}
		}
		var err error
		stored, err = u.readsOf(ctx, tx, today)
		return err
	})
	return stored, err
}

func (u *Usage) add(ctx context.Context, tx *sql.Tx, at place, amount amounts) error {
	_, err := u.store.SQL().Insert("identity_usage").Columns("day", "application", "requests", "refused", "row_count", "reads").
		Values(at.day, at.application, amount.Requests, amount.Refused, amount.Rows, amount.reads).
		Suffix("ON CONFLICT (day, application) DO UPDATE SET requests = identity_usage.requests + excluded.requests, " +
			"refused = identity_usage.refused + excluded.refused, row_count = identity_usage.row_count + excluded.row_count, " +
			"reads = identity_usage.reads + excluded.reads").RunWith(tx).ExecContext(ctx)
	return err
}

func (u *Usage) readsOf(ctx context.Context, from squirrel.BaseRunner, day string) (map[string]int64, error) {
	rows, err := u.store.SQL().Select("application", "reads").From("identity_usage").Where(squirrel.Eq{"day": day}).
		RunWith(from).QueryContext(ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]int64{}
	for rows.Next() {
		var application string
		var reads int64
		if err := rows.Scan(&application, &reads); err != nil {
			return nil, err
		}
		found[application] = reads
	}
	return found, rows.Err()
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.application, b.application))
}
