package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
)

const (
	// chunk is how many events the brokers acknowledge at once; batch is how many
	// are read at once.
	chunk = 500
	batch = 2000
	// lookEvery is how often a runner looks for subscriptions of other processes.
	lookEvery = 5 * time.Second
	// shortPause and longPause bound the time between two tries.
	shortPause = time.Second
	longPause  = time.Minute
)

// Publisher writes messages to topics.
type Publisher interface {
	// Publish writes messages in order and returns nil only when the brokers have
	// all of them on all their replicas. Messages of one key are in one partition,
	// in their order.
	Publish(ctx context.Context, topic string, messages []Message) error
}

// Runner delivers the subscriptions of a registry.
type Runner struct {
	registry  *Registry
	publisher Publisher
	holder    string
	logger    *slog.Logger

	mu      sync.Mutex
	workers map[string]context.CancelFunc
	group   sync.WaitGroup
}

// NewRunner makes a runner; holder names this process among those that share the
// state database.
func NewRunner(registry *Registry, publisher Publisher, holder string, logger *slog.Logger) *Runner {
	return &Runner{registry: registry, publisher: publisher, holder: holder, logger: logger, workers: map[string]context.CancelFunc{}}
}

// Run delivers until ctx ends, with a worker for each subscription.
func (r *Runner) Run(ctx context.Context) {
	defer r.group.Wait()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if err := r.staff(ctx); err != nil && ctx.Err() == nil {
			r.logger.Error("subscriptions could not be listed", "cause", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-r.registry.turned:
		}
	}
}

// staff begins workers for subscriptions without one and ends those of ended ones.
func (r *Runner) staff(ctx context.Context) error {
	found, err := r.registry.list(ctx, "")
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range found {
		stop, working := r.workers[one.ID]
		switch {
		case one.State == Ended && working:
			stop()
		case one.State == Active && !working:
			worker, stop := context.WithCancel(ctx)
			r.workers[one.ID] = stop
			r.group.Go(func() {
				defer stop()
				r.work(worker, one.ID)
				r.mu.Lock()
				defer r.mu.Unlock()
				delete(r.workers, one.ID)
			})
		}
	}
	return nil
}

// work delivers one subscription until it ends or is held elsewhere.
func (r *Runner) work(ctx context.Context, id string) {
	logger := r.logger.With("subscription", id)
	defer func() {
		// Whoever goes on begins where the brokers acknowledged.
		if err := r.registry.release(context.WithoutCancel(ctx), id, r.holder); err != nil {
			logger.Error("a subscription could not be given back", "cause", err)
		}
	}()
	for pause := shortPause; ; pause = min(2*pause, longPause) {
		s, err := r.registry.claim(ctx, id, r.holder)
		if errors.Is(err, errLost) || ctx.Err() != nil {
			return // another process delivers it, or it ended
		}
		before := s.place
		if err == nil {
			err = r.deliver(ctx, s)
		}
		if ctx.Err() != nil || errors.Is(err, errLost) {
			return
		}
		if final(err) {
			r.finish(ctx, s, err)
			return
		}
		logger.Warn("a subscription waits", "cause", err)
		if now, err := r.registry.find(ctx, id); err == nil && now.place != before {
			pause = shortPause
		}
		if err := r.registry.renew(ctx, id, r.holder, fault.Public(err)); err != nil && !errors.Is(err, errLost) {
			logger.Error("a subscription's trouble could not be kept", "cause", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// final reports whether trying again is of no use: the application may not have
// it any more, or there is nothing to go on from.
func final(err error) bool {
	switch fault.CodeOf(err) {
	case fault.Denied, fault.NotFound, fault.Gone, fault.Invalid:
		return true
	}
	return false
}

// deliver follows the feed and keeps each place once the brokers have what is
// before it.
func (r *Runner) deliver(ctx context.Context, s Subscription) error {
	request := s.request()
	request.Limit = batch
	return r.registry.Gate.Follow(ctx, query.Following{
		Request: request, Chunk: chunk, Idle: lease / 3,
		Who: func(context.Context) (acl.Principal, error) { return r.registry.application(s.Application) },
		Deliver: func(ctx context.Context, next query.Changes) error {
			if err := r.registry.renew(ctx, s.ID, r.holder, ""); err != nil {
				return err // it ended, or is delivered elsewhere
			}
			if len(next.Events) > 0 {
				if err := r.publisher.Publish(ctx, s.Topic, messagesOf(s, next)); err != nil {
					return err
				}
			}
			return r.registry.save(ctx, s.ID, r.holder, progress{next.Next, next.Reached, len(next.Events)})
		},
		Alive: func(ctx context.Context) error { return r.registry.renew(ctx, s.ID, r.holder, "") },
	})
}

// finish ends a subscription and tells its topic why.
func (r *Runner) finish(ctx context.Context, s Subscription, cause error) {
	code, detail := string(fault.CodeOf(cause)), fault.Public(cause)
	if err := r.registry.end(context.WithoutCancel(ctx), s.ID, code+": "+detail); err != nil {
		r.logger.Error("a subscription could not be ended", "subscription", s.ID, "cause", err)
		return
	}
	r.logger.Info("a subscription ended", "subscription", s.ID, "code", code)
	if err := r.publisher.Publish(ctx, s.Topic, []Message{s.ended(code, detail)}); err != nil {
		r.logger.Warn("a topic could not be told that its subscription ended", "subscription", s.ID, "cause", fmt.Errorf("publish: %w", err))
	}
}
