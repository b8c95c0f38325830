package definition

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Draft writes the definition of a system from what its source says of itself:
// datasets with their keys and columns, published under names that can be typed
// (Chinese in pinyin). wanted names the datasets to take; none means all.
func Draft(system System, found []schema.Dataset, wanted []string) ([]byte, error) {
	for _, name := range wanted {
		if !slices.ContainsFunc(found, func(d schema.Dataset) bool { return d.Name == name }) {
			var names []string
			for _, dataset := range found {
				names = append(names, dataset.Name)
			}
			return nil, fault.New(fault.NotFound, "system %s has no dataset %s%s", system.ID, name, fault.Meant(name, names))
		}
	}
	root := mapping("system", system.ID)
	if system.Title.ZH != "" {
		put(root, "title", flow(mapping("zh", system.Title.ZH)))
	}
	if system.Department != "" {
		put(root, "department", scalar(system.Department))
	}
	put(root, "connector", scalar(system.Connector))
	put(root, "connection", flow(&system.Connection))
	datasets := &yaml.Node{Kind: yaml.SequenceNode}
	taken := map[string]bool{}
	for _, dataset := range found {
		if len(wanted) == 0 || slices.Contains(wanted, dataset.Name) {
			datasets.Content = append(datasets.Content, draftDataset(dataset, taken))
		}
	}
	put(root, "datasets", datasets)
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("write the definition of %s: %w", system.ID, err)
	}
	return out.Bytes(), encoder.Close()
}

func draftDataset(dataset schema.Dataset, taken map[string]bool) *yaml.Node {
	node := mapping("name", typeable(dataset.Name, taken))
	if dataset.Comment != "" {
		put(node, "description", scalar(dataset.Comment))
	}
	put(node, "source", scalar(dataset.Name))
	if len(dataset.Key) > 0 {
		key := flow(&yaml.Node{Kind: yaml.SequenceNode})
		for _, name := range dataset.Key {
			key.Content = append(key.Content, scalar(name))
		}
		put(node, "key", key)
	}
	put(node, "load", scalar(LoadFull))
	fields, names := &yaml.Node{Kind: yaml.SequenceNode}, map[string]bool{}
	for _, column := range dataset.Columns {
		field := flow(mapping("name", typeable(column.Name, names)))
		put(field, "from", scalar(column.Name))
		if column.Comment != "" {
			put(field, "description", scalar(column.Comment))
		}
		fields.Content = append(fields.Content, field)
	}
	put(node, "fields", fields)
	return node
}

// typeable makes an identifier of a name and keeps it apart from those taken.
func typeable(name string, taken map[string]bool) string {
	arguments := pinyin.NewArgs()
	var b strings.Builder
	for _, r := range name {
		if syllables := pinyin.SinglePinyin(r, arguments); len(syllables) > 0 {
			b.WriteString(syllables[0])
			continue
		}
		lower := unicode.ToLower(r)
		if lower < unicode.MaxASCII && (unicode.IsLetter(lower) || unicode.IsDigit(lower)) {
			b.WriteRune(lower)
			continue
		}
		b.WriteByte('_')
	}
	made := strings.Trim(b.String(), "_")
	if made == "" || !unicode.IsLetter(rune(made[0])) {
		made = strings.TrimSuffix("x_"+made, "_")
	}
	candidate := made
	for n := 2; taken[candidate]; n++ {
		candidate = fmt.Sprintf("%s_%d", made, n)
	}
	taken[candidate] = true
	return candidate
}

func scalar(text string) *yaml.Node {
	node := &yaml.Node{}
	node.SetString(text)
	return node
}

func mapping(key, value string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	put(node, key, scalar(value))
	return node
}

func put(node *yaml.Node, key string, value *yaml.Node) {
	node.Content = append(node.Content, scalar(key), value)
}

func flow(node *yaml.Node) *yaml.Node {
	node.Style = yaml.FlowStyle
	return node
}
