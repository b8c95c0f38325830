// Package policystore keeps policies, purposes and named mask expressions in
// the state database, with every version they had, reads them from YAML, and
// speaks Casbin, which no other package does: [Enforcer] is the model of the
// policies, which compiled decisions are held against.
//
// It may import acl, internal/store and internal/fault. Start at [Store].
package policystore
