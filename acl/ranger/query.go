package ranger

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// anyAccess asks for whatever access there is, adminAccess for the right to
	// give access, superAccess whether the user is a super user.
	anyAccess   = "_any"
	adminAccess = "_admin"
	superAccess = "_super_user"

	publicGroup = "public"
	ownerUser   = "{OWNER}"
	currentUser = "{USER}"

	// exprStart and exprEnd enclose scripts in patterns, filters and masks.
	exprStart = "${{"
	exprEnd   = "}}"
)

// query is a request under evaluation for one type of policy.
type query struct {
	Request

	engine *Engine
	kind   PolicyType
	// types are the accesses that are decided one by one, groups those of which
	// one suffices each; tolerated need not be decided.
	types     []string
	groups    [][]string
	tolerated []string
	any       bool
	admin     bool
	// either says that one of the types is enough, so that a policy which settles
	// one is not asked for the others.
	either bool

	roles    []string
	clientIP string
	time     time.Time

	tag *Tag // the tag whose policies are being evaluated

	outcomes map[string]*outcome
	doubts   []string
}

func (e *Engine) newQuery(request Request, kind PolicyType) *query {
	q := &query{Request: request, engine: e, kind: kind, outcomes: make(map[string]*outcome)}
	q.time = request.Time.Time
	if q.time.IsZero() {
		q.time = time.Now()
	}
	if q.clientIP = request.ClientIP; q.clientIP == "" {
		q.clientIP = request.RemoteIP
	}
	if q.AccessType == "" {
		q.AccessType = anyAccess
	}
	q.any, q.admin = q.AccessType == anyAccess, q.AccessType == adminAccess
	q.either = q.any || q.Context["ISANYACCESS"] == true
	q.roles = e.rolesOf(request)
	q.chooseTypes()
	if e.tagged != nil && len(q.Tags) == 0 {
		q.Tags, q.tagsUnknown = e.tagged.tagsOf(q), ""
	}
	return q
}

// chooseTypes sets the accesses to decide: all for any access, else those that
// the context lists, else the one that is asked for.
func (q *query) chooseTypes() {
	if q.any {
		q.types = q.engine.accessTypes
		if !q.ignoresDescendantDeny() {
			for _, one := range q.types {
				q.groups = append(q.groups, []string{one})
			}
		}
		return
	}
	q.types = sortedTexts(q.Context["ALLACCESSTYPES"])
	if len(q.types) == 0 {
		q.types = []string{q.AccessType}
		return
	}
	q.tolerated = sortedTexts(q.Context["IGNOREIFNOTDENIEDACCESSTYPES"])
	groups, _ := q.Context["ALLACCESSTYPEGROUPS"].([]any)
	for _, group := range groups {
		if listed := sortedTexts(group); len(listed) > 0 {
			q.groups = append(q.groups, listed)
		}
	}
}

// sortedTexts takes the texts of a list, each once.
func sortedTexts(value any) []string {
	var texts []string
	switch v := value.(type) {
	case []string:
		texts = slices.Clone(v)
	case []any:
		for _, one := range v {
			if text, ok := one.(string); ok {
				texts = append(texts, text)
			}
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

func (q *query) ignoresDescendantDeny() bool { return q.IgnoreDescendantDeny.Or(true) }

// broad tells whether what lies below the resource counts as well.
func (q *query) broad() bool { return q.any || q.Scope == ScopeSelfOrDescendants }

// doubt notes why the result may not be Ranger's.
func (q *query) doubt(reason string) {
	if !slices.Contains(q.doubts, reason) {
		q.doubts = append(q.doubts, reason)
	}
}

// contextText gives an attribute of the context as text. Where a program that
// is not here would have set it, that is noted.
func (q *query) contextText(name string) (string, bool) {
	value, ok := q.Context[name]
	if ok && value != nil {
		return fmt.Sprint(value), true
	}
	if reason := q.engine.enrichedBy(name, q.clientIP); reason != "" {
		q.doubt(reason)
	}
	return "", false
}

// token gives what a token such as {USER} stands for.
func (q *query) token(name string) (string, bool) {
	if value, ok := q.Context["token:"+name]; ok && value != nil {
		return fmt.Sprint(value), true
	}
	switch name {
	case "USER":
		return q.User, q.User != ""
	case "OWNER":
		return q.Resource.Owner, q.Resource.Owner != ""
	default:
		return "", false
	}
}

// expressions puts the values of scripts in their places in a text.
func (q *query) expressions(text string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, exprStart)
		source, after, closed := strings.Cut(rest, exprEnd)
		if !found || !closed {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(before)
		out.WriteString(q.expression(source))
		text = after
	}
}

// tagTypes gives the types of all tags of the resource.
func (q *query) tagTypes() []string {
	types := make(map[string]bool, len(q.Tags))
	for _, tag := range q.Tags {
		types[tag.Type] = true
	}
	return slices.Sorted(maps.Keys(types))
}

// rolesOf gives the user's roles: those of the request, or those that the file
// gives to the user and the groups, with the roles that hold these.
func (e *Engine) rolesOf(request Request) []string {
	if len(request.Roles) > 0 {
		return request.Roles
	}
	var found []string
	add := func(roles []string) {
		for _, role := range roles {
			if !slices.Contains(found, role) {
				found = append(found, role)
			}
		}
	}
	add(e.file.UserRoles[request.User])
	for _, group := range request.Groups {
		add(e.file.GroupRoles[group])
	}
	add(e.file.GroupRoles[publicGroup])
	for i := 0; i < len(found); i++ { // grows while it is walked
		add(e.file.RoleRoles[found[i]])
	}
	return found
}
