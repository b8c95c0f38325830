package identity

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// TooMany is the code of a request that comes too early.
const TooMany fault.Code = "too_many"

// Admission lets applications in, at whichever exit they ask.
type Admission struct {
	Registry *Registry
	Usage    *Usage
	Limiter  *Limiter
}

// Admitted is an application that was let in. Where its key counts and it asks
// too often, it is who asked, with the allowance that says when to try again.
type Admitted struct {
	Principal   acl.Principal
	Application Application
	Allowance   Allowance
}

// Admit tells whose a key or token is and counts a request of theirs. Errors are
// those of [Registry.Authenticate], and a TooMany fault beyond rate or quota.
func (a Admission) Admit(ctx context.Context, credential string, address netip.Addr, now time.Time) (Admitted, error) {
	principal, application, err := a.Registry.Authenticate(ctx, credential, address)
	if err != nil {
		return Admitted{}, err
	}
	admitted := Admitted{Principal: principal, Application: application, Allowance: a.Limiter.Allow(application, now)}
	if wait := admitted.Allowance.RetryAfter; !admitted.Allowance.OK {
		return admitted, fault.New(TooMany, "%s asks too often or used up its reads of the day: try again in %s", application.ID, wait.Round(time.Second))
	}
	return admitted, nil
}

// IsCredential reports whether a text has the form of an application's key or
// token, whether or not it is one.
func IsCredential(text string) bool {
	return strings.HasPrefix(text, keyPrefix) || strings.HasPrefix(text, tokenPrefix)
}
