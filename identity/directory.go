package identity

import (
	"bytes"
	"os"

	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Directory knows the principals of a campus.
type Directory struct{ principals []acl.Principal }

// Load reads principals.yaml, a list of principals.
func Load(path string) (*Directory, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "the principals of the campus (%s) cannot be read", path)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	directory := &Directory{}
	if err := decoder.Decode(&directory.principals); err != nil {
		return nil, fault.New(fault.Invalid, "%v", err).At("%s", path)
	}
	seen := map[string]bool{}
	for _, principal := range directory.principals {
		if principal.ID == "" || seen[principal.ID] {
			return nil, fault.New(fault.Invalid, "principal %q has no id of its own", principal.ID).At("%s", path)
		}
		seen[principal.ID] = true
	}
	return directory, nil
}

// Principals lists everybody, in the order of the file.
func (d *Directory) Principals() []acl.Principal { return d.principals }

// Principal finds one by id, or gives a NotFound fault.
func (d *Directory) Principal(id string) (acl.Principal, error) {
	for _, principal := range d.principals {
		if principal.ID == id {
			return principal, nil
		}
	}
	return acl.Principal{}, fault.New(fault.NotFound, "there is no principal %q; yitong demo people lists them", id)
}
