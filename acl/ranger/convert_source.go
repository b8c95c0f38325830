package ranger

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// source is a policy of Ranger.
type source struct {
	*evaluator
	label  string
	levels map[string]*level
	// byTag says that it is a policy of tags.
	byTag    bool
	disabled bool
}

// conditional tells whether more than principals and resources decides whether
// the policy counts.
func (s *source) conditional() bool { return len(s.policy.Conditions)+len(s.policy.Schedules) > 0 }

// gather prepares the policies of the service and of its tags.
func (c *converter) gather() error {
	defined := newDefinitions(c.file.ServiceDef)
	if err := c.gatherFrom(defined, c.file.Policies, false); err != nil {
		return err
	}
	if service, policies := c.file.tagService(); service != nil {
		own := component(c.file.ServiceDef.Name)
		if err := c.gatherFrom(newDefinitions(own.serviceDef(*service)), own.policies(policies), true); err != nil {
			return err
		}
	}
	return c.gatherZones(defined.of(AccessPolicy))
}

func (c *converter) gatherFrom(defined *definitions, policies []Policy, byTag bool) error {
	for i := range policies {
		policy := &policies[i]
		label := fmt.Sprintf("%s%d", labelPrefix, policy.ID)
		if byTag {
			label = fmt.Sprintf("%stag:%d", labelPrefix, policy.ID)
		}
		s := &source{label: label, byTag: byTag, disabled: !policy.Enabled.Or(true), evaluator: &evaluator{policy: policy}}
		kind := PolicyType(policy.Type)
		if kind < AccessPolicy || kind > RowFilterPolicy {
			c.note(s, same(fmt.Sprintf("the type %d", kind), "only access, masks and row filters are known", "nothing of it is carried over"))
			continue
		}
		made, err := newEvaluator(policy, defined.service, defined.of(kind))
		switch {
		case err != nil && s.disabled:
			c.note(s, same("a policy that is switched off", fault.Public(err), "it is left out"))
			continue
		case err != nil:
			return err
		}
		s.evaluator, s.levels = made, defined.of(kind).levels
		if c.belongs(s) {
			c.sources = append(c.sources, s)
		}
	}
	return nil
}

// belongs tells whether a policy is carried over at all, and notes what of it
// is not, whatever it is about.
func (c *converter) belongs(s *source) bool {
	zone := less("the security zone "+s.policy.ZoneName, "policies here know no zones", "nobody sees anything of the zone by these policies")
	if s.policy.ZoneName != "" {
		c.note(s, zone)
		if s.byTag {
			return false
		}
	}
	if !s.policy.Audited.Or(true) {
		c.note(s, same("that access by it is not audited", "every read is recorded here", "it is recorded"))
	}
	items := slices.Concat(s.policy.Allow, s.policy.Deny, s.policy.AllowExceptions, s.policy.DenyExceptions, s.policy.Masks, s.policy.RowFilters)
	if slices.ContainsFunc(items, func(i Item) bool { return i.DelegateAdmin.Or(false) }) {
		c.note(s, same("delegated administration", "who may write policies is not said by policies here", "nobody gets it"))
	}
	return true
}

// gatherZones finds what lies in security zones.
func (c *converter) gatherZones(defined *definition) error {
	add := func(resources map[string]PolicyResource) {
		if _, tables := resources[levelDatabase]; !tables {
			return
		}
		s := &source{levels: defined.levels, evaluator: &evaluator{policy: &Policy{}}}
		names, _ := c.datasets(s, resources, taking)
		c.zoned = append(c.zoned, names.patterns...)
	}
	for _, name := range slices.Sorted(maps.Keys(c.file.Zones)) {
		zone := c.file.Zones[name]
		for _, resource := range zone.Resources {
			resources := make(map[string]PolicyResource, len(resource))
			for level, values := range resource {
				resources[level] = PolicyResource{Values: values}
			}
			add(resources)
		}
		for i := range zone.Policies {
			s := &source{label: fmt.Sprintf("%s%d", labelPrefix, zone.Policies[i].ID), evaluator: &evaluator{policy: &zone.Policies[i]}}
			c.note(s, less("the security zone "+name, "policies here know no zones", "it is left out, and nobody sees anything of the zone by these policies"))
		}
	}
	for _, s := range c.sources {
		if s.policy.ZoneName != "" && !s.byTag {
			add(s.policy.Resources)
		}
	}
	slices.Sort(c.zoned)
	c.zoned = slices.Compact(c.zoned)
	return nil
}

// noteFile notes what concerns the whole file.
func (c *converter) noteFile() {
	supers := slices.Concat(c.file.SuperUsers, c.file.listed("super.users"))
	groups := slices.Concat(c.file.SuperGroups, c.file.listed("super.groups"))
	if len(supers)+len(groups) > 0 {
		who := strings.Join(slices.Concat(supers, groups), ", ")
		c.note(nil, less("the super users "+who, "policies bind everybody here", "they see what the policies let them see, and no more"))
	}
	if c.file.DatasetsFile != "" {
		c.note(nil, less("the shared datasets in "+c.file.DatasetsFile, "they have policies of their own, in another file", "nothing is given by them"))
	}
}
