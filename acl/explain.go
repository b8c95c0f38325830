package acl

import (
	"slices"
	"strings"
	"time"
)

// Outcomes of findings.
const (
	// FindingAllows and FindingLimits are policies that decide.
	FindingAllows = "allows"
	FindingLimits = "limits"
	// FindingOverruled is an allow that a deny takes away on all rows.
	FindingOverruled = "overruled"
	// FindingWould is a policy that would decide if one thing were otherwise.
	FindingWould = "would"
)

// Finding is what one policy has to do with a decision about a field.
type Finding struct {
	Policy      string `json:"policy"`
	Description string `json:"description,omitempty"`
	Effect      Effect `json:"effect"`
	Outcome     string `json:"outcome"`
	// Limit is what the policy shows or leaves, Rows on which rows.
	Limit string `json:"limit"`
	Rows  string `json:"rows,omitempty"`
	// Why says what is missing where the outcome is "would".
	Why string `json:"why,omitempty"`
}

// FieldExplanation is the decision about one field with its reasons.
type FieldExplanation struct {
	Field    string    `json:"field"`
	Element  string    `json:"element,omitempty"`
	Level    string    `json:"level"`
	Access   string    `json:"access"`
	SomeRows bool      `json:"some_rows,omitempty"`
	Findings []Finding `json:"findings"`
	// Note says why nothing is shown where no policy is the reason.
	Note string `json:"note,omitempty"`
	// More is the number of findings of the outcome "would" that are left out.
	More int `json:"more,omitempty"`
}

// Explanation is a decision with its reasons.
type Explanation struct {
	Dataset       string             `json:"dataset"`
	Principal     string             `json:"principal"`
	Actor         string             `json:"actor,omitempty"`
	Right         Right              `json:"right"`
	Purpose       string             `json:"purpose,omitempty"`
	At            time.Time          `json:"at"`
	PolicyVersion int64              `json:"policy_version"`
	Consent       *Consent           `json:"consent,omitempty"`
	Grouping      *Grouping          `json:"grouping,omitempty"`
	Delegation    *Delegation        `json:"delegation,omitempty"`
	Fields        []FieldExplanation `json:"fields"`
	Decision      string             `json:"decision"`
}

// maxWould bounds the policies listed that would have decided.
const maxWould = 10

// Explain decides and gives the reasons, for all fields or those named.
func (s *Set) Explain(principal Principal, request Request, resource *Resource, names ...string) (Explanation, error) {
	decision, err := s.Compile(principal, request, resource)
	if err != nil {
		return Explanation{}, err
	}
	made := Explanation{
		Dataset: resource.Dataset, Principal: principal.ID(), Actor: principal.Actor(), Right: request.Right, Purpose: request.Purpose,
		At: request.At, PolicyVersion: s.version, Consent: decision.consent, Decision: decision.fingerprint,
		Fields: []FieldExplanation{},
	}
	if slices.ContainsFunc(decision.fields, func(f FieldAccess) bool { return f.Statistical() }) {
		made.Grouping = decision.grouping
	}
	if principal.held != nil {
		made.Delegation = principal.held.delegation
	}
	near := s.near(principal, request, resource)
	for i := range decision.fields {
		field := &decision.fields[i]
		if len(names) == 0 || slices.Contains(names, field.Field.Name) {
			made.Fields = append(made.Fields, s.explainField(field, near, principal, resource))
		}
	}
	return made, nil
}

func (s *Set) explainField(field *FieldAccess, near []nearMiss, principal Principal, resource *Resource) FieldExplanation {
	made := FieldExplanation{
		Field: field.Field.Name, Element: field.Field.Element, Level: field.Field.Level.Effective().String(),
		Access: field.Best().String(), SomeRows: !field.Whole(), Findings: []Finding{}, Note: field.note,
	}
	for _, place := range field.deniedBy {
		made.Findings = append(made.Findings, s.policies[place].finding(FindingLimits, field.Field))
	}
	for _, place := range field.allowedBy {
		outcome := FindingAllows
		if field.Denied.Always {
			outcome = FindingOverruled
		}
		made.Findings = append(made.Findings, s.policies[place].finding(outcome, field.Field))
	}
	would := 0
	for _, miss := range near {
		if slices.Contains(field.allowedBy, miss.place) || slices.Contains(field.deniedBy, miss.place) {
			continue
		}
		why := miss.why
		if !miss.policy.Resource.matchesField(resource, &field.Field) {
			continue
		}
		if excepted := principal.held != nil && !miss.policy.about(resource, &field.Field, principal.held); excepted {
			if why != "" {
				continue // two things would have to be otherwise
			}
			why = "an exception takes it back"
		}
		if why == "" {
			why = "its row condition can hold on no row: the dataset lacks a field, or the principal an attribute, that it speaks of"
		}
		if would++; would > maxWould {
			made.More++
			continue
		}
		finding := miss.policy.finding(FindingWould, field.Field)
		finding.Why = why
		made.Findings = append(made.Findings, finding)
	}
	return made
}

