// Package pgwire lets PostgreSQL's clients (psql, JDBC, BI tools) read through the
// gate: it speaks version 3 of the frontend/backend protocol, read-only. Every
// statement is decided anew, as at every other exit.
//
// It may import query, acl and internal/fault. Start at [Server].
package pgwire
