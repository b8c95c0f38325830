package config

import (
	"os"
	"strconv"
	"time"

	"github.com/yitong-hub/yitong/internal/fault"
)

// The limits of a server when nothing else is set. They suit 2 cores and 2 GiB.
const (
	// DefaultBody is more than any set of policies that was seen, and less than
	// what a few hundred requests at once could fill the memory with.
	DefaultBody = 4 << 20
	// DefaultHeader holds every filter and list of fields that the contract allows.
	DefaultHeader = 64 << 10
	// DefaultRows bounds what the engine holds of one answer, in memory or on disk.
	DefaultRows = 1_000_000
	// DefaultArrival is how long a request may take to arrive whole: a slow
	// connection sends a body of 4 MiB in it, a silent one holds nothing longer.
	DefaultArrival = 30 * time.Second
	// DefaultStall is how long an answer waits for a client that takes nothing.
	DefaultStall = 30 * time.Second
	// DefaultIdle is how long a connection stays open between requests.
	DefaultIdle = 2 * time.Minute
	// DefaultGrace is how long a server still takes requests after it said that it
	// is not ready any more: load balancers ask every few seconds.
	DefaultGrace = 2 * time.Second
	// DefaultFinish is how long answers that began may take at the end.
	DefaultFinish = 60 * time.Second

	// DefaultPagesRunning keeps both cores busy while others read the state
	// database; more only take turns on the same cores.
	DefaultPagesRunning = 16
	// DefaultPagesWaiting is about a second of pages.
	DefaultPagesWaiting = 256
	// DefaultPagesWait is what a person at a form still bears.
	DefaultPagesWait = 2 * time.Second
	// DefaultPagesTime is far beyond what a page or a figure takes.
	DefaultPagesTime = 30 * time.Second

	// DefaultCopiesRunning leaves the engine's memory to a few large answers.
	DefaultCopiesRunning = 4
	// DefaultCopiesWaiting is small: who waits for an export holds a connection.
	DefaultCopiesWaiting = 16
	// DefaultCopiesWait is what a program waits for an export to begin.
	DefaultCopiesWait = 20 * time.Second
	// DefaultCopiesTime sends a million wide rows over a slow line.
	DefaultCopiesTime = 30 * time.Minute
)

// Limits are what a server gives at most. A zero is the default.
type Limits struct {
	// Body and Header are bytes of a request; Rows those of one answer.
	Body   int64
	Header int
	Rows   uint64
	// Arrival bounds how long a request may take to arrive, Stall how long an
	// answer waits for a client that takes nothing, Idle how long a connection
	// stays open without a request.
	Arrival, Stall, Idle time.Duration
	// Grace and Finish are the two parts of a shutdown.
	Grace, Finish time.Duration
	// Pages are answers that are held whole, Copies those that are streamed.
	Pages, Copies Admission
}

// Admission bounds how many requests of a kind run and wait, and how long.
type Admission struct {
	Running, Waiting int
	Wait, Time       time.Duration
}

// LoadLimits reads the limits from the environment, as docs/operations.md lists
// them. A value that cannot be is an Invalid fault.
func LoadLimits() (Limits, error) {
	var limits Limits
	var r reading
	r.bytes("YITONG_MAX_BODY", &limits.Body)
	r.count("YITONG_MAX_HEADER", func(n int64) { limits.Header = int(n) })
	r.count("YITONG_MAX_ROWS", func(n int64) { limits.Rows = uint64(n) })
	r.duration("YITONG_ARRIVAL", &limits.Arrival)
	r.duration("YITONG_STALL", &limits.Stall)
	r.duration("YITONG_IDLE", &limits.Idle)
	r.duration("YITONG_SHUTDOWN_GRACE", &limits.Grace)
	r.duration("YITONG_SHUTDOWN_FINISH", &limits.Finish)
	r.admission("YITONG_PAGES_", &limits.Pages)
	r.admission("YITONG_COPIES_", &limits.Copies)
	return limits.OrDefaults(), r.err
}

// OrDefaults fills in the defaults.
func (l Limits) OrDefaults() Limits {
	or(&l.Body, DefaultBody)
	or(&l.Header, DefaultHeader)
	or(&l.Rows, DefaultRows)
	or(&l.Arrival, DefaultArrival)
	or(&l.Stall, DefaultStall)
	or(&l.Idle, DefaultIdle)
	or(&l.Grace, DefaultGrace)
	or(&l.Finish, DefaultFinish)
	l.Pages.orDefaults(Admission{DefaultPagesRunning, DefaultPagesWaiting, DefaultPagesWait, DefaultPagesTime})
	l.Copies.orDefaults(Admission{DefaultCopiesRunning, DefaultCopiesWaiting, DefaultCopiesWait, DefaultCopiesTime})
	return l
}

func (a *Admission) orDefaults(defaults Admission) {
	or(&a.Running, defaults.Running)
	or(&a.Waiting, defaults.Waiting)
	or(&a.Wait, defaults.Wait)
	or(&a.Time, defaults.Time)
}

func or[T comparable](value *T, fallback T) {
	var none T
	if *value == none {
		*value = fallback
	}
}

// reading reads variables until one of them is wrong.
type reading struct{ err error }

func (r *reading) variable(name string) (string, bool) {
	text := os.Getenv(name)
	return text, text != "" && r.err == nil
}

func (r *reading) bytes(name string, into *int64) {
	text, given := r.variable(name)
	if !given {
		return
	}
	size, err := ParseBytes(text)
	if err != nil || size < 1 {
		r.err = fault.New(fault.Invalid, "%s: %q is not a size: write 4MiB or a number of bytes", name, text)
		return
	}
	*into = size
}

// maxCount is far beyond what any count of the limits can mean.
const maxCount = 1_000_000_000

func (r *reading) count(name string, into func(int64)) {
	text, given := r.variable(name)
	if !given {
		return
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 1 || number > maxCount {
		r.err = fault.New(fault.Invalid, "%s: %q is not a number from 1 to %d", name, text, maxCount)
		return
	}
	into(number)
}

func (r *reading) duration(name string, into *time.Duration) {
	text, given := r.variable(name)
	if !given {
		return
	}
	length, err := time.ParseDuration(text)
	if err != nil || length <= 0 {
		r.err = fault.New(fault.Invalid, "%s: %q is not a length of time: write 500ms, 30s or 5m", name, text)
		return
	}
	*into = length
}

func (r *reading) admission(prefix string, into *Admission) {
	r.count(prefix+"RUNNING", func(n int64) { into.Running = int(n) })
	r.count(prefix+"WAITING", func(n int64) { into.Waiting = int(n) })
	r.duration(prefix+"WAIT", &into.Wait)
	r.duration(prefix+"TIME", &into.Time)
}
