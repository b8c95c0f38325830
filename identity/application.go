package identity

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/yitong-hub/yitong/acl"
)

// What an application may do that says nothing else. A page of a department's
// site makes a handful of requests, a nightly copy a few thousand: the defaults
// let both through and stop a loop that went wild before others feel it.
const (
	DefaultRatePerSecond = 10
	DefaultBurst         = 20
	DefaultDailyReads    = 100_000
)

// Bounds of what can be asked for: above them is a slip of the pen.
const (
	MaxRatePerSecond = 10_000
	MaxBurst         = 100_000
	MaxDailyReads    = 1_000_000_000
	// MaxApplications bounds what is held in memory of applications: a large
	// campus has some hundreds of them.
	MaxApplications = 5_000
)

// Application is a program of a department that reads data under its own name.
type Application struct {
	// ID has letters, digits, - and _, at most 60 of them, and never changes.
	// It is the client_id of RFC 6749.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Department runs the application; policies see it as the attribute department.
	Department string `json:"department"`
	// Steward answers for the application: the id of a person.
	Steward string `json:"steward"`
	// Contact says how to reach those who run it.
	Contact string `json:"contact,omitempty"`
	// Roles, Groups and Attributes are what policies refer to.
	Roles      []string            `json:"roles,omitempty"`
	Groups     []string            `json:"groups,omitempty"`
	Attributes map[string][]string `json:"attributes,omitempty"`
	// Networks are where it may come from, in CIDR notation (RFC 4632, RFC
	// 4291 section 2.3); none is anywhere.
	Networks []string `json:"networks,omitempty"`
	// RatePerSecond is how many requests a second it may make in the long run,
	// Burst how many at once, and DailyReads how many reads a day of the
	// campus. 0 is the default of each.
	RatePerSecond float64 `json:"rate_per_second,omitempty"`
	Burst         int     `json:"burst,omitempty"`
	DailyReads    int64   `json:"daily_reads,omitempty"`

	// The following is the registry's, whatever is given to it.

	// Disabled applications keep their keys, which do not count meanwhile.
	Disabled bool `json:"disabled,omitempty"`
	// Revision rises with each change: an update says on which one it builds.
	Revision  int64     `json:"revision"`
	Made      time.Time `json:"made"`
	MadeBy    string    `json:"made_by"`
	Changed   time.Time `json:"changed"`
	ChangedBy string    `json:"changed_by"`
}

// Limits are the rate, burst and quota that count, with defaults in place of 0:
// requests a second, requests at once, and reads a day.
func (a Application) Limits() (ratePerSecond float64, burst int, dailyReads int64) {
	ratePerSecond, burst, dailyReads = a.RatePerSecond, a.Burst, a.DailyReads
	if ratePerSecond == 0 {
		ratePerSecond = DefaultRatePerSecond
	}
	if burst == 0 {
		burst = DefaultBurst
	}
	if dailyReads == 0 {
		dailyReads = DefaultDailyReads
	}
	return ratePerSecond, burst, dailyReads
}

// clone shares nothing with a.
func (a Application) clone() Application {
	a.Roles, a.Groups, a.Networks = slices.Clone(a.Roles), slices.Clone(a.Groups), slices.Clone(a.Networks)
	a.Attributes = maps.Clone(a.Attributes)
	for name, values := range a.Attributes {
		a.Attributes[name] = slices.Clone(values)
	}
	return a
}

// principal is the application as policies see it.
func (a Application) principal() acl.Principal {
	attributes := maps.Clone(a.Attributes)
	if attributes == nil {
		attributes = map[string][]string{}
	}
	attributes[acl.AttributeDepartment] = []string{a.Department}
	return acl.NewPrincipal(acl.Profile{
		ID: a.ID, Name: a.Name, Kind: acl.KindApplication, Roles: a.Roles, Groups: a.Groups, Attributes: attributes,
	})
}

// member is an application as it is held in memory.
type member struct {
	application Application
	principal   acl.Principal
	networks    []netip.Prefix
}

func newMember(application Application) (*member, error) {
	made := &member{application: application, principal: application.principal()}
	for _, text := range application.Networks {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		made.networks = append(made.networks, network)
	}
	return made, nil
}

// admits reports whether the application may come from an address. An IPv4
// address written as IPv6 (RFC 4291 section 2.5.5.2) is the IPv4 address.
func (m *member) admits(address netip.Addr) bool {
	if len(m.networks) == 0 {
		return true
	}
	address = address.Unmap().WithZone("")
	return slices.ContainsFunc(m.networks, func(network netip.Prefix) bool { return network.Contains(address) })
}
