package policystore

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/schema"
)

//go:embed model.conf
var modelText string

//go:embed default.csv
var defaultRules string

// Store answers from Casbin's enforcer.
type Store struct{ enforcer *casbin.SyncedEnforcer }

var _ acl.Rules = (*Store)(nil)

// New makes a store with the default rules.
func New() (*Store, error) {
	parsed, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("read the policy model: %w", err)
	}
	enforcer, err := casbin.NewSyncedEnforcer(parsed)
	if err != nil {
		return nil, fmt.Errorf("make the enforcer: %w", err)
	}
	reader := csv.NewReader(strings.NewReader(defaultRules))
	reader.Comment = '#'
	rules, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the default rules: %w", err)
	}
	if _, err := enforcer.AddPolicies(rules); err != nil {
		return nil, fmt.Errorf("load the default rules: %w", err)
	}
	return &Store{enforcer}, nil
}

// Access gives the most that a rule grants.
func (s *Store) Access(role, relation string, right acl.Right, level schema.Level) (acl.Access, error) {
	for _, access := range []acl.Access{acl.Clear, acl.Masked} {
		granted, err := s.enforcer.Enforce(role, relation, string(right), level.Effective().String(), access.String())
		if err != nil {
			return acl.Denied, err
		}
		if granted {
			return access, nil
		}
	}
	return acl.Denied, nil
}
