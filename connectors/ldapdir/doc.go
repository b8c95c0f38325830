// Package ldapdir reads LDAP directories (RFC 4511): connector "ldap". It reads
// page by page (RFC 2696), over TLS where the directory has it. A dataset is a
// search: base, filter and attributes. Values that are not text become
// hexadecimal digits; several values of one attribute are joined.
//
// A page cannot be asked for again by another connection, so a reading that was
// broken off begins anew. Referrals are not followed. The package imports
// connectors, connectors/text and schema. Start at [Driver].
package ldapdir
