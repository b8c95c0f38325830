package identity

import (
	"math"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter holds applications to their rate, in this process, and to their quota
// of the day, in all nodes together: it can be exceeded by what others count in
// the seconds between two writings of [Usage]. It is safe for concurrent use,
// and holds MaxApplications at most.
type Limiter struct {
	usage *Usage

	mu      sync.Mutex
	buckets map[string]*bucket
}

// bucket is a token bucket with the moment of its last request.
type bucket struct {
	limiter *rate.Limiter
	last    time.Time
}

// NewLimiter makes a limiter whose quotas are counted in usage.
func NewLimiter(usage *Usage) *Limiter {
	return &Limiter{usage: usage, buckets: map[string]*bucket{}}
}

// Allowance is what becomes of a request, with what the client is told. It
// speaks of the rate or of the quota, whichever leaves less.
type Allowance struct {
	OK bool
	// RetryAfter is when to try again; 0 when the request is allowed.
	RetryAfter time.Duration
	// Limit is the burst or the quota of the day, in requests, Remaining what is
	// left of it, and Reset how long until all of it is there again. Of a
	// request that is not allowed, Reset is RetryAfter.
	Limit, Remaining int64
	Reset            time.Duration
}

// Allow says whether a request of an application is allowed now, and counts it
// when it is. What is refused by the rate does not count towards the quota.
func (l *Limiter) Allow(application Application, now time.Time) Allowance {
	perSecond, burst, quota := application.Limits()
	if l.usage.readsLeft(application.ID, now, quota) == 0 {
		return l.quotaUsed(now, quota)
	}
	tokens, ok := l.takeToken(application.ID, now, perSecond, burst)
	if !ok {
		wait := seconds((1 - tokens) / perSecond)
		return Allowance{RetryAfter: wait, Limit: int64(burst), Reset: wait}
	}
	left, ok := l.usage.takeRead(application.ID, now, quota)
	if !ok {
		return l.quotaUsed(now, quota)
	}
	if remaining := int64(tokens); remaining <= left {
		return Allowance{OK: true, Limit: int64(burst), Remaining: remaining, Reset: seconds((float64(burst) - tokens) / perSecond)}
	}
	return Allowance{OK: true, Limit: quota, Remaining: left, Reset: l.usage.untilMidnight(now)}
}

func (l *Limiter) quotaUsed(now time.Time, quota int64) Allowance {
	wait := l.usage.untilMidnight(now)
	return Allowance{RetryAfter: wait, Limit: quota, Reset: wait}
}

// takeToken takes a token of the application's bucket and gives what is left,
// or, when there is none, what there is of one.
func (l *Limiter) takeToken(id string, now time.Time, perSecond float64, burst int) (float64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := l.buckets[id]
	if held == nil {
		if len(l.buckets) >= MaxApplications {
			return 0, false
		}
		held = &bucket{limiter: rate.NewLimiter(rate.Limit(perSecond), burst), last: now}
		l.buckets[id] = held
	}
	now = held.at(now)
	if held.limiter.Limit() != rate.Limit(perSecond) {
		held.limiter.SetLimitAt(now, rate.Limit(perSecond))
	}
	if held.limiter.Burst() != burst {
		held.limiter.SetBurstAt(now, burst)
	}
	ok := held.limiter.AllowN(now, 1)
	return held.limiter.TokensAt(now), ok
}

// setBack is how far moments of requests that overtake one another can be apart.
const setBack = time.Second

// at is the moment to count a request at. Requests that overtake one another
// are at the same moment: rate would fill the bucket twice for the time between
// them. When the clock was set back, the bucket goes on from the new time.
func (b *bucket) at(now time.Time) time.Time {
	if behind := b.last.Sub(now); behind > 0 && behind <= setBack {
		return b.last
	}
	b.last = now
	return now
}

// seconds makes a duration of a number of them.
func seconds(n float64) time.Duration { return time.Duration(math.Ceil(n * float64(time.Second))) }

// Fields sets the response fields RateLimit-Limit, RateLimit-Remaining and
// RateLimit-Reset of draft-ietf-httpapi-ratelimit-headers-06 sections 5.1, 5.3
// and 5.4, the last one with these names, which clients know; and, when the
// request is refused, Retry-After (RFC 9110 section 10.2.3), of the same moment.
// Seconds are whole and rounded up: who waits for them is not refused again.
// An http.Header takes them.
func (a Allowance) Fields(into interface{ Set(name, value string) }) {
	into.Set("RateLimit-Limit", strconv.FormatInt(a.Limit, 10))
	into.Set("RateLimit-Remaining", strconv.FormatInt(a.Remaining, 10))
	into.Set("RateLimit-Reset", wholeSeconds(a.Reset))
	if !a.OK {
		into.Set("Retry-After", wholeSeconds(a.RetryAfter))
	}
}

func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
