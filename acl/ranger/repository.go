package ranger

import (
	"slices"
	"strings"
)

// repository holds the policies of a service, of a zone of it, or of its tag service.
type repository struct {
	service *ServiceDef
	// count is how many policies there are, those that are switched off included.
	count int
	// byType has the policies in the order of evaluation.
	byType map[PolicyType][]*evaluator
}

// definitions prepares a service definition once for each type of policy.
type definitions struct {
	service *ServiceDef
	made    map[PolicyType]*definition
}

func newDefinitions(service *ServiceDef) *definitions {
	return &definitions{service: service, made: make(map[PolicyType]*definition)}
}

func (d *definitions) of(kind PolicyType) *definition {
	if d.made[kind] == nil {
		d.made[kind] = define(d.service, kind)
	}
	return d.made[kind]
}

func newRepository(defined *definitions, policies []Policy) (*repository, error) {
	made := &repository{service: defined.service, count: len(policies), byType: make(map[PolicyType][]*evaluator)}
	for i := range policies {
		if !policies[i].Enabled.Or(true) {
			continue
		}
		kind := PolicyType(policies[i].Type)
		if kind < AccessPolicy || kind > RowFilterPolicy {
			continue
		}
		one, err := newEvaluator(&policies[i], defined.service, defined.of(kind))
		if err != nil {
			return nil, err
		}
		made.byType[kind] = append(made.byType[kind], one)
	}
	for _, evaluators := range made.byType {
		slices.SortStableFunc(evaluators, compareEvaluators)
	}
	return made, nil
}

// componentSeparator stands between a service's kind and an access in tag policies.
const componentSeparator = ":"

// component strips the names of one kind of service from tag policies and the
// tag service's definition, and drops what is for other kinds.
type component string

// own gives a name without the component, and whether it concerns the component.
func (c component) own(name string) (string, bool) {
	if short, ok := strings.CutPrefix(name, string(c)+componentSeparator); ok {
		return short, true
	}
	return name, !strings.Contains(name, componentSeparator)
}

func (c component) names(names []string) []string {
	var kept []string
	for _, name := range names {
		if short, ok := c.own(name); ok {
			kept = append(kept, short)
		}
	}
	return kept
}

func (c component) serviceDef(def ServiceDef) *ServiceDef {
	def.AccessTypes = c.accessTypes(def.AccessTypes)
	def.MarkerTypes = c.accessTypes(def.MarkerTypes)
	return &def
}

func (c component) accessTypes(types []AccessTypeDef) []AccessTypeDef {
	var kept []AccessTypeDef
	for _, one := range types {
		short, ok := c.own(one.Name)
		if !ok {
			continue
		}
		one.Name, one.ImpliedGrants = short, c.names(one.ImpliedGrants)
		kept = append(kept, one)
	}
	return kept
}

func (c component) policies(policies []Policy) []Policy {
	var kept []Policy
	for _, policy := range policies {
		for _, list := range []*[]Item{
			&policy.Allow, &policy.Deny, &policy.AllowExceptions, &policy.DenyExceptions, &policy.Masks, &policy.RowFilters,
		} {
			*list = c.items(*list)
		}
		items := len(policy.Allow) + len(policy.Deny) + len(policy.Masks) + len(policy.RowFilters)
		if items+len(policy.AllowExceptions)+len(policy.DenyExceptions) > 0 || policy.DenyAllElse.Or(false) || policy.Audited.Or(true) {
			kept = append(kept, policy)
		}
	}
	return kept
}

func (c component) items(items []Item) []Item {
	var kept []Item
	for _, item := range items {
		var accesses []ItemAccess
		for _, access := range item.Accesses {
			if short, ok := c.own(access.Type); ok {
				access.Type = short
				accesses = append(accesses, access)
			}
		}
		item.Accesses = accesses
		if len(accesses) == 0 && !item.DelegateAdmin.Or(false) {
			continue
		}
		if item.Mask != nil {
			short, ok := c.own(item.Mask.Type)
			if !ok {
				continue
			}
			mask := *item.Mask
			mask.Type = short
			item.Mask = &mask
		}
		kept = append(kept, item)
	}
	return kept
}
