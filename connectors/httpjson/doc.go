// Package httpjson reads HTTP interfaces that answer with JSON: connector
// "http". It follows paging by page number, offset, cursor and Link header
// (RFC 8288), signs in with a token (RFC 6750) or OAuth 2.0 client credentials
// (RFC 6749, section 4.4), keeps to a rate, and tries again what is worth it.
//
// A row that a source moves to another page while it is read may come twice or
// not at all: that is the interface's nature; the next sync sees it again. The
// package imports connectors, connectors/text and schema. Start at [Driver].
package httpjson
