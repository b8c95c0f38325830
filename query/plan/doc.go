// Package plan turns a dataset, a decision and a request into SQL. It is pure:
// masks and row filters are inside the statement, and no plan can be made
// without a decision. It imports acl, catalog, schema, internal/fault and, for
// quoting only, internal/warehouse. Start at [New].
package plan
