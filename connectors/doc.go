// Package connectors is the contract between departmental systems and the
// pipelines: what a source can be asked, and how its rows arrive.
//
// A driver lives in a folder of its own (connectors/postgres,
// connectors/csvfile, ...), imports this package, schema, internal/fault and
// its vendor's client, and never a sibling. connectors/all lists the drivers;
// connectors/conntest is the suite that each of them passes. Start at [Source].
package connectors
