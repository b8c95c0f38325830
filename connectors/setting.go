package connectors

import "gopkg.in/yaml.v3"

// Setting is a value of a connection that the definition states itself, as
// `url: https://...`, or leaves to the environment, as `url: {secret: NAME}`:
// addresses that differ between installations, or that hold a password.
type Setting struct {
	Text string
	Ref  SecretRef
}

// UnmarshalYAML reads either form.
func (s *Setting) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&s.Text)
	}
	return node.Decode(&s.Ref)
}

// Resolve gives the value.
func (s Setting) Resolve(config Config) (string, error) {
	if s.Ref.Secret != "" {
		return s.Ref.Resolve(config)
	}
	return s.Text, nil
}
