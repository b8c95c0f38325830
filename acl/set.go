package acl

import (
	"slices"
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
	policies    []*policy
	places      map[string]int
	purposes    map[string]Purpose
	expressions map[string]Expression
	// found holds, for each key of a subject, the places of its policies.
	found map[string]*bucket
	// mentioned holds the keys of all subjects, those of exceptions too.
	mentioned map[string]struct{}
}

// policy is a policy with what is worked out once.
type policy struct {
	Policy
	place int
	limit Limit
	rows  condition.Expression
	clock *clock
}

// bucket holds the policies of one key of a subject: by the one dataset or
// element that they name, and those that name none or a pattern.
type bucket struct {
	dataset, element map[string][]int
	rest             []int
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

// NewSet prepares policies. Those that are wrong, ids that occur twice and names
// of purposes and expressions that are not there are Invalid faults.
func NewSet(version int64, contents Contents) (*Set, error) {
	s := &Set{
		version: version, places: make(map[string]int, len(contents.Policies)), purposes: map[string]Purpose{},
		expressions: map[string]Expression{}, found: map[string]*bucket{}, mentioned: map[string]struct{}{},
	}
	for _, purpose := range contents.Purposes {
		if err := purpose.Check(); err != nil {
			return nil, err
		}
		s.purposes[purpose.ID] = purpose
	}
	for _, expression := range contents.Expressions {
		s.expressions[expression.Name] = expression
	}
	for _, declared := range contents.Policies {
		if err := s.add(declared); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Set) add(declared Policy) error {
	if err := declared.Check(); err != nil {
		return err
	}
	if _, twice := s.places[declared.ID]; twice {
		return fault.New(fault.Invalid, "policy %q occurs twice", declared.ID)
	}
	for _, purpose := range declared.Purposes {
		if _, known := s.purposes[purpose]; !known {
			return fault.New(fault.Invalid, "policy %q: there is no purpose %q%s", declared.ID, purpose, fault.Meant(purpose, s.purposeIDs()))
		}
	}
	made := &policy{Policy: declared, place: len(s.policies), limit: declared.limit()}
	if declared.Mask != nil && declared.Mask.Kind == MaskExpression {
		if _, known := s.expressions[declared.Mask.Name]; !known {
			return fault.New(fault.Invalid, "policy %q: there is no mask expression %q", declared.ID, declared.Mask.Name)
		}
	}
	var err error
	if declared.Rows != "" {
		if made.rows, err = condition.Parse(declared.Rows); err != nil {
			return err
		}
	}
	if declared.Hours != nil {
		if made.clock, err = declared.Hours.clock(); err != nil {
			return err
		}
	}
	s.places[declared.ID] = made.place
	s.policies = append(s.policies, made)
	if !declared.Disabled {
		s.index(made)
		s.mention(declared.Subject)
		for _, exception := range declared.Except {
			s.mention(exception.Subject)
		}
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

func (s *Set) index(p *policy) {
	for _, key := range p.Subject.keys() {
		b := s.found[key]
		if b == nil {
			b = &bucket{dataset: map[string][]int{}, element: map[string][]int{}}
			s.found[key] = b
		}
		b.add(p)
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

func (b *bucket) add(p *policy) {
	named := func(names []string) bool { return len(names) > 0 && !slices.ContainsFunc(names, isPattern) }
	switch {
	case named(p.Resource.Datasets):
		for _, name := range p.Resource.Datasets {
			b.dataset[name] = append(b.dataset[name], p.place)
		}
	case named(p.Resource.Elements):
		for _, name := range p.Resource.Elements {
			b.element[name] = append(b.element[name], p.place)
		}
	default:
		b.rest = append(b.rest, p.place)
	}
}

// candidates gives the places of the policies that may be about a principal and
// a resource, in order and each once.
func (s *Set) candidates(keys []string, resource *Resource) []int {
	var places []int
	for _, key := range keys {
		b := s.found[key]
		if b == nil {
			continue
		}
		places = append(places, b.dataset[resource.Dataset]...)
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
	slices.Sort(places)
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

// Policies gives all policies in their order.
func (s *Set) Policies() []Policy {
	all := make([]Policy, len(s.policies))
	for i, p := range s.policies {
		all[i] = p.Policy
	}
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
func (p *policy) state(at time.Time) (counts bool, change time.Time) {
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
