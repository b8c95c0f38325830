// Package contributed is for datasets that no system is read for: applications
// write their rows over the HTTP API (docs/contributions.md): connector
// "contributed".
//
// There is nothing to fetch. A synchronisation reads a stream of changes in
// which nothing changed, so that it makes the tables that the definition asks
// for and never deletes a row. Every column is text, as applications send it;
// its type is the field's. It imports connectors, internal/fault and schema.
// Start at [Driver].
package contributed
