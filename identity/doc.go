// Package identity turns a name, a key or a token into a Principal. Names are
// found in the campus's principals.yaml ([Load]), people also by the campus id
// of their sign-in ([Directory.Person]), and among the applications of
// departments ([NewRegistry]), which prove who they are by keys or by access
// tokens; [Principals] joins the two. [Limiter] and [Usage] hold applications
// to their rate and quota and count what they did; [Addresses] hold everybody's
// attempts to so many a minute. How people sign in is in identity/signin, that
// they did in identity/session. It imports acl, internal/store and
// internal/fault. Start at [Registry.Authenticate].
package identity
