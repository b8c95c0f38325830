package publish

import (
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/standard"
)

//go:embed sql/*.sql
var files embed.FS

var templates = template.Must(template.New("").ParseFS(files, "sql/*.sql"))

// render fills one of the statements in sql/. All that enters is quoted
// identifiers, compiled expressions and numbers.
func render(name string, with any) (string, error) {
	var b strings.Builder
	if err := templates.ExecuteTemplate(&b, name+".sql", with); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return b.String(), nil
}

// each formats the places 0 to n-1 with a pattern such as "k%[1]d" and joins them.
func each(n int, pattern, separator string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(pattern, i)
	}
	return strings.Join(parts, separator)
}

// aliased gives "expression AS k0, expression AS k1".
func aliased(expressions []string, prefix string) string {
	parts := make([]string, len(expressions))
	for i, expression := range expressions {
		parts[i] = fmt.Sprintf("%s AS %s%d", expression, prefix, i)
	}
	return strings.Join(parts, ", ")
}

// names gives the quoted names of all fields in their order.
func (p Plan) names(alias string) string {
	parts := make([]string, len(p.Fields))
	for i, field := range p.Fields {
		if alias == "" {
			parts[i] = warehouse.Ident(field.Name)
		} else {
			parts[i] = warehouse.Ident(alias, field.Name)
		}
	}
	return strings.Join(parts, ", ")
}

// values gives the fields' values over landed rows as v0, v1 and so on.
func (p Plan) values() string {
	parts := make([]string, len(p.Fields))
	for i, field := range p.Fields {
		parts[i] = field.Column.Value
	}
	return aliased(parts, "v")
}

// rowHash is the hash over v0, v1 and so on.
func (p Plan) rowHash() string {
	parts := make([]string, 0, len(p.Fields))
	for _, place := range p.hashed() {
		parts = append(parts, Value(place))
	}
	return "hash(" + strings.Join(parts, ", ") + ")"
}

// storedHash is the same hash over the published columns.
func (p Plan) storedHash() string {
	parts := make([]string, 0, len(p.Fields))
	for _, place := range p.hashed() {
		parts = append(parts, warehouse.Ident(p.Fields[place].Name))
	}
	return "hash(" + strings.Join(parts, ", ") + ")"
}

// raw is the landed row as a JSON object of column name to text.
func (p Plan) raw() string {
	if p.Raw != "" {
		return p.Raw
	}
	parts := make([]string, len(p.Columns))
	for i, column := range p.Columns {
		parts[i] = fmt.Sprintf("%s: CAST(%s AS VARCHAR)", warehouse.Literal(column), warehouse.Ident(standard.Alias, column))
	}
	return "CAST(to_json({" + strings.Join(parts, ", ") + "}) AS VARCHAR)"
}

// scope is what every statement's template may use.
type scope struct {
	Published, History, Landed, Verdicts string
	Names, Values, RowHash, StoredHash   string
	KeyNames, KeyMatch, PublishedKey     string
	LiveKeys, LiveKey                    string
	Gone                                 string
}

func (p Plan) scope() scope {
	s := scope{
		Published: warehouse.Published(p.Dataset), History: warehouse.History(p.Dataset),
		Landed: warehouse.Landed(p.Dataset), Verdicts: warehouse.Verdicts(p.Dataset),
		Names: p.names(""), Values: p.values(), RowHash: p.rowHash(), StoredHash: p.storedHash(),
		KeyNames: each(p.keyCount(), "k%d", ", "), PublishedKey: aliased(p.publishedKey(), "k"),
		Gone: "false",
	}
	matches := make([]string, p.keyCount())
	for i := range matches {
		matches[i] = fmt.Sprintf("a.k%[1]d = b.k%[1]d", i)
	}
	s.KeyMatch = strings.Join(matches, " AND ")
	if p.Gone != "" {
		s.Gone = p.Gone
	}
	if p.LiveKeys != "" {
		s.LiveKeys, s.LiveKey = warehouse.Landed(p.LiveKeys), aliased(p.LiveKey, "k")
	}
	return s
}
