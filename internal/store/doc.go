// Package store is the state database: SQLite in a file, or PostgreSQL, with
// migrations in both dialects. Each domain package keeps its own SQL; this one
// gives them the connection, the right placeholders and transactions. It
// imports internal/fault only. Start at [Open].
package store
