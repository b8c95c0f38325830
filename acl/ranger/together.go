package ranger

import (
	"reflect"
	"strings"
)

// together asks whether a query accesses several of the resources named.
type together struct {
	matchers []*resourceMatcher
	wanted   bool
}

// newTogether prepares the condition. As in Ranger it works for Hive only.
func newTogether(service *ServiceDef, values []string, wanted bool) condition {
	made := together{wanted: wanted}
	if service.Name != "hive" {
		return made
	}
	definition := define(service, AccessPolicy)
	for _, value := range values {
		parts := elementsOf(value, '.')
		if len(parts) == 0 || len(parts) > 3 {
			continue
		}
		resources := map[string]PolicyResource{"database": {}, "table": {}, "column": {}}
		for i, name := range []string{"database", "table", "column"} {
			values := Texts{anything}
			if i < len(parts) {
				values = Texts{parts[i]}
			}
			resources[name] = PolicyResource{Values: values}
		}
		made.matchers = append(made.matchers, newResourceMatcher(definition, resources))
	}
	return made
}

func (t together) holds(q *query) bool {
	if len(t.matchers) == 0 {
		return true
	}
	if len(q.Together) == 0 {
		return !t.wanted
	}
	return t.several(q) == t.wanted
}

// several tells whether two of the resources accessed are among those named.
func (t together) several(q *query) bool {
	requested := distinct(q.Together)
	if len(requested) < 2 {
		return false
	}
	found := 0
	for _, resource := range requested {
		for _, matcher := range t.matchers {
			if matcher.namesIt(resource, q) {
				found++
			}
		}
	}
	return found > 1
}

func distinct(resources []Resource) []Resource {
	var found []Resource
	for _, one := range resources {
		known := false
		for _, other := range found {
			known = known || reflect.DeepEqual(one, other)
		}
		if !known {
			found = append(found, one)
		}
	}
	return found
}

// doubleBrackets writes [[text,'sep']] as the list that it stands for in scripts.
func doubleBrackets(source string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(source, "[[")
		inner, after, closed := strings.Cut(rest, "]]")
		if !found || !closed {
			out.WriteString(source)
			return out.String()
		}
		out.WriteString(before)
		out.WriteString(splitCall(inner))
		source = after
	}
}

// splitCall makes the call that splits a text at its separator, a comma without any.
func splitCall(inner string) string {
	text, separator := inner, ","
	for _, quote := range []string{"'", `"`} {
		if at := strings.LastIndex(inner, ","+quote); at > 0 && strings.HasSuffix(inner, quote) && at+2 < len(inner)-1 {
			text, separator = inner[:at], inner[at+2:len(inner)-1]
		}
	}
	if text == "" {
		return "[[" + inner + "]]"
	}
	for _, r := range text {
		if !strings.ContainsRune(`}{$"_.[]`, r) && !inAlphanumeric(r) {
			return "[[" + inner + "]]"
		}
	}
	return text + `.split("` + separator + `")`
}

func inAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
