// Package body reads rows out of what a client sends: JSON, NDJSON (a JSON
// object a line), CSV (RFC 4180) or an Arrow stream. It keeps numbers as they
// are written, tells NULL from what is not there, and refuses what it would have
// to guess or could not hold. It imports internal/fault only. Start at [Read].
package body
