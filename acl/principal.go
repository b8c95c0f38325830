package acl

import "slices"

// Principal is who asks: a person, an application or a service.
type Principal struct {
	ID    string   `json:"id" yaml:"id"`
	Name  string   `json:"name" yaml:"name"`
	Kind  string   `json:"kind" yaml:"kind"`
	Roles []string `json:"roles" yaml:"roles"`
	// Attributes hold what rules refer to, as department and campus_id.
	Attributes map[string][]string `json:"attributes,omitempty" yaml:"attributes"`
}

// Has reports whether an attribute has a value.
func (p Principal) Has(attribute, value string) bool {
	return value != "" && slices.Contains(p.Attributes[attribute], value)
}
