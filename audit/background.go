package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

const (
	// shipRetry is the pause after the state database did not take a copy.
	shipRetry = 5 * time.Second
	// closeShip bounds the last copying: what is left is copied after opening.
	closeShip = 10 * time.Second
)

// background is what runs beside the appending: one loop asks the disk to keep
// the records, the other copies what the disk has.
type background struct {
	dirty, synced signal
	cancel        context.CancelFunc
	loops         sync.WaitGroup
	shipping      sync.Mutex
	closed        bool
}

// signal says that something is to be done; saying it twice is once.
type signal chan struct{}

func (s signal) give() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// pause waits and tells whether work is to go on.
func pause(ctx context.Context, span time.Duration) bool {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// await waits for a signal, and then for a time in which others may come.
func (s signal) await(ctx context.Context, span time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-s:
		return pause(ctx, span)
	}
}

func (l *Log) start() {
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.loops.Go(func() { l.syncLoop(ctx) })
	l.loops.Go(func() { l.shipLoop(ctx) })
}

func (l *Log) stop() {
	l.cancel()
	l.loops.Wait()
}

func (l *Log) syncLoop(ctx context.Context) {
	for l.dirty.await(ctx, SyncWithin/2) {
		if err := l.sync(); err != nil {
			l.options.Logger.Error("the record of reads cannot be kept, so nothing can be read", "error", err)
			return
		}
	}
}

// sync asks the disk to keep what was written. What a disk refused once it may
// claim to have the next time: then nothing can be appended until the log is
// opened again.
func (l *Log) sync() error {
	l.mutex.Lock()
	segment, last := l.segment, l.head.last.seq
	l.mutex.Unlock()
	err := segment.Sync()
	if errors.Is(err, os.ErrClosed) {
		err = nil // rotate has done it
	}
	l.mutex.Lock()
	if err == nil {
		l.head.synced = max(l.head.synced, last)
		err = l.writeHead()
	}
	if err != nil && l.failed == nil {
		l.failed = fmt.Errorf("keep the records: %w", err)
	}
	l.mutex.Unlock()
	if err != nil {
		return err
	}
	l.synced.give()
	return l.headFile.Sync()
}

func (l *Log) shipLoop(ctx context.Context) {
	failing := false
	for l.synced.await(ctx, l.options.ShipEvery) {
		err := l.ship(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !failing {
				l.options.Logger.Warn("the record of reads is not copied to the state database for now", "error", err)
			}
			l.synced.give()
			if !pause(ctx, shipRetry) {
				return
			}
		case failing:
			l.options.Logger.Info("the record of reads is copied to the state database again")
		}
		failing = err != nil
	}
}

// shipLast copies what is left. It need not succeed.
func (l *Log) shipLast() {
	ctx, cancel := context.WithTimeout(context.Background(), closeShip)
	defer cancel()
	if err := l.ship(ctx); err != nil {
		l.options.Logger.Warn("the end of the record of reads is copied to the state database when it is opened again", "error", err)
	}
}
