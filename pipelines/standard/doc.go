// Package standard turns a landed column into a published field: named text
// rules, code mapping and the parsing into the field's type, compiled to SQL
// expressions. A value that cannot be parsed makes its row fail; it never
// becomes NULL in silence.
//
// The rules are: trim, halfwidth, fullwidth, upper, lower, digits,
// null_if_empty, collapse_spaces, date, money, phone, name. It imports
// internal/warehouse (for quoting), internal/fault and schema. Start at [Compile].
package standard
