package definition

import "gopkg.in/yaml.v3"

// place gives datasets and fields the lines at which they stand.
func (s *System) place(text []byte) {
	var document yaml.Node
	if yaml.Unmarshal(text, &document) != nil || len(document.Content) == 0 {
		return
	}
	for i, dataset := range items(document.Content[0], "datasets", len(s.Datasets)) {
		s.Datasets[i].Line = dataset.Line
		for j, field := range items(dataset, "fields", len(s.Datasets[i].Fields)) {
			s.Datasets[i].Fields[j].Line = field.Line
		}
	}
}

// items gives at most count items of the list under a key.
func items(mapping *yaml.Node, key string, count int) []*yaml.Node {
	list := under(mapping, key)
	if list == nil {
		return nil
	}
	return list.Content[:min(count, len(list.Content))]
}

// under gives the value of a key, nil when there is none.
func under(node *yaml.Node, key string) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			value := node.Content[i+1]
			for value.Kind == yaml.AliasNode {
				value = value.Alias
			}
			return value
		}
	}
	return nil
}
