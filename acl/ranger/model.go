package ranger

// PolicyType says what a policy decides.
type PolicyType int

// The types of policy, with Ranger's own numbers.
const (
	AccessPolicy PolicyType = iota
	MaskPolicy
	RowFilterPolicy
	auditPolicy
)

// File is a file of Ranger: a service's definition and policies, the tag
// service's, roles, and test cases where the file has any.
type File struct {
	ServiceName   string          `json:"serviceName"`
	ServiceDef    *ServiceDef     `json:"serviceDef"`
	ServiceConfig Options         `json:"serviceConfig"`
	AuditMode     string          `json:"auditMode"`
	Policies      Entries[Policy] `json:"policies"`

	// TagInfo is how test files carry tag policies, TagPolicies how Ranger Admin does.
	TagInfo     *TagPolicies `json:"tagPolicyInfo"`
	TagPolicies *TagPolicies `json:"tagPolicies"`

	Zones      map[string]Zone     `json:"securityZones"`
	UserRoles  map[string][]string `json:"userRoles"`
	GroupRoles map[string][]string `json:"groupRoles"`
	RoleRoles  map[string][]string `json:"roleRoles"`

	SuperUsers          []string `json:"superUsers"`
	SuperGroups         []string `json:"superGroups"`
	AuditExcludedUsers  []string `json:"auditExcludedUsers"`
	AuditExcludedGroups []string `json:"auditExcludedGroups"`
	AuditExcludedRoles  []string `json:"auditExcludedRoles"`

	Tests           Entries[Test] `json:"tests"`
	UpdatedPolicies *Update       `json:"updatedPolicies"`
	UpdatedTests    Entries[Test] `json:"updatedTests"`
	TestsInfo       *TestsInfo    `json:"testsInfo"`

	// DatasetsFile names the file of shared datasets, which are not read.
	DatasetsFile string `json:"gdsInfoFilename"`

	tagged *TaggedResources
}

// TagPolicies is a tag service with its policies.
type TagPolicies struct {
	ServiceName   string      `json:"serviceName"`
	ServiceDef    *ServiceDef `json:"serviceDef"`
	ServiceConfig Options     `json:"serviceConfig"`
	AuditMode     string      `json:"auditMode"`

	// InfoPolicies is the name in test files, Policies the one in exports.
	InfoPolicies Entries[Policy] `json:"tagPolicies"`
	Policies     Entries[Policy] `json:"policies"`
}

// Zone is a security zone: the resources in it have their own policies.
type Zone struct {
	Name               string             `json:"zoneName"`
	Resources          []map[string]Texts `json:"resources"`
	Policies           Entries[Policy]    `json:"policies"`
	Deltas             Entries[Delta]     `json:"policyDeltas"`
	ContainsTagService Flag               `json:"containsAssociatedTagService"`
}

// Update is a change of policies, with zones where these change as well.
type Update struct {
	Zones  map[string]Zone `json:"securityZones"`
	Deltas Entries[Delta]  `json:"policyDeltas"`
}

// Delta is one policy that was made, changed or removed.
type Delta struct {
	Change Number `json:"changeType"`
	Policy Policy `json:"policy"`
}

// ServiceDef defines a kind of service: its resources, accesses and conditions.
type ServiceDef struct {
	Name             string            `json:"name"`
	Resources        []ResourceDef     `json:"resources"`
	AccessTypes      []AccessTypeDef   `json:"accessTypes"`
	MarkerTypes      []AccessTypeDef   `json:"markerAccessTypes"`
	PolicyConditions []ConditionDef    `json:"policyConditions"`
	Enrichers        []ContextEnricher `json:"contextEnrichers"`
	Mask             RestrictedDef     `json:"dataMaskDef"`
	RowFilter        RestrictedDef     `json:"rowFilterDef"`
	Options          Options           `json:"options"`
}

// ResourceDef defines one level of a resource.
type ResourceDef struct {
	Name           string  `json:"name"`
	Level          Number  `json:"level"`
	Parent         string  `json:"parent"`
	Mandatory      Flag    `json:"mandatory"`
	Recursive      Flag    `json:"recursiveSupported"`
	Matcher        string  `json:"matcher"`
	MatcherOptions Options `json:"matcherOptions"`
	ValidLeaf      Flag    `json:"isValidLeaf"`
}

// AccessTypeDef defines a kind of access and what it brings with it.
type AccessTypeDef struct {
	Name          string `json:"name"`
	ImpliedGrants Texts  `json:"impliedGrants"`
	Category      Text   `json:"category"`
}

