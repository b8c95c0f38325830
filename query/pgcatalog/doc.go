// Package pgcatalog answers PostgreSQL's clients what there is: the tables of
// pg_catalog and information_schema in the shape of PostgreSQL's own, filled with
// what one principal's statements may read and with nothing else, and the types by
// which clients know columns.
//
// The tables stand in an engine of their own, in memory, that has never seen a row
// of any dataset; a statement about the catalog can reach nothing that is hidden.
// It may import internal/fault, internal/warehouse and query/statement. Start at
// [Mirrors].
package pgcatalog
