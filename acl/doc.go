// Package acl decides who may see which fields of a dataset, and which rows.
// It is pure: rules and a principal go in, an opaque [Decision] comes out,
// whose zero value denies everything. It imports schema and internal/fault
// only. Start at [Compile].
package acl
