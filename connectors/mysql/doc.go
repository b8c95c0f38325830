// Package mysql reads MySQL and MariaDB databases: connector "mysql". A dataset
// is a table or view of the connection's database.
//
// The server writes every value as text (connectors/sqltext), TIMESTAMP in UTC.
// Unsigned integers, YEAR and BIT have a counterpart; DECIMAL with more than 38
// digits is kept as text. A zero date (0000-00-00) is rejected with its row, or
// read as no value where the connection says zero_dates: null. Columns of
// character set latin1 whose bytes are really GBK are read with charset: gbk.
// The package imports connectors, connectors/sqltext, connectors/text, schema
// and internal/fault. Start at [Driver].
package mysql
