package api

import (
	"context"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/internal/fault"
)

// roleAdministrator is the role of those who change policies.
const roleAdministrator = "administrator"

// demandAdministrator refuses all others, and who acts by delegation.
func demandAdministrator(principal acl.Principal) error {
	if principal.HasRole(roleAdministrator) && principal.Actor() == "" {
		return nil
	}
	return fault.New(fault.Denied, "this is for administrators")
}

// demandOverseer lets administrators pass, and stewards for the data of their department.
func demandOverseer(principal acl.Principal, resource *acl.Resource) error {
	if demandAdministrator(principal) == nil {
		return nil
	}
	if principal.HasRole(access.RoleSteward) && principal.Actor() == "" && principal.Has(acl.AttributeDepartment, resource.Department) {
		return nil
	}
	return fault.New(fault.Denied, "this is for the stewards of the dataset and for administrators")
}

// moment gives the policies of a moment, those of now when it is nil.
func (s *Server) moment(c *gin.Context, right *contract.ByRight, purpose *string, at *time.Time) (*acl.Set, acl.Request, error) {
	request := acl.Request{Right: rightOf(right), Purpose: value(purpose), At: s.Now()}
	if at == nil {
		return s.Policies.Current(), request, nil
	}
	request.At = *at
	policies, err := s.Policies.At(c, *at)
	return policies, request, err
}

// subject gives whom a question is about: the caller, or another one.
func (s *Server) subject(c *gin.Context, id *string) (acl.Principal, bool, error) {
	caller := principalOf(c)
	if id == nil || *id == caller.ID() {
		return caller, true, nil
	}
	found, err := s.People.Find(*id)
	if err != nil && demandAdministrator(caller) != nil && !caller.HasRole(access.RoleSteward) {
		err = fault.New(fault.Denied, "this is for stewards and administrators")
	}
	return found, false, err
}

// ExplainDecision explains a decision about a dataset.
func (s *Server) ExplainDecision(c *gin.Context, params contract.ExplainDecisionParams) {
	explained, err := s.explain(c, params)
	s.give(c, explained, err)
}

func (s *Server) explain(c *gin.Context, params contract.ExplainDecisionParams) (acl.Explanation, error) {
	principal, self, err := s.subject(c, params.Principal)
	if err != nil {
		return acl.Explanation{}, err
	}
	resource, err := s.resource(c, params.Dataset)
	if err == nil && !self {
		err = demandOverseer(principalOf(c), resource)
	}
	if err != nil {
		return acl.Explanation{}, err
	}
	policies, request, err := s.moment(c, params.Right, params.Purpose, params.At)
	if err != nil {
		return acl.Explanation{}, err
	}
	names, err := access.Named(resource, value(params.Field))
	if err != nil {
		return acl.Explanation{}, err
	}
	return policies.Explain(principal, request, resource, names...)
}

func (s *Server) resource(c *gin.Context, dataset string) (*acl.Resource, error) {
	resources, err := access.Resources(c, s.Catalog)
	if err != nil {
		return nil, err
	}
	return access.Find(resources, dataset)
}

// WhoCanSee lists who sees a field.
func (s *Server) WhoCanSee(c *gin.Context, params contract.WhoCanSeeParams) {
	viewers, err := s.viewers(c, params)
	s.give(c, gin.H{"viewers": viewers}, err)
}

func (s *Server) viewers(c *gin.Context, params contract.WhoCanSeeParams) ([]access.Viewer, error) {
	resource, err := s.resource(c, params.Dataset)
	if err == nil {
		err = demandOverseer(principalOf(c), resource)
	}
	if err != nil {
		return nil, err
	}
	policies, request, err := s.moment(c, params.Right, params.Purpose, params.At)
	if err != nil {
		return nil, err
	}
	everybody, err := s.People.All()
	if err != nil {
		return nil, err
	}
	return access.WhoCanSee(policies, everybody, resource, params.Field, request)
}

// WhatCanSee lists what a principal sees; of others only administrators may ask.
func (s *Server) WhatCanSee(c *gin.Context, params contract.WhatCanSeeParams) {
	principal, self, err := s.subject(c, params.Principal)
	if err == nil && !self {
		err = demandAdministrator(principalOf(c))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	policies, request, err := s.moment(c, params.Right, params.Purpose, params.At)
	if err != nil {
		s.fail(c, err)
		return
	}
	sights, err := s.sights(c, policies, principal, request)
	s.give(c, gin.H{"sights": sights}, err)
}

// SimulatePolicies shows who would gain and lose what.
func (s *Server) SimulatePolicies(c *gin.Context) {
	administered(s, c, func(ctx context.Context, by string) (gin.H, error) {
		var asked struct {
			Put    []acl.Policy `json:"put"`
			Remove []string     `json:"remove"`
		}
		if err := decode(c, &asked); err != nil {
			return nil, err
		}
		after, err := s.Policies.Preview(ctx, policystore.Change{Origin: originAPI, Author: by, Put: acl.Contents{Policies: asked.Put}, Remove: asked.Remove})
		if err != nil {
			return nil, err
		}
		resources, err := access.Resources(ctx, s.Catalog)
		if err != nil {
			return nil, err
		}
		everybody, err := s.People.All()
		if err != nil {
			return nil, err
		}
		differences, err := access.Simulate(s.Policies.Current(), after, everybody, resources, s.Now())
		return gin.H{"differences": differences}, err
	})
}

// mayRead reports whether the caller may look at policies.
func mayRead(caller acl.Principal) error {
	if slices.ContainsFunc([]string{access.RoleSteward, roleAdministrator}, caller.HasRole) {
		return nil
	}
	return fault.New(fault.Denied, "this is for stewards and administrators")
}
