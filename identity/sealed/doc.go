// Package sealed encrypts texts by a secret that only somebody else keeps: what
// the state database holds of a session or a sign-in can be read again only
// with the browser's cookie. It imports the standard library alone. Start at
// [Seal].
package sealed
