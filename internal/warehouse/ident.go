package warehouse

import "strings"

// Ident quotes parts as one dotted identifier: Ident("published", "hr.staff")
// gives "published"."hr.staff". It is the only way for a name to enter SQL.
func Ident(parts ...string) string {
	quoted := make([]string, len(parts))
	for i, part := range parts {
		quoted[i] = `"` + strings.ReplaceAll(part, `"`, `""`) + `"`
	}
	return strings.Join(quoted, ".")
}

// Literal writes text as an SQL string constant. It is for constants of a
// definition (patterns, code values) that the engine must see while it plans,
// where a bound value would be evaluated for every row; rows are always bound.
func Literal(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// Published names the table of a dataset's current rows.
func Published(dataset string) string { return Ident("warehouse", "published", dataset) }

// History names the table of a dataset's closed rows.
func History(dataset string) string { return Ident("warehouse", "history", dataset) }

// Landed names the table of a dataset's rows as the source gave them.
func Landed(dataset string) string { return Ident("landing", "landed", dataset) }

// Verdicts names the table with the judgement of each landed row. It is in
// memory, spilled to the folder tmp where it is large: a load that breaks off
// judges its rows again.
func Verdicts(dataset string) string { return Ident("scratch", "verdicts", dataset) }
