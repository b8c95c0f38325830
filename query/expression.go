package query

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/plan"
)

// scalarFunctions are those that a mask expression may call: they read nothing
// but their arguments. "||", "+" and the like are functions to the parser.
var scalarFunctions = []string{
	"||", "+", "-", "*", "/", "//", "%", "abs", "round", "floor", "ceil", "left", "right", "substr", "substring", "length", "upper", "lower",
	"trim", "ltrim", "rtrim", "concat", "replace", "regexp_replace", "split_part", "strpos", "contains", "starts_with", "lpad", "rpad", "repeat",
	"reverse", "coalesce", "nullif", "greatest", "least", "date_trunc", "date_part", "year", "month", "day", "last_day", "strftime", "~~", "!~~",
}

// expressionClasses are the classes of the parse tree that may occur.
var expressionClasses = []string{"FUNCTION", "CONSTANT", "CASE", "COMPARISON", "CONJUNCTION", "OPERATOR", "CAST", "COLUMN_REF", "BETWEEN"}

// maxExpression bounds the text of a mask expression.
const maxExpression = 2000

// Engine parses SQL and writes it again; the warehouse does.
type Engine interface {
	Get(ctx context.Context, statement string, args []any, into ...any) error
}

// CheckExpression says whether a mask expression may be used: one scalar
// expression over value, of functions that read nothing else.
func CheckExpression(ctx context.Context, engine Engine, expression acl.Expression) error {
	_, err := templateOf(ctx, engine, expression)
	return err
}

// template keeps the checked SQL of expressions by their text.
func (g *Gate) template(ctx context.Context, expression acl.Expression) (string, error) {
	if found, known := g.templates.Load(expression.SQL); known {
		return found.(string), nil
	}
	template, err := templateOf(ctx, g.Warehouse, expression)
	if err == nil {
		g.templates.Store(expression.SQL, template)
	}
	return template, err
}

// templateOf checks the SQL of a named expression and gives it with the value
// under the name that plans replace.
func templateOf(ctx context.Context, engine Engine, expression acl.Expression) (string, error) {
	refused := func(format string, args ...any) (string, error) {
		return "", fault.New(fault.Invalid, "mask expression %s: %s", expression.Name, fmt.Sprintf(format, args...))
	}
	if len(expression.SQL) == 0 || len(expression.SQL) > maxExpression || expression.Type.Kind == "" {
		return refused("a type and sql of 1 to %d bytes are needed", maxExpression)
	}
	var tree string
	err := engine.Get(ctx, "SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR)) AS VARCHAR)", []any{"SELECT " + expression.SQL}, &tree)
	if err != nil {
		return refused("it cannot be read as SQL")
	}
	var parsed struct {
		Error      bool             `json:"error"`
		Statements []map[string]any `json:"statements"`
	}
	decoder := json.NewDecoder(strings.NewReader(tree))
	decoder.UseNumber() // places are numbers that a float cannot hold
	if err := decoder.Decode(&parsed); err != nil || parsed.Error || len(parsed.Statements) != 1 {
		return refused("it cannot be read as one SQL expression")
	}
	node, _ := parsed.Statements[0]["node"].(map[string]any)
	list, _ := node["select_list"].([]any)
	from, _ := node["from_table"].(map[string]any)
	if len(list) != 1 || from["type"] != "EMPTY" || !onlySelects(node) {
		return refused("it must be one expression, without FROM or anything behind it")
	}
	if err := checkNode(list[0]); err != nil {
		return refused("%s", fault.Public(err))
	}
	text, err := json.Marshal(map[string]any{"error": false, "statements": parsed.Statements})
	if err != nil {
		return "", err
	}
	var template string
	if err := engine.Get(ctx, "SELECT json_deserialize_sql(CAST(? AS JSON))", []any{string(text)}, &template); err != nil {
		return refused("it cannot be written as SQL")
	}
	template, ok := strings.CutPrefix(template, "SELECT ")
	if !ok {
		return refused("it cannot be written as SQL")
	}
	return template, nil
}

// onlySelects reports whether a statement has nothing but what it selects.
func onlySelects(node map[string]any) bool {
	for name, part := range node {
		switch part := part.(type) {
		case []any:
			if name != "select_list" && len(part) > 0 {
				return false
			}
		case map[string]any:
			if name == "cte_map" {
				if entries, _ := part["map"].([]any); len(entries) > 0 {
					return false
				}
			} else if name != "from_table" {
				return false
			}
		}
	}
	return node["type"] == "SELECT_NODE"
}

// checkNode walks a parse tree, refuses what is not known to be harmless, and
// puts the name that plans replace in place of value.
func checkNode(node any) error {
	switch node := node.(type) {
	case []any:
		for _, part := range node {
			if err := checkNode(part); err != nil {
				return err
			}
		}
	case map[string]any:
		if class, is := node["class"].(string); is {
			if !slices.Contains(expressionClasses, class) {
				return fault.New(fault.Invalid, "%s may not be used in a mask", strings.ToLower(class))
			}
			if err := checkClass(class, node); err != nil {
				return err
			}
		}
		for _, part := range node {
			if err := checkNode(part); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkClass(class string, node map[string]any) error {
	switch class {
	case "COLUMN_REF":
		names, _ := node["column_names"].([]any)
		if len(names) != 1 || names[0] != "value" {
			return fault.New(fault.Invalid, "value is the only name that it may use")
		}
		node["column_names"] = []any{plan.ValueName}
	case "FUNCTION":
		name, _ := node["function_name"].(string)
		schema, _ := node["schema"].(string)
		catalog, _ := node["catalog"].(string)
		if !slices.Contains(scalarFunctions, name) || schema != "" || catalog != "" {
			return fault.New(fault.Invalid, "the function %s may not be used in a mask", name)
		}
	}
	return nil
}
