package identity

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// maxAddresses bounds the addresses that are counted at once, to some ten
	// megabytes: who was not heard of for longest is forgotten.
	maxAddresses = 50_000
	// subnetBits is what of an IPv6 address is counted: a network gives each
	// client a /64 of its own (RFC 7421), in which it takes addresses as it likes.
	subnetBits = 64
)

// Addresses hold each client address to so many attempts a minute, whatever
// number of addresses there are: in this process, each node for itself. It is
// safe for concurrent use.
type Addresses struct {
	perMinute int

	mu      sync.Mutex
	held    map[netip.Addr]*list.Element
	recency *list.List // of *counted, the newest first
}

type counted struct {
	address netip.Addr
	bucket  bucket
}

// NewAddresses makes a limit of so many attempts a minute, all of which may
// come at once.
func NewAddresses(perMinute int) *Addresses {
	return &Addresses{perMinute: perMinute, held: map[netip.Addr]*list.Element{}, recency: list.New()}
}

// Take counts an attempt of an address, and gives after how long to try again
// when it has none left; 0 when it is allowed. The zero address is one like
// others: what comes from nowhere shares it.
func (a *Addresses) Take(address netip.Addr, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := a.of(subnet(address), now)
	at := one.bucket.at(now)
	if one.bucket.limiter.AllowN(at, 1) {
		return 0
	}
	return seconds((1 - one.bucket.limiter.TokensAt(at)) * time.Minute.Seconds() / float64(a.perMinute))
}

func (a *Addresses) of(address netip.Addr, now time.Time) *counted {
	if place, known := a.held[address]; known {
		a.recency.MoveToFront(place)
		return place.Value.(*counted)
	}
	if a.recency.Len() >= maxAddresses {
		oldest := a.recency.Back()
		delete(a.held, a.recency.Remove(oldest).(*counted).address)
	}
	limit := rate.Limit(float64(a.perMinute) / time.Minute.Seconds())
	made := &counted{address, bucket{limiter: rate.NewLimiter(limit, a.perMinute), last: now}}
	a.held[address] = a.recency.PushFront(made)
	return made
}

// Len is how many addresses are counted now.
func (a *Addresses) Len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.recency.Len()
}

// subnet is what of an address is counted.
func subnet(address netip.Addr) netip.Addr {
	address = address.Unmap().WithZone("")
	if !address.Is6() {
		return address
	}
	network, err := address.Prefix(subnetBits)
	if err != nil { // 64 is in every IPv6 address
		return address
	}
	return network.Addr()
}
