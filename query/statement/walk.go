package statement

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// What a tree may be made of, by the engine's own words.
var (
	expressionClasses = set("FUNCTION", "CONSTANT", "CASE", "COMPARISON", "CONJUNCTION", "OPERATOR", "CAST", "COLUMN_REF", "BETWEEN", "WINDOW",
		"SUBQUERY", "STAR", "COLLATE", "PARAMETER", "POSITIONAL_REFERENCE")
	relations = set("BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION")
	nodes     = set("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE")
	modifiers = set("ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER")
	orders    = set("ORDER_DEFAULT", "ASCENDING", "DESCENDING")
)

func set(names ...string) map[string]bool {
	made := make(map[string]bool, len(names))
	for _, name := range names {
		made[name] = true
	}
	return made
}

// containers are maps without a type of their own, by their keys in order.
var containers = set("named_param_map,node", "map", "key,value", "aliases,key_targets,materialized,query", "then_expr,when_expr", "column,table", "expr,unit")

// walker checks a tree and gathers what it names.
type walker struct {
	statement *Statement
	listed    map[string]bool
	// bare are the datasets that a statement names without an alias, as hr.staff,
	// by the name that the alias has now.
	bare  map[string]string
	named int
}

// visit checks a part of the tree; ctes are the names that WITH has given.
func (w *walker) visit(part any, ctes []string, depth int) error {
	if depth > maxDepth {
		return because(ErrSize, "the statement is nested too deeply")
	}
	switch part := part.(type) {
	case []any:
		for _, one := range part {
			if err := w.visit(one, ctes, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		return w.visitMap(part, ctes, depth)
	}
	return nil
}

func (w *walker) visitMap(part map[string]any, ctes []string, depth int) error {
	kind, _ := part["type"].(string)
	class, isExpression := part["class"].(string)
	switch {
	case isExpression:
		if err := w.expression(class, part); err != nil {
			return err
		}
		if class == "CONSTANT" {
			return nil // a value, whatever it says
		}
	case relations[kind]:
		if err := w.relation(kind, part, ctes); err != nil {
			return err
		}
	case nodes[kind]:
		return w.node(part, ctes, depth)
	case !modifiers[kind] && !orders[kind] && !containers[keys(part)]:
		return refused(kind)
	}
	for name, child := range part {
		if name == "cast_type" {
			continue // the name of a type
		}
		if call, is := child.(map[string]any); is && kind == "TABLE_FUNCTION" && name == "function" {
			child = call["children"] // relation has seen to the function
		}
		if err := w.visit(child, ctes, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func refused(kind string) error {
	switch kind {
	case "SHOW_REF":
		return fault.New(fault.Invalid, "DESCRIBE, SHOW and SUMMARIZE are not taken: information_schema.tables and information_schema.columns tell what there is")
	case "":
		kind = "this form"
	}
	return fault.New(fault.Invalid, "%s is not taken in a statement", strings.ToLower(strings.ReplaceAll(kind, "_", " ")))
}

func keys(part map[string]any) string {
	names := make([]string, 0, len(part))
	for name := range part {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// node checks a query with the names that its WITH gives to it and to those
// behind them.
func (w *walker) node(part map[string]any, ctes []string, depth int) error {
	if part["sample"] != nil {
		return refused("sample")
	}
	if own, recursive := part["cte_name"].(string); recursive {
		ctes = append(slices.Clone(ctes), strings.ToLower(own))
	}
	given, _ := part["cte_map"].(map[string]any)
	entries, _ := given["map"].([]any)
	for _, entry := range entries {
		entry, _ := entry.(map[string]any)
		name, _ := entry["key"].(string)
		if strings.HasPrefix(strings.ToLower(name), namePrefix) {
			return fault.New(fault.Invalid, "WITH may not give the name %q", name)
		}
		if err := w.visit(entry["value"], ctes, depth+1); err != nil {
			return err
		}
		ctes = append(slices.Clone(ctes), strings.ToLower(name))
	}
	for name, child := range part {
		if name == "cte_map" {
			continue
		}
		if err := w.visit(child, ctes, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) relation(kind string, part map[string]any, ctes []string) error {
	if part["sample"] != nil {
		return refused("sample")
	}
	switch kind {
	case "BASE_TABLE":
		return w.table(part, ctes)
	case "TABLE_FUNCTION":
		call, _ := part["function"].(map[string]any)
		name, _ := call["function_name"].(string)
		if name = strings.ToLower(name); !tableFunctions[name] || home(call) != "" {
			w.unlisted(home(call), name)
		}
	}
	return nil
}

// home is the schema of a function, "" for the engine's own.
func home(call map[string]any) string {
	schema, _ := call["schema"].(string)
	catalog, _ := call["catalog"].(string)
	if catalog != "" {
		return catalog
	}
	if schema == "main" { // those with a grammar of their own
		return ""
	}
	return schema
}

// database is how clients call the whole.
const database = "yitong"

// systemSchemas hold the tables that tell what there is.
var systemSchemas = set("information_schema", "pg_catalog")

// table resolves a name: one that WITH gave, one of the catalog, or a dataset,
// whose place is taken by what is shown of it.
func (w *walker) table(part map[string]any, ctes []string) error {
	catalog, schema, table := word(part, "catalog_name"), word(part, "schema_name"), word(part, "table_name")
	if part["at_clause"] != nil {
		return fault.New(fault.Invalid, "AT is not taken: ask for the state at a moment by as_of")
	}
	if catalog == "" && schema == "" && slices.Contains(ctes, table) {
		return nil
	}
	if catalog != "" && catalog != database {
		return fault.New(fault.Invalid, "there is no database %q: this one is called %s", catalog, database)
	}
	if schema == "" {
		schema, table = split(table)
	}
	switch {
	case systemSchemas[schema] || schema == "" && strings.HasPrefix(table, "pg_"):
		w.system(part, schema, table)
		return nil
	case schema == "" || strings.HasPrefix(schema, namePrefix) || strings.HasPrefix(schema, systemPrefix):
		return because(ErrTable, "there is no table %q: write a dataset by its whole id, as hr.staff", table)
	}
	id := schema + "." + table
	if !slices.Contains(w.statement.Tables, id) {
		w.statement.Tables = append(w.statement.Tables, id)
	}
	w.named++
	if part["alias"] == "" {
		part["alias"] = table
		w.bare[id] = table
	}
	part["catalog_name"], part["schema_name"], part["table_name"] = "", "", Name(id)
	return nil
}

// system puts a table of the catalog in the place of its name.
func (w *walker) system(part map[string]any, schema, table string) {
	if schema == "" {
		schema = "pg_catalog"
	}
	full := schema + "." + table
	if !slices.Contains(w.statement.System, full) {
		w.statement.System = append(w.statement.System, full)
	}
	if part["alias"] == "" {
		part["alias"] = table
		w.bare[full] = table
	}
	part["catalog_name"], part["schema_name"], part["table_name"] = "", SystemSchema(schema), table
}

func word(part map[string]any, name string) string {
	text, _ := part[name].(string)
	return strings.ToLower(text)
}

func split(table string) (schema, name string) {
	if before, behind, found := strings.Cut(table, "."); found {
		return before, behind
	}
	return "", table
}

func (w *walker) expression(class string, part map[string]any) error {
	if !expressionClasses[class] {
		return refused(class)
	}
	switch class {
	case "FUNCTION", "WINDOW":
		name := word(part, "function_name")
		if !w.listed[name] || home(part) != "" {
			w.unlisted(home(part), name)
		}
	case "CAST":
		if name := typeName(part); named[name] || known[name] != "" {
			w.statement.session = true
		}
	case "COLUMN_REF":
		if names, _ := part["column_names"].([]any); len(names) == 1 && sessionWords[strings.ToLower(text(names[0]))] {
			w.statement.session = true
		}
	case "PARAMETER":
		identifier, _ := part["identifier"].(string)
		number, err := strconv.Atoi(identifier)
		if err != nil || number < 1 || number > 1000 {
			return because(ErrSyntax, "parameters are $1, $2 … up to $1000, not $%s", identifier)
		}
		w.statement.Parameters = max(w.statement.Parameters, number)
	}
	return nil
}

func (w *walker) unlisted(home, name string) {
	if full := strings.TrimPrefix(home+"."+name, "."); !slices.Contains(w.statement.Unlisted, full) {
		w.statement.Unlisted = append(w.statement.Unlisted, full)
	}
}

// shorten takes the system out of names as hr.staff.name: an alias has one part.
func shorten(part any, bare map[string]string) {
	switch part := part.(type) {
	case []any:
		for _, one := range part {
			shorten(one, bare)
		}
	case map[string]any:
		if names, ok := part["column_names"].([]any); ok && len(names) > 2 {
			part["column_names"] = short(names, bare)
		}
		if relation, ok := part["relation_name"].(string); ok && bare[strings.ToLower(relation)] != "" {
			part["relation_name"] = bare[strings.ToLower(relation)]
		}
		for _, child := range part {
			shorten(child, bare)
		}
	}
}

func short(names []any, bare map[string]string) []any {
	for from := range 2 {
		if len(names) < from+3 || from == 1 && !strings.EqualFold(text(names[0]), database) {
			break
		}
		if alias := bare[strings.ToLower(text(names[from])+"."+text(names[from+1]))]; alias != "" {
			return append([]any{alias}, names[from+2:]...)
		}
	}
	return names
}

func text(value any) string {
	made, _ := value.(string)
	return made
}

// number reads a whole number that stands in a tree.
func number(value any) (int64, bool) {
	made, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	whole, err := made.Int64()
	return whole, err == nil
}
