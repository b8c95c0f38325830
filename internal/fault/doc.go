// Package fault is the one vocabulary of errors that callers and people decide
// by: a code, a sentence that is safe to show, and a cause that only the
// operator's log sees. An error without a code is internal.
//
// It imports nothing of ours and everything may import it. Start at [Error].
package fault
