package ranger

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	conditions "github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/schema"
)

// universe is everybody and everything that a file names.
type universe struct {
	principals        []asker
	databases, tables []string
	columns, filtered []string
	taggings          []tagging
	types             map[string]schema.Type
	// rows are rows with values that tell the row filters apart.
	rows []map[string]conditions.Value
}

// asker is a principal. Roles, when given, are instead of those that the file gives.
type asker struct {
	user          string
	groups, roles []string
}

// tagging is tags on all columns of a table, or on the table.
type tagging struct{ columns, table []Tag }

// place is a table with its tags.
type place struct {
	database, table string
	tagging
}

// tagsOf gives the tags with which a column, or the table, is asked for.
func (p place) tagsOf(column string) []Tag {
	if column == "" {
		return p.tagging.table
	}
	made := slices.Clone(p.columns)
	for _, tag := range p.tagging.table {
		tag.Match = MatchAncestor
		made = append(made, tag)
	}
	return made
}

const (
	// maxRows is how many rows are drawn for each question.
	maxRows = 12
	// maxNamed bounds the users, and the sets of groups, that are joined.
	maxNamed = 300
)

// Names for somebody and something that no policy names.
const (
	stranger   = "somebody_else"
	filled     = "x1"
	otherText  = "another text"
	strangeTag = "SOME_OTHER_TAG"
)

// atMost takes so many of a list, from all over it and always the same ones.
func atMost[T any](most int, all []T) []T {
	if len(all) <= most {
		return all
	}
	kept := slices.Clone(all)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(kept), func(i, j int) { kept[i], kept[j] = kept[j], kept[i] })
	return kept[:most]
}

// questions gathers what a file names, in the databases that are meant, for
// about so many questions.
func (e *Engine) questions(databases []string, most int) universe {
	found := newGathering()
	sources := []*repository{e.policies}
	for _, name := range sortedKeys(e.zones) {
		sources = append(sources, e.zones[name].policies)
	}
	if e.tags != nil {
		sources = append(sources, e.tags)
	}
	for _, policies := range sources {
		for _, kind := range []PolicyType{AccessPolicy, MaskPolicy, RowFilterPolicy} {
			for _, one := range policies.byType[kind] {
				found.policy(one)
			}
		}
	}
	for _, test := range e.file.Tests {
		found.request(test.Request)
	}
	if e.file.tagged != nil {
		for _, resource := range e.file.tagged.Resources {
			found.resource(resource.Elements)
		}
	}
	made := e.universeOf(found)
	if len(databases) > 0 {
		made.databases = databases
	}
	made.reduce(most)
	return made
}

// reduce leaves principals and columns out, here and there, where there are too
// many questions; places are left out when they are asked about.
func (u *universe) reduce(questions int) {
	if len(u.principals)*len(u.columns)*len(u.databases)*len(u.tables)*len(u.taggings) <= questions {
		return
	}
	side := math.Cbrt(float64(questions))
	u.principals = atMost(max(10, int(2*side)), u.principals)
	u.columns = u.withFiltered(atMost(max(5, int(side/2)), u.columns))
}

// withFiltered adds the columns by which rows are filtered.
func (u *universe) withFiltered(columns []string) []string {
	made := slices.Clone(columns)
	for _, column := range u.filtered {
		if !slices.Contains(made, column) {
			made = append(made, column)
		}
	}
	return made
}

func (e *Engine) universeOf(found *gathering) universe {
	made := universe{
		databases: found.listed(levelDatabase), tables: found.listed(levelTable),
		columns: found.listed(levelColumn), filtered: found.filtered, taggings: []tagging{{}}, types: map[string]schema.Type{},
	}
	made.columns = made.withFiltered(made.columns)
	for _, column := range made.columns {
		made.types[column] = schema.Of(schema.String)
		if found.numbers[column] {
			made.types[column] = schema.Of(schema.Int64)
		}
	}
	if e.tags != nil && e.tagged == nil {
		made.taggings = append(made.taggings, found.taggings()...)
	}
	made.principals = e.askers(found)
	made.rows = found.rows(made.columns)
	return made
}

