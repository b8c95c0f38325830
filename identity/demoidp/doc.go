// Package demoidp is the demo campus's identity provider: a small OpenID
// provider whose sign-in page lets anybody be one of the campus's people, so
// that a trial signs in by the very code of a real campus. It serves only what
// a demo needs (authorization code with PKCE, one public client, RS256) and is
// made in demo mode alone.
//
// It imports acl for who there is. Start at [New].
package demoidp