func (p *Prepared) finding(outcome string, field Field) Finding {
	limit := p.limit
	if p.limit.Access == Masked {
		limit.Mask = limit.Mask.For(field)
	}
	return Finding{Policy: p.ID, Description: p.Description, Effect: p.Effect, Outcome: outcome, Limit: limit.String(), Rows: p.Rows}
}

// nearMiss is a policy about the dataset of which at most one thing, fields and
// exceptions aside, does not fit.
type nearMiss struct {
	place  int
	policy *Prepared
	why    string
}

func (s *Set) near(principal Principal, request Request, resource *Resource) []nearMiss {
	who := principal.held
	if who == nil {
		who = &held{}
	}
	var found []nearMiss
	for place, p := range s.policies {
		if !p.Resource.matchesDataset(resource, who) {
			continue
		}
		var missing []string
		if p.Disabled {
			missing = append(missing, "it is disabled")
		}
		if !p.Subject.matches(who) {
			missing = append(missing, "it is about others: "+p.Subject.String())
		}
		if !p.covers(request.Right) {
			missing = append(missing, "it is about other rights: "+rightNames(p.Rights))
		}
		if !p.serves(request.Purpose) {
			missing = append(missing, "it is for the purposes "+strings.Join(p.Purposes, ", "))
		}
		if counts, _ := p.state(request.At); !counts {
			missing = append(missing, "it does not count at this time: "+p.times())
		}
		if len(missing) <= 1 {
			found = append(found, nearMiss{place, p, strings.Join(missing, "")})
		}
	}
	return found
}

func (p *Prepared) times() string {
	var parts []string
	if !p.Valid.IsZero() {
		parts = append(parts, p.Valid.String())
	}
	if p.Hours != nil {
		days := "every day"
		if len(p.Hours.Days) > 0 {
			days = strings.Join(p.Hours.Days, ", ")
		}
		parts = append(parts, days+" "+p.Hours.From+" to "+p.Hours.Until)
	}
	return strings.Join(parts, "; ")
}

func rightNames(rights []Right) string {
	names := make([]string, len(rights))
	for i, right := range rights {
		names[i] = string(right)
	}
	return strings.Join(names, ", ")
}

// String names whom a subject is, as "role leader or group g1, with college math".
func (s Subject) String() string {
	var parts []string
	add := func(kind string, names []string) {
		if len(names) > 0 {
			parts = append(parts, kind+" "+strings.Join(shortList(names), ", "))
		}
	}
	add("role", s.Roles)
	add("group", s.Groups)
	add("department", s.Departments)
	add("person", s.Persons)
	add("application", s.Applications)
	text := strings.Join(parts, " or ")
	if text == "" {
		text = "anyone"
	}
	names := make([]string, 0, len(s.Attributes))
	for name := range s.Attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		text += " with " + name + " " + strings.Join(shortList(s.Attributes[name]), ", ")
	}
	return text
}

// String says what a selector fits, as "datasets hr.*, levels L1, L2".
func (s Selector) String() string {
	var parts []string
	add := func(kind string, names []string) {
		if len(names) > 0 {
			parts = append(parts, kind+" "+strings.Join(shortList(names), ", "))
		}
	}
	levels := make([]string, len(s.Levels))
	for i, level := range s.Levels {
		levels[i] = level.String()
	}
	add("departments", s.Departments)
	add("datasets", s.Datasets)
	add("fields", s.Fields)
	add("elements", s.Elements)
	add("tags", s.Tags)
	add("levels", levels)
	return strings.Join(parts, "; ")
}

// shortList keeps sentences readable.
func shortList(names []string) []string {
	const most = 5
	if len(names) <= most {
		return names
	}
	return append(slices.Clone(names[:most]), "…")
}
