package ranger

import (
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/acl/ranger/script"
)

// contextHost is ctx, by which scripts ask about the request.
type contextHost struct{ s *scope }

// Assign sets the result; there is nothing else to set.
func (h contextHost) Assign(name string, value script.Value) error {
	if name != "result" {
		return script.Unsupported("an assignment to ctx.%s", name)
	}
	h.s.result = script.Truth(value)
	return nil
}

// Member gives a member of ctx.
func (h contextHost) Member(name string) (script.Value, error) {
	if name == "result" {
		return h.s.result, nil
	}
	for _, find := range []func(string) script.Function{h.s.getter, h.s.test, h.s.listing, h.s.timeTest, h.s.tagGetter} {
		if found := find(name); found != nil {
			return found, nil
		}
	}
	return nil, script.Unsupported("ctx.%s", name)
}

// macro gives what a macro stands for.
func (s *scope) macro(name string) (script.Value, bool) {
	switch name {
	case "HAS_ANY_TAG":
		return len(s.tags) > 0, true
	case "HAS_NO_TAG":
		return len(s.tags) == 0, true
	case "IS_IN_ANY_GROUP":
		return len(s.groups) > 0, true
	case "IS_NOT_IN_ANY_GROUP":
		return len(s.groups) == 0, true
	case "IS_IN_ANY_ROLE":
		return len(s.roles) > 0, true
	case "IS_NOT_IN_ANY_ROLE":
		return len(s.roles) == 0, true
	}
	called, isMacro := functionOf(name)
	if !isMacro {
		return nil, false
	}
	for _, find := range []func(string) script.Function{s.test, s.listing, s.timeTest} {
		found := find(called)
		if found == nil {
			continue
		}
		// Macros of lists stand for the list itself, not for a function.
		if !strings.HasPrefix(name, "GET_") && strings.HasSuffix(name, "_CSV") {
			value, err := found(nil)
			return value, err == nil
		}
		return found, true
	}
	return nil, false
}

// functionOf gives the function of ctx that a macro stands for: GET_UG_ATTR_Q_CSV
// is ugAttrCsvQ, HAS_TAG is hasTag.
func functionOf(macro string) (string, bool) {
	known := strings.HasSuffix(macro, "_CSV")
	for _, prefix := range []string{"GET_", "HAS_", "IS_"} {
		known = known || strings.HasPrefix(macro, prefix)
	}
	if !known || macro != strings.ToUpper(macro) {
		return "", false
	}
	name := strings.TrimPrefix(macro, "GET_")
	quoted, csv := "", ""
	if cut, ok := strings.CutSuffix(name, "_CSV"); ok {
		name, csv = cut, "Csv"
	}
	if cut, ok := strings.CutSuffix(name, "_Q"); ok {
		name, quoted = cut, "Q"
	}
	var out strings.Builder
	for i, part := range strings.Split(strings.ToLower(name), "_") {
		if i > 0 && part != "" {
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		out.WriteString(part)
	}
	return out.String() + csv + quoted, true
}

// text gives an argument as text; what is missing is nothing.
func text(args []script.Value, at int) string {
	if value := script.Argument(args, at); !script.Missing(value) {
		return script.Text(value)
	}
	return ""
}

// test gives the functions that ask yes or no.
func (s *scope) test(name string) script.Function {
	asks := func(holds func(name string) bool) script.Function {
		return func(args []script.Value) (script.Value, error) { return holds(text(args, 0)), nil }
	}
	switch name {
	case "hasTag":
		return asks(func(n string) bool { _, ok := s.tags[n]; return ok })
	case "hasAnyTag":
		return constant(len(s.tags) > 0)
	case "hasUserAttr":
		return asks(func(n string) bool { _, ok := s.userAttrs[n]; return ok || n == nameField })
	case "hasUgAttr":
		return asks(func(n string) bool { return len(s.groupAttr(n)) > 0 })
	case "hasTagAttr":
		return asks(func(n string) bool { return len(s.tagAttr(n)) > 0 })
	case "isInGroup":
		return asks(func(n string) bool { return slices.Contains(s.groups, n) })
	case "isInRole":
		return asks(func(n string) bool { return slices.Contains(s.roles, n) })
	case "isInAnyGroup":
		return constant(len(s.groups) > 0)
	case "isInAnyRole":
		return constant(len(s.roles) > 0)
	case "isAccessTypeAny":
		return constant(s.q.any)
	case "isAccessTypeDelegatedAdmin":
		return constant(s.q.admin)
	default:
		return nil
	}
}

// getter gives the functions that tell something of the request.
func (s *scope) getter(name string) script.Function {
	q := s.q
	switch name {
	case "getUser":
		return constant(orNull(q.User))
	case "getUserGroups":
		return constant(script.Strings(s.groups))
	case "getUserRoles":
		return constant(script.Strings(s.roles))
	case "getClientIPAddress":
		return constant(orNull(q.clientIP))
	case "getClientType":
		return constant(orNull(q.ClientType))
	case "getAction":
		return constant(orNull(q.Action))
	case "getRequestData":
		return constant(orNull(q.RequestData))
	case "getSessionId":
		return constant(orNull(q.SessionID))
	case "getResource":
		return constant(q.resourceText())
	case "getRequestContextAttribute":
		return func(args []script.Value) (script.Value, error) {
			value, known := q.contextText(text(args, 0))
			if !known {
				return nil, nil
			}
			return value, nil
		}
	default:
		return nil
	}
}

// resourceText writes the resource with its levels in the order of the definition.
func (q *query) resourceText() string {
	var parts []string
	for _, level := range q.engine.service.Resources {
		if q.Resource.given(level.Name) {
			parts = append(parts, q.Resource.Elements[level.Name].String())
		}
	}
	return strings.Join(parts, "/")
}

// tagGetter gives the functions that tell something of tags.
func (s *scope) tagGetter(name string) script.Function {
	switch name {
	case "getCurrentTag":
		value, _ := s.lookup("tag")
		return constant(value)
	case "getCurrentTagType":
		if s.q.tag == nil {
			return constant(nil)
		}
		return constant(s.q.tag.Type)
	case "getAllTagTypes":
		if len(s.tags) == 0 {
			return constant(nil)
		}
		return constant(script.Strings(s.q.tagTypes()))
	case "getTagAttributes":
		return func(args []script.Value) (script.Value, error) {
			tag, ok := s.tags[text(args, 0)]
			if !ok {
				return nil, nil
			}
			return object(tag.Attributes), nil
		}
	case "getAttributeValue":
		return func(args []script.Value) (script.Value, error) {
			value, known := s.attribute(args)
			if !known {
				return nil, nil
			}
			return value, nil
		}
	default:
		return nil
	}
}

// attribute gives an attribute of the current tag, or of the tag named first.
func (s *scope) attribute(args []script.Value) (string, bool) {
	if len(args) > 1 {
		value, ok := s.tags[text(args, 0)].Attributes[text(args, 1)]
		return value, ok
	}
	if s.q.tag == nil {
		return "", false
	}
	value, ok := s.q.tag.Attributes[text(args, 0)]
	return value, ok
}
