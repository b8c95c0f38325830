// Package proof computes a checksum over the content of rows that does not
// depend on their order, so that what a source gave can be compared with what
// was landed.
//
// The same function runs over the connector's batches and over the rows read
// back. NULL differs from the empty value, and names and types of the columns
// are part of the sum. It imports schema and internal/fault only. Start at
// [Hasher].
package proof
