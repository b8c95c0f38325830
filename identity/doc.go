// Package identity turns a name into a Principal, for now from the campus's
// principals.yaml. It imports acl and internal/fault. Start at [Load].
package identity
