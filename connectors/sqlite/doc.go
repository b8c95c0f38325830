// Package sqlite reads SQLite databases. Columns get the type that SQLite's
// own rules of affinity give their declaration; since SQLite lets any value
// into any column, a value that is not of that type makes its row a Reject and
// is never converted in silence.
//
// It imports connectors, schema, internal/fault and mattn/go-sqlite3. Start at
// [Driver].
package sqlite
