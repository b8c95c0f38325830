// Package policystore keeps the rules in a Casbin model: role, relation, level
// and what the role gets. It is the only package that imports Casbin. Start at
// [New].
package policystore
