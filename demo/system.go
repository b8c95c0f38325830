package demo

import (
	"context"
	"math/rand/v2"
)

// kind is the form in which a system's data is written.
type kind int

const (
	sqliteFile   kind = iota
	csvFile           // UTF-8
	gbFile            // CSV in GB18030
	workbook          // XLSX
	httpData          // SQLite, served as JSON by the demo's server
	ldapData          // LDIF, served by the demo's server
	sacctText         // what sacct --parsable2 prints
	publishedCSV      // files that others have published
	publishedSacct
)

// system is one departmental system of the demo.
type system struct {
	id     string
	kind   kind
	tables []table
}

// table is a table, file, sheet, endpoint or branch of a system.
type table struct {
	// name is the table's or file's; sheet names a workbook's sheet.
	name, sheet string
	// columns are names with the SQL types of databases: "GH VARCHAR(10)". Of
	// files only the first word counts.
	columns []string
	// key is the primary key of a database's table; empty: none is declared.
	key string
	// above are lines above the header of a file.
	above []string
	rows  func(all campus, random *rand.Rand, add adder) error
}

// adder writes one row: text, numbers, moments, nil for NULL.
type adder func(values ...any) error

// systems lists the demo's systems by the offices that run them.
func systems() []system {
	var all []system
	for _, office := range [][]system{peopleSystems(), teachingSystems(), researchSystems(), moneySystems(), lifeSystems(), officeSystems(), networkSystems(), publishedSystems()} {
		all = append(all, office...)
	}
	return all
}

// writers write a system's data into the campus's folder.
var writers = map[kind]func(ctx context.Context, dir string, s system, fill filler) error{
	sqliteFile: writeDatabase, httpData: writeServed, csvFile: writeCSV, gbFile: writeGB, workbook: writeWorkbook,
	ldapData: writeDirectory, sacctText: writeSacct, publishedCSV: writePublished, publishedSacct: writePublished,
}

// filler gives the rows of a table to add.
type filler func(t table, add adder) error
