package landing

import (
	"context"
	"time"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Permit is a load's share of the memory that all loads have together. A load
// that only waits for its source gives it back meanwhile, so that slow and dead
// systems hold up nobody.
type Permit interface {
	// Acquire waits for a share, or until ctx ends. It does nothing when held.
	Acquire(ctx context.Context) error
	// Release gives the share back. It does nothing when not held.
	Release()
}

// yieldAfter is how long a source may keep a load waiting before its share of
// memory goes to others: longer than a usual query's first answer.
const yieldAfter = 500 * time.Millisecond

// patience is how to wait for a source.
type patience struct {
	permit Permit
	// stall bounds the waiting; 0 means never.
	stall time.Duration
}

// wait receives from a channel that a source's answers come by. open is false
// when the channel is closed. The error is Unavailable when the source gives
// nothing for too long, and Canceled with ctx.
func wait[T any](ctx context.Context, p patience, from <-chan T) (value T, open bool, err error) {
	select {
	case value, open = <-from:
		return value, open, nil
	default:
	}
	yield := time.NewTimer(yieldAfter)
	defer yield.Stop()
	var stalled <-chan time.Time
	if p.stall > 0 {
		timer := time.NewTimer(p.stall)
		defer timer.Stop()
		stalled = timer.C
	}
	for {
		select {
		case value, open = <-from:
			if p.permit != nil {
				err = p.permit.Acquire(ctx)
			}
			return value, open, err
		case <-yield.C:
			if p.permit != nil {
				p.permit.Release()
			}
		case <-stalled:
			return value, false, fault.New(fault.Unavailable, "the source has given nothing for %s", p.stall)
		case <-ctx.Done():
			return value, false, fault.Wrap(ctx.Err(), fault.Canceled, "the reading was canceled")
		}
	}
}
