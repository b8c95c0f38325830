package statement

import (
	"slices"
	"strings"
)

// SystemSchema names the schema in which an engine keeps the tables of one of
// PostgreSQL's. No dataset can have such a name.
func SystemSchema(schema string) string { return systemPrefix + schema }

const systemPrefix = "postgres:"

// sessionWords are names without parentheses of what is about the session.
var sessionWords = set("current_user", "session_user", "user", "current_role", "current_catalog", "current_schema")

// OfCatalog reports whether a statement is about the catalog or the session alone,
// and reads no dataset.
func (s *Statement) OfCatalog() bool {
	return len(s.Tables) == 0 && (len(s.System) > 0 || len(s.Unlisted) > 0 || s.session)
}

// Catalog writes a statement about the catalog for an engine that has its tables in
// the schemas of SystemSchema, and these functions beside those of all statements.
// What PostgreSQL has and the engine has not, as casts to regclass, is put in terms
// of such functions.
func (s *Statement) Catalog(relations, functions map[string]bool) error {
	for _, name := range s.System {
		if !relations[name] {
			return because(ErrTable, "the table %s is not there", name)
		}
	}
	for _, name := range s.Unlisted {
		if !functions[strings.TrimPrefix(name, "information_schema.")] {
			return because(ErrFunction, "the function %s may not be used in a statement", name)
		}
	}
	tables := map[string]string{}
	gatherTables(s.root, tables)
	rewriter{tables}.rewrite(s.root)
	return nil
}

// gatherTables finds what tables are called.
func gatherTables(part any, tables map[string]string) {
	switch part := part.(type) {
	case []any:
		for _, one := range part {
			gatherTables(one, tables)
		}
	case map[string]any:
		if schema, system := strings.CutPrefix(text(part["schema_name"]), systemPrefix); system && part["type"] == "BASE_TABLE" {
			tables[word(part, "alias")] = schema + "." + text(part["table_name"])
		}
		for _, child := range part {
			gatherTables(child, tables)
		}
	}
}

// rewriter puts a tree in terms of the engine; tables are those of the statement by
// what it calls them.
type rewriter struct{ tables map[string]string }

// rewrite changes a part of a tree in place, or gives what comes into its place.
func (r rewriter) rewrite(part any) any {
	switch part := part.(type) {
	case []any:
		for i, one := range part {
			part[i] = r.rewrite(one)
		}
	case map[string]any:
		if part["type"] == "SELECT_NODE" {
			nameColumns(part)
		}
		for name, child := range part {
			if name != "cast_type" {
				part[name] = r.rewrite(child)
			}
		}
		if part["type"] == "TABLE_FUNCTION" {
			nameValues(part)
		}
		switch part["class"] {
		case "COLUMN_REF":
			return r.rewriteColumn(part)
		case "CAST":
			return rewriteCast(part)
		case "FUNCTION", "WINDOW":
			return rewriteCall(part)
		case "COLLATE":
			return aliased(part["child"], part["alias"])
		}
	}
	return part
}

// nameValues gives the only column of a function's rows the name of the rows.
func nameValues(part map[string]any) {
	function, _ := part["function"].(map[string]any)
	names, _ := part["column_name_alias"].([]any)
	if alias := text(part["alias"]); alias != "" && len(names) == 0 && tableFunctions[word(function, "function_name")] {
		part["column_name_alias"] = []any{alias}
	}
}

// rewriteColumn gives what PostgreSQL has in columns of its own of every table.
func (r rewriter) rewriteColumn(part map[string]any) any {
	names, _ := part["column_names"].([]any)
	if len(names) != 2 {
		return part
	}
	table := r.tables[strings.ToLower(text(names[0]))]
	switch strings.ToLower(text(names[1])) {
	case "tableoid":
		if table != "" {
			return aliased(call("to_regclass", constantText(table)), part["alias"])
		}
	case "xmin":
		if table != "" {
			return aliased(call("txid_current"), part["alias"])
		}
	}
	return part
}

func constantText(value string) map[string]any {
	return map[string]any{
		"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "", "query_location": 0,
		"value": map[string]any{"type": plainType("VARCHAR"), "is_null": false, "value": value},
	}
}

func aliased(part, alias any) any {
	if made, is := part.(map[string]any); is && alias != "" && alias != nil {
		made["alias"] = alias
	}
	return part
}

// nameColumns names columns without a name as PostgreSQL does.
func nameColumns(node map[string]any) {
	list, _ := node["select_list"].([]any)
	for _, one := range list {
		column, _ := one.(map[string]any)
		if column["alias"] != "" || column["class"] == "COLUMN_REF" || column["class"] == "STAR" {
			continue
		}
		if name := columnName(column); name != "" {
			column["alias"] = name
		}
	}
}

