// Package signin lets people prove who they are at the campus's own identity
// provider: OpenID Connect (authorization code with PKCE) or CAS 2.0 and 3.0.
// It gives the campus id that the provider vouches for; who that is to this
// campus, and the session, are for others. signin.yaml says which providers
// there are ([Load]).
//
// It imports identity/sealed, internal/store and internal/fault, and calls
// providers over net/http. Start at [Service.Begin].
package signin
