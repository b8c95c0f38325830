// Package conntest is the suite that every connector passes: what the contract
// in connectors says, asked of a real source. Start at [Run].
package conntest
