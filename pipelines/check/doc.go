// Package check compiles the checks of a definition to SQL conditions over the
// standardised fields. Hard checks send a row to quarantine, soft ones are
// counted.
//
// The checks are not_null, unique, in_code_set, id_number, luhn, pattern,
// range, length, date_range. It imports catalog/definition, internal/warehouse
// (for quoting), internal/fault and schema. Start at [Compile].
package check
