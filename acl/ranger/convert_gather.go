package ranger

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	conditions "github.com/yitong-hub/yitong/acl/condition"
)

// gathering collects the names that occur in a file.
type gathering struct {
	users, groups, roles map[string]bool
	groupSets            map[string][]string
	levels               map[string]map[string]bool
	tags                 map[string]bool
	tagged               [][]Tag

	filtered []string
	values   map[string][]string
	numbers  map[string]bool
}

func newGathering() *gathering {
	return &gathering{
		users: map[string]bool{stranger: true}, groups: map[string]bool{}, roles: map[string]bool{}, groupSets: map[string][]string{},
		levels: map[string]map[string]bool{
			levelDatabase: {}, levelTable: {}, levelColumn: {filled: true}, tagLevel: {strangeTag: true},
		},
		tags: map[string]bool{}, values: map[string][]string{}, numbers: map[string]bool{},
	}
}

func (g *gathering) policy(one *evaluator) {
	for _, item := range slices.Concat(one.allow, one.deny, one.allowExceptions, one.denyExceptions) {
		for _, name := range item.users {
			if name != "" && name != ownerUser && name != currentUser {
				g.users[name] = true
			}
		}
		for _, name := range item.groups {
			g.groups[name] = true
		}
		for _, name := range item.roles {
			g.roles[name] = true
		}
		if filter := item.item.RowFilter; filter != nil && filter.Expr != nil {
			g.filter(*filter.Expr)
		}
	}
	for _, resources := range append([]map[string]PolicyResource{one.policy.Resources}, one.policy.AdditionalResources...) {
		g.resource(resources)
	}
}

func (g *gathering) resource(resources map[string]PolicyResource) {
	for level, resource := range resources {
		if g.levels[level] == nil {
			continue
		}
		for _, value := range resource.Values {
			if level == tagLevel {
				g.levels[level][strings.NewReplacer("*", filled, "?", "q").Replace(value)] = true
				continue
			}
			for _, name := range g.filledIn(value) {
				g.levels[level][name] = true
			}
		}
	}
}

// filledIn gives names that a pattern fits.
func (g *gathering) filledIn(pattern string) []string {
	pattern = strings.ToLower(pattern)
	if strings.Contains(pattern, "{") {
		var made []string
		for _, user := range sortedKeys(g.users) {
			made = append(made, strings.NewReplacer("{user}", user, "*", filled, "?", "q").Replace(pattern))
		}
		return made
	}
	made := []string{strings.NewReplacer("*", filled, "?", "q").Replace(pattern)}
	if bare := strings.ReplaceAll(pattern, "*", ""); bare != pattern && bare != "" {
		made = append(made, strings.ReplaceAll(bare, "?", "q"))
	}
	return made
}

func (g *gathering) filter(text string) {
	columns, values, numeric := literalsOf(text)
	for _, column := range columns {
		if !slices.Contains(g.filtered, column) {
			g.filtered = append(g.filtered, column)
		}
		g.values[column] = append(g.values[column], values[column]...)
		g.numbers[column] = g.numbers[column] || numeric[column]
	}
}

// request takes who and what a test case is about.
func (g *gathering) request(request Request) {
	if request.User != "" {
		g.users[request.User] = true
	}
	if len(request.Groups) > 0 {
		g.groupSets[strings.Join(request.Groups, "\x00")] = request.Groups
	}
	for level, element := range request.Resource.Elements {
		if g.levels[level] == nil {
			continue
		}
		for _, value := range element.values {
			g.levels[level][strings.ToLower(value)] = true
		}
	}
	if text, ok := request.Context[contextTags].(string); ok {
		var tags []Tag
		if json.Unmarshal(plainJSON([]byte(text)), &tags) == nil && len(tags) > 0 {
			g.tagged = append(g.tagged, tags)
		}
	}
}

// listed gives the names of a level in order.
func (g *gathering) listed(level string) []string {
	names := g.levels[level]
	delete(names, "")
	delete(names, anything)
	if len(names) == 0 {
		names = map[string]bool{filled: true}
	}
	return sortedKeys(names)
}

// taggings are the tags of the test cases, and each tag of a policy by itself,
// with the next one, on columns and on tables.
func (g *gathering) taggings() []tagging {
	var made []tagging
	for _, tags := range g.tagged {
		var own, above []Tag
		for _, tag := range tags {
			if tag.Match == MatchAncestor {
				above = append(above, tag)
			} else {
				own = append(own, tag)
			}
		}
		made = append(made, tagging{columns: own, table: above}, tagging{table: own})
	}
	names := g.listed(tagLevel)
	for at, name := range names {
		one := Tag{Type: name, Match: MatchSelf}
		other := Tag{Type: names[(at+1)%len(names)], Match: MatchSelf}
		made = append(made,
			tagging{columns: []Tag{one}}, tagging{table: []Tag{one}}, tagging{columns: []Tag{one, other}}, tagging{columns: []Tag{one}, table: []Tag{other}})
	}
	return made
}

// rows are rows in which each column takes the values that filters compare it
// with, others, and none.
func (g *gathering) rows(columns []string) []map[string]conditions.Value {
	made := make([]map[string]conditions.Value, maxRows)
	for at := range made {
		made[at] = make(map[string]conditions.Value, len(columns))
		for place, column := range columns {
			values := g.valuesOf(column)
			made[at][column] = values[(at*(place+1)+place+at/len(values))%len(values)]
		}
	}
	if len(g.filtered) == 0 {
		return made[:1]
	}
	return made
}

// valuesOf gives values of a column, NULL last.
func (g *gathering) valuesOf(column string) []conditions.Value {
	var made []conditions.Value
	add := func(text string) { made = append(made, conditions.Value{Text: text, Valid: true}) }
	for _, text := range g.values[column] {
		number, err := strconv.ParseInt(text, 10, 64)
		switch {
		case !g.numbers[column]:
			add(strings.NewReplacer("%", filled, "_", "q").Replace(text))
		case err == nil:
			add(text)
			add(strconv.FormatInt(number+1, 10))
		}
	}
	if g.numbers[column] {
		add("-1")
	} else {
		add(otherText)
	}
	return append(made, conditions.Value{})
}
