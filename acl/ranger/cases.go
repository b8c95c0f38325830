package ranger

// Test is a test case of a file: a request and what is expected.
type Test struct {
	Name      string       `json:"name"`
	Request   Request      `json:"request"`
	Access    *Expectation `json:"result"`
	Mask      *Expectation `json:"dataMaskResult"`
	RowFilter *Expectation `json:"rowFilterResult"`
	Who       *WhoExpected `json:"resourceAccessInfo"`

	// UserAttributes and GroupAttributes are what is known of users and groups.
	UserAttributes  map[string]Options `json:"userAttributes"`
	GroupAttributes map[string]Options `json:"groupAttributes"`
}

// Expectation is the expected result of a test case.
type Expectation struct {
	Allowed  Flag    `json:"isAllowed"`
	Audited  Flag    `json:"isAudited"`
	PolicyID *Number `json:"policyId"`

	MaskDetails
	// Additional is where newer files carry the details.
	Additional *MaskDetails `json:"additionalInfo"`
}

// MaskDetails are the details of a mask or row filter.
type MaskDetails struct {
	MaskType      *string `json:"maskType"`
	MaskCondition *string `json:"maskCondition"`
	MaskValue     *string `json:"maskedValue"`
	Filter        *string `json:"filterExpr"`
}

// details gives the details from where the file has them.
func (e *Expectation) details() MaskDetails {
	if e.Additional != nil {
		return *e.Additional
	}
	return e.MaskDetails
}

// policyID is the expected policy, -1 when none is named.
func (e *Expectation) policyID() int64 {
	if e.PolicyID == nil {
		return noPolicy
	}
	return int64(*e.PolicyID)
}

// WhoExpected is who is expected to have access to a resource.
type WhoExpected struct {
	AllowedUsers  []string `json:"allowedUsers"`
	AllowedGroups []string `json:"allowedGroups"`
	DeniedUsers   []string `json:"deniedUsers"`
	DeniedGroups  []string `json:"deniedGroups"`
}

// TestsInfo are test cases, and those after a change of the policies.
type TestsInfo struct {
	Tests   Entries[Test] `json:"tests"`
	Updated *Update       `json:"updatedPolicies"`
	Next    *TestsInfo    `json:"updatedTestsInfo"`
}
