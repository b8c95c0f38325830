// Package pipelines synchronises departmental systems: it lands what their
// connectors give, proves it, checks and standardises it, and publishes it with
// history, quarantine and lineage.
//
// The stages are packages of their own: landing, proof, drift, standard, check,
// publish, profile. This package puts them in order, keeps the safeguards, and
// tells the catalog. Everything is committed so that a process that is killed
// at any moment and started again ends with the same rows as one that was not.
// It imports connectors, catalog, internal/warehouse, internal/fault and
// schema. Start at [Engine.Sync] and load.go; rows that applications write take
// the same way from [Engine.Contribute] on.
package pipelines
