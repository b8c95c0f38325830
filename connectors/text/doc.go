// Package text makes typed Arrow columns of cells that are text, for sources
// that have nothing else: CSV files, workbooks, JSON, scheduler accounting.
//
// A cell becomes exactly the value that it says or a [MismatchError]; nothing is
// rounded and nothing turns into NULL in silence. The package imports schema
// and Arrow. Start at [NewBuilder].
package text
