package query

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/schema"
)

// scalarFunctions are those that a mask expression may call: they read nothing
// but their arguments. "||", "+" and the like are functions to the parser.
var scalarFunctions = []string{
	"||", "+", "-", "*", "/", "//", "%", "abs", "round", "floor", "ceil", "left", "right", "substr", "substring", "length", "upper", "lower",
	"trim", "ltrim", "rtrim", "concat", "replace", "regexp_replace", "split_part", "strpos", "contains", "starts_with",
	"reverse", "coalesce", "nullif", "greatest", "least", "date_trunc", "date_part", "year", "month", "day", "last_day", "strftime", "~~", "!~~",
}

// grammarFunctions have a grammar of their own, as substring(value from 2) has;
// the parser writes them with the schema main.
var grammarFunctions = []string{"substring", "trim", "ltrim", "rtrim", "date_part"}

// operators are the types of the class OPERATOR that may occur.
var operators = []string{
	"NOT", "OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE", "OPERATOR_NULLIF", "OPERATOR_TRY",
	"COMPARE_IN", "COMPARE_NOT_IN", "ARRAY_EXTRACT", "ARRAY_SLICE",
}

// valueKinds are those that are tried for value: one must fit.
var valueKinds = []schema.Kind{
	schema.String, schema.Int64, schema.Float64, schema.Date, schema.Timestamp, schema.TimestampTZ, schema.Time, schema.Bool, schema.UUID,
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
	if strings.Contains(tree, `\u0001`) {
		return refused("it has a character that cannot be seen") // the name that plans replace begins with it
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
	if !fitsSome(ctx, engine, template, expression.Type) {
		return refused("the engine can work it out of no type of value")
	}
	return template, nil
}

// fitsSome reports whether the engine takes the expression for some type of
// value. One that it does not would make every read fail.
func fitsSome(ctx context.Context, engine Engine, template string, as schema.Type) bool {
	return slices.ContainsFunc(valueKinds, func(kind schema.Kind) bool {
		var shown any
		return engine.Get(ctx, fmt.Sprintf("SELECT TRY(CAST((%s) AS %s)) FROM (SELECT CAST(NULL AS %s) AS %s)",
			template, as.SQL(), schema.Of(kind).SQL(), warehouse.Ident(plan.ValueName)), nil, &shown) == nil
	})
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
	return node["type"] == "SELECT_NODE" && node["aggregate_handling"] == "STANDARD_HANDLING"
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
	if node["alias"] != "" {
		return fault.New(fault.Invalid, "it may name nothing (as %q)", node["alias"])
	}
	switch class {
	case "OPERATOR":
		if name, _ := node["type"].(string); !slices.Contains(operators, name) {
			return fault.New(fault.Invalid, "%s may not be used in a mask", strings.ToLower(name))
		}
	case "COLUMN_REF":
		names, _ := node["column_names"].([]any)
		if len(names) != 1 || names[0] != "value" {
			return fault.New(fault.Invalid, "value is the only name that it may use")
		}
		node["column_names"] = []any{plan.ValueName}
	case "FUNCTION":
		return checkFunction(node)
	}
	return nil
}

func checkFunction(node map[string]any) error {
	name, _ := node["function_name"].(string)
	home := node["schema"]
	if home == "main" && slices.Contains(grammarFunctions, name) {
		home = ""
	}
	if !slices.Contains(scalarFunctions, name) || home != "" || node["catalog"] != "" {
		return fault.New(fault.Invalid, "the function %s may not be used in a mask", name)
	}
	orders, _ := node["order_bys"].(map[string]any)
	if order, _ := orders["orders"].([]any); node["distinct"] != false || node["filter"] != nil || len(order) > 0 {
		return fault.New(fault.Invalid, "%s takes its arguments and nothing else", name)
	}
	return nil
}
