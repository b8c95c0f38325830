// Package admission lets a bounded number of requests run and a bounded number
// wait, each for a bounded time, and turns the others away at once, so that a
// server under load answers what it can instead of everything too late. Askers
// take turns: one of them can neither fill the queue nor hold back the others.
//
// It imports the standard library only. Start at [Queue.Enter].
package admission
