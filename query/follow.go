package query

import (
	"context"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// lookEvery is how often a feed that waits looks for what nobody told it of:
	// consents, keys and principals that changed, publishes of other processes,
	// and periods that began or ended.
	lookEvery = time.Second
	// DefaultIdle is after how long without events a follower is told that the
	// feed lives.
	DefaultIdle = 15 * time.Second
)

// Following is a feed that goes on until it is ended.
type Following struct {
	Request ChangesRequest
	// Who gives the subscriber anew before each batch, or the error that ends the
	// feed: somebody whose key was revoked gets nothing more.
	Who func(ctx context.Context) (acl.Principal, error)
	// Chunk is the number of events that are given at once, 1 when 0. Before each
	// chunk it is asked whether the policies are still those of the decision; one
	// that takes its time is decided anew.
	Chunk int
	// Idle is DefaultIdle when 0.
	Idle time.Duration
	// Deliver takes the next events, or none and a new place to go on at (Next).
	// The first call comes at once.
	Deliver func(ctx context.Context, next Changes) error
	// Alive is called when nothing happened for Idle; nil is not.
	Alive func(ctx context.Context) error
	// Done says after each batch whether that was all; nil goes on. Wait ends the
	// feed, without an error, where nothing is left but to wait; nil does not.
	Done func() bool
	Wait <-chan time.Time
}

// Follow delivers changes as they are published until ctx ends, the subscriber
// may have nothing more, or Deliver gives an error. Each batch is decided anew,
// and a change of policies wakes it.
func (g *Gate) Follow(ctx context.Context, f Following) error {
	idle := f.Idle
	if idle == 0 {
		idle = DefaultIdle
	}
	look, alive := time.NewTicker(min(lookEvery, idle)), time.NewTimer(idle)
	defer look.Stop()
	defer alive.Stop()
	for request := f.Request; ; request.Again = true {
		published, changed := g.published.Next(), g.policiesChanged()
		principal, err := f.Who(ctx)
		if err != nil {
			return err
		}
		batch, err := g.Changes(ctx, principal, request)
		if err != nil {
			return err
		}
		delivered, whole, err := g.hand(ctx, f, *batch, request)
		if err != nil {
			return err
		}
		request.After = delivered
		if len(batch.Events) > 0 {
			alive.Reset(idle)
		}
		if f.Done != nil && f.Done() {
			return nil
		}
		if batch.More || !whole {
			continue
		}
		select {
		case <-ctx.Done():
			return fault.Wrap(ctx.Err(), fault.Canceled, "the feed was ended")
		case <-f.Wait:
			return nil
		case <-published:
		case <-changed:
		case <-look.C:
		case <-alive.C:
			alive.Reset(idle)
			if f.Alive != nil {
				if err := f.Alive(ctx); err != nil {
					return err
				}
			}
		}
	}
}

// hand gives a batch chunk by chunk, for as long as its decision counts, and
// tells where to go on and whether the whole batch was given.
func (g *Gate) hand(ctx context.Context, f Following, batch Changes, request ChangesRequest) (string, bool, error) {
	made := time.Now()
	if request.After == "" && len(batch.Events) > 0 {
		start := batch
		start.Events, start.Next, start.Reached = nil, batch.Start, 0
		if err := f.Deliver(ctx, start); err != nil {
			return "", false, err
		}
	}
	at := batch.Start
	for events := batch.Events; len(events) > 0; {
		if err := ctx.Err(); err != nil {
			return at, false, fault.Wrap(err, fault.Canceled, "the feed was ended")
		}
		if g.Policies.Current() != batch.set || !batch.until.IsZero() && !g.Now().Before(batch.until) || time.Since(made) > lookEvery {
			return at, false, nil
		}
		chunk := batch
		chunk.Events = events[:min(len(events), max(f.Chunk, 1))]
		events = events[len(chunk.Events):]
		last := chunk.Events[len(chunk.Events)-1]
		chunk.Next, chunk.Reached = last.Offset, last.Version-1
		if err := f.Deliver(ctx, chunk); err != nil {
			return at, false, err
		}
		at = chunk.Next
	}
	if !request.Again || batch.Next != at {
		batch.Events = nil
		if err := f.Deliver(ctx, batch); err != nil {
			return at, false, err
		}
	}
	return batch.Next, true, nil
}

// Published wakes all feeds, to look for what is new; whoever publishes calls it.
func (g *Gate) Published() { g.published.Give() }

func (g *Gate) policiesChanged() <-chan struct{} {
	if watched, can := g.Policies.(interface{ Changed() <-chan struct{} }); can {
		return watched.Changed()
	}
	return nil
}
