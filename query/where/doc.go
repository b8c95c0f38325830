// Package where reads the filter language of the gate:
//
//	filter     = and { "or" and }
//	and        = not { "and" not }
//	not        = [ "not" ] ( "(" filter ")" | comparison )
//	comparison = field ( "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) literal
//	           | field [ "not" ] "in" "(" literal { "," literal } ")"
//	           | field [ "not" ] "like" 'text with % and _'
//	           | field [ "not" ] "contains" 'text'
//	           | field "is" [ "not" ] "null"
//	field      = a name of letters (Chinese too), digits and _, or "quoted"
//	literal    = 'text' ('' inside for one quote) | number | true | false
//
// Dates and moments are written as text: hire_date >= '2020-01-01'. Literals are
// checked against the field's type and bound as arguments; no text of a filter
// becomes SQL. A filter sees what the principal sees: fields that are withheld
// do not exist for it, and masked ones have their masked value. The package is
// pure; it imports schema and internal/fault. Start at [Compile].
package where
