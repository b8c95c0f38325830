package condition

import (
	"regexp"
	"strings"
)

// writer gathers SQL and its arguments.
type writer struct {
	sql  strings.Builder
	args []any
}

// ToSql implements squirrel.Sqlizer: SQL with places for its arguments.
func (c Condition) ToSql() (string, []any, error) { //nolint:revive // squirrel's name
	if c.root == nil {
		return "TRUE", nil, nil
	}
	w := &writer{}
	c.root.write(w)
	return w.sql.String(), w.args, nil
}

func (b boundBranch) write(w *writer) {
	separator := map[bool]string{false: " AND ", true: " OR "}[b.any]
	w.sql.WriteString("(")
	for i, part := range b.parts {
		if i > 0 {
			w.sql.WriteString(separator)
		}
		part.write(w)
	}
	w.sql.WriteString(")")
}

func (n boundNegation) write(w *writer) {
	w.sql.WriteString("(NOT ")
	n.part.write(w)
	w.sql.WriteString(")")
}

func (n boundNull) write(w *writer) {
	w.sql.WriteString(n.field.Expression + map[bool]string{false: " IS NULL", true: " IS NOT NULL"}[n.negated])
}

func (boundUnknown) write(w *writer) { w.sql.WriteString("CAST(NULL AS BOOLEAN)") }

func (c boundCompare) write(w *writer) {
	if c.negated {
		w.sql.WriteString("(NOT ")
		defer w.sql.WriteString(")")
	}
	switch c.operator {
	case isContains:
		w.sql.WriteString("contains(" + c.field.Expression + ", ")
		w.bind(c.field, c.right[0])
		w.sql.WriteString(")")
	case isIn:
		w.sql.WriteString(c.field.Expression + " IN (")
		for i, value := range c.right {
			if i > 0 {
				w.sql.WriteString(", ")
			}
			w.bind(c.field, value)
		}
		w.sql.WriteString(")")
	case isLike:
		if pattern := c.right[0].canonical; manyWays(pattern) {
			w.sql.WriteString("regexp_full_match(" + c.field.Expression + ", CAST(? AS VARCHAR))")
			w.args = append(w.args, expressionOf(pattern))
			return
		}
		w.sql.WriteString(c.field.Expression + " LIKE ")
		w.bind(c.field, c.right[0])
	default:
		w.sql.WriteString(c.field.Expression + " " + c.operator + " ")
		w.bind(c.field, c.right[0])
	}
}

// bind leaves a place for a value. The engine reads text in its own form of the
// type; it was checked before.
func (w *writer) bind(field Field, value literal) {
	w.sql.WriteString("CAST(? AS " + field.Type.SQL() + ")")
	w.args = append(w.args, value.argument)
}

// manyWays reports whether a text can fit a pattern in so many ways that LIKE,
// which tries one after the other where there is a _, may not end.
func manyWays(pattern string) bool {
	return strings.Count(pattern, "%") > 1 && strings.Contains(pattern, "_")
}

// expressionOf writes a pattern as a regular expression, of which the engine
// tries all ways at once.
func expressionOf(pattern string) string {
	return "(?s)" + strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(pattern))
}