// askers are all users with all groups that occur, and one holder of each role.
func (e *Engine) askers(found *gathering) []asker {
	for _, name := range sortedKeys(e.file.UserRoles) {
		found.users[name] = true
	}
	for _, name := range sortedKeys(e.file.GroupRoles) {
		found.groups[name] = true
	}
	delete(found.groups, publicGroup)
	sets := [][]string{nil}
	for _, group := range sortedKeys(found.groups) {
		sets = append(sets, []string{group})
	}
	for _, key := range sortedKeys(found.groupSets) {
		sets = append(sets, found.groupSets[key])
	}
	var made []asker
	users := atMost(maxNamed, sortedKeys(found.users))
	for _, groups := range atMost(maxNamed, sets) {
		for _, user := range users {
			made = append(made, asker{user: user, groups: groups})
		}
	}
	for _, role := range sortedKeys(found.roles) {
		made = append(made, asker{user: stranger, roles: []string{role}})
	}
	slices.SortStableFunc(made, func(a, b asker) int { return cmp.Compare(len(a.groups), len(b.groups)) })
	return made
}

// places are all tables with all tags, or so many that there are no more
// questions than wanted.
func (u universe) places(questions int) []place {
	var made []place
	for _, database := range u.databases {
		for _, table := range u.tables {
			for _, tags := range u.taggings {
				made = append(made, place{database, table, tags})
			}
		}
	}
	return atMost(max(1, questions/max(1, len(u.principals)*len(u.columns))), made)
}

// kept says of each row whether a row filter of Ranger keeps it.
func (u universe) kept(filter Result, who asker) []conditions.Truth {
	made := make([]conditions.Truth, len(u.rows))
	text := ""
	if filter.Filter != nil {
		text = *filter.Filter
	}
	hides, problems := hiddenBy(text)
	for at := range made {
		if hides.none {
			made[at] = conditions.True
		}
	}
	if hides.none || hides.condition == "" || len(problems) > 0 {
		return made
	}
	parsed, err := conditions.Parse(hides.condition)
	if err != nil {
		return made
	}
	bound, err := parsed.Bind(conditions.Scope{Field: u.field, Attributes: map[string][]string{"id": {who.user}}})
	if err != nil {
		return made
	}
	for at, row := range u.rows {
		if bound.Holds(func(name string) conditions.Value { return row[name] }) == conditions.False {
			made[at] = conditions.True
		}
	}
	return made
}

func (u universe) field(name string) (conditions.Field, bool) {
	of, known := u.types[name]
	return conditions.Field{Name: name, Expression: name, Type: of}, known
}

// literalsOf gives the columns of a filter with the values that it compares them with.
func literalsOf(filter string) (columns []string, values map[string][]string, numeric map[string]bool) {
	words, err := filterWords(filter)
	if err != nil {
		return nil, nil, nil
	}
	values, numeric = make(map[string][]string), make(map[string]bool)
	column := ""
	for at, one := range words {
		next := words[min(at+1, len(words)-1)]
		switch {
		case one.kind == columnWord, one.kind == nameWord && !isPredicate(one) && (next.kind == symbolWord && next.text != "(" && next.text != ")" || isPredicate(next)):
			column = strings.ToLower(one.text)
			if _, known := values[column]; !known {
				columns, values[column] = append(columns, column), nil
			}
		case column != "" && (one.kind == textWord || one.kind == numberWord):
			values[column] = append(values[column], one.text)
			if _, err := strconv.ParseInt(one.text, 10, 64); one.kind == numberWord && err == nil {
				numeric[column] = true
			}
		}
	}
	return columns, values, numeric
}

func isPredicate(one word) bool {
	return one.kind == nameWord && slices.Contains([]string{"in", "is", "like", "between", "not", "and", "or", "null"}, strings.ToLower(one.text))
}
