package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/telemetry"
)

// Codes of problems beside those of faults.
const (
	codeUnauthenticated fault.Code = "unauthenticated"
	codeTooLarge        fault.Code = "too_large"
	codeTooMany                    = identity.TooMany
	codeTimeout         fault.Code = "timeout"
)

// statuses gives the HTTP status of each code.
var statuses = map[fault.Code]int{
	fault.Invalid: http.StatusBadRequest, codeUnauthenticated: http.StatusUnauthorized, fault.Denied: http.StatusForbidden,
	fault.NotFound: http.StatusNotFound, fault.Gone: http.StatusGone, fault.Conflict: http.StatusConflict, codeTooLarge: http.StatusRequestEntityTooLarge,
	codeTooMany: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable, fault.Stopped: http.StatusServiceUnavailable,
	codeTimeout:    http.StatusGatewayTimeout,
	fault.Canceled: statusClientClosed, fault.Internal: http.StatusInternalServerError,
}

// statusClientClosed is nginx's status of a request whose client went away.
const statusClientClosed = 499

// fail answers with a problem (RFC 9457): the public text of the fault, never
// its cause, which goes to the log under the request's id.
func (s *Server) fail(c *gin.Context, err error) {
	err = timely(c, err)
	if code, status := codeAndStatus(err); status >= http.StatusInternalServerError {
		s.Logger.Error("request failed", "request", requestID(c), "code", code, "cause", telemetry.Redact(err.Error()), "trace", traceID(c))
	}
	s.problem(c, err)
}

func codeAndStatus(err error) (fault.Code, int) {
	code := fault.CodeOf(err)
	status, known := statuses[code]
	if !known {
		return fault.Internal, http.StatusInternalServerError
	}
	return code, status
}

// problem answers with a problem and logs nothing.
func (s *Server) problem(c *gin.Context, err error) {
	code, status := codeAndStatus(err)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		code, status = codeTooLarge, http.StatusRequestEntityTooLarge
	}
	problem := contract.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: contract.ProblemCode(code), Detail: fault.Public(err), RequestId: requestID(c),
	}
	if status == statusClientClosed {
		problem.Title = "Client Closed Request"
	}
	if status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", `Bearer realm="yitong"`)
	}
	text, err := json.Marshal(problem)
	if err != nil { // texts: cannot fail
		text = []byte("{}")
	}
	if writer, ok := c.Get(patientKey); ok { // it is told even when the time is over
		writer.(*patient).endsAt(time.Time{})
	}
	c.Abort()
	c.Data(status, "application/problem+json", text)
}
