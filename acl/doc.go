// Package acl decides who gets what of a dataset: which fields, masked how, on
// which rows, by which of the four rights 四能, for which purpose, and when.
//
// [Policy] is what stewards write; a [Set] is one version of all policies, which
// [Set.Compile] turns into an opaque [Decision] for one [Principal] and one
// [Resource]. Deny wins over allow, exceptions take a policy back, nothing that
// matches means no, and the zero Decision denies everything. A [Decider] keeps
// decisions for as long as they are right.
//
// It is pure: it imports schema, internal/fault and acl/condition only. Start
// at [Policy] and [FieldAccess].
package acl
