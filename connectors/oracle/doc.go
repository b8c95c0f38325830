// Package oracle reads tables and views of Oracle Database: connector "oracle".
//
// The server writes numbers and moments as text (connectors/sqltext), as
// types.go lists by type, so that neither the driver's nor the session's
// settings change them. NUMBER without a precision is kept as text with a
// ruling, as are numbers beyond 38 digits. TIMESTAMP finer than microseconds is
// kept as text. A database of character set US7ASCII that holds GBK bytes is
// read with `charset: gbk`: character columns then travel as RAW, which the
// server bounds at 2,000 bytes a value in SQL.
//
// Tested without a server: the mapping of types, the statements, the decoding
// of text, the options, and what happens when nobody listens; reading from a
// real server has not been tried. Start at [Driver].
package oracle
