package definition

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/internal/fault"
)

//go:embed schema.json
var schemaText []byte

// Schema gives the JSON Schema (draft 2020-12) of definition files, for editors
// that check while one types.
func Schema() []byte { return slices.Clone(schemaText) }

// Mistake is one fault of a definition file with its line, from 1.
type Mistake struct {
	Line    int
	Message string
}

const schemaName = "definition.json"

// Validate holds a definition file against [Schema] and gives every mistake, in
// order of line. The error is for the schema itself.
func Validate(text []byte) ([]Mistake, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return []Mistake{syntaxMistake(err)}, nil
	}
	if len(document.Content) == 0 {
		return []Mistake{{Line: 1, Message: "the definition is empty"}}, nil
	}
	value, err := plain(document.Content[0], 0)
	if err != nil {
		return []Mistake{{Line: 1, Message: err.Error()}}, nil //nolint:nilerr // it is the file's mistake
	}
	schemaValue, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		return nil, fmt.Errorf("read the schema of definitions: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(schemaName, schemaValue); err != nil {
		return nil, fmt.Errorf("add the schema of definitions: %w", err)
	}
	compiled, err := compiler.Compile(schemaName)
	if err != nil {
		return nil, fmt.Errorf("compile the schema of definitions: %w", err)
	}
	err = compiled.Validate(value)
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return nil, err
	}
	var mistakes []Mistake
	collect(invalid, document.Content[0], schemaValue, &mistakes)
	slices.SortFunc(mistakes, func(a, b Mistake) int { return cmp.Or(a.Line-b.Line, strings.Compare(a.Message, b.Message)) })
	return mistakes, nil
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

func syntaxMistake(err error) Mistake {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if match := yamlLine.FindStringSubmatch(text); match != nil {
		line, _ := strconv.Atoi(match[1])
		return Mistake{Line: line, Message: match[2]}
	}
	return Mistake{Line: 1, Message: text}
}

// deepest ends aliases that refer to themselves.
const deepest = 100

// plain turns a YAML node into what JSON has: dates and the like stay text.
func plain(node *yaml.Node, depth int) (any, error) {
	if depth > deepest {
		return nil, errors.New("the definition is nested too deeply")
	}
	switch node.Kind {
	case yaml.AliasNode:
		return plain(node.Alias, depth+1)
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			value, err := plain(node.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			object[node.Content[i].Value] = value
		}
		return object, nil
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range node.Content {
			value, err := plain(item, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	default:
	}
	switch node.Tag {
	case "!!int", "!!float", "!!bool", "!!null":
		var value any
		if err := node.Decode(&value); err == nil {
			return value, nil
		}
	}
	return node.Value, nil
}

// collect gathers the mistakes at the leaves of a validation error.
func collect(invalid *jsonschema.ValidationError, root *yaml.Node, schemaValue any, into *[]Mistake) {
	for _, cause := range invalid.Causes {
		collect(cause, root, schemaValue, into)
	}
	if len(invalid.Causes) > 0 {
		return
	}
	at := nodeAt(root, invalid.InstanceLocation)
	place := strings.Join(invalid.InstanceLocation, ".")
	if place != "" {
		place += ": "
	}
	if unknown, ok := invalid.ErrorKind.(*kind.AdditionalProperties); ok {
		known := propertiesOf(schemaValue, invalid.SchemaURL)
		for _, name := range unknown.Properties {
			*into = append(*into, Mistake{Line: keyLine(at, name), Message: place + "there is no key " + name + fault.Meant(name, known)})
		}
		return
	}
	*into = append(*into, Mistake{Line: at.Line, Message: place + invalid.ErrorKind.LocalizedString(message.NewPrinter(language.English))})
}

// nodeAt follows a location as far as it goes.
func nodeAt(node *yaml.Node, location []string) *yaml.Node {
	for _, step := range location {
		next := under(node, step)
		if place, err := strconv.Atoi(step); err == nil && node.Kind == yaml.SequenceNode && place < len(node.Content) {
			next = node.Content[place]
		}
		if next == nil {
			return node
		}
		node = next
	}
	return node
}

func keyLine(node *yaml.Node, key string) int {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i].Line
		}
	}
	return node.Line
}

// propertiesOf lists the keys that a part of the schema knows.
func propertiesOf(schemaValue any, url string) []string {
	_, pointer, _ := strings.Cut(url, "#/")
	for step := range strings.SplitSeq(pointer, "/") {
		if object, ok := schemaValue.(map[string]any); ok && object[step] != nil {
			schemaValue = object[step]
		}
	}
	object, _ := schemaValue.(map[string]any)
	properties, _ := object["properties"].(map[string]any)
	var names []string
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
