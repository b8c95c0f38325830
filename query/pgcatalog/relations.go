package pgcatalog

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query/statement"
)

// relationsText are the tables of PostgreSQL 15's catalog with their columns, and
// typesText its types, as its own catalog gives them.
//
//go:embed relations.tsv
var relationsText string

//go:embed types.tsv
var typesText string

//go:embed macros.sql
var macrosText string

//go:embed fill.sql
var fillText string

// relation is a table of the catalog.
type relation struct {
	schema, name, kind string
	oid                int64
	columns            []relationColumn
}

type relationColumn struct {
	name, kind string
	notNull    bool
}

// relations reads the tables of PostgreSQL's catalog.
func relations() ([]relation, error) {
	lines, err := readLines(relationsText)
	if err != nil {
		return nil, err
	}
	var all []relation
	for _, line := range lines {
		if len(all) == 0 || all[len(all)-1].schema != line[0] || all[len(all)-1].name != line[1] {
			oid, err := strconv.ParseInt(line[2], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("read the shape of %s: %w", line[1], err)
			}
			all = append(all, relation{schema: line[0], name: line[1], oid: oid, kind: line[3]})
		}
		last := &all[len(all)-1]
		last.columns = append(last.columns, relationColumn{line[4], line[5], line[6] == "true"})
	}
	return all, nil
}

func readLines(text string) ([][]string, error) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma = '\t'
	lines, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the shapes of the catalog: %w", err)
	}
	return lines, nil
}

// engineTypes are the engine's types of PostgreSQL's; others are texts.
var engineTypes = map[string]string{
	"bool": "BOOLEAN", "int2": "SMALLINT", "int4": "INTEGER", "int8": "BIGINT", "oid": "BIGINT", "xid": "BIGINT", "float4": "FLOAT", "float8": "DOUBLE",
	"numeric": "DOUBLE", "timestamptz": "TIMESTAMPTZ", "interval": "INTERVAL", "bytea": "BLOB", "int2vector": "SMALLINT[]", "oidvector": "BIGINT[]", "regtype": "BIGINT",
}

func engineType(name string) string {
	if element, is := strings.CutPrefix(name, "_"); is {
		return engineType(element) + "[]"
	}
	if known := engineTypes[name]; known != "" {
		return known
	}
	return "VARCHAR"
}

// create writes the statement that makes a table of the catalog.
func (r relation) create() string {
	columns := make([]string, len(r.columns))
	for i, one := range r.columns {
		columns[i] = warehouse.Ident(one.name) + " " + engineType(one.kind)
	}
	return "CREATE TABLE " + warehouse.Ident(statement.SystemSchema(r.schema), r.name) + " (" + strings.Join(columns, ", ") + ")"
}

// names are the tables of the catalog, as pg_catalog.pg_class.
func names(all []relation) map[string]bool {
	made := map[string]bool{}
	for _, one := range all {
		made[one.schema+"."+one.name] = true
	}
	return made
}

var macroName = regexp.MustCompile(`(?m)^CREATE MACRO "?(\w+)"?\(`)

// functions are those that statements about the catalog may use beside those of all
// statements: what macros.sql makes, and what works out values of the engine.
func functions() map[string]bool {
	made := map[string]bool{"generate_subscripts": true, "unnest": true, "~*": true, "!~*": true}
	for _, found := range macroName.FindAllStringSubmatch(macrosText, -1) {
		made[found[1]] = true
	}
	return made
}

// scripts takes a text apart into its statements.
func scripts(text string) []warehouse.Step {
	var steps []warehouse.Step
	for one := range strings.SplitSeq(text, ";\n") {
		if strings.TrimSpace(one) != "" {
			steps = append(steps, warehouse.Step{SQL: one})
		}
	}
	return steps
}
