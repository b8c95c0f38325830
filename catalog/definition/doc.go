// Package definition is the form in which a campus declares a departmental
// system: one YAML file with its connection, datasets, keys, cursor, schedule,
// owner and the mapping of fields to data elements.
//
// It reads and checks the file against a JSON Schema and names file and line
// of each fault; the check against the live source is pipelines'. It imports
// schema and internal/fault only. Start at [System] and [Load].
package definition
