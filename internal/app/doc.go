// Package app is the composition root: it opens the parts in the right order,
// hands them to one another, and closes them. The command line and the
// end-to-end tests start the same [App]. It may import everything; only cmd and
// tests import it. Start at [New].
package app
