package pipelines

import (
	"context"
	"sync"

	"github.com/yitong-hub/yitong/internal/fault"
)

// share is one load's part of the memory budget; it implements landing.Permit.
type share struct {
	of   chan struct{}
	mu   sync.Mutex // the engine's threads read on behalf of a load
	held bool
}

// Acquire waits until the budget has room.
func (s *share) Acquire(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		return nil
	}
	select {
	case s.of <- struct{}{}:
		s.held = true
		return nil
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), fault.Canceled, "the load was canceled while it waited for memory")
	}
}

// Release makes room for another load.
func (s *share) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		<-s.of
		s.held = false
	}
}
