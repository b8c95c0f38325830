package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/identity/session"
	"github.com/yitong-hub/yitong/identity/signin"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Signin is what people sign in by.
type Signin struct {
	Service  *signin.Service
	Sessions *session.Store
	// Record keeps sign-ins beside the reads.
	Record interface {
		Append(ctx context.Context, record audit.Record) error
	}
}

// Names of cookies. Those that begin with __Host- browsers take by https alone,
// for the whole of this host and no other (RFC 6265bis, section 4.1.3.2).
const (
	hostPrefix    = "__Host-"
	sessionCookie = "yitong"
	signinCookie  = "yitong-signin"
)

const (
	sessionKey   = "session"
	actionSignIn = "sign_in"
	// actionSignOut is also what a CAS server's single logout does.
	actionSignOut = "sign_out"
)

func (s *Server) cookieName(name string) string {
	if s.Signin.Service.Secure() {
		return hostPrefix + name
	}
	return name
}

// cookie gives the value of one of this server's cookies, "" for none.
func (s *Server) cookie(c *gin.Context, name string) string {
	found, err := c.Request.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return found.Value
}

// setCookie keeps a value in the browser for so long, 0 to forget it. Lax, not
// Strict: somebody who follows a link into this server is signed in there.
func (s *Server) setCookie(c *gin.Context, name, value string, lasts time.Duration) {
	cookie := &http.Cookie{ //nolint:gosec // Secure where people come by https; http is of this machine alone
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: int(lasts / time.Second),
		Secure: s.Signin.Service.Secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if lasts <= 0 {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.Writer, cookie)
}

// newCrossOrigin refuses what other sites make browsers send. A proxy may have
// changed the Host, so the configured address counts too.
func newCrossOrigin(signin *Signin) (*http.CrossOriginProtection, error) {
	made := http.NewCrossOriginProtection()
	if address := signin.Service.Config().PublicURL; address != "" {
		origin, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		if err := made.AddTrustedOrigin(origin.Scheme + "://" + origin.Host); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// signedIn finds who has a session, as the directory knows them now.
func (s *Server) signedIn(c *gin.Context, token string) (acl.Principal, error) {
	if err := s.crossOrigin.Check(c.Request); err != nil {
		return acl.Principal{}, fault.Wrap(err, fault.Denied, "this request was made by another site: it changes nothing here")
	}
	found, err := s.Signin.Sessions.Find(c, token)
	if fault.Is(err, fault.Denied) {
		s.setCookie(c, sessionCookie, "", 0)
		return acl.Principal{}, fault.Wrap(err, codeUnauthenticated, "%s", fault.Public(err))
	}
	if err != nil {
		return acl.Principal{}, err
	}
	c.Set(sessionKey, found)
	return s.person(c, found.Person)
}

// person finds who somebody is whom a provider vouched for.
func (s *Server) person(ctx context.Context, campusID string) (acl.Principal, error) {
	principal, err := s.People.Signed(ctx, campusID)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		err = fault.Wrap(err, fault.Denied, "%s", fault.Public(err))
	}
	return principal, err
}

// GetSession tells who is signed in, and until when.
func (s *Server) GetSession(c *gin.Context) {
	answer := gin.H{"principal": principalOf(c)}
	if held, ok := c.Get(sessionKey); ok {
		if found, ok := held.(session.Session); ok {
			answer["session"] = gin.H{"provider": found.Provider, "began": found.Began, "ends": found.Ends, "idle_ends": found.IdleEnds}
		}
	}
	c.JSON(http.StatusOK, answer)
}

// EndSession signs out, here and where the provider has a page for it.
func (s *Server) EndSession(c *gin.Context) {
	if _, has := c.Get(sessionKey); !has {
		s.fail(c, fault.New(fault.Conflict, "there is no session to end: who sends a key is not signed in"))
		return
	}
	ended, err := s.Signin.Sessions.End(c, s.cookie(c, sessionCookie))
	if fault.Is(err, fault.Denied) { // another request of this browser was faster
		s.setCookie(c, sessionCookie, "", 0)
		c.JSON(http.StatusOK, gin.H{})
		return
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.setCookie(c, sessionCookie, "", 0)
	if err := s.Signin.Record.Append(c, audit.Record{Principal: s.idOf(c, ended.Person), Action: actionSignOut, Outcome: audit.Allowed}); err != nil {
		s.Logger.Error("a sign-out is not on record", "request", requestID(c), "cause", err)
	}
	s.Logger.Info("signed out", "request", requestID(c), "provider", ended.Provider)
	answer := gin.H{}
	address, err := s.Signin.Service.SignOut(c, ended.Provider, c.Request.Host, ended.Proof)
	if err != nil {
		s.Logger.Warn("a provider's own session goes on", "request", requestID(c), "provider", ended.Provider, "cause", err)
	} else if address != "" {
		answer["continue_at"] = address
	}
	c.JSON(http.StatusOK, answer)
}

// EndCasSession ends the session of the ticket that a CAS server names.
func (s *Server) EndCasSession(c *gin.Context, provider contract.ProviderId) {
	if err := c.Request.ParseForm(); err != nil {
		s.fail(c, fault.Wrap(err, fault.Invalid, "the body is no form"))
		return
	}
	ticket, err := s.Signin.Service.LoggedOut(provider, c.Request.PostForm.Get("logoutRequest"))
	if err != nil {
		s.fail(c, err)
		return
	}
	people, err := s.Signin.Sessions.EndTicket(c, provider, ticket)
	if err != nil {
		s.fail(c, err)
		return
	}
	for _, person := range people {
		s.Logger.Info("signed out by the provider", "request", requestID(c), "provider", provider)
		if err := s.Signin.Record.Append(c, audit.Record{Principal: s.idOf(c, person), Action: actionSignOut, Outcome: audit.Allowed}); err != nil {
			s.Logger.Error("a sign-out is not on record", "request", requestID(c), "cause", err)
		}
	}
	c.Status(http.StatusNoContent)
}

// idOf is the id of the principal of a campus id, or the campus id of somebody
// who is none any more.
func (s *Server) idOf(c *gin.Context, campusID string) string {
	if principal, err := s.person(c, campusID); err == nil {
		return principal.ID()
	}
	return campusID
}
