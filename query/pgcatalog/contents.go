package pgcatalog

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query/statement"
)

// database is the name of the only database.
const database = "yitong"

// Contents are what a catalog tells: to whom, and of which tables.
type Contents struct {
	User     string
	Settings map[string]string
	Tables   []Table
}

// Table is a dataset.
type Table struct {
	Schema, Name, Comment string
	Columns               []Column
}

// Column is a field of a dataset.
type Column struct {
	Name, Comment string
	Type          Type
}

// key is the same for the same contents.
func (c Contents) key() (string, error) {
	text, err := json.Marshal(c)
	sum := sha256.Sum256(text)
	return string(sum[:]), err
}

// Numbers of PostgreSQL's own things, and the first that are free for others.
const (
	ownerOID      = 10
	catalogOID    = 11
	publicOID     = 2200
	firstOwnOID   = 12000
	firstFreeOID  = 16384
	lastFreeOID   = 1<<31 - 1
	informationID = 11999

	// Of pg_class and pg_namespace.
	relationClass  = 1259
	namespaceClass = 2615
)

// numbers gives things their numbers, by their names: the same thing has the same
// number in every catalog and after every restart, since clients keep them.
type numbers map[int64]string

func (n numbers) of(kind, name string) int64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(kind + " " + name)) // it cannot fail
	oid := firstFreeOID + int64(sum.Sum64()%(lastFreeOID-firstFreeOID))
	for n[oid] != "" && n[oid] != kind+name {
		oid++
	}
	n[oid] = kind + name
	return oid
}

// The lines of the tables of given.
type (
	schemaLine struct {
		OID     int64  `json:"_s_oid"`
		Name    string `json:"_s_name"`
		Comment string `json:"_s_comment"`
	}
	relationLine struct {
		OID     int64  `json:"_r_oid"`
		Schema  string `json:"_r_schema"`
		Name    string `json:"_r_name"`
		Kind    string `json:"_r_kind"`
		Comment string `json:"_r_comment"`
	}
	columnLine struct {
		Relation int64  `json:"_c_relation"`
		Number   int    `json:"_c_number"`
		Name     string `json:"_c_name"`
		Type     int64  `json:"_c_type"`
		Modifier int32  `json:"_c_modifier"`
		NotNull  bool   `json:"_c_not_null"`
		Comment  string `json:"_c_comment"`
	}
	roleLine struct {
		OID   int64  `json:"_o_oid"`
		Name  string `json:"_o_name"`
		Login bool   `json:"_o_login"`
	}
	commentLine struct {
		Object int64  `json:"_d_object"`
		Class  int64  `json:"_d_class"`
		Part   int    `json:"_d_part"`
		Text   string `json:"_d_text"`
	}
	settingLine struct {
		Name    string `json:"_g_name"`
		Setting string `json:"_g_setting"`
		About   string `json:"_g_about"`
	}
)

// given are the tables that fill.sql and macros.sql read, by their columns. A macro
// is put into the caller's statement as it stands: names like none of the caller's
// keep it from taking one for the other.
var given = []struct{ name, columns string }{
	{"schemas", `{"_s_oid": "BIGINT", "_s_name": "VARCHAR", "_s_comment": "VARCHAR"}`},
	{"relations", `{"_r_oid": "BIGINT", "_r_schema": "VARCHAR", "_r_name": "VARCHAR", "_r_kind": "VARCHAR", "_r_comment": "VARCHAR"}`},
	{"columns", `{"_c_relation": "BIGINT", "_c_number": "SMALLINT", "_c_name": "VARCHAR", "_c_type": "BIGINT", "_c_modifier": "INTEGER", "_c_not_null": "BOOLEAN", "_c_comment": "VARCHAR"}`},
	{"roles", `{"_o_oid": "BIGINT", "_o_name": "VARCHAR", "_o_login": "BOOLEAN"}`},
	{"comments", `{"_d_object": "BIGINT", "_d_class": "BIGINT", "_d_part": "INTEGER", "_d_text": "VARCHAR"}`},
	{"settings", `{"_g_name": "VARCHAR", "_g_setting": "VARCHAR", "_g_about": "VARCHAR"}`},
	{"types", `{"_t_oid": "BIGINT", "_t_name": "VARCHAR", "_t_len": "SMALLINT", "_t_byval": "BOOLEAN", "_t_kind": "VARCHAR", "_t_category": "VARCHAR", "_t_preferred": "BOOLEAN", "_t_delim": "VARCHAR",
		"_t_elem": "BIGINT", "_t_arr": "BIGINT", "_t_input": "VARCHAR", "_t_output": "VARCHAR", "_t_align": "VARCHAR", "_t_storage": "VARCHAR", "_t_coll": "BIGINT", "_t_shown": "VARCHAR"}`},
}

