package ranger

import (
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/acl"
)

// nameList are the names of one level that a policy is about.
type nameList struct {
	// all stands for every name, patterns for those that fit one.
	all      bool
	patterns []string
	// excluded says that the policy is about all other names.
	excluded bool
}

// none tells whether there is no name that the policy is about.
func (n nameList) none() bool {
	if n.excluded {
		return n.all
	}
	return !n.all && len(n.patterns) == 0
}

// names takes the values that a policy has for a level. What cannot be said of
// those that it excludes is treated the other way round.
func (c *converter) names(level *level, given PolicyResource, towards direction) (nameList, []problem) {
	made := nameList{excluded: given.Excludes.Or(false)}
	if made.excluded {
		towards = !towards
	}
	var problems []problem
	blank := true
	wild := optionFlag(level.options, "wildCard", true)
	for _, value := range given.Values {
		if value == "" {
			continue
		}
		if wild && strings.Trim(value, anything) == "" {
			return nameList{all: true, excluded: made.excluded}, nil
		}
		blank = false
		pattern, found := c.pattern(level, value, wild, towards)
		problems = append(problems, found...)
		switch pattern {
		case "":
		case anything:
			made.all = true
		default:
			made.patterns = append(made.patterns, pattern)
		}
	}
	made.all = made.all || blank
	if made.all {
		made.patterns = nil
	}
	return made, problems
}

// pattern writes one value as a pattern in which only * is special: "" where it
// is left out.
func (c *converter) pattern(level *level, value string, wild bool, towards direction) (string, []problem) {
	cannot := func(what, why, instead string) (string, []problem) {
		if towards == giving {
			return "", []problem{less(what, why, "it is left out: what it names is not given by the policy")}
		}
		return instead, []problem{less(what, why, "the policy counts for "+instead+" instead: more is hidden than in Ranger")}
	}
	where := "the " + level.name + " " + value
	folded := optionFlag(level.options, "ignoreCase", true)
	switch {
	case level.matcher != plainMatcher:
		return cannot(where, "it is matched by a program of Ranger's", anything)
	case tokensOf(level.options).in(value), strings.Contains(value, exprStart):
		return cannot(where, "names here are the same for everybody who asks", anything)
	case !wild && strings.ContainsAny(value, wildcards):
		return "", []problem{same(where, "such policies have no patterns in Ranger, and nothing has that name", "it is left out, as in Ranger")}
	case folded && level.name == tagLevel && hasLetters(value):
		return cannot(where, "upper and lower case differ in tags here", anything)
	}
	if folded {
		value = strings.ToLower(value) // as all names in the catalog are
	}
	if strings.Contains(value, "?") {
		return cannot(where, "? cannot be said here", strings.ReplaceAll(value, "?", anything))
	}
	if !c.nameable(value) {
		return cannot(where, "no name here can have these characters", anything)
	}
	return value, nil
}

func hasLetters(text string) bool { return strings.ToLower(text) != strings.ToUpper(text) }

// nameable tells whether a policy can have a name.
func (c *converter) nameable(name string) bool {
	usable, known := c.usable[name]
	if !known {
		usable = acl.Policy{
			ID: "name", Effect: acl.Deny, Subject: acl.Subject{Anyone: true}, Resource: acl.Selector{Datasets: []string{name}}, Rights: []acl.Right{acl.View},
		}.Check() == nil
		c.usable[name] = usable
	}
	return usable
}

// maxListed bounds how many names a policy lists.
const maxListed = 5000

// subject takes the principals of an item. Users are persons or applications of
// that id. It is nobody where the item names none that can be named here.
func (c *converter) subject(item *itemEvaluator, towards direction) (acl.Subject, []problem) {
	if item.anyUser || slices.Contains(item.groups, publicGroup) {
		return acl.Subject{Anyone: true}, nil
	}
	var problems []problem
	everybody := false
	cannot := func(what, why string) {
		consequence := "it is left out: it is not given anything"
		if towards == taking {
			everybody, consequence = true, "everybody is in its place: more is hidden than in Ranger"
		}
		problems = append(problems, less(what, why, consequence))
	}
	usable := func(kind string, given []string) []string {
		var kept []string
		for _, name := range given {
			switch {
			case name == "", name == ownerUser && kind == "user":
			case !c.nameable(name):
				cannot("the "+kind+" "+name, "no name here can have these characters")
			case !slices.Contains(kept, name):
				kept = append(kept, name)
			}
		}
		if len(kept) > maxListed {
			cannot("the "+kind+"s of an item", "they are too many for one policy: put them into a group")
			return nil
		}
		return kept
	}
	made := acl.Subject{Persons: usable("user", item.users), Groups: usable("group", item.groups), Roles: usable("role", item.roles)}
	made.Applications = slices.Clone(made.Persons)
	if item.owner {
		cannot("the owner of what is read", "datasets here are owned by departments")
	}
	if everybody {
		made = acl.Subject{Anyone: true}
	}
	return made, problems
}

func nobody(s acl.Subject) bool {
	return !s.Anyone && len(s.Persons)+len(s.Applications)+len(s.Groups)+len(s.Roles) == 0
}
