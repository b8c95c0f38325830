package flightsql

import (
	"sync"

	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
)

// places are for answers that are being given at once, so that one caller who
// reads slowly leaves some to others.
type places struct {
	all, each int

	mu      sync.Mutex
	taken   int
	takenBy map[string]int
}

// take takes a place, or is a TooMany fault.
func (p *places) take(caller string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.takenBy[caller] >= p.each {
		return fault.New(identity.TooMany, "%s reads %d answers at once, and no more can be: finish one first", caller, p.each)
	}
	if p.taken >= p.all {
		return fault.New(identity.TooMany, "%d answers are being read at once, and no more can be: try again soon", p.all)
	}
	if p.takenBy == nil {
		p.takenBy = map[string]int{}
	}
	p.taken++
	p.takenBy[caller]++
	return nil
}

func (p *places) leave(caller string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.takenBy[caller]--; p.takenBy[caller] == 0 {
		delete(p.takenBy, caller)
	}
}
