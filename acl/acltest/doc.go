// Package acltest draws random policies, principals, resources and rows, and
// judges them by a plain evaluator: the reference that compiled decisions,
// Casbin and every exit of the gate are held against. Only tests import it.
package acltest
