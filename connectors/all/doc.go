// Package all lists every connector. It exists so that nothing is registered
// behind the reader's back: who wants drivers takes this list, or their own.
package all
