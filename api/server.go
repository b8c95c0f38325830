package api

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/contributions"
	"github.com/yitong-hub/yitong/feed"
	"github.com/yitong-hub/yitong/identity/signin"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/telemetry"
	"github.com/yitong-hub/yitong/query"
)

//go:embed openapi.yaml
var contractText []byte

// People tells who people are.
type People interface {
	// Principal gives who signed in with a bearer that is no application's, or a
	// Denied fault.
	Principal(ctx context.Context, bearer string) (acl.Principal, error)
	// Signed gives who has a campus id for which a provider vouched. Nobody is a
	// NotFound fault, several people a Conflict.
	Signed(ctx context.Context, campusID string) (acl.Principal, error)
	// Acting gives the principal with the rights that lender lent it.
	Acting(ctx context.Context, principal acl.Principal, lender string) (acl.Principal, error)
	// Find and All give the principals of the campus, applications too.
	Find(id string) (acl.Principal, error)
	All() ([]acl.Principal, error)
}

// Config is what a server is made of.
type Config struct {
	Gate     *query.Gate
	Catalog  *catalog.Catalog
	Policies *policystore.Store
	Audit    *audit.Reader
	Desk     *access.Desk
	People   People
	// Applications are those that have keys.
	Applications Applications
	// Signin is what people sign in by.
	Signin *Signin
	// Contributions is the gate by which applications write.
	Contributions *contributions.Gate
	// Subscriptions are what applications are sent.
	Subscriptions *feed.Registry
	Logger        *slog.Logger
	Now           func() time.Time
	// Ending ends when the server is about to, and its feeds with it; nil never does.
	Ending context.Context //nolint:containedctx // it outlives every request
	// Limits are the defaults where they are 0.
	Limits config.Limits
	// Traces may be nil.
	Traces *telemetry.Traces
}

// Server carries the contract out.
type Server struct {
	Config
	routes  routers.Router
	metrics *metrics
	docs    http.Handler
	classes classes
	ending  ending
	engine  *gin.Engine

	crossOrigin *http.CrossOriginProtection
	guessing    guessing
	feeds       feeds
}

var _ contract.ServerInterface = (*Server)(nil)

// New makes the handler of the whole contract.
func New(config Config) (*Server, error) {
	loader := openapi3.NewLoader()
	document, err := loader.LoadFromData(contractText)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	document.Servers = nil // any address
	config.Limits = config.Limits.OrDefaults()
	registry := prometheus.NewRegistry()
	s := &Server{Config: config, metrics: newMetrics(registry), docs: documentation(), classes: newClasses(config.Limits, registry), ending: newEnding()}
	if s.routes, err = gorillamux.NewRouter(document); err != nil {
		return nil, fmt.Errorf("route the contract: %w", err)
	}
	if s.crossOrigin, err = newCrossOrigin(config.Signin); err != nil {
		return nil, fmt.Errorf("know other sites: %w", err)
	}
	if s.guessing, err = newGuessing(config.Signin); err != nil {
		return nil, fmt.Errorf("limit attempts: %w", err)
	}
	gin.SetMode(gin.ReleaseMode) // it would print every path
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.ContextWithFallback = true
	engine.Use(s.identify, s.trace, s.observe, s.release, s.endure, s.compress, s.recover, s.usage, s.unhurried)
	engine.NoRoute(func(c *gin.Context) { s.fail(c, fault.New(fault.NotFound, "there is no such path; /docs lists them")) })
	engine.NoMethod(func(c *gin.Context) {
		s.fail(c, fault.New(fault.NotFound, "this path has no such method; /docs lists them"))
	})
	if demo := config.Signin.Service.Demo(); demo != nil {
		engine.Any(signin.DemoPath+"/*rest", gin.WrapH(demo))
	}
	contract.RegisterHandlersWithOptions(engine, s, contract.GinServerOptions{
		Middlewares:  []contract.MiddlewareFunc{s.bound, s.traced("authenticate", s.authenticate), s.validate, s.traced("admit", s.admit)},
		ErrorHandler: func(c *gin.Context, err error, _ int) { s.fail(c, invalid(err)) },
	})
	s.engine = engine
	return s, nil
}

// ServeHTTP implements http.Handler. Each request has a context of its own: gin
// would give one to the next request at once, while database/sql still looks at
// it to see whether the first has ended.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := gin.CreateTestContextOnly(w, s.engine) // not only for tests: the one way that is not through the pool
	c.Request = r
	s.engine.HandleContext(c)
}

const requestKey = "request"

// identify gives each request an id, its own where it brings a plain one.
func (s *Server) identify(c *gin.Context) {
	id := c.GetHeader("X-Request-Id")
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-'
	}
	if id == "" || len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return !plain(r) }) {
		id = uuid.NewString()
	}
	c.Set(requestKey, id)
	c.Header("X-Request-Id", id)
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Cache-Control", "private, no-cache")
	c.Next()
}

func requestID(c *gin.Context) string { return c.GetString(requestKey) }

// recover answers where code panicked, and tells the operator where.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		found := recover()
		if found == http.ErrAbortHandler { //nolint:errorlint // the very value, as net/http compares it
			panic(found)
		}
		if found != nil {
			s.Logger.Error("panic", "request", requestID(c), "panic", telemetry.Redact(fmt.Sprint(found)), "stack", string(debug.Stack()))
			s.fail(c, fault.New(fault.Internal, "an internal error occurred; the operator's log has the cause"))
		}
	}()
	c.Next()
}

func (s *Server) usage(c *gin.Context) {
	defer s.count(c) // what broke off was read as well
	c.Next()
}

func (s *Server) bound(c *gin.Context) {
	most := s.Limits.Body
	if c.Request.Method == http.MethodPost && c.FullPath() == contributePath {
		most = maxContribution
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, most)
	c.Next()
}
