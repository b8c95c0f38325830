package telemetry

import "regexp"

// valuesIn finds what may be a value of a row in the words of an engine or a
// server: what stands in quotes, a row that DETAIL shows, and long numbers.
var valuesIn = regexp.MustCompile(`'(?:[^'\n]|'')*'|"[^"\n]*"|=\([^)\n]*\)|\d[\d.\-]{4,}`)

// Redact gives the words of a cause without the values that may stand in them, as
// engines quote what they could not convert.
func Redact(cause string) string { return valuesIn.ReplaceAllString(cause, "…") }
