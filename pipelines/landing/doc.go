// Package landing brings a connector's stream into the landing file, exactly as
// it came, and proves it.
//
// Rows are committed chunk by chunk, each with the connector's token and the
// checksum so far, so that a broken-off landing goes on where it stopped. It
// imports connectors, pipelines/proof, internal/warehouse, internal/fault and
// schema. Start at [Land].
package landing
