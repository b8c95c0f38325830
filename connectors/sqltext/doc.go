// Package sqltext reads tables whose server writes each value as text: the
// SELECT has an expression for each column that gives the value's exact
// canonical text, so that no driver's rounding comes between. Connectors
// sqlserver and oracle name the expressions; this package builds the statement
// and streams the rows.
//
// It imports connectors, connectors/text, internal/fault and schema. Start at [Database] and
// [Read].
package sqltext
