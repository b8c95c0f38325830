// Package query is the one gate: it asks acl for a decision, plans SQL with
// masks and row filters inside, records the read, and gives rows that may be
// shown. Nothing else reads published rows for anybody. It may import catalog,
// acl, audit, schema and internal/fault, never pipelines or connectors. Start
// at [Gate.Read].
package query
