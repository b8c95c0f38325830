// Package testserver starts real servers for tests: PostgreSQL, MariaDB and
// slapd, each at most once in a test process, on a free loopback port and in a
// temporary folder, as an unprivileged user. A server ends with the process
// that started it, however that ends, and after an hour at the latest.
//
// YITONG_TEST_POSTGRES, YITONG_TEST_MYSQL and YITONG_TEST_LDAP name a server to
// use instead. When there is neither, the test is skipped, or fails under
// YITONG_TEST_REQUIRE=1. Every call gives the test a database of its own.
//
// Only tests import it. Start at [Postgres].
package testserver
