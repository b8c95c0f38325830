package access_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
	"github.com/yitong-hub/yitong/schema"
)

const day = 24 * time.Hour

// hands is a clock that stands still until it is moved.
type hands struct {
	mu sync.Mutex
	at time.Time
}

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hands) move(by time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(by)
}

// used is what somebody read.
type used struct {
	count int64
	last  time.Time
}

// usage holds, for "principal dataset", what was read.
type usage map[string]used

func (u usage) Usage(_ context.Context, principal, dataset string) (int64, time.Time, error) {
	found := u[principal+" "+dataset]
	return found.count, found.last, nil
}

// campus is a desk with a catalog of three datasets.
type campus struct {
	t        *testing.T
	clock    *hands
	opened   *store.Store
	catalog  *catalog.Catalog
	policies *policystore.Store
	usage    usage
	desk     *access.Desk
	// written is called inside of each transaction that changes policies.
	written func()
}

func each(t *testing.T, test func(*testing.T, *campus)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, opened *store.Store) { test(t, newCampus(t, opened)) })
}

func newCampus(t *testing.T, opened *store.Store) *campus {
	t.Helper()
	c := &campus{
		t: t, opened: opened, usage: usage{}, written: func() {},
		clock: &hands{at: time.Date(2026, 3, 18, 2, 0, 0, 0, time.UTC)},
	}
	var err error
	c.catalog, err = catalog.New(t.Context(), opened)
	require.NoError(t, err)
	c.register("hr", "li", "staff", "contracts")
	c.register("finance", "", "payments")
	c.policies, err = policystore.New(t.Context(), opened, func() time.Time {
		c.written()
		return c.clock.now()
	}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	_, err = c.policies.Apply(t.Context(), policystore.Change{Origin: "file:campus.yaml", Author: "admin", Put: acl.Contents{Purposes: []acl.Purpose{
		{ID: "teaching", Title: "教学", Basis: "public_interest"}, {ID: "statistics", Title: "统计", Basis: "public_interest"},
	}}})
	require.NoError(t, err)
	c.desk = access.New(c.policies, c.catalog, c.usage, opened, c.clock.now)
	return c
}

func (c *campus) register(system, steward string, datasets ...string) {
	c.t.Helper()
	number := schema.DecimalOf(10, 2)
	declared := definition.System{ID: system, Title: definition.Text{ZH: system}, Department: system, Steward: steward, Connector: "sqlite"}
	for _, name := range datasets {
		declared.Datasets = append(declared.Datasets, definition.Dataset{
			Name: name, Source: name, Title: definition.Text{ZH: name}, Person: "person_id",
			Fields: []definition.Field{{Name: "person_id"}, {Name: "name"}, {Name: "mobile"}, {Name: "college"}, {Name: "pay", Type: &number}},
		})
	}
	require.NoError(c.t, c.catalog.Register(c.t.Context(), declared))
}

func person(id string, roles []string, departments ...string) acl.Principal {
	return acl.NewPrincipal(acl.Profile{ID: id, Kind: acl.KindPerson, Roles: roles, Attributes: map[string][]string{"department": departments}})
}

var (
	teacher        = person("1001", []string{"teacher"}, "math")
	steward        = person("wang", []string{"steward"}, "hr")
	otherSteward   = person("zhao", []string{"steward"}, "science", "hr")
	namedSteward   = person("li", []string{"staff"}, "hr")
	financeSteward = person("qian", []string{"steward"}, "finance")
	colleague      = person("sun", []string{"staff"}, "hr")
	application    = acl.NewPrincipal(acl.Profile{ID: "library", Kind: acl.KindApplication})
)

// wanted is a request that nothing is wrong with.
func (c *campus) wanted() access.Request {
	return access.Request{
		Dataset: "hr.staff", Fields: []string{"name", "mobile", "pay"}, Rights: []acl.Right{acl.View, acl.Hold}, Purpose: "teaching",
		Period: acl.Period{Until: c.clock.now().AddDate(1, 0, 0)}, Reason: "排课",
	}
}

func (c *campus) ask(who acl.Principal, change ...func(r *access.Request)) access.Case {
	c.t.Helper()
	request := c.wanted()
	for _, one := range change {
		one(&request)
	}
	made, err := c.desk.Ask(c.t.Context(), who, request)
	require.NoError(c.t, err)
	return made
}

// granted is a request of which all is granted.
func (c *campus) granted(who acl.Principal, change ...func(r *access.Request)) access.Case {
	c.t.Helper()
	made := c.ask(who, change...)
	decider := steward
	if made.Department == "finance" {
		decider = financeSteward
	}
	made, err := c.desk.Decide(c.t.Context(), decider, made.ID, access.Decision{Grant: made.Fields})
	require.NoError(c.t, err)
	return made
}

// refused asserts that an error is a fault of a kind, with a sentence that says so.
func (c *campus) refused(err error, code fault.Code, says string, about ...any) {
	c.t.Helper()
	require.Error(c.t, err, about...)
	require.Equal(c.t, string(code), string(fault.CodeOf(err)), append([]any{err.Error()}, about...)...)
	require.Contains(c.t, fault.Public(err), says, about...)
}

func (c *campus) state(id string) access.State {
	c.t.Helper()
	found, err := c.desk.Request(c.t.Context(), id)
	require.NoError(c.t, err)
	return found.State
}

// sees is what the policies of now let somebody see of the fields of a dataset.
func (c *campus) sees(who acl.Principal, dataset, purpose string, right acl.Right) map[string]string {
	c.t.Helper()
	found, err := c.catalog.Dataset(c.t.Context(), dataset)
	require.NoError(c.t, err)
	resource := acl.Resource{Dataset: found.ID, Department: found.Department, Person: found.Person}
	for _, field := range found.Fields {
		resource.Fields = append(resource.Fields, acl.Field{Name: field.Name, Type: field.Type, Column: `"` + field.Name + `"`})
	}
	decision, err := c.policies.Current().Compile(who, acl.Request{Right: right, Purpose: purpose, At: c.clock.now()}, acl.NewResource(resource))
	require.NoError(c.t, err)
	seen := map[string]string{}
	for _, field := range found.Fields {
		if best := decision.Field(field.Name).Best(); best.Access > acl.Denied {
			seen[field.Name] = best.String()
			if !decision.Field(field.Name).Whole() {
				seen[field.Name] += " on some rows"
			}
		}
	}
	return seen
}
