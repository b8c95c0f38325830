package api

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/identity/session"
	"github.com/yitong-hub/yitong/identity/signin"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/telemetry"
)

// ListSigninProviders lists where people can sign in.
func (s *Server) ListSigninProviders(c *gin.Context) {
	providers := []contract.SigninProvider{}
	for _, one := range s.Signin.Service.Providers() {
		title := one.Title
		providers = append(providers, contract.SigninProvider{
			Id: one.ID, Kind: contract.SigninProviderKind(one.Kind), Title: contract.Text{Zh: &title.ZH, En: &title.EN}, Url: "/signin/" + url.PathEscape(one.ID),
		})
	}
	c.JSON(http.StatusOK, gin.H{"providers": providers})
}

// BeginSignin sends the browser to a provider.
func (s *Server) BeginSignin(c *gin.Context, provider contract.ProviderId, params contract.BeginSigninParams) {
	began, err := s.Signin.Service.Begin(c, signin.Start{
		Provider: provider, ReturnTo: value(params.ReturnTo), Silent: value(params.Silent), Host: c.Request.Host, Browser: s.cookie(c, signinCookie),
	})
	if err != nil {
		s.failPage(c, again(provider, ""), err)
		return
	}
	s.setCookie(c, signinCookie, began.Browser, signin.FlowLife)
	goOn(c, began.URL)
}

// FinishSignin takes the browser back from a provider and begins a session.
func (s *Server) FinishSignin(c *gin.Context, provider contract.ProviderId, _ contract.FinishSigninParams) {
	finished, err := s.Signin.Service.Finish(c, provider, c.Request.URL.Query(), s.cookie(c, signinCookie))
	if err != nil {
		if !fault.Is(err, fault.NotFound) { // there is such a provider: its name is ours, not the caller's
			s.Logger.Info("a sign-in was refused", "request", requestID(c), "provider", provider, "cause", telemetry.Redact(err.Error()))
		}
		s.failPage(c, again(provider, finished.ReturnTo), err)
		return
	}
	if finished.Person.CampusID == "" {
		goOn(c, finished.ReturnTo)
		return
	}
	if err := s.beginSession(c, provider, finished.Person); err != nil {
		s.failPage(c, again(provider, finished.ReturnTo), err)
		return
	}
	goOn(c, finished.ReturnTo)
}

// beginSession begins a new session, whatever the browser had before: a cookie
// that somebody put there gains nothing by the sign-in of another.
func (s *Server) beginSession(c *gin.Context, provider string, person signin.Person) error {
	principal, err := s.person(c, person.CampusID)
	record := audit.Record{Principal: principal.ID(), Action: actionSignIn, Outcome: audit.Allowed}
	if err != nil {
		record.Principal, record.Outcome = person.CampusID, string(fault.CodeOf(err))
	}
	if recordErr := s.Signin.Record.Append(c, record); recordErr != nil {
		return fault.Wrap(recordErr, fault.Unavailable, "the sign-in cannot be put on record: try again")
	}
	if err != nil {
		s.Logger.Info("a sign-in was refused", "request", requestID(c), "provider", provider, "cause", telemetry.Redact(err.Error()))
		return err
	}
	token, begun, err := s.Signin.Sessions.Begin(c, session.Entry{Person: person.CampusID, Provider: provider, Ticket: person.Ticket, Proof: person.Proof})
	if err != nil {
		return err
	}
	if former := s.cookie(c, sessionCookie); former != "" {
		if _, err := s.Signin.Sessions.End(c, former); err != nil && !fault.Is(err, fault.Denied) {
			s.Logger.Warn("the session before could not be ended", "request", requestID(c), "cause", err)
		}
	}
	s.setCookie(c, sessionCookie, token, begun.Ends.Sub(s.Now()))
	s.Logger.Info("signed in", "request", requestID(c), "provider", provider)
	return nil
}

// again is where to sign in again.
func again(provider, returnTo string) string {
	address := url.URL{Path: "/signin/" + provider}
	if returnTo != "" {
		address.RawQuery = url.Values{"return_to": {returnTo}}.Encode()
	}
	return address.String()
}

// goOn sends the browser on, and keeps codes and tickets of its address from
// where it goes and from caches.
func goOn(c *gin.Context, address string) {
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusSeeOther, address)
}
