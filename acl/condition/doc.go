// Package condition is the language of conditions over rows: the filters of
// reads and the row conditions of policies.
//
//	condition  = and { "or" and }
//	and        = not { "and" not }
//	not        = [ "not" ] ( "(" condition ")" | comparison )
//	comparison = field ( "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) literal
//	           | field ( "=" | "!=" | "<>" ) attribute
//	           | field [ "not" ] "in" ( attribute | "(" literal { "," literal } ")" )
//	           | field [ "not" ] "like" 'text with % and _'
//	           | field [ "not" ] "contains" 'text'
//	           | field "is" [ "not" ] "null"
//	field      = a name of letters (Chinese too), digits and _, or "quoted",
//	           | "#" and the id of an element: the field that holds it, as #person.mobile
//	           | "#person": the field that says whom a row is about
//	attribute  = "@" and a name: the values that the principal has of it, as @college
//	literal    = 'text' ('' inside for one quote) | number | true | false
//
// Dates and moments are written as text: hire_date >= '2020-01-01'. Literals are
// checked against the field's type and bound as arguments; no text of a
// condition becomes SQL. Elements and attributes are for policies: a filter of a
// read knows neither.
//
// A condition has three outcomes, as in SQL: what compares with NULL is
// unknown, and so is what compares with an attribute that the principal does
// not have. [Condition.SQL] and [Condition.Holds] mean the same.
//
// The package is pure; it imports schema and internal/fault. Start at [Parse].
package condition