// ConditionDef defines a condition that policies may use.
type ConditionDef struct {
	Name      string  `json:"name"`
	Evaluator string  `json:"evaluator"`
	Options   Options `json:"evaluatorOptions"`
}

// ContextEnricher is a program that adds to the context of requests.
type ContextEnricher struct {
	Class   string  `json:"enricher"`
	Options Options `json:"enricherOptions"`
}

// RestrictedDef says which resources and accesses masks or row filters may have.
type RestrictedDef struct {
	MaskTypes   []MaskTypeDef   `json:"maskTypes"`
	AccessTypes []AccessTypeDef `json:"accessTypes"`
	Resources   []ResourceDef   `json:"resources"`
}

// MaskTypeDef names a way of masking.
type MaskTypeDef struct {
	Name        string `json:"name"`
	Transformer string `json:"transformer"`
}

// Policy is one policy of Ranger.
type Policy struct {
	ID          Number `json:"id"`
	Name        string `json:"name"`
	Service     string `json:"service"`
	ServiceType string `json:"serviceType"`
	Description string `json:"description"`
	Type        Number `json:"policyType"`
	Priority    Number `json:"policyPriority"`
	ZoneName    string `json:"zoneName"`
	Enabled     Flag   `json:"isEnabled"`
	Audited     Flag   `json:"isAuditEnabled"`
	DenyAllElse Flag   `json:"isDenyAllElse"`

	Resources           map[string]PolicyResource   `json:"resources"`
	AdditionalResources []map[string]PolicyResource `json:"additionalResources"`

	Allow           []Item      `json:"policyItems"`
	Deny            []Item      `json:"denyPolicyItems"`
	AllowExceptions []Item      `json:"allowExceptions"`
	DenyExceptions  []Item      `json:"denyExceptions"`
	Masks           []Item      `json:"dataMaskPolicyItems"`
	RowFilters      []Item      `json:"rowFilterPolicyItems"`
	Conditions      []Condition `json:"conditions"`
	Schedules       []Schedule  `json:"validitySchedules"`
}

// PolicyResource is what a policy says of one level of a resource.
type PolicyResource struct {
	Values    Texts `json:"values"`
	Excludes  Flag  `json:"isExcludes"`
	Recursive Flag  `json:"isRecursive"`
}

// Item gives principals accesses, or takes them.
type Item struct {
	Accesses      []ItemAccess `json:"accesses"`
	Users         Texts        `json:"users"`
	Groups        Texts        `json:"groups"`
	Roles         Texts        `json:"roles"`
	Conditions    []Condition  `json:"conditions"`
	DelegateAdmin Flag         `json:"delegateAdmin"`
	Mask          *MaskInfo    `json:"dataMaskInfo"`
	RowFilter     *FilterInfo  `json:"rowFilterInfo"`
}

// ItemAccess is one access of an item.
type ItemAccess struct {
	Type    string `json:"type"`
	Allowed Flag   `json:"isAllowed"`
}

// MaskInfo says how to mask.
type MaskInfo struct {
	Type      string  `json:"dataMaskType"`
	Condition *string `json:"conditionExpr"`
	Value     *string `json:"valueExpr"`
}

// FilterInfo says which rows remain.
type FilterInfo struct {
	Expr *string `json:"filterExpr"`
}

// Condition is a condition with its values.
type Condition struct {
	Type   string `json:"type"`
	Values Texts  `json:"values"`
}

// Schedule is when a policy or tag holds.
type Schedule struct {
	Start       string       `json:"startTime"`
	End         string       `json:"endTime"`
	Zone        string       `json:"timeZone"`
	Recurrences []Recurrence `json:"recurrences"`
}

// Recurrence is when within a schedule a policy or tag holds, and for how long.
type Recurrence struct {
	Schedule RecurrenceStart `json:"schedule"`
	Interval Interval        `json:"interval"`
}

// RecurrenceStart is when the interval of a recurrence begins: each a list of
// numbers and ranges, or "*".
type RecurrenceStart struct {
	Minute     Text `json:"minute"`
	Hour       Text `json:"hour"`
	DayOfMonth Text `json:"dayOfMonth"`
	DayOfWeek  Text `json:"dayOfWeek"`
	Month      Text `json:"month"`
	Year       Text `json:"year"`
}

// Interval is a length of time.
type Interval struct {
	Days    Number `json:"days"`
	Hours   Number `json:"hours"`
	Minutes Number `json:"minutes"`
}
