package acl

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"

	"github.com/yitong-hub/yitong/schema"
)

// Resource is the dataset that is asked for, as policies see it. It is made by
// [NewResource].
type Resource struct {
	Dataset string `json:"dataset"`
	// Department owns the dataset.
	Department string `json:"department"`
	// Person is the field that holds the campus id of the person a row is about.
	Person string   `json:"person,omitempty"`
	Tags   []string `json:"tags,omitempty"`
	Fields []Field  `json:"fields"`

	revision uint64
	place    map[string]int
}

// Field is a field of a resource.
type Field struct {
	Name    string       `json:"name"`
	Element string       `json:"element,omitempty"`
	Level   schema.Level `json:"level,omitempty"`
	Tags    []string     `json:"tags,omitempty"`
	Type    schema.Type  `json:"type"`
	// Column is how SQL names the field.
	Column string `json:"column"`
}

// NewResource prepares a resource for decisions: its revision stands for all
// that it says.
func NewResource(resource Resource) *Resource {
	resource.place = make(map[string]int, len(resource.Fields))
	for i, field := range resource.Fields {
		resource.place[field.Name] = i
	}
	text, err := json.Marshal(resource)
	if err == nil { // names and types: cannot fail
		sum := sha256.Sum256(text)
		resource.revision = binary.BigEndian.Uint64(sum[:])
	}
	return &resource
}

// Field finds a field by name.
func (r *Resource) Field(name string) (Field, bool) {
	i, ok := r.place[name]
	if !ok {
		return Field{}, false
	}
	return r.Fields[i], true
}

// element finds the field that holds an element; "person" is the field that
// says whom a row is about. An element that several fields hold is none: nobody
// could say which is meant.
func (r *Resource) element(id string) (Field, bool) {
	if id == "person" {
		return r.Field(r.Person)
	}
	found := -1
	for i, field := range r.Fields {
		if field.Element != id {
			continue
		}
		if found >= 0 {
			return Field{}, false
		}
		found = i
	}
	if found < 0 {
		return Field{}, false
	}
	return r.Fields[found], true
}
