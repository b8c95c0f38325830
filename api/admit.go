package api

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

const principalKey = "principal"

// open are the paths that need no key.
var open = map[string]bool{
	"/healthz": true, "/readyz": true, "/metrics": true, "/openapi.yaml": true, "/docs": true, "/docs/:part": true, tokenPath: true,
	"/v1/signin/providers": true, beginPath: true, callbackPath: true,
}

// authenticate finds who asks, and with whose rights.
func (s *Server) authenticate(c *gin.Context) {
	if open[c.FullPath()] {
		return
	}
	principal, err := s.caller(c)
	if err == nil {
		if lender := c.GetHeader("X-On-Behalf-Of"); lender != "" {
			principal, err = s.People.Acting(c, principal, lender)
		}
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Set(principalKey, principal)
}

// caller finds who asks: by a key where one is sent, otherwise by a session.
func (s *Server) caller(c *gin.Context) (acl.Principal, error) {
	authorization := c.GetHeader("Authorization")
	if token := s.cookie(c, sessionCookie); authorization == "" && token != "" {
		principal, err := s.signedIn(c, token)
		if fault.Is(err, codeUnauthenticated) {
			err = s.failed(c, err)
		}
		return principal, err
	}
	scheme, bearer, found := strings.Cut(authorization, " ")
	if !found || !strings.EqualFold(scheme, "Bearer") || bearer == "" {
		return acl.Principal{}, fault.New(codeUnauthenticated, "sign in, or send the key of an application as Authorization: Bearer …")
	}
	principal, err := s.who(c, bearer)
	if fault.Is(err, fault.Denied) {
		err = s.failed(c, fault.Wrap(err, codeUnauthenticated, "%s", fault.Public(err)))
	}
	return principal, err
}

// who tells whose a key is.
func (s *Server) who(c *gin.Context, bearer string) (acl.Principal, error) {
	if isKey(bearer) {
		return s.application(c, bearer)
	}
	return s.People.Principal(c, bearer)
}

func principalOf(c *gin.Context) acl.Principal {
	principal, _ := c.Get(principalKey)
	found, _ := principal.(acl.Principal)
	return found
}

// validate holds the request against the contract.
func (s *Server) validate(c *gin.Context) {
	route, parameters, err := s.routes.FindRoute(c.Request)
	if err != nil {
		s.fail(c, fault.Wrap(err, fault.NotFound, "there is no such path; /docs lists them"))
		return
	}
	if err := s.unknown(c, route); err != nil {
		s.fail(c, err)
		return
	}
	err = openapi3filter.ValidateRequest(c, &openapi3filter.RequestValidationInput{
		Request: c.Request, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, ExcludeReadOnlyValidations: true,
			ExcludeRequestBody: route.Operation.OperationID == contributeOperation, // read once, by what keeps digits
		},
	})
	if err != nil {
		s.fail(c, invalid(err))
	}
}

// unknown refuses parameters that the contract does not have: a filter that is
// misspelt must not give all rows. What providers of sign-in add is theirs.
func (s *Server) unknown(c *gin.Context, route *routers.Route) error {
	if open[c.FullPath()] {
		return nil
	}
	var known []string
	for _, parameter := range append(append(openapi3.Parameters{}, route.PathItem.Parameters...), route.Operation.Parameters...) {
		if parameter.Value.In == openapi3.ParameterInQuery {
			known = append(known, parameter.Value.Name)
		}
	}
	for name := range c.Request.URL.Query() {
		if bare, _, _ := strings.Cut(name, "["); slices.Contains(known, bare) && (bare == name || bare == "filter") {
			continue
		}
		if len(known) == 0 {
			return fault.New(fault.Invalid, "this path takes no parameters in its query")
		}
		return fault.New(fault.Invalid, "the query has a parameter that is not known: these are %s", strings.Join(known, ", "))
	}
	return nil
}

// parameterName finds the parameter in the words of generated code, which hold
// the value too.
var parameterName = regexp.MustCompile(`(?i)parameter ([A-Za-z_-]+)\b`)

// invalid says what the contract wants where a request does not keep to it.
func invalid(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.Wrap(err, codeTooLarge, "the body is larger than %d bytes", large.Limit)
	}
	var wrong *openapi3filter.RequestError
	if !errors.As(err, &wrong) {
		if named := parameterName.FindStringSubmatch(err.Error()); named != nil {
			return fault.Wrap(err, fault.Invalid, "parameter %s: it is not of the form that the contract wants", named[1])
		}
		return fault.Wrap(err, fault.Invalid, "the request does not keep to the contract; /docs has it")
	}
	where := "the body"
	if wrong.Parameter != nil {
		where = "parameter " + wrong.Parameter.Name
	}
	reason := wrong.Reason
	var schema *openapi3.SchemaError
	if errors.As(wrong.Err, &schema) {
		reason = schema.Reason
		if pointer := schema.JSONPointer(); len(pointer) > 0 {
			where += " at /" + strings.Join(pointer, "/")
		}
	}
	if reason == "" {
		reason = "it is not of the form that the contract wants"
	}
	return fault.Wrap(err, fault.Invalid, "%s: %s", where, reason)
}
