package acl

import (
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
)

// Kinds of principals.
const (
	KindPerson      = "person"
	KindApplication = "application"
	KindService     = "service"
)

// The attributes of principals that the product itself looks at.
const (
	AttributeDepartment = "department"
	AttributeCampusID   = "campus_id"
)

// Profile says who a principal is: what sign-in, a key or a directory knows.
type Profile struct {
	ID     string   `json:"id" yaml:"id"`
	Name   string   `json:"name" yaml:"name"`
	Kind   string   `json:"kind" yaml:"kind"`
	Roles  []string `json:"roles" yaml:"roles"`
	Groups []string `json:"groups,omitempty" yaml:"groups"`
	// Attributes hold what policies refer to, as department, campus_id, college.
	Attributes map[string][]string `json:"attributes,omitempty" yaml:"attributes"`
}

// Principal is who asks: a person, an application or a service. It is made by
// [NewPrincipal] and does not change afterwards, so that a decision kept for it
// stays its own. The zero value is nobody.
type Principal struct{ held *held }

type held struct {
	profile    Profile
	keys       []string
	actor      *held
	delegation *Delegation
	signature  signature
}

// signature stands for all that a principal is.
type signature [16]byte

// NewPrincipal makes a principal of a copy of what is known.
func NewPrincipal(profile Profile) Principal {
	profile.Roles, profile.Groups = slices.Clone(profile.Roles), slices.Clone(profile.Groups)
	attributes := make(map[string][]string, len(profile.Attributes))
	for name, values := range profile.Attributes {
		attributes[name] = slices.Clone(values)
	}
	profile.Attributes = attributes
	made := &held{profile: profile, keys: keysOf(profile)}
	made.sign()
	return Principal{made}
}

// ActedBy gives the principal with whose rights actor reads for as long and as
// far as the delegation goes: never more than p itself may, and not what is
// denied to the actor.
func (p Principal) ActedBy(actor Principal, delegation Delegation) Principal {
	if p.held == nil || actor.held == nil {
		return Principal{}
	}
	made := *p.held
	made.actor, made.delegation = actor.held, &delegation
	made.sign()
	return Principal{&made}
}

func (h *held) sign() {
	text, err := json.Marshal([]any{h.profile, h.delegation})
	if err != nil { // strings and times: cannot fail
		return
	}
	if h.actor != nil {
		text = append(text, h.actor.signature[:]...)
	}
	sum := sha256.Sum256(text)
	h.signature = signature(sum[:16])
}

// keysOf lists the keys under which policies for this principal are found.
func keysOf(profile Profile) []string {
	keys := []string{keyAnyone, kindKey(profile.Kind) + profile.ID}
	for _, role := range profile.Roles {
		keys = append(keys, keyRole+role)
	}
	for _, group := range profile.Groups {
		keys = append(keys, keyGroup+group)
	}
	for _, name := range slices.Sorted(maps.Keys(profile.Attributes)) {
		for _, value := range profile.Attributes[name] {
			keys = append(keys, keyAttribute+name+"="+value)
		}
	}
	return keys
}

func kindKey(kind string) string {
	if kind == KindPerson {
		return keyPerson
	}
	return keyApplication
}

// ID is the id of the person, application or service whose rights count; "" for nobody.
func (p Principal) ID() string { return p.Profile().ID }

// Actor is the id of who acts by delegation, "" when the principal acts itself.
func (p Principal) Actor() string {
	if p.held == nil || p.held.actor == nil {
		return ""
	}
	return p.held.actor.profile.ID
}

// Profile gives what is known of the principal; it must not be changed.
func (p Principal) Profile() Profile {
	if p.held == nil {
		return Profile{}
	}
	return p.held.profile
}

// Has reports whether an attribute has a value.
func (p Principal) Has(attribute, value string) bool {
	return value != "" && slices.Contains(p.Profile().Attributes[attribute], value)
}

// HasRole reports whether the principal has a role.
func (p Principal) HasRole(role string) bool { return slices.Contains(p.Profile().Roles, role) }

// MarshalJSON writes the profile.
func (p Principal) MarshalJSON() ([]byte, error) { return json.Marshal(p.Profile()) }

// attributes are what row conditions may refer to: those of the profile, and
// the id, roles and groups.
func (p Principal) attributes() map[string][]string {
	profile := p.Profile()
	all := maps.Clone(profile.Attributes)
	if all == nil {
		all = map[string][]string{}
	}
	all["id"], all["role"], all["group"] = []string{profile.ID}, profile.Roles, profile.Groups
	return all
}
