// Package catalog knows what there is: systems, datasets, fields, data
// elements, code sets, levels, owners, profiles, checks, runs, drift and
// lineage, and finds them by Chinese, pinyin and initials.
//
// It describes data and never reads the warehouse. It imports schema,
// internal/fault, internal/store and catalog/definition, and not acl. Start at
// [Catalog].
package catalog