func columnName(column map[string]any) string {
	switch column["class"] {
	case "COLUMN_REF":
		names, _ := column["column_names"].([]any)
		return text(names[len(names)-1])
	case "FUNCTION", "WINDOW":
		if name := word(column, "function_name"); strings.ContainsFunc(name, func(r rune) bool { return r >= 'a' && r <= 'z' }) {
			return strings.TrimSuffix(name, "_star")
		}
	case "CAST":
		child, _ := column["child"].(map[string]any)
		if name := columnName(child); name != "" && name != "?column?" {
			return name
		}
		return strings.ToLower(typeName(column))
	case "CASE":
		return "case"
	case "OPERATOR":
		children, _ := column["children"].([]any)
		if column["type"] == "STRUCT_EXTRACT" && len(children) == 2 {
			constant, _ := children[1].(map[string]any)
			value, _ := constant["value"].(map[string]any)
			return text(value["value"])
		}
	case "SUBQUERY":
		return "" // that of its only column
	}
	return "?column?"
}

// typeName gives the name of the type of a cast, of one that the engine does not
// know as it was written.
func typeName(cast map[string]any) string {
	of, _ := cast["cast_type"].(map[string]any)
	if info, _ := of["type_info"].(map[string]any); of["id"] == "UNBOUND" {
		return word(info, "name")
	}
	return text(of["id"])
}

// named are the types of PostgreSQL's catalog that stand for a number of which there
// is a name.
var named = set("regclass", "regtype", "regnamespace", "regrole")

// known are other types of PostgreSQL's catalog, by what the engine has for them.
var known = map[string]string{
	"name": "VARCHAR", "cstring": "VARCHAR", "regproc": "VARCHAR", "regprocedure": "VARCHAR", "regoper": "VARCHAR", "regconfig": "VARCHAR", "bpchar": "VARCHAR",
	"aclitem": "VARCHAR", "pg_node_tree": "VARCHAR", "xml": "VARCHAR", "jsonb": "VARCHAR", "unknown": "VARCHAR", "inet": "VARCHAR", "citext": "VARCHAR",
	"sql_identifier": "VARCHAR", "character_data": "VARCHAR", "yes_or_no": "VARCHAR", "cardinal_number": "INTEGER", "xid": "BIGINT", "oid": "BIGINT",
}

func rewriteCast(cast map[string]any) any {
	name := typeName(cast)
	child, _ := cast["child"].(map[string]any)
	if named[name] {
		to := "name_of_" + name
		if value, _ := child["value"].(map[string]any); child["class"] == "CONSTANT" {
			if _, is := value["value"].(string); is {
				to = "to_" + name
			}
		}
		made := call(to, child)
		made["alias"] = cast["alias"]
		return made
	}
	if other := known[name]; other != "" {
		cast["cast_type"] = plainType(other)
	}
	of, _ := cast["cast_type"].(map[string]any)
	switch of["id"] {
	case "BIGINT", "INTEGER", "UINTEGER": // the number behind the name
		if inner, _ := child["children"].([]any); child["class"] == "FUNCTION" && strings.HasPrefix(word(child, "function_name"), "name_of_") && len(inner) == 1 {
			cast["child"] = inner[0]
		}
	case "LIST":
		info, _ := of["type_info"].(map[string]any)
		if inner, _ := info["child_type"].(map[string]any); inner["id"] == "UNBOUND" {
			info["child_type"] = plainType(orText(known[typeName(map[string]any{"cast_type": inner})]))
		}
		if list := arrayOf(child); list != nil {
			cast["child"] = list
		}
	}
	return cast
}

func orText(name string) string {
	if name == "" {
		return "VARCHAR"
	}
	return name
}

func plainType(id string) map[string]any { return map[string]any{"id": id, "type_info": nil} }

// arrayOf gives a list for a constant that is an array as PostgreSQL writes it, nil
// for anything else.
func arrayOf(part map[string]any) map[string]any {
	value, _ := part["value"].(map[string]any)
	written, is := value["value"].(string)
	if part["class"] != "CONSTANT" || !is || !strings.HasPrefix(written, "{") || !strings.HasSuffix(written, "}") {
		return nil
	}
	list := call("list_value")
	if written == "{}" {
		return list
	}
	children := []any{}
	for one := range strings.SplitSeq(written[1:len(written)-1], ",") {
		children = append(children, constantText(strings.Trim(one, `"`)))
	}
	list["children"] = children
	return list
}

func rewriteCall(part map[string]any) any {
	if slices.Contains([]string{"information_schema", "pg_catalog"}, home(part)) {
		part["schema"] = ""
	}
	children, _ := part["children"].([]any)
	switch word(part, "function_name") {
	case "regexp_full_match": // PostgreSQL's ~ is for a part of the text
		part["function_name"] = "regexp_matches"
	case "~*", "!~*":
		made := call("regexp_matches", append(children, constantText("i"))...)
		if part["function_name"] == "~*" {
			return aliased(made, part["alias"])
		}
		return map[string]any{"class": "OPERATOR", "type": "OPERATOR_NOT", "alias": part["alias"], "query_location": 0, "children": []any{made}}
	case "unnest":
		if len(children) == 1 {
			child, _ := children[0].(map[string]any)
			if list := arrayOf(child); list != nil {
				children[0] = list
			}
		}
	}
	return part
}
