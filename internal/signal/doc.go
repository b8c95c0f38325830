// Package signal wakes all who wait for the next of some events. It imports
// nothing. Start at [Signal].
package signal
