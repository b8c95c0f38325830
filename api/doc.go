// Package api serves authorized data to applications and the web. The contract
// comes first: openapi.yaml, from which package contract is generated; [Server]
// carries it out over gin, which stops here. Every request is held against the
// contract before its handler sees it, and every error is a problem (RFC 9457)
// without any value.
//
// It may import the public parts of the layers below it and never the
// warehouse. Start at [New].
package api
