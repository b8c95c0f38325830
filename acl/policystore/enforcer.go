package policystore

import (
	_ "embed"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
)

//go:embed model.conf
var modelText string

// Enforcer is the policies in Casbin's model, the plain meaning that compiled
// decisions are held against. It walks all policies for each question. It is
// for one goroutine.
type Enforcer struct{ enforcer *casbin.Enforcer }

// Question asks Casbin for one field of one row.
type Question struct {
	Principal acl.Principal
	Resource  *acl.Resource
	Field     acl.Field
	// Row gives the row's values by the names of fields.
	Row     func(name string) condition.Value
	Right   acl.Right
	Purpose string
	At      time.Time
}

// NewEnforcer loads policies into Casbin.
func NewEnforcer(policies []acl.Policy) (*Enforcer, error) {
	parsed, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("read the policy model: %w", err)
	}
	made, err := casbin.NewEnforcer(parsed)
	if err != nil {
		return nil, fmt.Errorf("make the enforcer: %w", err)
	}
	rules := make([][]string, 0, len(policies))
	e := &Enforcer{made}
	for _, policy := range policies {
		if policy.Disabled {
			continue
		}
		rule, err := ruleOf(policy)
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	m := newMatching()
	for name, function := range m.functions() {
		made.AddFunction(name, function)
	}
	if len(rules) == 0 {
		return e, nil
	}
	if _, err := made.AddPolicies(rules); err != nil {
		return nil, fmt.Errorf("load policies into Casbin: %w", err)
	}
	return e, nil
}

// Allows reports whether Casbin lets so much of a field of a row be shown.
func (e *Enforcer) Allows(q Question, amount acl.Limit) (bool, error) {
	allowed, err := e.enforcer.Enforce(q.Principal, fieldOf{q.Resource, q.Field}, rowOf{q.Resource, q.Row}, string(q.Right), q.Purpose, q.At, amount)
	if err != nil {
		return false, fmt.Errorf("ask Casbin: %w", err)
	}
	return allowed, nil
}

// Most gives the most that Casbin lets be shown, of the limits that the policies
// can lead to: candidates, from most to least.
func (e *Enforcer) Most(q Question, candidates []acl.Limit) (acl.Limit, error) {
	for _, candidate := range candidates {
		allowed, err := e.Allows(q, candidate)
		if err != nil || allowed {
			return candidate, err
		}
	}
	return acl.Limit{}, nil
}

// fieldOf is a field with the dataset that it is of.
type fieldOf struct {
	resource *acl.Resource
	field    acl.Field
}

// rowOf is a row of a dataset.
type rowOf struct {
	resource *acl.Resource
	value    func(name string) condition.Value
}

// scope is what a row condition may refer to.
func (r rowOf) scope(profile acl.Profile) condition.Scope {
	find := func(fits func(acl.Field) bool) (condition.Field, bool) {
		var found []acl.Field
		for _, field := range r.resource.Fields {
			if fits(field) {
				found = append(found, field)
			}
		}
		if len(found) != 1 {
			return condition.Field{}, false
		}
		return condition.Field{Name: found[0].Name, Expression: found[0].Column, Type: found[0].Type}, true
	}
	attributes := maps.Clone(profile.Attributes)
	if attributes == nil {
		attributes = map[string][]string{}
	}
	attributes["id"], attributes["role"], attributes["group"] = []string{profile.ID}, profile.Roles, profile.Groups
	return condition.Scope{
		Field: func(name string) (condition.Field, bool) {
			return find(func(f acl.Field) bool { return f.Name == name })
		},
		Element: func(id string) (condition.Field, bool) {
			if id == "person" {
				return find(func(f acl.Field) bool { return f.Name == r.resource.Person && f.Name != "" })
			}
			return find(func(f acl.Field) bool { return f.Element == id })
		},
		Attributes: attributes,
	}
}

func list(names []string) string { return strings.Join(names, ",") }
