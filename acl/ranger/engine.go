package ranger

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Engine answers requests as Ranger's policy engine does. It is made once for a
// file and may be asked by several goroutines.
type Engine struct {
	file        *File
	service     *ServiceDef
	accessTypes []string
	policies    *repository
	zones       map[string]*zone
	tags        *repository // nil without a tag service
	tagOrder    map[PolicyType][]*evaluator
	tagged      *tagIndex

	superUsers, superGroups                       []string
	unauditedUsers, unauditedGroups, unauditedAny []string
	filters                                       []*auditFilter
}

// NewEngine prepares the policies of a file.
func NewEngine(file *File) (*Engine, error) {
	if file == nil || file.ServiceDef == nil {
		return nil, fault.New(fault.Invalid,
			"the file has no service definition, without which its policies cannot be evaluated").At("serviceDef")
	}
	made := &Engine{
		file:            file,
		service:         file.ServiceDef,
		superUsers:      slices.Concat(file.SuperUsers, file.listed("super.users")),
		superGroups:     slices.Concat(file.SuperGroups, file.listed("super.groups")),
		unauditedUsers:  slices.Concat(file.AuditExcludedUsers, file.listed("audit.exclude.users")),
		unauditedGroups: slices.Concat(file.AuditExcludedGroups, file.listed("audit.exclude.groups")),
		unauditedAny:    slices.Concat(file.AuditExcludedRoles, file.listed("audit.exclude.roles")),
	}
	for _, access := range file.ServiceDef.AccessTypes {
		made.accessTypes = append(made.accessTypes, access.Name)
	}
	defined := newDefinitions(file.ServiceDef)
	for _, prepare := range []func(*definitions) error{made.addPolicies, made.addZones, made.addTags, made.addFilters} {
		if err := prepare(defined); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// listed gives the names that the service's configuration lists under a key.
func (f *File) listed(key string) []string {
	var names []string
	for _, name := range strings.Split(f.ServiceConfig["ranger.plugin."+key], ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func (e *Engine) addPolicies(defined *definitions) (err error) {
	e.policies, err = newRepository(defined, e.file.Policies)
	return err
}

func (e *Engine) addZones(defined *definitions) error {
	e.zones = make(map[string]*zone, len(e.file.Zones))
	for _, name := range slices.Sorted(maps.Keys(e.file.Zones)) {
		made, err := newZone(name, e.file.Zones[name], defined)
		if err != nil {
			return err
		}
		e.zones[name] = made
	}
	return nil
}

func (e *Engine) addTags(defined *definitions) error {
	if e.file.tagged != nil {
		e.tagged = newTagIndex(e.file.tagged, defined.of(AccessPolicy))
	}
	service, policies := e.file.tagService()
	if service == nil {
		return nil
	}
	own := component(e.service.Name)
	made, err := newRepository(newDefinitions(own.serviceDef(*service)), own.policies(policies))
	if err != nil {
		return err
	}
	e.tags = made
	e.tagOrder = make(map[PolicyType][]*evaluator)
	for kind, evaluators := range made.byType {
		e.tagOrder[kind] = slices.Clone(evaluators)
		if kind != AccessPolicy {
			slices.SortStableFunc(e.tagOrder[kind], compareNames)
		}
	}
	return nil
}

// tagService gives the tag service's definition and policies, nil if it has none.
func (f *File) tagService() (*ServiceDef, []Policy) {
	for _, given := range []*TagPolicies{f.TagInfo, f.TagPolicies} {
		if given == nil || given.ServiceDef == nil || given.ServiceName == "" {
			continue
		}
		if policies := slices.Concat(given.InfoPolicies, given.Policies); len(policies) > 0 {
			return given.ServiceDef, policies
		}
	}
	return nil, nil
}

// Access says whether a request is allowed.
func (e *Engine) Access(request Request) Result { return e.decide(request, AccessPolicy) }

// Mask says how the values that a request reads are masked.
func (e *Engine) Mask(request Request) Result { return e.decide(request, MaskPolicy) }

// RowFilter says which rows a request may read.
func (e *Engine) RowFilter(request Request) Result { return e.decide(request, RowFilterPolicy) }

func (e *Engine) decide(request Request, kind PolicyType) Result {
	q := e.newQuery(request, kind)
	found, zone := e.zoned(q)
	e.filterAudit(q, found)
	return found.result(q, zone)
}

// start gives the outcome before any policy has spoken.
func (e *Engine) start(q *query) *outcome {
	out := newOutcome()
	switch e.file.AuditMode {
	case "audit-all":
		out.audit(true)
	case "audit-none":
		out.audit(false)
	default:
		if e.policies.count == 0 && e.tags == nil {
			out.audit(true)
		}
	}
	if slices.Contains(e.unauditedUsers, q.User) || intersect(e.unauditedGroups, q.Groups) || intersect(e.unauditedAny, q.roles) {
		out.audit(false)
	}
	super := q.User != "" && slices.Contains(e.superUsers, q.User) || intersect(e.superGroups, q.Groups)
	if super || q.AccessType == superAccess {
		out.allowed, out.determined = super, true
		out.priority = math.MaxInt32
	}
	return out
}

// evaluate asks the tags' policies and those of the resource, in a zone or
// outside of all.
func (e *Engine) evaluate(q *query, in *zone) *outcome {
	out := e.start(q)
	e.askTags(q, in, out)
	policies := e.policies
	if in != nil {
		policies = in.policies
	}
	if policies.count > 0 {
		askResource(q, policies.byType[q.kind], out)
		clear(q.outcomes) // another zone begins anew
	}
	return out
}

// askResource asks the policies of the resource, which may overrule those of
// its tags if they have a higher priority.
func askResource(q *query, policies []*evaluator, out *outcome) {
	allowedByTags, deniedByTags := out.determined && out.allowed, out.determined && !out.allowed
	out.determined = false
	for _, policy := range policies {
		if !policy.holdsAt(q.time) {
			continue
		}
		switch {
		case deniedByTags:
			out.determined = out.determined || out.priority >= policy.priority
		case out.allowed:
			out.determined = out.determined || out.priority > policy.priority ||
				policy.kind != AccessPolicy && out.priority == policy.priority
		}
		about := policy.evaluate(q, "", out)
		if about && out.allowed && !policy.hasDeny {
			out.determined = true // policies with denials came before
		}
		if out.settled() {
			break
		}
	}
	if !out.determined {
		switch {
		case deniedByTags:
			out.allowed = false
		case allowedByTags:
			out.allowed = true
		}
	}
	out.determined = true
}
