// Package session keeps who is signed in: sessions in the state database,
// found by the digest of a random token that only the browser has. A session
// says which person signed in and until when it counts, never what the person
// may do: that is looked up anew at each request. It imports identity/sealed,
// internal/store and internal/fault. Start at [Store.Begin].
package session
