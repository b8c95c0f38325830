// Package csvfile reads CSV and TSV files: connector "csv".
//
// Encoding and dialect are found by our own detection or given. A record that
// does not fit the header, an open quote, an undecodable byte, a second table
// in the same file: each becomes a reject with its line, reason and raw text,
// and reading goes on with the next line. Memory does not grow with the file.
//
// The dialect is found by the consistency measure of van den Burg, Nazábal and
// Sutton, "Wrangling messy CSV files by detecting row and type patterns" (Data
// Mining and Knowledge Discovery 33, 2019), with candidates and cell types of
// our own. The package imports connectors, connectors/text and schema. Start at
// [Driver], then detect.go and record.go.
package csvfile
