package ranger

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Check runs the test cases of the file against an engine for it. It compares
// what Ranger's own tests compare: of accesses whether they are allowed and
// audited, of masks and row filters their details and the policy.
func (f *File) Check() Report {
	var report Report
	report.run(f, f.Tests)
	if len(f.UpdatedTests) > 0 {
		report.run(f.after(f.UpdatedPolicies), f.UpdatedTests)
	}
	for info := f.TestsInfo; info != nil; info = info.Next {
		report.run(f, info.Tests)
		f = f.after(info.Updated)
	}
	return report
}

func (r *Report) run(file *File, tests []Test) {
	engine, err := NewEngine(file)
	for _, test := range tests {
		one := Case{Name: test.Name, State: NotApplicable}
		switch {
		case file.DatasetsFile != "":
			one.Reason = "shared datasets have their own policies, in " + file.DatasetsFile
		case err != nil:
			one.Reason = "the policies cannot be prepared: " + fault.Public(err)
		default:
			engine.check(&one, test)
		}
		r.Cases = append(r.Cases, one)
	}
}

// part is one expectation of a case, and what came of it.
type part struct {
	expected, got string
	doubts        []string
	note          string
}

func (e *Engine) check(one *Case, test Test) {
	request, err := e.prepared(test.Request)
	if err != nil {
		one.State, one.Reason = NotApplicable, "the request cannot be read: "+fault.Public(err)
		return
	}
	request.UserAttributes, request.GroupAttributes = test.UserAttributes[request.User], test.GroupAttributes
	parts := e.parts(request, test)
	if len(parts) == 0 {
		one.State, one.Reason = NotApplicable, "the case expects nothing"
		return
	}
	one.State = Agrees
	var expected, got, doubts, notes []string
	for _, p := range parts {
		expected, got, doubts = append(expected, p.expected), append(got, p.got), append(doubts, p.doubts...)
		if p.note != "" {
			notes = append(notes, p.note)
		}
		if p.expected != p.got {
			one.State = Differs
		}
	}
	one.Expected, one.Got, one.Note = strings.Join(expected, "; "), strings.Join(got, "; "), strings.Join(notes, "; ")
	if len(doubts) > 0 {
		one.State, one.Reason = NotApplicable, strings.Join(doubts, "; ")
	}
}

func (e *Engine) parts(request Request, test Test) []part {
	var parts []part
	if test.Access != nil {
		parts = append(parts, accessPart(test.Access, e.Access(request)))
	}
	if test.Mask != nil {
		parts = append(parts, maskPart(test.Mask, e.Mask(request)))
	}
	if test.RowFilter != nil {
		parts = append(parts, filterPart(test.RowFilter, e.RowFilter(request)))
	}
	if test.Who != nil {
		parts = append(parts, whoPart(test.Who, e.Who(request)))
	}
	return parts
}

func accessPart(expected *Expectation, got Result) part {
	made := part{
		expected: accessText(expected.Allowed.Or(false), expected.Audited.Or(false)),
		got:      accessText(got.Allowed, got.Audited),
		doubts:   got.Unevaluated,
	}
	if expected.PolicyID != nil && int64(*expected.PolicyID) != got.PolicyID {
		made.note = fmt.Sprintf("the file names policy %d, the engine policy %d", *expected.PolicyID, got.PolicyID)
	}
	return made
}

func accessText(allowed, audited bool) string {
	text := "denied"
	if allowed {
		text = "allowed"
	}
	if audited {
		return text + " and audited"
	}
	return text + " and not audited"
}

func maskPart(expected *Expectation, got Result) part {
	details := expected.details()
	maskType := ""
	if details.MaskType != nil {
		maskType = *details.MaskType
	}
	return part{
		expected: maskText(maskType, details.MaskCondition, details.MaskValue, expected.policyID()),
		got:      maskText(got.MaskType, got.MaskCondition, got.MaskValue, got.PolicyID),
		doubts:   got.Unevaluated,
	}
}

func maskText(maskType string, condition, value *string, policy int64) string {
	return fmt.Sprintf("mask %q, condition %s, value %s, policy %d", maskType, shown(condition), shown(value), policy)
}

func shown(text *string) string {
	if text == nil {
		return "none"
	}
	return fmt.Sprintf("%q", *text)
}

func filterPart(expected *Expectation, got Result) part {
	return part{
		expected: fmt.Sprintf("filter %s, policy %d", shown(expected.details().Filter), expected.policyID()),
		got:      fmt.Sprintf("filter %s, policy %d", shown(got.Filter), got.PolicyID),
		doubts:   got.Unevaluated,
	}
}

func whoPart(expected *WhoExpected, got Who) part {
	text := func(lists ...[]string) string {
		for i := range lists {
			lists[i] = slices.Compact(sorted(lists[i]))
		}
		return fmt.Sprintf("allowed users %v, groups %v; denied users %v, groups %v", lists[0], lists[1], lists[2], lists[3])
	}
	return part{
		expected: text(expected.AllowedUsers, expected.AllowedGroups, expected.DeniedUsers, expected.DeniedGroups),
		got:      text(got.AllowedUsers, got.AllowedGroups, got.DeniedUsers, got.DeniedGroups),
		doubts:   got.Unevaluated,
	}
}

// The attributes of the context in which test cases carry tags, and the
// resources that the same query accesses.
const (
	contextTags     = "TAGS"
	contextTogether = "REQUESTED_RESOURCES"
)

// prepared makes the request that Ranger's own tests would put to the engine.
// They rebuild requests with tags or further resources, and in that leave out
// what is left out here.
func (e *Engine) prepared(given Request) (Request, error) {
	tags, hasTags := given.Context[contextTags]
	together, hasTogether := given.Context[contextTogether]
	if !hasTags && !hasTogether {
		if file := e.file.TagsFile(); file != "" {
			given.tagsUnknown = "the tags of resources are in another file, " + file
		}
		return given, nil
	}
	given.Roles, given.ClientIP = nil, ""
	given.Scope, given.ElementScopes, given.IgnoreDescendantDeny = "", nil, ""
	given.ClusterName, given.ClusterType = nil, nil
	if text, ok := tags.(string); ok && strings.TrimSpace(text) != "" {
		return given, fromContext(contextTags, text, &given.Tags)
	}
	if text, ok := together.(string); ok && strings.TrimSpace(text) != "" {
		var requested struct {
			Resources []Resource `json:"requestedResources"`
		}
		err := fromContext(contextTogether, text, &requested)
		given.Together = requested.Resources
		return given, err
	}
	return given, nil
}

func fromContext(name, text string, into any) error {
	plain := plainJSON([]byte(text))
	if err := json.Unmarshal(plain, into); err != nil {
		problem := invalidJSON(err, plain)
		return problem.At("context.%s: %s", name, problem.Where)
	}
	return nil
}
