package ranger

import (
	"slices"
	"strings"
)

// Request asks for one kind of access to one resource.
type Request struct {
	Resource   Resource `json:"resource"`
	AccessType string   `json:"accessType"`
	Action     string   `json:"action"`

	User   string   `json:"user"`
	Groups []string `json:"userGroups"`
	// Roles, when given, replace those that the file gives the user and groups.
	Roles []string `json:"userRoles"`

	// Time is the time of access; without it, the present.
	Time        Time     `json:"accessTime"`
	ClientIP    string   `json:"clientIPAddress"`
	RemoteIP    string   `json:"remoteIPAddress"`
	Forwarded   []string `json:"forwardedAddresses"`
	ClientType  string   `json:"clientType"`
	RequestData string   `json:"requestData"`
	SessionID   string   `json:"sessionId"`
	ClusterName *string  `json:"clusterName"`
	ClusterType *string  `json:"clusterType"`

	// Scope says whether descendants of the resource count as well.
	Scope Scope `json:"resourceMatchingScope"`
	// ElementScopes widen the match of single levels.
	ElementScopes map[string]ElementScope `json:"resourceElementMatchingScopes"`
	// IgnoreDescendantDeny, true when not given, lets denials of descendants alone not deny.
	IgnoreDescendantDeny Flag `json:"ignoreDescendantDeny"`

	// Context carries what conditions and scripts look at.
	Context map[string]any `json:"context"`

	// UserAttributes are the user's, GroupAttributes those of each group.
	UserAttributes  Options            `json:"-"`
	GroupAttributes map[string]Options `json:"-"`
	// Tags are the tags of the resource.
	Tags []Tag `json:"-"`
	// Together are the resources that the same query accesses.
	Together []Resource `json:"-"`

	// tagsUnknown says why the tags of the resource cannot be known.
	tagsUnknown string
}

// Scope says what of a resource is asked for.
type Scope string

// The scopes of a request.
const (
	ScopeSelf              Scope = "SELF"
	ScopeSelfOrDescendants Scope = "SELF_OR_DESCENDANTS"
)

// ElementScope widens how a level of the resource matches.
type ElementScope string

// The scopes of a level.
const (
	ElementSelf         ElementScope = "SELF"
	ElementSelfOrChild  ElementScope = "SELF_OR_CHILD"
	ElementSelfOrPrefix ElementScope = "SELF_OR_PREFIX"
)

// Resource is what is accessed: a value for each level that is named.
type Resource struct {
	Elements map[string]Element `json:"elements"`
	Owner    string             `json:"ownerUser"`
}

// Element is the value of one level: one text, several, or none.
type Element struct {
	values []string
	list   bool
}

// One makes an element of one value.
func One(value string) Element { return Element{values: []string{value}} }

// Many makes an element of several values, any of which may match.
func Many(values ...string) Element { return Element{values: values, list: true} }

// UnmarshalJSON reads a text, a list of texts or null.
func (e *Element) UnmarshalJSON(data []byte) error {
	var texts Texts
	if err := texts.UnmarshalJSON(data); err != nil {
		return err
	}
	*e = Element{values: texts, list: data[0] == '['}
	return nil
}

// String gives the values between commas.
func (e Element) String() string { return strings.Join(e.values, ",") }

// missing tells whether there is no value at all.
func (e Element) missing() bool { return !e.list && len(e.values) == 0 }

// everything tells whether the element stands for all there is.
func (e Element) everything() bool {
	return e.missing() || !e.list && (e.values[0] == "" || e.values[0] == anything)
}

// given tells whether the level has a value.
func (r Resource) given(level string) bool {
	element, ok := r.Elements[level]
	return ok && !element.missing()
}

// Tag is a tag of a resource.
type Tag struct {
	Type       string     `json:"type"`
	Attributes Options    `json:"attributes"`
	Options    Options    `json:"options"`
	Match      MatchType  `json:"matchType"`
	Schedules  []Schedule `json:"validityPeriods"`
}

// MatchType says how a resource and what a policy or tag names lie to each other.
type MatchType string

// The ways of matching.
const (
	MatchNone               MatchType = "NONE"
	MatchSelf               MatchType = "SELF"
	MatchSelfAndDescendants MatchType = "SELF_AND_ALL_DESCENDANTS"
	MatchDescendant         MatchType = "DESCENDANT"
	MatchAncestor           MatchType = "ANCESTOR"
)

// UnmarshalJSON reads the name of a match type; null stands for SELF.
func (m *MatchType) UnmarshalJSON(data []byte) error {
	var text Text
	if err := text.UnmarshalJSON(data); err != nil {
		return wrongType(data, *m)
	}
	found := MatchType(text)
	switch {
	case found == "":
		*m = MatchSelf
	case slices.Contains(matchOrder(), found):
		*m = found
	default:
		return wrongType(data, *m)
	}
	return nil
}

// matchOrder gives the match types, closest first.
func matchOrder() []MatchType {
	return []MatchType{MatchSelf, MatchSelfAndDescendants, MatchAncestor, MatchDescendant, MatchNone}
}

// schedules gives the times at which the tag holds, from both places that can say so.
func (t Tag) schedules() ([]*schedule, error) {
	made, err := schedulesOf(t.Schedules)
	if err != nil || strings.TrimSpace(t.Options[tagValidity]) == "" {
		return made, err
	}
	more, err := schedulesFromJSON(t.Options[tagValidity])
	return append(made, more...), err
}

// tagValidity is the option of a tag that carries schedules.
const tagValidity = "TAG_VALIDITY_PERIODS"

// Result is what the policies say to a request.
type Result struct {
	// Allowed says whether access is given; for masks and filters, whether one applies.
	Allowed bool
	Audited bool
	// PolicyID and Priority are the deciding policy's; PolicyID is -1 when there is none.
	PolicyID int64
	Priority int64
	Zone     string

	// MaskType, MaskCondition and MaskValue say how to mask.
	MaskType      string
	MaskCondition *string
	MaskValue     *string
	// Filter is the condition that rows must meet.
	Filter *string

	// Unevaluated gives the reasons, if any, why the result is not Ranger's
	// answer: conditions or data that this package cannot evaluate.
	Unevaluated []string
}
