// Package render writes the rows that the gate gives in the formats that people
// and programs take: CSV (RFC 4180), JSON lines, Arrow IPC streams, Parquet and
// workbooks (ECMA-376), each batch by batch.
// All but tables and JSON on the screen are copies and need the right to hold,
// which the caller asks the gate for. It imports Arrow and internal/fault.
// Start at [Write].
package render
