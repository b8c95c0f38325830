// Package profile describes the values of published fields: empty ones,
// distinct ones, extremes, frequent values and the usual form. It shows no value
// of a field of L3 or above, which fields without a level are. It imports
// catalog, internal/warehouse and schema. Start at [Compute].
package profile
