// Package audit is the record of reads: append-only, each record chained to the
// one before by a hash. It imports internal/store and internal/fault. Start at
// [Log].
package audit
