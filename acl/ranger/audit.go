package ranger

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// auditFilters is the setting of a service that says what is audited.
const auditFilters = "ranger.plugin.audit.filters"

// AuditFilter says whether some accesses are audited.
type AuditFilter struct {
	Result    string                    `json:"accessResult"`
	Resources map[string]PolicyResource `json:"resources"`
	Accesses  Texts                     `json:"accessTypes"`
	Actions   Texts                     `json:"actions"`
	Users     Texts                     `json:"users"`
	Groups    Texts                     `json:"groups"`
	Roles     Texts                     `json:"roles"`
	Audited   Flag                      `json:"isAudited"`
}

// auditFilter is a filter, ready to be asked.
type auditFilter struct {
	AuditFilter

	matcher   *resourceMatcher // nil where all resources match
	tag       bool
	principal itemEvaluator
	anybody   bool
}

// addFilters prepares the filters of the tag service and those of the service,
// which are asked in this order.
func (e *Engine) addFilters(defined *definitions) error {
	for _, given := range []*TagPolicies{e.file.TagInfo, e.file.TagPolicies} {
		if given == nil || given.ServiceDef == nil {
			continue
		}
		if err := e.readFilters(given.ServiceConfig[auditFilters], newDefinitions(given.ServiceDef), true); err != nil {
			return err
		}
	}
	return e.readFilters(e.file.ServiceConfig[auditFilters], defined, false)
}

func (e *Engine) readFilters(text string, defined *definitions, tag bool) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	// Ranger writes this setting with single quotes.
	plain := []byte(strings.ReplaceAll(text, "'", `"`))
	var given Entries[AuditFilter]
	if err := json.Unmarshal(plain, &given); err != nil {
		return fault.New(fault.Invalid, "%s", fault.Public(invalidJSON(err, plain))).At("serviceConfig[%q]", auditFilters)
	}
	for _, one := range given {
		made := &auditFilter{AuditFilter: one, tag: tag}
		if len(one.Resources) > 0 {
			made.matcher = newResourceMatcher(defined.of(AccessPolicy), one.Resources)
		}
		made.principal = itemEvaluator{
			users: one.Users, groups: one.Groups, roles: one.Roles,
			anyUser: slices.Contains(one.Users, currentUser),
			owner:   slices.Contains(one.Users, ownerUser),
		}
		made.anybody = len(one.Users)+len(one.Groups)+len(one.Roles) == 0
		e.filters = append(e.filters, made)
	}
	return nil
}

// filterAudit lets the first filter that applies and says so decide whether the
// access is audited.
func (e *Engine) filterAudit(q *query, out *outcome) {
	for _, filter := range e.filters {
		if filter.Audited != "" && filter.applies(q, out) {
			out.audit(filter.Audited == yes)
			return
		}
	}
}

func (f *auditFilter) applies(q *query, out *outcome) bool {
	if f.Result != "" && !strings.EqualFold(f.Result, accessResult(out)) {
		return false
	}
	if !f.anybody && !f.principal.matchesPrincipal(q.User, q.Groups, q.roles, q.Resource.Owner) {
		return false
	}
	if len(f.Actions)+len(f.Accesses) > 0 && !slices.Contains(f.Actions, q.Action) && !slices.Contains(f.Accesses, q.AccessType) {
		return false
	}
	if f.matcher == nil {
		return true
	}
	if f.tag {
		return f.matchesTag(q)
	}
	return matched(q, f.matcher.match(q.Resource, q.ElementScopes, q), false)
}

func (f *auditFilter) matchesTag(q *query) bool {
	return slices.ContainsFunc(q.Tags, func(tag Tag) bool {
		resource := Resource{Elements: map[string]Element{tagLevel: One(tag.Type)}}
		return f.matcher.match(resource, nil, q) == MatchSelf && matched(q, tag.match(), true)
	})
}

// accessResult names how an access was decided, as filters do.
func accessResult(out *outcome) string {
	switch {
	case !out.determined:
		return "NOT_DETERMINED"
	case out.allowed:
		return "ALLOWED"
	default:
		return "DENIED"
	}
}
