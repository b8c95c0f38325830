// Package pipetest has what tests of the pipelines need: a connector whose
// tables are Go values and a catalog kept in memory. It imports connectors,
// catalog, internal/fault and schema. Start at [Source] and [Catalog].
package pipetest
