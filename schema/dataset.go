package schema

import "github.com/apache/arrow-go/v18/arrow"

// Column is one column of a dataset as a source declares it, with the first
// part of its type ledger: what the source declared, what travelled on the
// wire, and the type that the connector emits.
type Column struct {
	Name     string `json:"name"`
	Type     Type   `json:"type"`
	Nullable bool   `json:"nullable"`
	// Declared is the source's own name of the type, as "NUMERIC(30,6)".
	Declared string `json:"declared,omitempty"`
	// Wire is the form in which the values travel, as "binary numeric" or "text".
	Wire string `json:"wire,omitempty"`
	// Ruling says what was decided where the source's type has no exact
	// counterpart, as "NUMBER without scale: kept as text". Empty: exact.
	Ruling  string `json:"ruling,omitempty"`
	Comment string `json:"comment,omitempty"`
}

// Dataset is a table, file, sheet, endpoint or topic as a source declares it.
type Dataset struct {
	// Name is what the source calls it, as "T_JZG_JBXX" or "dbo.Orders".
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
	// Key holds the names of the key columns; empty when the source has none.
	Key []string `json:"key,omitempty"`
	// RowEstimate is the expected number of rows, -1 when the source cannot say.
	RowEstimate int64  `json:"row_estimate"`
	Comment     string `json:"comment,omitempty"`
}

// Column finds a column by name.
func (d Dataset) Column(name string) (Column, bool) {
	for _, column := range d.Columns {
		if column.Name == name {
			return column, true
		}
	}
	return Column{}, false
}

// Project returns d with only the named columns, in that order; names that d
// does not have are left out. No names means all columns.
func (d Dataset) Project(names []string) Dataset {
	if len(names) == 0 {
		return d
	}
	columns := make([]Column, 0, len(names))
	for _, name := range names {
		if column, ok := d.Column(name); ok {
			columns = append(columns, column)
		}
	}
	d.Columns = columns
	return d
}

// Arrow gives the Arrow schema of d's columns.
func (d Dataset) Arrow() *arrow.Schema {
	fields := make([]arrow.Field, len(d.Columns))
	for i, column := range d.Columns {
		fields[i] = arrow.Field{Name: column.Name, Type: column.Type.Arrow(), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}
