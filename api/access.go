package api

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/internal/fault"
)

// give answers with a value, or with what went wrong.
func (s *Server) give(c *gin.Context, value any, err error) {
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, value)
}

// ListRequests lists the requests that are the caller's business.
func (s *Server) ListRequests(c *gin.Context, params contract.ListRequestsParams) {
	found, err := s.Desk.RequestsFor(c, principalOf(c), access.Filter{State: access.State(value(params.State)), Dataset: value(params.Dataset)})
	s.give(c, gin.H{"requests": found}, err)
}

// AskForAccess keeps a request.
func (s *Server) AskForAccess(c *gin.Context) {
	var asked access.Request
	if err := decode(c, &asked); err != nil {
		s.fail(c, err)
		return
	}
	made, err := s.Desk.Ask(c, principalOf(c), asked)
	s.give(c, made, err)
}

// GetRequest gives a request to those whose business it is.
func (s *Server) GetRequest(c *gin.Context, id contract.RequestId) {
	found, err := s.Desk.RequestFor(c, principalOf(c), id)
	s.give(c, found, err)
}

// DecideRequest grants or refuses.
func (s *Server) DecideRequest(c *gin.Context, id contract.RequestId) {
	var decided access.Decision
	if err := decode(c, &decided); err != nil {
		s.fail(c, err)
		return
	}
	made, err := s.Desk.Decide(c, principalOf(c), id, decided)
	s.give(c, made, err)
}

// WithdrawRequest withdraws what is not decided.
func (s *Server) WithdrawRequest(c *gin.Context, id contract.RequestId) {
	made, err := s.Desk.Withdraw(c, principalOf(c), id)
	s.give(c, made, err)
}

// RenewGrant lets a grant last longer.
func (s *Server) RenewGrant(c *gin.Context, id contract.RequestId) {
	var renewed struct {
		Until time.Time `json:"until"`
		Note  string    `json:"note"`
	}
	if err := decode(c, &renewed); err != nil {
		s.fail(c, err)
		return
	}
	made, err := s.Desk.Renew(c, principalOf(c), id, renewed.Until, renewed.Note)
	s.give(c, made, err)
}

// RevokeGrant ends a grant.
func (s *Server) RevokeGrant(c *gin.Context, id contract.RequestId) {
	var revoked struct {
		Note string `json:"note"`
	}
	if err := decode(c, &revoked); err != nil {
		s.fail(c, err)
		return
	}
	made, err := s.Desk.Revoke(c, principalOf(c), id, revoked.Note)
	s.give(c, made, err)
}

const day = 24 * time.Hour

// ReviewGrants lists grants that somebody should look at.
func (s *Server) ReviewGrants(c *gin.Context, params contract.ReviewGrantsParams) {
	found, err := s.Desk.Review(c, principalOf(c), access.ReviewOptions{
		UnusedFor: time.Duration(value(params.UnusedDays)) * day, EndsWithin: time.Duration(value(params.EndsDays)) * day,
	})
	s.give(c, gin.H{"findings": found}, err)
}

// self gives the campus id of a person who acts for nobody else: consent is one's own.
func self(caller acl.Principal) (string, error) {
	ids := caller.Profile().Attributes[acl.AttributeCampusID]
	if caller.Profile().Kind != acl.KindPerson || caller.Actor() != "" || len(ids) != 1 {
		return "", fault.New(fault.Denied, "consent is given by the person concerned")
	}
	return ids[0], nil
}

// ListConsents lists what the caller consented to.
func (s *Server) ListConsents(c *gin.Context) {
	person, err := self(principalOf(c))
	if err != nil {
		s.fail(c, err)
		return
	}
	s.consents(c, person)
}

func (s *Server) consents(c *gin.Context, person string) {
	found, err := s.Policies.Consents(c, person)
	s.give(c, gin.H{"consents": found}, err)
}

// GiveConsent keeps the caller's consent.
func (s *Server) GiveConsent(c *gin.Context) {
	caller := principalOf(c)
	person, err := self(caller)
	var given struct {
		Purpose   string    `json:"purpose"`
		Recipient string    `json:"recipient"`
		Until     time.Time `json:"until"`
	}
	if err == nil {
		err = decode(c, &given)
	}
	if err == nil {
		err = s.Policies.Give(c, policystore.Consent{Purpose: given.Purpose, Recipient: given.Recipient, Person: person, Until: given.Until, By: caller.ID()})
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.consents(c, person)
}

// WithdrawConsent takes the caller's consent back.
func (s *Server) WithdrawConsent(c *gin.Context, purpose string, params contract.WithdrawConsentParams) {
	person, err := self(principalOf(c))
	if err == nil {
		err = s.Policies.Withdraw(c, purpose, value(params.Recipient), person)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.consents(c, person)
}

// demandItself refuses who acts by delegation: what is lent cannot be lent on.
func demandItself(caller acl.Principal) error {
	if caller.Actor() == "" {
		return nil
	}
	return fault.New(fault.Denied, "this is not done on behalf of somebody else")
}

// ListDelegations lists what the caller lent and was lent.
func (s *Server) ListDelegations(c *gin.Context) {
	caller := principalOf(c)
	if err := demandItself(caller); err != nil {
		s.fail(c, err)
		return
	}
	lent, err := s.Policies.Delegations(c, policystore.DelegationFilter{From: caller.ID()})
	if err != nil {
		s.fail(c, err)
		return
	}
	borrowed, err := s.Policies.Delegations(c, policystore.DelegationFilter{To: caller.ID()})
	s.give(c, gin.H{"delegations": append(lent, borrowed...)}, err)
}

// Delegate lends the caller's rights.
func (s *Server) Delegate(c *gin.Context) {
	caller := principalOf(c)
	var lent acl.Delegation
	err := demandItself(caller)
	if err == nil {
		err = decode(c, &lent)
	}
	if err == nil {
		if _, unknown := s.People.Find(lent.To); unknown != nil {
			err = fault.New(fault.Invalid, "there is nobody of the id %q", lent.To)
		}
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	lent.From = caller.ID()
	made, err := s.Policies.Delegate(c, lent)
	s.give(c, made, err)
}

// EndDelegation ends a delegation.
func (s *Server) EndDelegation(c *gin.Context, id string) {
	caller := principalOf(c)
	err := demandItself(caller)
	if err == nil {
		err = s.Policies.Revoke(c, id, caller.ID(), caller.HasRole(roleAdministrator))
	}
	if fault.Is(err, fault.Denied) { // whose it is not is not told that it is there
		err = fault.New(fault.NotFound, "there is no delegation %q", id)
	}
	s.give(c, gin.H{"ended": id}, err)
}
