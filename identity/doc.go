// Package identity turns a name, a key or a token into a Principal. Names are
// found in the campus's principals.yaml ([Load]) and among the applications of
// departments ([NewRegistry]), which prove who they are by keys or by access
// tokens; [Principals] joins the two. [Limiter] and [Usage] hold applications
// to their rate and quota and count what they did. It imports acl,
// internal/store and internal/fault. Start at [Registry.Authenticate].
package identity
