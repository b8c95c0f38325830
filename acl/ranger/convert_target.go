package ranger

import (
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/acl"
)

// target is what a policy is about, and what of that it is not.
type target struct {
	selector acl.Selector
	spared   []acl.Selector
}

// targets takes the resources of a policy. There are none where it is about no
// table's columns, or about none that can be named here.
func (c *converter) targets(s *source, towards direction) ([]target, []problem) {
	var made []target
	var problems []problem
	for i, resources := range append([]map[string]PolicyResource{s.policy.Resources}, s.policy.AdditionalResources...) {
		reason := s.besides(resources, s.matchers[i])
		if reason == "" && !s.matchers[i].valid {
			reason = "its levels fit no resource"
		}
		if reason != "" {
			problems = append(problems, same("a policy of "+levelsOf(resources), reason, "it is left out: in Ranger it does not decide about columns either"))
			continue
		}
		one, found := c.target(s, resources, towards)
		problems = append(problems, found...)
		if one != nil {
			made = append(made, *one)
		}
	}
	return made, problems
}

func levelsOf(resources map[string]PolicyResource) string {
	if len(resources) == 0 {
		return "nothing"
	}
	return strings.Join(sortedKeys(resources), ", ")
}

// besides tells why resources are not columns of tables, "" if they are.
func (s *source) besides(resources map[string]PolicyResource, matcher *resourceMatcher) string {
	levels := sortedKeys(resources)
	columns := []string{levelColumn, levelDatabase, levelTable}
	switch {
	case s.byTag && slices.Equal(levels, []string{tagLevel}):
		return ""
	case s.byTag:
		return "it is about no tags"
	case s.kind == RowFilterPolicy && slices.Equal(levels, columns[1:]):
		return ""
	case s.kind == RowFilterPolicy && slices.Equal(levels, columns):
		if all := matcher.elements[levelColumn]; all == nil || !all.any || all.excludes {
			return "it names columns, and rows are filtered by tables"
		}
		return ""
	case slices.Equal(levels, columns):
		return ""
	}
	for _, level := range levels {
		if !slices.Contains(columns, level) {
			return "it is not about tables"
		}
	}
	return "it names no columns"
}

// target makes one target; nil where nothing is left.
func (c *converter) target(s *source, resources map[string]PolicyResource, towards direction) (*target, []problem) {
	if s.byTag {
		return c.tagTarget(s, resources[tagLevel], towards)
	}
	tables, problems := c.datasets(s, resources, towards)
	if tables.none() {
		return nil, problems
	}
	made := &target{selector: acl.Selector{Datasets: tables.patterns}}
	if len(tables.spared) > 0 {
		made.spared = append(made.spared, acl.Selector{Datasets: tables.spared})
	}
	given, named := resources[levelColumn]
	if !named || s.kind == RowFilterPolicy {
		return made, problems
	}
	columns, found := c.names(s.levels[levelColumn], given, towards)
	problems = append(problems, found...)
	switch {
	case columns.none():
		return nil, problems
	case columns.excluded && len(columns.patterns) > 0:
		made.spared = append(made.spared, acl.Selector{Fields: columns.patterns})
	case !columns.all:
		made.selector.Fields = columns.patterns
	}
	return made, problems
}

// tables are datasets by patterns, without those that are spared.
type tables struct{ patterns, spared []string }

func (t tables) none() bool { return len(t.patterns) == 0 }

