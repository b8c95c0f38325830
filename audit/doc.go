// Package audit is the record of reads: append-only, each record chained to the
// one before by a hash.
//
// The records are lines of JSON in the files of a folder, the journal. Each is
// written before the answer leaves, so that it outlives the process however that
// ends; within [SyncWithin] it is on the disk as well, so that a power cut may
// lose what is younger and nothing else. The file head names the newest record,
// so that records cut off at the end are missed. A copy in the state database,
// made in the background, answers questions; it may be late or gone, since what
// is not copied yet is read from the journal.
//
// One process appends through a [Log]; others read beside it through a [Reader].
// It imports internal/store and internal/fault. Start at [Open] and [View].
package audit