// lines gives the lines of the tables of given.
func (c Contents) lines(system []relation) (map[string]any, error) {
	types, byName, err := typeLines()
	if err != nil {
		return nil, err
	}
	used := numbers{}
	schemas := []schemaLine{
		{catalogOID, "pg_catalog", "what there is"}, {informationID, "information_schema", "what there is"},
		{publicOID, "public", "holds nothing: datasets are in the schemas of their systems"},
	}
	var tables []relationLine
	var columns []columnLine
	for i, one := range system {
		line := relationLine{OID: one.oid, Schema: one.schema, Name: one.name, Kind: one.kind}
		if line.OID == 0 {
			line.OID = firstOwnOID + int64(i)
		}
		tables = append(tables, line)
		for j, column := range one.columns {
			columns = append(columns, columnLine{Relation: line.OID, Number: j + 1, Name: column.name, Type: byName[column.kind], Modifier: -1, NotNull: column.notNull})
		}
	}
	seen := map[string]bool{}
	for _, one := range c.Tables {
		if !seen[one.Schema] {
			seen[one.Schema] = true
			schemas = append(schemas, schemaLine{used.of("schema", one.Schema), one.Schema, ""})
		}
		line := relationLine{used.of("table", one.Schema+"."+one.Name), one.Schema, one.Name, "r", one.Comment}
		tables = append(tables, line)
		for j, column := range one.Columns {
			columns = append(columns, columnLine{line.OID, j + 1, column.Name, int64(column.Type.OID), column.Type.Modifier, false, column.Comment})
		}
	}
	roles := []roleLine{{ownerOID, "yitong_owner", false}, {used.of("role", c.User), c.User, true}}
	comments := []commentLine{}
	for _, one := range schemas {
		comments = append(comments, commentLine{one.OID, namespaceClass, 0, one.Comment})
	}
	for _, one := range tables {
		comments = append(comments, commentLine{one.OID, relationClass, 0, one.Comment})
	}
	for _, one := range columns {
		comments = append(comments, commentLine{one.Relation, relationClass, one.Number, one.Comment})
	}
	comments = slices.DeleteFunc(comments, func(one commentLine) bool { return one.Text == "" })
	settings := []settingLine{}
	for name, value := range c.Settings {
		settings = append(settings, settingLine{name, value, ""})
	}
	return map[string]any{"schemas": schemas, "relations": tables, "columns": columns, "roles": roles, "settings": settings, "comments": comments, "types": types}, nil
}

// typeLines gives the types, and their numbers by their names.
func typeLines() (lines []map[string]any, numbers map[string]int64, err error) {
	read, err := readLines(typesText)
	if err != nil {
		return nil, nil, err
	}
	columns := []string{"oid", "name", "len", "byval", "kind", "category", "preferred", "delim", "elem", "arr", "input", "output", "align", "storage", "coll"}
	numbers = map[string]int64{}
	for _, line := range read {
		made := map[string]any{}
		for i, name := range columns {
			made["_t_"+name] = line[i]
		}
		lines = append(lines, made)
		if numbers[line[1]], err = strconv.ParseInt(line[0], 10, 64); err != nil {
			return nil, nil, fmt.Errorf("read the types of the catalog: %w", err)
		}
	}
	for _, line := range lines {
		line["_t_shown"] = shownType(line, lines)
	}
	return lines, numbers, nil
}

// shownNames are types that SQL has another name for.
var shownNames = map[string]string{
	"bool": "boolean", "int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision", "timestamp": "timestamp without time zone",
	"timestamptz": "timestamp with time zone", "time": "time without time zone", "timetz": "time with time zone", "varchar": "character varying", "bpchar": "character",
	"char": `"char"`, "varbit": "bit varying",
}

// shownType gives the name of a type as SQL writes it.
func shownType(of map[string]any, all []map[string]any) string {
	if of["_t_elem"] != "0" && of["_t_len"] == "-1" && of["_t_input"] == "array_in" {
		for _, one := range all {
			if one["_t_oid"] == of["_t_elem"] {
				return shownType(one, all) + "[]"
			}
		}
	}
	name, _ := of["_t_name"].(string)
	if shown := shownNames[name]; shown != "" {
		return shown
	}
	return name
}

// steps are what makes a catalog.
func (c Contents) steps(system []relation) ([]warehouse.Step, error) {
	lines, err := c.lines(system)
	if err != nil {
		return nil, err
	}
	steps := []warehouse.Step{
		{SQL: "CREATE SCHEMA given"}, {SQL: "CREATE SCHEMA " + warehouse.Ident(statement.SystemSchema("pg_catalog"))},
		{SQL: "CREATE SCHEMA " + warehouse.Ident(statement.SystemSchema("information_schema"))},
	}
	for _, table := range given {
		text, err := json.Marshal(lines[table.name])
		if err != nil {
			return nil, err
		}
		steps = append(steps, warehouse.Step{
			SQL:  "CREATE TABLE given." + table.name + " AS SELECT unnest(from_json(CAST(? AS JSON), " + warehouse.Literal("["+table.columns+"]") + "), recursive := true)",
			Args: []any{string(text)},
		})
	}
	for _, one := range system {
		steps = append(steps, warehouse.Step{SQL: one.create()})
	}
	return append(append(steps, scripts(macrosText)...), scripts(fillText)...), nil
}
