// Package feed delivers the changes of datasets to topics: an application
// subscribes, and a worker of its own writes what the gate gives it as
// CloudEvents, for as long as the application may have it. It reads through
// query alone; who writes to the brokers is a [Publisher].
//
// It may import query, acl, internal/store and internal/fault. Start at
// [Registry] and [Runner].
package feed
