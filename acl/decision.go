package acl

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/yitong-hub/yitong/schema"
)

// Access is what a principal gets of a field. The zero value is Denied.
type Access int

// The accesses, from nothing to everything.
const (
	Denied Access = iota
	Masked
	Clear
)

// String gives "denied", "masked" or "clear".
func (a Access) String() string {
	switch a {
	case Masked:
		return "masked"
	case Clear:
		return "clear"
	}
	return "denied"
}

// Resource is the dataset that is asked for.
type Resource struct {
	Dataset    string
	Department string
	// Person is the field that holds the campus id of the person a row is about.
	Person string
	Fields []Field
}

// Field is a field of a resource. Its level decides.
type Field struct {
	Name  string
	Level schema.Level
}

// Relations in which a role can stand to a dataset or its rows.
const (
	// RelationAny is the role by itself.
	RelationAny = "any"
	// RelationDepartment is the role in the department that owns the dataset.
	RelationDepartment = "department"
	// RelationSelf is the role towards rows about the principal.
	RelationSelf = "self"
)

// The attributes of principals that relations look at.
const (
	AttributeDepartment = "department"
	AttributeCampusID   = "campus_id"
)

// Right is one of the four rights 四能. Reading asks for two of them so far.
type Right string

// The rights that reading asks for.
const (
	// View 看 is to see rows.
	View Right = "view"
	// Hold 拥 is to keep a copy: a file, an export.
	Hold Right = "hold"
)

// Rules answers what a role in a relation gets at a level by a right;
// policystore has the one that is used. An unknown role gets Denied.
type Rules interface {
	Access(role, relation string, right Right, level schema.Level) (Access, error)
}

// Decision is what a principal gets of one dataset. Only Compile makes one
// that allows anything.
type Decision struct {
	fields  map[string]Access
	reasons map[string]string
	// ownRows holds the values of person to which rows are limited; nil: no limit.
	person      string
	ownRows     []string
	fingerprint string
}

// Compile asks the rules for each field. What may be held is no more than what
// may be seen. A principal who gets anything by role
// or department sees all rows with that; one who gets fields only as the person
// concerned sees only the rows about themselves.
func Compile(rules Rules, principal Principal, right Right, resource Resource) (Decision, error) {
	relations := []string{RelationAny}
	if principal.Has(AttributeDepartment, resource.Department) {
		relations = append(relations, RelationDepartment)
	}
	decision, err := compile(rules, principal, right, resource, relations)
	if err != nil || decision.Allowed() {
		return decision, err
	}
	own := principal.Attributes[AttributeCampusID]
	if resource.Person == "" || len(own) == 0 {
		return decision, nil
	}
	if decision, err = compile(rules, principal, right, resource, []string{RelationSelf}); err != nil {
		return Decision{}, err
	}
	decision.person, decision.ownRows = resource.Person, own
	return decision.sealed(resource)
}

func compile(rules Rules, principal Principal, right Right, resource Resource, relations []string) (Decision, error) {
	decision := Decision{fields: map[string]Access{}, reasons: map[string]string{}}
	for _, field := range resource.Fields {
		decision.reasons[field.Name] = fmt.Sprintf("no rule lets %s %s %s", principal.ID, right, field.Level.Effective())
		for _, role := range principal.Roles {
			for _, relation := range relations {
				access, err := granted(rules, role, relation, right, field.Level.Effective())
				if err != nil {
					return Decision{}, fmt.Errorf("decide on %s.%s: %w", resource.Dataset, field.Name, err)
				}
				if access > decision.fields[field.Name] {
					decision.fields[field.Name] = access
					decision.reasons[field.Name] = fmt.Sprintf("role %s (%s) may %s %s: %s", role, relation, right, field.Level.Effective(), access)
				}
			}
		}
	}
	return decision.sealed(resource)
}

// granted is what a role gets: to hold something, it must be seen as well.
func granted(rules Rules, role, relation string, right Right, level schema.Level) (Access, error) {
	access, err := rules.Access(role, relation, View, level)
	if err != nil || right == View || access == Denied {
		return access, err
	}
	further, err := rules.Access(role, relation, right, level)
	return min(access, further), err
}

func (d Decision) sealed(resource Resource) (Decision, error) {
	text, err := json.Marshal([]any{resource.Dataset, d.fields, d.person, d.ownRows})
	if err != nil {
		return Decision{}, fmt.Errorf("seal the decision: %w", err)
	}
	sum := sha256.Sum256(text)
	d.fingerprint = hex.EncodeToString(sum[:])
	return d, nil
}

// Allowed reports whether any field may be seen.
func (d Decision) Allowed() bool {
	for _, access := range d.fields {
		if access != Denied {
			return true
		}
	}
	return false
}

// Field gives the access to a field and the reason; Denied for an unknown one.
func (d Decision) Field(name string) (Access, string) { return d.fields[name], d.reasons[name] }

// OwnRows gives the person field and the values that rows are limited to;
// limited is false when all rows may be seen.
func (d Decision) OwnRows() (person string, values []string, limited bool) {
	return d.person, d.ownRows, d.person != ""
}

// Fingerprint is a hash over all that the decision allows.
func (d Decision) Fingerprint() string { return d.fingerprint }
