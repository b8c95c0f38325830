package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Applications keep the applications and what they did.
type Applications = identity.Admission

const applicationKey = "application"

// application finds the application of a key or token, and whether it may ask now.
func (s *Server) application(c *gin.Context, bearer string) (acl.Principal, error) {
	admitted, err := s.Applications.Admit(c, bearer, s.guessing.address(c), s.Now())
	if err != nil && !fault.Is(err, codeTooMany) {
		s.Logger.Info("a key was refused", "request", requestID(c), "cause", err)
		return acl.Principal{}, err
	}
	c.Set(applicationKey, admitted.Application.ID)
	admitted.Allowance.Fields(c.Writer.Header())
	return admitted.Principal, err
}

// count adds an answered request to what its application did.
func (s *Server) count(c *gin.Context) {
	application := c.GetString(applicationKey)
	if application == "" {
		return
	}
	done := identity.Count{Requests: 1, Rows: c.GetInt64(rowsKey)}
	if c.Writer.Status() >= http.StatusBadRequest {
		done.Refused = 1
	}
	s.Applications.Usage.Record(application, s.Now(), done)
}

const rowsKey = "rows"

// IssueToken exchanges a key for a token. Its errors are those of RFC 6749,
// section 5.2.
func (s *Server) IssueToken(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	if err := c.Request.ParseForm(); err != nil {
		tokenError(c, http.StatusBadRequest, "invalid_request", "the body is no form")
		return
	}
	id, secret, basic := c.Request.BasicAuth()
	if !basic {
		id, secret = c.Request.PostForm.Get("client_id"), c.Request.PostForm.Get("client_secret")
	}
	if kind := c.Request.PostForm.Get("grant_type"); kind != "client_credentials" {
		tokenError(c, http.StatusBadRequest, "unsupported_grant_type", "grant_type is client_credentials")
		return
	}
	token, err := s.Applications.Registry.Grant(c, id, secret, s.guessing.address(c))
	switch {
	case fault.Is(err, fault.Denied), fault.Is(err, fault.NotFound), fault.Is(err, fault.Invalid):
		s.Logger.Info("a token was refused", "request", requestID(c), "cause", err)
		c.Header("WWW-Authenticate", `Basic realm="yitong"`)
		tokenError(c, http.StatusUnauthorized, "invalid_client", "the client is not known by this id and key")
	case err != nil:
		s.Logger.Error("a token could not be made", "request", requestID(c), "cause", err)
		tokenError(c, http.StatusServiceUnavailable, "temporarily_unavailable", "try again later")
	default:
		c.JSON(http.StatusOK, token)
	}
}

func tokenError(c *gin.Context, status int, code, description string) {
	c.AbortWithStatusJSON(status, gin.H{"error": code, "error_description": description})
}

// administered does work for administrators and answers with what it gives.
func administered[T any](s *Server, c *gin.Context, work func(ctx context.Context, by string) (T, error)) {
	caller := principalOf(c)
	if err := demandAdministrator(caller); err != nil {
		s.fail(c, err)
		return
	}
	made, err := work(c, caller.ID())
	s.give(c, made, err)
}

// ListApplications lists the applications.
func (s *Server) ListApplications(c *gin.Context) {
	administered(s, c, func(ctx context.Context, _ string) (gin.H, error) {
		found, err := s.Applications.Registry.List(ctx)
		return gin.H{"applications": found}, err
	})
}

// RegisterApplication registers an application.
func (s *Server) RegisterApplication(c *gin.Context) {
	administered(s, c, func(ctx context.Context, by string) (identity.Application, error) {
		var asked identity.Application
		if err := decode(c, &asked); err != nil {
			return asked, err
		}
		return s.Applications.Registry.Register(ctx, by, asked)
	})
}

// GetApplication gives one application.
func (s *Server) GetApplication(c *gin.Context, id contract.ApplicationId) {
	administered(s, c, func(ctx context.Context, _ string) (identity.Application, error) {
		return s.Applications.Registry.Get(ctx, id)
	})
}

// UpdateApplication changes an application.
func (s *Server) UpdateApplication(c *gin.Context, id contract.ApplicationId) {
	administered(s, c, func(ctx context.Context, by string) (identity.Application, error) {
		var asked identity.Application
		if err := decode(c, &asked); err != nil {
			return asked, err
		}
		if asked.ID != id {
			return asked, fault.New(fault.Invalid, "the application's id is %q and the path's is %q", asked.ID, id)
		}
		return s.Applications.Registry.Update(ctx, by, asked)
	})
}

// SetApplicationState disables an application or enables it.
func (s *Server) SetApplicationState(c *gin.Context, id contract.ApplicationId) {
	administered(s, c, func(ctx context.Context, by string) (identity.Application, error) {
		var asked struct {
			Disabled bool `json:"disabled"`
		}
		if err := decode(c, &asked); err != nil {
			return identity.Application{}, err
		}
		if asked.Disabled {
			return s.Applications.Registry.Disable(ctx, by, id)
		}
		return s.Applications.Registry.Enable(ctx, by, id)
	})
}

// ListKeys lists the keys of an application.
func (s *Server) ListKeys(c *gin.Context, id contract.ApplicationId) {
	administered(s, c, func(ctx context.Context, _ string) (gin.H, error) {
		found, err := s.Applications.Registry.Keys(ctx, id)
		return gin.H{"keys": found}, err
	})
}

// IssueKey makes a key.
func (s *Server) IssueKey(c *gin.Context, id contract.ApplicationId) {
	administered(s, c, func(ctx context.Context, by string) (identity.IssuedKey, error) {
		var asked struct {
			OverlapHours *int `json:"overlap_hours"`
		}
		if err := decode(c, &asked); err != nil {
			return identity.IssuedKey{}, err
		}
		c.Header("Cache-Control", "no-store")
		if asked.OverlapHours == nil {
			return s.Applications.Registry.Issue(ctx, by, id)
		}
		return s.Applications.Registry.Rotate(ctx, by, id, time.Duration(*asked.OverlapHours)*time.Hour)
	})
}

// RevokeKey ends a key.
func (s *Server) RevokeKey(c *gin.Context, id string) {
	administered(s, c, func(ctx context.Context, by string) (identity.Key, error) {
		return s.Applications.Registry.Revoke(ctx, by, id)
	})
}

// usageDays is how many days of usage are given when none are named.
const usageDays = 30

// GetUsage tells what an application did.
func (s *Server) GetUsage(c *gin.Context, id contract.ApplicationId, params contract.GetUsageParams) {
	administered(s, c, func(ctx context.Context, _ string) (gin.H, error) {
		if _, err := s.Applications.Registry.Get(ctx, id); err != nil {
			return nil, err
		}
		from, to := s.Now().AddDate(0, 0, 1-usageDays), s.Now()
		if params.From != nil {
			from = params.From.Time
		}
		if params.To != nil {
			to = params.To.Time
		}
		days, err := s.Applications.Usage.Of(ctx, id, from, to)
		return gin.H{"days": days}, err
	})
}

// isKey reports whether a bearer is a key or token of an application.
func isKey(bearer string) bool { return identity.IsCredential(bearer) }
