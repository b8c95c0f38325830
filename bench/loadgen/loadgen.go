package loadgen

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Load is what is sent.
type Load struct {
	// Rate is the number of requests a second, Length for how long they are due.
	Rate   int
	Length time.Duration
	// InFlight bounds the requests that are on their way at once; one that is due
	// beyond it waits, and its wait counts.
	InFlight int
	// Request sends the i-th request and reads its answer.
	Request func(ctx context.Context, i int) error
}

// Report is what came of a load.
type Report struct {
	// Latencies are those of the requests that succeeded, from the moment at which
	// they were due, in order of size.
	Latencies []time.Duration
	// Delays are how much later than due requests were sent, in order of size:
	// the generator's own part of the latencies.
	Delays []time.Duration
	// Failed are the requests that failed, FirstError the error of one of them.
	Failed     int
	FirstError error
	// Took is the time until the last answer.
	Took time.Duration
}

// Run sends a load until all of it is sent or ctx ends, and waits for the answers.
func Run(ctx context.Context, load Load) Report {
	var (
		report   Report
		mu       sync.Mutex
		all      sync.WaitGroup
		places   = make(chan struct{}, load.InFlight)
		interval = time.Second / time.Duration(load.Rate)
		began    = time.Now()
	)
	for i := range int(load.Length / interval) {
		due := began.Add(time.Duration(i) * interval)
		if !sleepUntil(ctx, due) {
			break
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			delay := time.Since(due)
			err := load.Request(ctx, i)
			latency := time.Since(due)
			<-places
			mu.Lock()
			defer mu.Unlock()
			report.Delays = append(report.Delays, delay)
			if err == nil {
				report.Latencies = append(report.Latencies, latency)
				return
			}
			report.Failed++
			if report.FirstError == nil {
				report.FirstError = err
			}
		})
	}
	all.Wait()
	report.Took = time.Since(began)
	slices.Sort(report.Latencies)
	slices.Sort(report.Delays)
	return report
}

func sleepUntil(ctx context.Context, due time.Time) bool {
	wait := time.Until(due)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Quantile gives the smallest of the ordered times that the part q of them does
// not exceed (the nearest rank), 0 of none.
func Quantile(ordered []time.Duration, q float64) time.Duration {
	if len(ordered) == 0 {
		return 0
	}
	rank := int(q*float64(len(ordered)) + 0.999999999)
	return ordered[min(max(rank, 1), len(ordered))-1]
}
