// Package drift compares a source's columns with those of the last published
// load. It imports catalog (for the kinds of drift) and schema. Start at [Compare].
package drift
