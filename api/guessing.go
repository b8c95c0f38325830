package api

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
)

// guessing holds each client address to what a minute may have.
type guessing struct {
	attempts, failures *identity.Addresses
	proxies            []netip.Prefix
}

func newGuessing(signin *Signin) (guessing, error) {
	config := signin.Service.Config()
	proxies, err := config.Proxies()
	return guessing{
		identity.NewAddresses(config.Limits.AttemptsPerMinute), identity.NewAddresses(config.Limits.FailuresPerMinute), proxies,
	}, err
}

// address is where a request came from; the zero address where that cannot be
// told. Of proxies that are trusted it is what the first of them was told: the
// rightmost address of X-Forwarded-For that is none of theirs, since anybody may
// have written what is left of it.
func (g guessing) address(c *gin.Context) netip.Addr {
	found := parseAddress(c.Request.RemoteAddr)
	hops := strings.Split(strings.Join(c.Request.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && g.trusts(found); i-- {
		hop := parseAddress(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			break
		}
		found = hop
	}
	return found
}

func (g guessing) trusts(address netip.Addr) bool {
	for _, network := range g.proxies {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

func parseAddress(text string) netip.Addr {
	host, _, err := net.SplitHostPort(text)
	if err != nil {
		host = text
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return address.Unmap()
}

const (
	// tokenPath is where keys are exchanged: it needs none, and has work to do.
	tokenPath    = "/oauth/token" //nolint:gosec // a path, no credential
	beginPath    = "/signin/:provider"
	callbackPath = "/signin/:provider/callback"
)

// unhurried bounds attempts at getting in, right or wrong. Single logout is not
// among them: a CAS server may end many sessions at once.
func (s *Server) unhurried(c *gin.Context) {
	path := c.FullPath()
	if path != tokenPath && (c.Request.Method != "GET" || path != beginPath && path != callbackPath) {
		return
	}
	wait := s.guessing.attempts.Take(s.guessing.address(c), s.Now())
	switch {
	case wait == 0:
	case path == tokenPath:
		retryAfter(c, wait)
		tokenError(c, statuses[codeTooMany], "temporarily_unavailable", "too many requests from this address: try again after the seconds in Retry-After")
	default:
		retryAfter(c, wait)
		s.failPage(c, again(c.Param("provider"), ""), hurried(wait))
	}
}

// failed is the refusal of a key, token or session, or, where an address has
// sent too many that are refused, that it does. What is right is taken all the
// same: keys cannot be guessed, and one application whose key has ended must not
// keep out others behind the same address.
func (s *Server) failed(c *gin.Context, refusal error) error {
	if wait := s.guessing.failures.Take(s.guessing.address(c), s.Now()); wait > 0 {
		retryAfter(c, wait)
		return hurried(wait)
	}
	return refusal
}

func retryAfter(c *gin.Context, wait time.Duration) {
	c.Header("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
}

func hurried(wait time.Duration) error {
	return fault.New(codeTooMany, "too many attempts from this address: try again in %s", (wait + time.Second - 1).Truncate(time.Second))
}
