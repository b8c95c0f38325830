package acl

import (
	"slices"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Contents are all that decides: policies, purposes and named expressions.
type Contents struct {
	Policies    []Policy
	Purposes    []Purpose
	Expressions []Expression
}

// Set is one version of the policies, ready to be asked. It does not change.
type Set struct {
	version     int64
	policies    []*Prepared
	places      map[string]int
	purposes    map[string]Purpose
	expressions map[string]Expression
	// found holds, for each key of a subject, the places of its policies.
	found map[string]*bucket
	// mentioned holds the keys of all subjects, those of exceptions too.
	mentioned map[string]struct{}
}

// Prepared is a policy that was found to be right, with what is worked out once.
// It may be in several sets.
type Prepared struct {
	Policy
	limit Limit
	rows  condition.Expression
	clock *clock
	keys  []string
}

// bucket holds the policies of one key of a subject: by the datasets, elements or
// departments that they name, and those that name none or a pattern.
type bucket struct {
	dataset, element, department map[string][]int
	rest                         []int
}

// Keys of subjects, followed by the name.
const (
	keyAnyone      = "*"
	keyRole        = "role:"
	keyGroup       = "group:"
	keyPerson      = "person:"
	keyApplication = "application:"
	keyAttribute   = "attribute:"
)

// Prepare checks a policy by itself.
func Prepare(declared Policy) (*Prepared, error) {
	if err := declared.Check(); err != nil {
		return nil, err
	}
	made := &Prepared{Policy: declared, limit: declared.limit(), keys: declared.Subject.keys()}
	var err error
	if declared.Rows != "" {
		if made.rows, err = condition.Parse(declared.Rows); err != nil {
			return nil, err
		}
	}
	if declared.Hours != nil {
		if made.clock, err = declared.Hours.clock(); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// NewSet prepares policies. Those that are wrong, ids that occur twice and names
// of purposes and expressions that are not there are Invalid faults.
func NewSet(version int64, contents Contents) (*Set, error) {
	prepared := make([]*Prepared, 0, len(contents.Policies))
	for _, declared := range contents.Policies {
		one, err := Prepare(declared)
		if err != nil {
			return nil, err
		}
		prepared = append(prepared, one)
	}
	s, err := Assemble(version, prepared, contents.Purposes, contents.Expressions)
	if err != nil {
		return nil, err
	}
	for _, one := range prepared {
		if err := s.CheckNames(one.Policy); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// CheckNames refuses a policy that names a purpose or a mask expression that the
// set does not have. Such a policy counts for no request, and shows nothing.
func (s *Set) CheckNames(p Policy) error {
	for _, purpose := range p.Purposes {
		if _, known := s.purposes[purpose]; !known {
			return fault.New(fault.Invalid, "policy %q: there is no purpose %q%s", p.ID, purpose, fault.Meant(purpose, s.purposeIDs()))
		}
	}
	if p.Mask != nil && p.Mask.Kind == MaskExpression {
		if _, known := s.expressions[p.Mask.Name]; !known {
			return fault.New(fault.Invalid, "policy %q: there is no mask expression %q", p.ID, p.Mask.Name)
		}
	}
	return nil
}

// Assemble makes a set of policies that were prepared before, which is much less
// work than preparing them.
func Assemble(version int64, policies []*Prepared, purposes []Purpose, expressions []Expression) (*Set, error) {
	s := &Set{
		version: version, policies: policies, places: make(map[string]int, len(policies)), purposes: map[string]Purpose{},
		expressions: map[string]Expression{}, found: map[string]*bucket{}, mentioned: map[string]struct{}{},
	}
	for _, purpose := range purposes {
		if err := purpose.Check(); err != nil {
			return nil, err
		}
		s.purposes[purpose.ID] = purpose
	}
	for _, expression := range expressions {
		s.expressions[expression.Name] = expression
	}
	for place, one := range policies {
		if err := s.add(place, one); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Set) add(place int, p *Prepared) error {
	if _, twice := s.places[p.ID]; twice {
		return fault.New(fault.Invalid, "policy %q occurs twice", p.ID)
	}
	s.places[p.ID] = place
	if p.Disabled {
		return nil
	}
	s.index(place, p)
	s.mention(p.Subject, p.keys)
	for _, exception := range p.Except {
		s.mention(exception.Subject, exception.Subject.keys())
	}
	return nil
}

func (p Policy) limit() Limit {
	switch {
	case p.Mask != nil:
		return Limit{Access: Masked, Mask: *p.Mask}
	case p.Aggregate != nil:
		return Limit{Access: Statistics}
	case p.Effect == Deny:
		return Limit{Access: Denied}
	}
	return Limit{Access: Clear}
}

func (s *Set) purposeIDs() []string {
	ids := make([]string, 0, len(s.purposes))
	for id := range s.purposes {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (s *Set) index(place int, p *Prepared) {
	for _, key := range p.keys {
		b := s.found[key]
		if b == nil {
			b = &bucket{}
			s.found[key] = b
		}
		b.add(place, p)
	}
}

// keys lists the keys under which a subject is found: each of its alternatives,
// or one attribute, or anyone.
func (s Subject) keys() []string {
	var keys []string
	add := func(prefix string, names []string) {
		for _, name := range names {
			keys = append(keys, prefix+name)
		}
	}
	add(keyRole, s.Roles)
	add(keyGroup, s.Groups)
	add(keyAttribute+AttributeDepartment+"=", s.Departments)
	add(keyPerson, s.Persons)
	add(keyApplication, s.Applications)
	if len(keys) > 0 {
		return keys
	}
	names := make([]string, 0, len(s.Attributes))
	for name := range s.Attributes {
		names = append(names, name)
	}
	if len(names) == 0 {
		return []string{keyAnyone}
	}
	first := slices.Min(names)
	add(keyAttribute+first+"=", s.Attributes[first])
	return keys
}

func (b *bucket) add(place int, p *Prepared) {
	named := func(names []string) bool {
		return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return isPattern(name) || name == ownDepartment })
	}
	switch {
	case named(p.Resource.Datasets):
		b.dataset = put(b.dataset, p.Resource.Datasets, place)
	case named(p.Resource.Elements):
		b.element = put(b.element, p.Resource.Elements, place)
	case named(p.Resource.Departments):
		b.department = put(b.department, p.Resource.Departments, place)
	default:
		b.rest = append(b.rest, place)
	}
}

func put(into map[string][]int, names []string, place int) map[string][]int {
	if into == nil {
		into = make(map[string][]int, len(names))
	}
	for _, name := range names {
		into[name] = append(into[name], place)
	}
	return into
}

// candidates gives the places of the policies that may be about a principal and
// a resource, in the order of their ids and each once.
func (s *Set) candidates(keys []string, resource *Resource) []int {
	var places []int
	for _, key := range keys {
		b := s.found[key]
		if b == nil {
			continue
		}
		places = append(places, b.dataset[resource.Dataset]...)
		places = append(places, b.department[resource.Department]...)
		places = append(places, b.rest...)
		if len(b.element) == 0 {
			continue
		}
		for _, field := range resource.Fields {
			if field.Element != "" {
				places = append(places, b.element[field.Element]...)
			}
		}
	}
	slices.SortFunc(places, func(a, b int) int { return strings.Compare(s.policies[a].ID, s.policies[b].ID) })
	return slices.Compact(places)
}

// Version grows with every change of the policies.
func (s *Set) Version() int64 { return s.version }

// Len is the number of policies.
func (s *Set) Len() int { return len(s.policies) }

// Policy finds a policy by id.
func (s *Set) Policy(id string) (Policy, bool) {
	place, known := s.places[id]
	if !known {
		return Policy{}, false
	}
	return s.policies[place].Policy, true
}

// Policies gives all policies in the order of their ids.
func (s *Set) Policies() []Policy {
	all := make([]Policy, len(s.policies))
	for i, p := range s.policies {
		all[i] = p.Policy
	}
	slices.SortFunc(all, func(a, b Policy) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Purpose finds a purpose by id.
func (s *Set) Purpose(id string) (Purpose, bool) {
	purpose, known := s.purposes[id]
	return purpose, known
}

// Purposes gives all purposes in the order of their ids.
func (s *Set) Purposes() []Purpose {
	all := make([]Purpose, 0, len(s.purposes))
	for _, id := range s.purposeIDs() {
		all = append(all, s.purposes[id])
	}
	return all
}

// Expressions gives the named expressions by name.
func (s *Set) Expressions() map[string]Expression { return s.expressions }

// state reports whether a policy counts at a moment, and when that may change;
// the zero time is never.
func (p *Prepared) state(at time.Time) (counts bool, change time.Time) {
	next := func(moment time.Time) {
		if moment.After(at) && (change.IsZero() || moment.Before(change)) {
			change = moment
		}
	}
	next(p.Valid.From)
	next(p.Valid.Until)
	counts = p.Valid.Contains(at)
	if p.clock != nil {
		open, moment := p.clock.state(at)
		next(moment)
		counts = counts && open
	}
	return counts, change
}
