// Package serve answers for the demo campus's systems that are servers: five
// HTTP interfaces, each with another way of paging and signing in, and the LDAP
// directory. Everything listens on loopback, on free ports, with secrets made
// anew at each start. Start at [Start].
package serve
