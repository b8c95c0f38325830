// Package contract is generated from api/openapi.yaml, the contract of the HTTP
// API: its types, its parameters, and the interface that the server carries out.
// Nothing in it is written by hand.
package contract
