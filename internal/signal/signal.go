package signal

import "sync"

// Signal wakes all who wait for the next event. The zero value is ready, and it
// is safe for concurrent use.
type Signal struct {
	mu sync.Mutex
	ch chan struct{}
}

// Next gives a channel that is closed at the next event.
func (s *Signal) Next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

// Give is the event: all who have a channel are woken.
func (s *Signal) Give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
