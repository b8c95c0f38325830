package acl

import (
	"fmt"
	"maps"
	"slices"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// maxID bounds ids of policies, purposes and expressions.
	maxID = 200
	// maxNames bounds the lists of a policy: longer ones belong into groups.
	maxNames = 10_000
)

// Check says what is wrong with a policy by itself; whether the names in it
// exist is the catalog's matter.
func (p Policy) Check() error {
	if err := p.check(); err != nil {
		return fault.New(fault.CodeOf(err), "policy %q: %s", shortened(p.ID), fault.Public(err))
	}
	return nil
}

func shortened(id string) string {
	if runes := []rune(id); len(runes) > maxID {
		return string(runes[:maxID]) + "…"
	}
	return id
}

func (p Policy) check() error {
	if err := checkID(p.ID); err != nil {
		return err
	}
	if p.Effect != Allow && p.Effect != Deny {
		return fault.New(fault.Invalid, "effect %q: write allow or deny", p.Effect)
	}
	if len(p.Rights) == 0 {
		return fault.New(fault.Invalid, "rights: name at least one of view, hold, create and transmit")
	}
	for _, right := range p.Rights {
		if !slices.Contains(Rights(), right) {
			return fault.New(fault.Invalid, "rights: %q is none of view, hold, create and transmit", right)
		}
	}
	if p.Subject.empty() {
		return fault.New(fault.Invalid, "subject: say whom the policy is about; everybody is anyone: true")
	}
	if p.Resource.empty() {
		return fault.New(fault.Invalid, `resource: say what the policy is about; everything is datasets: ["*"]`)
	}
	for i, exception := range p.Except {
		if exception.Subject.empty() && exception.Resource.empty() {
			return fault.New(fault.Invalid, "except %d: name a subject or a resource", i+1)
		}
	}
	if err := p.checkNames(); err != nil {
		return err
	}
	return p.checkTerms()
}

// checkTerms looks at rows, limits and times.
func (p Policy) checkTerms() error {
	if p.Rows != "" {
		if _, err := condition.Parse(p.Rows); err != nil {
			return fault.New(fault.Invalid, "rows: %s", fault.Public(err))
		}
	}
	if p.Mask != nil && p.Aggregate != nil {
		return fault.New(fault.Invalid, "a policy has a mask or an aggregate, not both")
	}
	if limited := p.Mask != nil || p.Aggregate != nil; limited && slices.Contains(p.Rights, Create) {
		return fault.New(fault.Invalid, "what is created is neither masked nor aggregated: write a policy of its own for create")
	}
	if p.Mask != nil {
		if err := p.Mask.check(); err != nil {
			return err
		}
	}
	if p.Aggregate != nil && p.Aggregate.MinPeople < 2 {
		return fault.New(fault.Invalid, "aggregate: min_people is at least 2")
	}
	if p.Hours != nil {
		if _, err := p.Hours.clock(); err != nil {
			return err
		}
	}
	return nil
}

// checkNames refuses names that could never fit what they look like.
func (p Policy) checkNames() error {
	subjects, selectors := []Subject{p.Subject}, []Selector{p.Resource}
	for _, exception := range p.Except {
		subjects, selectors = append(subjects, exception.Subject), append(selectors, exception.Resource)
	}
	lists := map[string][]string{"purposes": p.Purposes}
	add := func(name string, names []string) { lists[name] = append(lists[name], names...) }
	for _, s := range subjects {
		add("roles", s.Roles)
		add("groups", s.Groups)
		add("subject departments", s.Departments)
		add("persons", s.Persons)
		add("applications", s.Applications)
		for name, values := range s.Attributes {
			add("attributes", append([]string{name}, values...))
		}
	}
	for _, s := range selectors {
		if err := s.checkNames(add); err != nil {
			return err
		}
	}
	if p.Aggregate != nil {
		add("dimensions", p.Aggregate.Dimensions)
	}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		if err := checkList(name, lists[name]); err != nil {
			return err
		}
	}
	return nil
}

func (s Selector) checkNames(add func(string, []string)) error {
	add("datasets", s.Datasets)
	add("fields", s.Fields)
	add("elements", s.Elements)
	add("tags", s.Tags)
	add("resource departments", s.Departments)
	for _, level := range s.Levels {
		if level.String() == "" {
			return fault.New(fault.Invalid, "levels: write L1, L2, L3 or L4")
		}
	}
	return nil
}

func checkList(list string, names []string) error {
	if len(names) > maxNames {
		return fault.New(fault.Invalid, "%s: more than %d names; put them into a group", list, maxNames)
	}
	for _, name := range names {
		if err := checkName(name); err != nil {
			return fault.New(fault.Invalid, "%s: %s", list, fault.Public(err))
		}
	}
	return nil
}

// checkName refuses names with characters that cannot be seen or that are
// written in another form than the catalog's: such a name looks like another
// and never fits it, which would leave a deny without effect.
func checkName(name string) error {
	if name == "" {
		return fault.New(fault.Invalid, "a name is empty")
	}
	for _, r := range name {
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) && r != ' ' {
			return fault.New(fault.Invalid, "the name %q has a character that cannot be seen (U+%04X)", name, r)
		}
	}
	if !norm.NFC.IsNormalString(name) {
		return fault.New(fault.Invalid, "the name %q is not in Unicode's composed form (NFC)", name)
	}
	return nil
}

func checkID(id string) error {
	if len([]rune(id)) > maxID {
		return fault.New(fault.Invalid, "an id has at most %d characters", maxID)
	}
	if err := checkName(id); err != nil {
		return fault.New(fault.Invalid, "id: %s", fault.Public(err))
	}
	return nil
}

// Check says what is wrong with a purpose.
func (p Purpose) Check() error {
	if err := checkID(p.ID); err != nil {
		return fmt.Errorf("purpose: %w", err)
	}
	if p.Title == "" {
		return fault.New(fault.Invalid, "purpose %q: a title is needed, which people see when they consent", p.ID)
	}
	if !slices.Contains(bases, p.Basis) {
		return fault.New(fault.Invalid, "purpose %q: basis %q is none of %v (PIPL article 13)", p.ID, p.Basis, bases)
	}
	return nil
}

func (s Subject) empty() bool {
	return !s.Anyone && len(s.Roles)+len(s.Groups)+len(s.Departments)+len(s.Persons)+len(s.Applications)+len(s.Attributes) == 0
}

func (s Selector) empty() bool {
	return len(s.Datasets)+len(s.Fields)+len(s.Elements)+len(s.Tags)+len(s.Levels)+len(s.Departments) == 0
}
