// Package postgres reads PostgreSQL databases: connector "postgres". A dataset
// is a table or view, schema.table; the schema is public when not named. A full
// read is one COPY in binary form, an incremental one a SELECT whose values come
// in that form too; both are decoded straight into Arrow. The session is
// read-only, in UTC. Interval, array, range and other types without a
// counterpart are kept as the server's text, with a ruling; NUMERIC without
// precision too. Infinite dates and NaN are rejected with their row. The package
// imports connectors, schema and internal/fault. Start at [Driver].
package postgres
