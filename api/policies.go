package api

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/internal/fault"
)

// originAPI is the origin of policies that are made here.
const originAPI = "api"

// decode reads a body that the contract was held against already.
func decode(c *gin.Context, into any) error {
	decoder := json.NewDecoder(c.Request.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fault.Wrap(err, fault.Invalid, "the body has a key or a value that is not known; docs/policies.md explains each key")
	}
	return nil
}

// listed is a policy with where it is from.
type listed struct {
	acl.Policy
	Origin policystore.Origin `json:"origin"`
}

// ListPurposes lists what data may be wanted for.
func (s *Server) ListPurposes(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"purposes": s.Policies.Current().Purposes()})
}

// ListPolicies lists the policies that count.
func (s *Server) ListPolicies(c *gin.Context) {
	if err := mayRead(principalOf(c)); err != nil {
		s.fail(c, err)
		return
	}
	current := s.Policies.Current()
	policies := []listed{}
	for _, policy := range current.Policies() {
		if origin, err := s.Policies.OriginOf(policy.ID); err == nil {
			policies = append(policies, listed{policy, origin})
		}
	}
	c.JSON(http.StatusOK, gin.H{"version": current.Version(), "policies": policies})
}

// GetPolicy gives one policy.
func (s *Server) GetPolicy(c *gin.Context, id string) {
	if err := mayRead(principalOf(c)); err != nil {
		s.fail(c, err)
		return
	}
	origin, err := s.Policies.OriginOf(id)
	if err != nil {
		s.fail(c, err)
		return
	}
	policy, _ := s.Policies.Current().Policy(id)
	c.JSON(http.StatusOK, listed{policy, origin})
}

// PutPolicy makes or changes a policy.
func (s *Server) PutPolicy(c *gin.Context, id string) {
	caller := principalOf(c)
	var put listed // what was read may be sent back: its origin does not count
	err := demandAdministrator(caller)
	if err == nil {
		err = decode(c, &put)
	}
	if err == nil && put.ID != id {
		err = fault.New(fault.Invalid, "the policy's id is %q and the path's is %q", put.ID, id)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.change(c, policystore.Change{Origin: originAPI, Author: caller.ID(), Put: acl.Contents{Policies: []acl.Policy{put.Policy}}})
}

// DeletePolicy ends a policy.
func (s *Server) DeletePolicy(c *gin.Context, id string) {
	caller := principalOf(c)
	if err := demandAdministrator(caller); err != nil {
		s.fail(c, err)
		return
	}
	s.change(c, policystore.Change{Origin: originAPI, Author: caller.ID(), Remove: []string{id}})
}

func (s *Server) change(c *gin.Context, change policystore.Change) {
	version, err := s.Policies.Apply(c, change)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, contract.PolicyVersion{Version: version})
}

// GetMe tells the caller who it is.
func (s *Server) GetMe(c *gin.Context) { c.JSON(http.StatusOK, principalOf(c)) }

// ListMyReads tells people who read what about them.
func (s *Server) ListMyReads(c *gin.Context, params contract.ListMyReadsParams) {
	const most = 1000
	limit := int(min(value(params.Limit), most))
	if limit == 0 {
		limit = 100
	}
	datasets, err := s.Catalog.Datasets(c, "")
	if err != nil {
		s.fail(c, err)
		return
	}
	var about []string
	for _, dataset := range datasets {
		if dataset.Person != "" {
			about = append(about, dataset.ID)
		}
	}
	view := audit.PersonView{Named: []audit.Record{}, Bulk: []audit.Record{}}
	caller := principalOf(c)
	if caller.Actor() == "" {
		for _, id := range caller.Profile().Attributes[acl.AttributeCampusID] {
			found, err := s.Audit.Person(c, id, about, limit)
			if err != nil {
				s.fail(c, err)
				return
			}
			view.Named, view.Bulk = append(view.Named, found.Named...), found.Bulk
		}
	}
	c.JSON(http.StatusOK, contract.PersonReads{Named: readsOf(view.Named), Bulk: readsOf(view.Bulk)})
}

// readsOf leaves out of records what is not the reader's business: the other
// people whom they name, and the text of what was asked.
func readsOf(records []audit.Record) []contract.Read {
	made := make([]contract.Read, len(records))
	for i, record := range records {
		made[i] = contract.Read{Seq: record.Seq, At: record.At, Principal: record.Principal, Action: record.Action, Dataset: record.Dataset, Outcome: record.Outcome}
		if record.OnBehalfOf != "" {
			made[i].OnBehalfOf = &record.OnBehalfOf
		}
		if record.Purpose != "" {
			made[i].Purpose = &record.Purpose
		}
		text, err := json.Marshal(record.Fields)
		if err == nil && record.Fields != nil {
			_ = json.Unmarshal(text, &made[i].Fields) // the same shape
		}
	}
	return made
}
