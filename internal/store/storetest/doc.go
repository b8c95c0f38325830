// Package storetest runs a test on every make of the state database. Only
// tests import it.
package storetest
