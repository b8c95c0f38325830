package admission_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/api/admission"
)

// ledger counts what runs, as those see it who run.
type ledger struct {
	mu      sync.Mutex
	running map[string]int
	total   int
}

func (l *ledger) add(asker string, by int) (each, total int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running[asker] += by
	l.total += by
	return l.running[asker], l.total
}

// onBubbleClock hides the deadline of the test, which is by another clock.
type onBubbleClock struct{ testing.TB }

// TestNoLoadBreaksTheBounds plays random loads on a clock of its own: nobody
// waits longer than allowed, no more wait or run than may, and everybody is
// answered.
func TestNoLoadBreaksTheBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(onBubbleClock{t}, func(t *rapid.T) {
			limits := admission.Limits{
				Running: rapid.IntRange(1, 4).Draw(t, "running"), Waiting: rapid.IntRange(0, 6).Draw(t, "waiting"),
				Wait: time.Duration(rapid.IntRange(1, 50).Draw(t, "wait")) * time.Millisecond,
			}
			limits.RunningEach = rapid.IntRange(1, limits.Running).Draw(t, "running each")
			queue, seen := admission.New(limits), &ledger{running: map[string]int{}}
			var all sync.WaitGroup
			count := rapid.IntRange(1, 40).Draw(t, "requests")
			outcomes, errs := make(chan error, count), make(chan string, 3*count)
			for range count {
				asker := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "asker")
				hold := time.Duration(rapid.IntRange(0, 40).Draw(t, "hold")) * time.Millisecond
				patience := time.Duration(rapid.IntRange(1, 200).Draw(t, "patience")) * time.Millisecond
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					began := time.Now()
					leave, err := queue.Enter(ctx, asker)
					if waited := time.Since(began); waited > limits.Wait {
						errs <- fmt.Sprintf("waited %s of %s", waited, limits.Wait)
					}
					outcomes <- err
					if err != nil {
						return
					}
					if each, total := seen.add(asker, 1); each > limits.RunningEach || total > limits.Running {
						errs <- fmt.Sprintf("%d of one asker and %d in all run under %+v", each, total, limits)
					}
					time.Sleep(hold)
					seen.add(asker, -1)
					leave()
					leave() // the second has no effect
				})
				if rapid.Bool().Draw(t, "pause") {
					time.Sleep(time.Duration(rapid.IntRange(0, 20).Draw(t, "gap")) * time.Millisecond)
				}
				synctest.Wait()
				require.LessOrEqual(t, queue.Waiting(), limits.Waiting)
				require.LessOrEqual(t, queue.Running(), limits.Running)
				if queue.Running() < limits.Running && limits.RunningEach == limits.Running {
					require.Zero(t, queue.Waiting(), "nobody waits for a place that is free")
				}
			}
			all.Wait()
			close(errs)
			for broken := range errs {
				t.Fatal(broken)
			}
			require.Len(t, outcomes, count)
			close(outcomes)
			for err := range outcomes {
				known := err == nil || errors.Is(err, admission.ErrFull) || errors.Is(err, admission.ErrWaited) || errors.Is(err, context.DeadlineExceeded)
				require.True(t, known, "%v", err)
			}
			require.Zero(t, queue.Running()+queue.Waiting())
		})
	})
}

// enter asks in the background and gives where the outcome comes.
func enter(t *testing.T, queue *admission.Queue, asker string, order chan<- string) <-chan error {
	t.Helper()
	outcome := make(chan error, 1)
	go func() {
		leave, err := queue.Enter(t.Context(), asker)
		if err == nil {
			order <- asker
			time.Sleep(time.Second)
			leave()
		}
		outcome <- err
	}()
	synctest.Wait()
	return outcome
}

// TestAskersTakeTurns lets one asker come ten times before another comes once.
func TestAskersTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue := admission.New(admission.Limits{Running: 1, RunningEach: 1, Waiting: 20, Wait: time.Hour})
		order := make(chan string, 20)
		for range 10 {
			enter(t, queue, "many", order)
		}
		enter(t, queue, "one", order)
		time.Sleep(time.Minute)
		require.Equal(t, "many", <-order)
		require.Equal(t, "many", <-order, "it was the only one with a line when the turn was set")
		require.Equal(t, "one", <-order)
		require.Len(t, order, 8)
	})
}

// TestNobodyFillsTheQueue fills it as one asker: another still gets in line, and
// the first loses its last.
func TestNobodyFillsTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue := admission.New(admission.Limits{Running: 1, RunningEach: 1, Waiting: 4, Wait: time.Hour})
		order := make(chan string, 20)
		var many []<-chan error
		for range 6 {
			many = append(many, enter(t, queue, "many", order))
		}
		require.ErrorIs(t, <-many[5], admission.ErrFull, "one runs and four wait")
		other := enter(t, queue, "other", order)
		require.ErrorIs(t, <-many[4], admission.ErrFull, "its last made room")
		again := enter(t, queue, "other", order)
		require.ErrorIs(t, <-many[3], admission.ErrFull)
		third := enter(t, queue, "other", order)
		require.ErrorIs(t, <-third, admission.ErrFull, "now the lines are equal")
		time.Sleep(time.Minute)
		require.NoError(t, <-other)
		require.NoError(t, <-again)
		require.NoError(t, <-many[2])
	})
}

// TestOneAskerLeavesPlacesToOthers holds all that one asker may have.
func TestOneAskerLeavesPlacesToOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue := admission.New(admission.Limits{Running: 3, RunningEach: 2, Waiting: 4, Wait: time.Hour})
		order := make(chan string, 20)
		for range 4 {
			enter(t, queue, "many", order)
		}
		require.Equal(t, 2, queue.Running())
		require.Equal(t, 2, queue.Waiting())
		enter(t, queue, "other", order)
		require.Equal(t, 3, queue.Running())
		time.Sleep(time.Minute)
		require.Len(t, order, 5)
	})
}

// TestClosingTurnsEverybodyAway lets those finish who run.
func TestClosingTurnsEverybodyAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue := admission.New(admission.Limits{Running: 1, RunningEach: 1, Waiting: 4, Wait: time.Hour})
		order := make(chan string, 20)
		running, waiting := enter(t, queue, "a", order), enter(t, queue, "b", order)
		queue.Close()
		require.ErrorIs(t, <-waiting, admission.ErrClosed)
		require.ErrorIs(t, <-enter(t, queue, "c", order), admission.ErrClosed)
		require.NoError(t, <-running)
		require.Zero(t, queue.Running())
	})
}
