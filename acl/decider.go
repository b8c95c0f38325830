package acl

import (
	"sync"
	"time"
)

// maxKept bounds the decisions kept; beyond it all are made anew, which costs
// less than telling which are old.
const maxKept = 50_000

// Decider keeps decisions for as long as they are right: until the policies, the
// resource or the principal are others, or a period begins or ends. It is safe
// for concurrent use.
type Decider struct {
	current func() *Set
	now     func() time.Time

	mu   sync.RWMutex
	set  *Set
	kept map[decisionKey]*Decision
}

// decisionKey is all that a decision depends on beside the policies and the time.
type decisionKey struct {
	who      signature
	dataset  string
	revision uint64
	purpose  string
	right    Right
}

// NewDecider makes a decider over the newest policies, which current gives.
func NewDecider(current func() *Set, now func() time.Time) *Decider {
	return &Decider{current: current, now: now}
}

// Decide gives what a principal gets of a resource now.
func (d *Decider) Decide(principal Principal, right Right, purpose string, resource *Resource) (*Decision, error) {
	set, at := d.current(), d.now()
	key := decisionKey{dataset: resource.Dataset, revision: resource.revision, purpose: purpose, right: right}
	if principal.held != nil {
		key.who = principal.held.signature
	}
	d.mu.RLock()
	found := d.kept[key]
	current := d.set == set
	d.mu.RUnlock()
	if current && found != nil && (found.changes.IsZero() || at.Before(found.changes)) {
		return found, nil
	}
	made, err := set.Compile(principal, Request{Right: right, Purpose: purpose, At: at}, resource)
	if err != nil {
		return nil, err
	}
	d.keep(set, key, made)
	return made, nil
}

func (d *Decider) keep(set *Set, key decisionKey, made *Decision) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.set != set || len(d.kept) >= maxKept {
		// An older set must not push out a newer one.
		if d.set != nil && set.version < d.set.version {
			return
		}
		d.set, d.kept = set, make(map[decisionKey]*Decision)
	}
	d.kept[key] = made
}

// Set gives the newest policies.
func (d *Decider) Set() *Set { return d.current() }
