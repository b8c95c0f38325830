package statement

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// argumentTypes are those that a value may be of by name.
var argumentTypes = set("BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "INTERVAL", "UUID", "BLOB", "VARCHAR")

// decimalType gives precision and scale of a decimal of the widest precision, as
// DECIMAL(38,2).
func decimalType(name string) (map[string]any, bool) {
	digits, begins := strings.CutPrefix(name, "DECIMAL(38,")
	digits, ends := strings.CutSuffix(digits, ")")
	scale, err := strconv.Atoi(digits)
	if !begins || !ends || err != nil || scale < 0 || scale > 38 {
		return nil, false
	}
	return map[string]any{"id": "DECIMAL", "type_info": map[string]any{"type": "DECIMAL_TYPE_INFO", "alias": "", "extension_info": nil, "width": 38, "scale": scale}}, true
}

// Bind puts values into the place of the parameters, as texts that take the type
// of what they stand beside or that which types name; nil is NULL.
func (s *Statement) Bind(values []*string, types ...string) error {
	if len(values) != s.Parameters {
		return fault.New(fault.Invalid, "the statement has %d parameters, and %d values are given", s.Parameters, len(values))
	}
	for i, value := range values {
		if value != nil && strings.ContainsRune(*value, 0) {
			return fault.New(fault.Invalid, "the value of $%d has a character that cannot be seen", i+1)
		}
	}
	for i, name := range types {
		if _, decimal := decimalType(name); i >= len(values) || name != "" && !argumentTypes[name] && !decimal {
			return fault.New(fault.Invalid, "the value of $%d is of no type that is known", i+1)
		}
	}
	bind(s.root, values, types)
	return nil
}

func bind(part any, values []*string, types []string) {
	switch part := part.(type) {
	case []any:
		for _, one := range part {
			bind(one, values, types)
		}
	case map[string]any:
		if part["class"] == "PARAMETER" {
			fill(part, values, types)
			return
		}
		for _, child := range part {
			bind(child, values, types)
		}
	}
}

func fill(part map[string]any, values []*string, types []string) {
	identifier, _ := part["identifier"].(string)
	number := 0
	for _, digit := range identifier { // digits: Parse has seen to it
		number = number*10 + int(digit-'0')
	}
	value := map[string]any{"type": map[string]any{"id": "NULL", "type_info": nil}, "is_null": true}
	if given := values[number-1]; given != nil {
		value = map[string]any{"type": map[string]any{"id": "VARCHAR", "type_info": nil}, "is_null": false, "value": *given}
	}
	delete(part, "identifier")
	if number > len(types) || types[number-1] == "" {
		part["class"], part["type"], part["value"] = "CONSTANT", "VALUE_CONSTANT", value
		return
	}
	constant := map[string]any{"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "", "query_location": 0, "value": value}
	part["class"], part["type"], part["child"], part["try_cast"] = "CAST", "OPERATOR_CAST", constant, false
	if decimal, is := decimalType(types[number-1]); is {
		part["cast_type"] = decimal
		return
	}
	part["cast_type"] = plainType(types[number-1])
}

// Cap bounds the number of rows, where the statement itself gives no lower
// number that is written out.
func (s *Statement) Cap(rows uint64) {
	node, _ := s.root["node"].(map[string]any)
	list, _ := node["modifiers"].([]any)
	constant := map[string]any{
		"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "", "query_location": 0,
		"value": map[string]any{"type": map[string]any{"id": "BIGINT", "type_info": nil}, "is_null": false, "value": rows},
	}
	for _, modifier := range list {
		modifier, _ := modifier.(map[string]any)
		switch modifier["type"] {
		case "LIMIT_PERCENT_MODIFIER":
			return
		case "LIMIT_MODIFIER":
			limit, _ := modifier["limit"].(map[string]any)
			value, _ := limit["value"].(map[string]any)
			written, known := number(value["value"])
			if modifier["limit"] == nil || known && written >= 0 && uint64(written) > rows {
				modifier["limit"] = constant
			}
			return
		}
	}
	node["modifiers"] = append(list, map[string]any{"type": "LIMIT_MODIFIER", "limit": constant, "offset": nil})
}

// Concerned gives a statement for the values of a column of a dataset among the
// rows that the answer is worked out of: those of its joins and its filter, before
// groups, order and limit. It is for plain statements over tables; of others it
// says false.
func (s *Statement) Concerned(dataset, column string) (*Statement, bool) {
	node, _ := s.root["node"].(map[string]any)
	given, _ := node["cte_map"].(map[string]any)
	if entries, _ := given["map"].([]any); node["type"] != "SELECT_NODE" || len(entries) > 0 || hasSubquery(node["where_clause"]) {
		return nil, false
	}
	var aliases []string
	if !joined(node["from_table"], Name(dataset), &aliases) || len(aliases) == 0 {
		return nil, false
	}
	columns := make([]any, len(aliases))
	for i, alias := range aliases {
		columns[i] = map[string]any{"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": "", "query_location": 0, "column_names": []any{alias, column}}
	}
	chosen := columns[0]
	if len(columns) > 1 { // a dataset beside itself concerns the people of each
		chosen = call("unnest", call("list_value", columns...))
	}
	plain := maps.Clone(node)
	plain["select_list"], plain["modifiers"] = []any{chosen}, []any{map[string]any{"type": "DISTINCT_MODIFIER", "distinct_on_targets": []any{}}}
	plain["group_expressions"], plain["group_sets"], plain["having"], plain["qualify"] = []any{}, []any{}, nil, nil
	plain["aggregate_handling"] = "STANDARD_HANDLING"
	root := maps.Clone(s.root)
	root["node"] = plain
	return &Statement{root: root}, true
}

func call(name string, arguments ...any) map[string]any {
	if arguments == nil {
		arguments = []any{}
	}
	return map[string]any{
		"class": "FUNCTION", "type": "FUNCTION", "alias": "", "query_location": 0, "function_name": name, "schema": "", "catalog": "",
		"children": arguments, "filter": nil, "order_bys": map[string]any{"type": "ORDER_MODIFIER", "orders": []any{}},
		"distinct": false, "is_operator": false, "export_state": false,
	}
}

func hasSubquery(part any) bool {
	text, err := json.Marshal(part)
	return err != nil || strings.Contains(string(text), `"class":"SUBQUERY"`)
}

// joined reports whether a FROM is made of tables and plain joins alone, and
// gathers the aliases of one table.
func joined(part any, table string, aliases *[]string) bool {
	relation, _ := part.(map[string]any)
	switch relation["type"] {
	case "BASE_TABLE":
		if names, _ := relation["column_name_alias"].([]any); len(names) > 0 {
			return false
		}
		if relation["table_name"] == table {
			*aliases = append(*aliases, text(relation["alias"]))
		}
		return true
	case "JOIN":
		return relation["ref_type"] != "NATURAL" && !hasSubquery(relation["condition"]) &&
			joined(relation["left"], table, aliases) && joined(relation["right"], table, aliases)
	}
	return false
}
