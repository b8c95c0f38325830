// Package sqlserver reads tables and views of Microsoft SQL Server: connector
// "sqlserver".
//
// The server writes every value as text (connectors/sqltext), which types.go
// lists by type. datetime2, time and datetimeoffset finer than microseconds are
// kept as text with a ruling. Tested without a server: the mapping of types,
// the statements, the options, and what happens when nobody listens; reading
// from a real server has not been tried. Start at [Driver].
package sqlserver
