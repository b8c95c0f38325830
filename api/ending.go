package api

import "sync"

// ending is how far a server is on its way to its end.
type ending struct {
	retired, drained chan struct{}
	retire, drain    func()
}

func newEnding() ending {
	made := ending{retired: make(chan struct{}), drained: make(chan struct{})}
	made.retire = sync.OnceFunc(func() { close(made.retired) })
	made.drain = sync.OnceFunc(func() { close(made.drained) })
	return made
}

// Retire says that the server is not ready any more and answers all the same, so
// that those who send requests here can find another before it ends.
func (s *Server) Retire() { s.ending.retire() }

// Drain turns away requests that wait or come, and tells [Server.Closing]. Those
// that run are finished.
func (s *Server) Drain() {
	s.ending.retire()
	s.ending.drain()
	s.classes.pages.queue.Close()
	s.classes.copies.queue.Close()
}

// Closing is closed when the server begins to end: answers without an end of
// their own, as streams of events, end then.
func (s *Server) Closing() <-chan struct{} { return s.ending.drained }

func (s *Server) isRetired() bool {
	select {
	case <-s.ending.retired:
		return true
	default:
		return false
	}
}
