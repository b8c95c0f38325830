// Package schema is the leaf that everybody shares: logical column types and
// their Arrow form, columns with their type ledger, datasets as a source
// declares them, and sensitivity levels.
//
// It imports the standard library, Arrow and internal/fault only. Start at
// [Type] and [Dataset].
package schema
