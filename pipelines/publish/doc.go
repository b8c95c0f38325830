// Package publish judges landed rows and makes them the published version of a
// dataset: what was inserted, changed and deleted since the last version, the
// history of it, the quarantine, and the checkpoint, in one transaction.
//
// [Judge] writes one verdict for each landed row into the landing file;
// [Publish] compares the verdicts with what is published and applies the
// difference. Row values are computed from the landed rows where they are
// needed and never stored in between. It imports pipelines/standard,
// pipelines/check, internal/warehouse, internal/fault and schema. Start at [Plan].
package publish