// datasets joins the databases and tables of a resource.
func (c *converter) datasets(s *source, resources map[string]PolicyResource, towards direction) (tables, []problem) {
	databases, problems := c.databases(s.levels[levelDatabase], resources[levelDatabase], towards)
	inside, found := c.names(s.levels[levelTable], resources[levelTable], towards)
	problems = append(problems, found...)
	if databases.none() || inside.none() {
		return tables{}, problems
	}
	parts := func(n nameList) []string {
		if n.all || n.excluded {
			return []string{anything}
		}
		return n.patterns
	}
	var made tables
	if len(parts(databases))*len(parts(inside)) > maxListed {
		few := less("the tables of a policy", "they are too many for one policy", "it is left out: it gives nothing")
		if towards == giving {
			return tables{}, append(problems, few)
		}
		few.consequence = "it counts for all tables of its databases: more is hidden than in Ranger"
		problems, inside = append(problems, few), nameList{all: true}
	}
	for _, database := range parts(databases) {
		for _, table := range parts(inside) {
			made.patterns = append(made.patterns, database+"."+table)
		}
	}
	if databases.excluded {
		for _, database := range databases.patterns {
			made.spared = append(made.spared, database+"."+anything)
		}
	}
	if inside.excluded {
		for _, table := range inside.patterns {
			made.spared = append(made.spared, anything+"."+table)
		}
	}
	return made, problems
}

// databases takes the databases of a resource, those that Ranger guarded where
// these were said.
func (c *converter) databases(level *level, given PolicyResource, towards direction) (nameList, []problem) {
	if len(c.options.Databases) == 0 {
		made, problems := c.names(level, given, towards)
		open := made.excluded || made.all || slices.ContainsFunc(made.patterns, func(p string) bool { return strings.Contains(p, anything) })
		if towards == giving && open && !made.none() {
			problems = append(problems, unguarded("the databases "+strings.Join(given.Values, ", ")))
		}
		return made, problems
	}
	rest := PolicyResource{Excludes: given.Excludes}
	chosen := map[string]bool{}
	wild, folded := optionFlag(level.options, "wildCard", true), casing(optionFlag(level.options, "ignoreCase", true))
	for _, value := range given.Values {
		plain := level.matcher == plainMatcher && !tokensOf(level.options).in(value) && !strings.Contains(value, exprStart)
		if !plain || value == "" {
			rest.Values = append(rest.Values, value)
			continue
		}
		for _, database := range c.options.Databases {
			if wild && folded.like(database, value) || folded.equal(database, value) {
				chosen[database] = true
			}
		}
	}
	// What is left are names that stand for something of the request.
	var made nameList
	var problems []problem
	if slices.ContainsFunc(rest.Values, func(v string) bool { return v != "" }) || len(rest.Values) == len(given.Values) {
		made, problems = c.names(level, rest, towards)
	}
	kept := nameList{}
	for _, database := range c.options.Databases {
		if (made.all || chosen[database]) != given.Excludes.Or(false) {
			kept.patterns = append(kept.patterns, database)
		}
	}
	if kept.none() {
		problems = append(problems, same("the databases "+strings.Join(given.Values, ", "), "none that was named is among them", "it is left out"))
	}
	return kept, problems
}

// unguarded tells of what fits datasets that Ranger never had a say in.
func unguarded(what string) problem {
	return more(what, "the catalog has systems that Ranger never guarded", "what fits is given of these too; --database says which are meant")
}

// tagTarget selects by tags: those of a field and of its dataset.
func (c *converter) tagTarget(s *source, given PolicyResource, towards direction) (*target, []problem) {
	tags, problems := c.names(s.levels[tagLevel], given, towards)
	if tags.excluded && !tags.none() {
		found := less("all tags but some", "a field has several tags, of which one may be excluded", "it is left out: it gives nothing")
		if towards == giving {
			return nil, append(problems, found)
		}
		found.consequence = "the policy counts for every tag: more is hidden than in Ranger"
		problems, tags = append(problems, found), nameList{all: true}
	}
	if tags.none() {
		return nil, problems
	}
	made := &target{selector: acl.Selector{Tags: tags.patterns}}
	if tags.all {
		made.selector.Tags = []string{anything}
	}
	for _, database := range c.options.Databases {
		made.selector.Datasets = append(made.selector.Datasets, database+"."+anything)
	}
	if towards == giving && len(c.options.Databases) == 0 {
		problems = append(problems, unguarded("the tags "+strings.Join(given.Values, ", ")))
	}
	return made, problems
}

func sortedKeys[V any](of map[string]V) []string {
	keys := make([]string, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
