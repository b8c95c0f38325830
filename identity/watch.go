package identity

import (
	"context"
	"time"
)

// watcher repeats work beside everything else until it is stopped.
type watcher struct {
	stop    context.CancelFunc
	stopped chan struct{}
}

// watch begins to work, once every so often.
func watch(every time.Duration, work func(context.Context)) *watcher {
	ctx, cancel := context.WithCancel(context.Background())
	made := &watcher{stop: cancel, stopped: make(chan struct{})}
	go func() {
		defer close(made.stopped)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				work(ctx)
			}
		}
	}()
	return made
}

// close ends the work and waits for it. Of nil it does nothing.
func (w *watcher) close() {
	if w != nil {
		w.stop()
		<-w.stopped
	}
}

// closeTime bounds the last writing of what is only in memory.
const closeTime = 10 * time.Second
