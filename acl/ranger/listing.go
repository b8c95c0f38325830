package ranger

import (
	"maps"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/acl/ranger/script"
)

// listing gives the functions that write lists of names or values, in forms
// with and without quotes.
func (s *scope) listing(name string) script.Function {
	base, quoted := strings.CutSuffix(name, "Q")
	base, _ = strings.CutSuffix(base, "Csv")
	values, skip := s.listed(base)
	if values == nil {
		return nil
	}
	return func(args []script.Value) (script.Value, error) {
		listed := values(text(args, 0))
		return written(listed, args[min(skip, len(args)):], quoted), nil
	}
}

// listed gives the values to list, and how many arguments choose among them.
func (s *scope) listed(base string) (values func(arg string) []string, arguments int) {
	switch base {
	case "tagNames":
		return func(string) []string { return s.q.tagTypes() }, 0
	case "ugNames":
		return func(string) []string { return s.groups }, 0
	case "urNames":
		return func(string) []string { return s.roles }, 0
	case "userAttrNames":
		return func(string) []string { return slices.Sorted(maps.Keys(s.userAttrs)) }, 0
	case "ugAttrNames":
		return func(string) []string { return names(slices.Collect(maps.Values(s.groupAttrs))) }, 0
	case "tagAttrNames":
		return func(string) []string { return names(s.attributesOfTags()) }, 0
	case "userAttr":
		return s.userAttr, 1
	case "ugAttr":
		return s.groupAttr, 1
	case "tagAttr":
		return s.tagAttr, 1
	default:
		return nil, 0
	}
}

func names(attributes []Options) []string {
	found := make(map[string]bool)
	for _, options := range attributes {
		for name := range options {
			found[name] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (s *scope) attributesOfTags() []Options {
	var found []Options
	for _, kind := range s.q.tagTypes() {
		found = append(found, s.tags[kind].Attributes)
	}
	return found
}

func (s *scope) userAttr(name string) []string {
	if name == nameField && s.q.User != "" {
		return []string{s.q.User}
	}
	return present([]Options{s.userAttrs}, name)
}

func (s *scope) groupAttr(name string) []string {
	if name == nameField {
		return s.groups
	}
	var found []Options
	for _, group := range s.groups {
		found = append(found, s.groupAttrs[group])
	}
	return present(found, name)
}

func (s *scope) tagAttr(name string) []string { return present(s.attributesOfTags(), name) }

func present(attributes []Options, name string) []string {
	var found []string
	for _, options := range attributes {
		if value, ok := options[name]; ok {
			found = append(found, value)
		}
	}
	return found
}

// written joins values as Ranger does: the arguments are what to write when
// there are none, the separator, and the quotes before and after.
func written(values []string, args []script.Value, quoted bool) string {
	separator, before := ",", ""
	if len(args) > 1 {
		separator = text(args, 1)
	}
	if quoted {
		before = "'"
		if len(args) > 2 {
			before = text(args, 2)
		}
	}
	after := before
	if quoted && len(args) > 3 && !script.Missing(args[3]) {
		after = text(args, 3)
	}
	if len(values) == 0 {
		if script.Missing(script.Argument(args, 0)) {
			return ""
		}
		return before + text(args, 0) + after
	}
	parts := make([]string, len(values))
	for i, value := range values {
		parts[i] = before + value + after
	}
	return strings.Join(parts, separator)
}
