package admission

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Why a request was not let in.
var (
	// ErrFull means that as many wait as may wait.
	ErrFull = errors.New("the queue is full")
	// ErrWaited means that no turn came in the time that a request may wait.
	ErrWaited = errors.New("no turn came in time")
	// ErrClosed means that nobody is let in any more.
	ErrClosed = errors.New("the queue is closed")
)

// Limits bound a queue.
type Limits struct {
	// Running is the number of requests that run at once, RunningEach of one asker.
	Running, RunningEach int
	// Waiting is the number of requests that wait, Wait how long each may.
	Waiting int
	Wait    time.Duration
}

// Queue lets requests in. It is safe for concurrent use.
//
// While a place is free nobody waits who could have it: who waits then has as
// many running as one asker may.
type Queue struct {
	limits Limits

	mu        sync.Mutex
	running   int
	runningOf map[string]int
	waiting   int
	// lines are those who wait, of each asker in the order of arrival; turns are
	// the askers with a line in the order in which they get the next place.
	lines  map[string][]*waiter
	turns  []string
	closed bool
}

// waiter is a request in a line. Its outcome comes once, under the lock, with its
// leaving the line.
type waiter struct{ outcome chan error }

// New makes a queue.
func New(limits Limits) *Queue {
	return &Queue{limits: limits, runningOf: map[string]int{}, lines: map[string][]*waiter{}}
}

// Enter waits for a place and gives the function that gives it back, once. The
// error is one of this package's or, when ctx ends, its cause.
func (q *Queue) Enter(ctx context.Context, asker string) (leave func(), err error) {
	waiting, err := q.arrive(asker)
	if err != nil {
		return nil, err
	}
	if waiting != nil {
		if err := q.wait(ctx, asker, waiting); err != nil {
			return nil, err
		}
	}
	return sync.OnceFunc(func() { q.leave(asker) }), nil
}

// arrive takes a place, or one in the line.
func (q *Queue) arrive(asker string) (*waiter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, ErrClosed
	}
	if q.mayRun(asker) {
		q.run(asker)
		return nil, nil
	}
	if q.waiting >= q.limits.Waiting && !q.makeRoom(asker) {
		return nil, ErrFull
	}
	arrived := &waiter{outcome: make(chan error, 1)}
	if len(q.lines[asker]) == 0 {
		q.turns = append(q.turns, asker)
	}
	q.lines[asker] = append(q.lines[asker], arrived)
	q.waiting++
	return arrived, nil
}

func (q *Queue) mayRun(asker string) bool {
	return q.running < q.limits.Running && q.runningOf[asker] < q.limits.RunningEach
}

func (q *Queue) run(asker string) {
	q.running++
	q.runningOf[asker]++
}

// makeRoom turns the last of the longest line away for an asker whose own line
// stays shorter than that: who asks most waits least.
func (q *Queue) makeRoom(asker string) bool {
	longest := ""
	for other, line := range q.lines {
		if len(line) > len(q.lines[longest]) {
			longest = other
		}
	}
	line := q.lines[longest]
	if len(line) <= len(q.lines[asker])+1 {
		return false
	}
	q.take(longest, len(line)-1, ErrFull)
	return true
}

// take ends the waiting of one in a line.
func (q *Queue) take(asker string, place int, outcome error) {
	line := q.lines[asker]
	line[place].outcome <- outcome
	q.lines[asker] = append(line[:place:place], line[place+1:]...)
	q.waiting--
	if len(q.lines[asker]) > 0 {
		return
	}
	delete(q.lines, asker)
	for i, other := range q.turns {
		if other == asker {
			q.turns = append(q.turns[:i:i], q.turns[i+1:]...)
			return
		}
	}
}

func (q *Queue) wait(ctx context.Context, asker string, waiting *waiter) error {
	timer := time.NewTimer(q.limits.Wait)
	defer timer.Stop()
	select {
	case err := <-waiting.outcome:
		return err
	case <-timer.C:
		q.giveUp(asker, waiting, ErrWaited)
		return <-waiting.outcome
	case <-ctx.Done():
		q.giveUp(asker, waiting, context.Cause(ctx))
		err := <-waiting.outcome
		if err == nil { // the place came meanwhile, and nobody wants it any more
			q.leave(asker)
			err = context.Cause(ctx)
		}
		return err
	}
}

// giveUp leaves the line, unless the outcome came meanwhile.
func (q *Queue) giveUp(asker string, waiting *waiter, outcome error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for place, other := range q.lines[asker] {
		if other == waiting {
			q.take(asker, place, outcome)
			return
		}
	}
}

func (q *Queue) leave(asker string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
	if q.runningOf[asker]--; q.runningOf[asker] == 0 {
		delete(q.runningOf, asker)
	}
	for q.next() { // each call lets one in
	}
}

// next gives a free place to the asker whose turn it is.
func (q *Queue) next() bool {
	for _, asker := range q.turns {
		if !q.mayRun(asker) {
			continue
		}
		q.run(asker)
		q.take(asker, 0, nil)
		if len(q.lines[asker]) > 0 { // to the end of the turns
			for i, other := range q.turns {
				if other == asker {
					q.turns = append(append(q.turns[:i:i], q.turns[i+1:]...), asker)
					break
				}
			}
		}
		return true
	}
	return false
}

// Close turns away those who wait and everybody who comes.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for asker, line := range q.lines {
		for range line {
			q.take(asker, 0, ErrClosed)
		}
	}
}

// Running tells how many run.
func (q *Queue) Running() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running
}

// Waiting tells how many wait.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting
}
