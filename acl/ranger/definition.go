package ranger

import (
	"cmp"
	"slices"
	"strings"
)

// level is one level of resources: a database, a path.
type level struct {
	name      string
	matcher   matcherKind
	options   Options
	leaf      Flag
	recursive bool
}

// definition is what a service definition says for one type of policy.
type definition struct {
	levels map[string]*level
	// hierarchies are the ways from the top to what a policy may name.
	hierarchies [][]string
	accessTypes []string
	// implied gives, for an access type in lower case, what it brings with it.
	implied map[string][]string
}

// define prepares a service definition for one type of policy.
func define(def *ServiceDef, kind PolicyType) *definition {
	made := &definition{levels: make(map[string]*level)}
	resources := resourcesFor(def, kind)
	for _, resource := range resources {
		made.levels[resource.Name] = &level{
			name:      resource.Name,
			matcher:   kindOf(resource.Matcher),
			options:   resource.MatcherOptions,
			leaf:      resource.ValidLeaf,
			recursive: resource.Recursive.Or(false),
		}
	}
	made.hierarchies = hierarchiesOf(resources, made.levels)
	for _, access := range def.AccessTypes {
		made.accessTypes = append(made.accessTypes, access.Name)
	}
	made.implied = impliedBy(def)
	return made
}

// resourcesFor gives the levels that policies of a type have: masks and row
// filters may name their own, and take what they do not say from the service's.
func resourcesFor(def *ServiceDef, kind PolicyType) []ResourceDef {
	var own []ResourceDef
	switch kind {
	case MaskPolicy:
		own = def.Mask.Resources
	case RowFilterPolicy:
		own = def.RowFilter.Resources
	}
	if len(own) == 0 {
		return def.Resources
	}
	merged := make([]ResourceDef, len(own))
	for i, delta := range own {
		merged[i] = delta
		for _, base := range def.Resources {
			if base.Name == delta.Name {
				merged[i] = merge(base, delta)
				break
			}
		}
	}
	return merged
}

func merge(base, delta ResourceDef) ResourceDef {
	if delta.Recursive != "" {
		base.Recursive = delta.Recursive
	}
	if delta.Matcher != "" {
		base.Matcher = delta.Matcher
	}
	options := make(Options, len(base.MatcherOptions)+len(delta.MatcherOptions))
	for _, from := range []Options{base.MatcherOptions, delta.MatcherOptions} {
		for name, value := range from {
			options[name] = value
		}
	}
	base.MatcherOptions = options
	base.ValidLeaf = delta.ValidLeaf
	return base
}

// impliedBy gives what each access type brings with it, markers included.
func impliedBy(def *ServiceDef) map[string][]string {
	implied := make(map[string][]string)
	add := func(name string, grants []string) {
		name = strings.ToLower(name)
		implied[name] = append(implied[name], grants...)
	}
	for _, access := range def.AccessTypes {
		if len(access.ImpliedGrants) > 0 {
			add(access.Name, access.ImpliedGrants)
		}
		grants := append([]string{access.Name}, access.ImpliedGrants...)
		add("_ALL", grants)
		if access.Category != "" {
			add("_"+string(access.Category), grants)
		}
	}
	for _, marker := range def.MarkerTypes {
		add(marker.Name, marker.ImpliedGrants)
	}
	return implied
}

// hierarchiesOf gives the ways from levels without parent down to each level
// that may come last.
func hierarchiesOf(resources []ResourceDef, levels map[string]*level) [][]string {
	parents := make(map[string]string, len(resources))
	isParent := make(map[string]bool, len(resources))
	for _, resource := range resources {
		parent := strings.TrimSpace(resource.Parent)
		parents[resource.Name] = parent
		isParent[parent] = true
	}
	var found [][]string
	for _, resource := range resources {
		leaf := levels[resource.Name].leaf
		if isParent[resource.Name] && leaf != yes || !isParent[resource.Name] && leaf == no {
			continue
		}
		if way, ok := wayTo(resource.Name, parents); ok {
			found = append(found, way)
		}
	}
	slices.SortStableFunc(found, func(a, b []string) int { return cmp.Compare(len(a), len(b)) })
	return found
}

func wayTo(name string, parents map[string]string) ([]string, bool) {
	var way []string
	for name != "" {
		parent, known := parents[name]
		if !known || len(way) == len(parents) {
			return nil, false
		}
		way = append(way, name)
		name = parent
	}
	slices.Reverse(way)
	return way, true
}
