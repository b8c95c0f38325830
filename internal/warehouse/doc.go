// Package warehouse is the only opener of DuckDB: Arrow in, SQL out.
//
// It owns two files in one folder, warehouse.duckdb (published, history,
// quarantine, meta) and landing.duckdb (attached as landing), and lets SQL touch
// nothing else: after opening, no other file can be read or attached and no
// setting changed. It imports schema and internal/fault only. Start at [Open].
package warehouse
