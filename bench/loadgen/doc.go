// Package loadgen sends requests at a constant rate, whether the answers keep up
// or not, and measures each from the moment at which it was due: a server that
// stalls is charged for all requests that came meanwhile, not for the one that
// met the stall (coordinated omission). It stops by itself.
//
// It imports the standard library only. Start at [Run].
package loadgen
