package ranger

import (
	"errors"
	"maps"
	"slices"

	"github.com/yitong-hub/yitong/acl/ranger/script"
)

// decide runs a condition's script. As in Ranger the last value counts if it is
// true or false; otherwise, and when the script fails, what it set as result.
func (q *query) decide(program *script.Program) bool {
	s := newScope(q)
	value, err := program.Run(s.lookup)
	if errors.Is(err, script.ErrUnsupported) {
		q.doubt("a condition's script cannot be evaluated: " + err.Error())
		return false
	}
	if decided, ok := value.(bool); ok && err == nil {
		return decided
	}
	return s.result
}

// expression runs a script whose value becomes part of a text.
func (q *query) expression(source string) string {
	program, err := script.Parse(doubleBrackets(source))
	if err == nil {
		var value script.Value
		if value, err = program.Run(newScope(q).lookup); err == nil {
			if script.Missing(value) {
				return ""
			}
			return script.Text(value)
		}
	}
	if errors.Is(err, script.ErrUnsupported) {
		q.doubt("an expression cannot be evaluated: " + err.Error())
	}
	return ""
}

// scope is what scripts can see of a request.
type scope struct {
	q      *query
	result bool

	groups     []string
	roles      []string
	userAttrs  Options
	groupAttrs map[string]Options
	tags       map[string]Tag // by type
}

const (
	nameField  = "_name"
	typeField  = "_type"
	matchField = "_matchType"
)

func newScope(q *query) *scope {
	s := &scope{q: q, groups: sorted(q.Groups), roles: sorted(q.roles), tags: make(map[string]Tag, len(q.Tags))}
	s.userAttrs = q.UserAttributes
	s.groupAttrs = make(map[string]Options, len(s.groups))
	for _, group := range s.groups {
		s.groupAttrs[group] = q.GroupAttributes[group]
	}
	for _, tag := range q.Tags {
		s.tags[tag.Type] = tag
	}
	return s
}

func sorted(texts []string) []string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	return texts
}

// lookup finds what a name stands for in a script.
func (s *scope) lookup(name string) (script.Value, bool) {
	switch name {
	case "ctx":
		return contextHost{s}, true
	case "tag":
		if s.q.tag == nil {
			return nil, true
		}
		return tagHost{s.q.tag}, true
	case "tagAttr":
		if s.q.tag == nil {
			return script.Object{}, true
		}
		return object(s.q.tag.Attributes), true
	case "_ctx":
		return script.Object{
			"request": s.request(), "tag": s.currentTag(), "tags": s.allTags(), "tagNames": script.Strings(s.q.tagTypes()),
		}, true
	}
	if value, ok := s.variable(name); ok {
		return value, true
	}
	return s.macro(name)
}

func (s *scope) variable(name string) (script.Value, bool) {
	switch name {
	case "REQ":
		return s.request(), true
	case "RES":
		return s.resource(), true
	case "USER":
		return s.user(), true
	case "UGNAMES":
		return script.Strings(s.groups), true
	case "URNAMES":
		return script.Strings(s.roles), true
	case "UG":
		return s.groupObjects(), true
	case "UGA":
		return s.groupValues(), true
	case "TAG":
		return s.currentTag(), true
	case "TAGS":
		return s.allTags(), true
	case "TAGNAMES":
		return script.Strings(s.q.tagTypes()), true
	default:
		return nil, false
	}
}

func object(options Options) script.Object {
	made := make(script.Object, len(options))
	for name, value := range options {
		made[name] = value
	}
	return made
}

func orNull(text string) script.Value {
	if text == "" {
		return nil
	}
	return text
}

func pointed(text *string) script.Value {
	if text == nil {
		return nil
	}
	return *text
}

func (s *scope) request() script.Object {
	q := s.q
	return script.Object{
		"accessTime": float64(q.time.UnixMilli()), "accessType": q.AccessType, "action": orNull(q.Action),
		"clientIPAddress": orNull(q.clientIP), "clientType": orNull(q.ClientType),
		"clusterName": pointed(q.ClusterName), "clusterType": pointed(q.ClusterType),
		"forwardedAddresses": script.Strings(q.Forwarded), "remoteIPAddress": orNull(q.RemoteIP),
		"requestData": orNull(q.RequestData), "resource": s.resource(), "resourceMatchingScope": string(q.Scope),
		"user": orNull(q.User), "userGroups": script.Strings(s.groups), "userRoles": script.Strings(s.roles),
		"userAttributes": s.user(), "userGroupAttributes": s.groupObjects(), "uga": s.groupValues(),
	}
}

func (s *scope) resource() script.Object {
	made := script.Object{"_ownerUser": orNull(s.q.Resource.Owner)}
	for level, element := range s.q.Resource.Elements {
		switch {
		case element.missing():
			made[level] = nil
		case element.list:
			made[level] = script.Strings(element.values)
		default:
			made[level] = element.values[0]
		}
	}
	return made
}

func (s *scope) user() script.Object {
	made := object(s.userAttrs)
	made[nameField] = orNull(s.q.User)
	return made
}

func (s *scope) groupObjects() script.Object {
	made := make(script.Object, len(s.groups))
	for _, group := range s.groups {
		one := object(s.groupAttrs[group])
		one[nameField] = group
		made[group] = one
	}
	return made
}

// groupValues gives, for each attribute of the user's groups, the first value
// and all of them.
func (s *scope) groupValues() script.Object {
	single, all := script.Object{}, map[string][]string{}
	for _, group := range s.groups {
		attrs := maps.Clone(s.groupAttrs[group])
		if attrs == nil {
			attrs = Options{}
		}
		attrs[nameField] = group
		for name, value := range attrs {
			if _, known := single[name]; !known {
				single[name] = value
			}
			all[name] = append(all[name], value)
		}
	}
	multiple := make(script.Object, len(all))
	for name, values := range all {
		multiple[name] = script.Strings(values)
	}
	return script.Object{"sVal": single, "mVal": multiple}
}

func (s *scope) currentTag() script.Object {
	if s.q.tag == nil || len(s.q.Tags) == 0 {
		return script.Object{}
	}
	return tagObject(*s.q.tag)
}

func (s *scope) allTags() script.Object {
	made := make(script.Object, len(s.tags))
	for kind, tag := range s.tags {
		made[kind] = tagObject(tag)
	}
	return made
}

func tagObject(tag Tag) script.Object {
	made := object(tag.Attributes)
	made[typeField], made[matchField] = tag.Type, string(tag.match())
	return made
}

// tagHost is a tag as the host's object.
type tagHost struct{ tag *Tag }

// Member gives a member of a tag.
func (h tagHost) Member(name string) (script.Value, error) {
	switch name {
	case "type":
		return h.tag.Type, nil
	case "attributes":
		return object(h.tag.Attributes), nil
	case "getType":
		return constant(h.tag.Type), nil
	case "getAttributes":
		return constant(object(h.tag.Attributes)), nil
	case "getMatchType":
		return constant(string(h.tag.match())), nil
	default:
		return nil, script.Unsupported("tag.%s", name)
	}
}

// Assign refuses: a tag cannot be changed.
func (tagHost) Assign(name string, _ script.Value) error {
	return script.Unsupported("an assignment to tag.%s", name)
}

func constant(value script.Value) script.Function {
	return func([]script.Value) (script.Value, error) { return value, nil }
}
