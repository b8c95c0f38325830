package access_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
)

func idsOf(cases []access.Case) []string {
	ids := []string{}
	for _, one := range cases {
		ids = append(ids, one.ID)
	}
	return ids
}

func TestRequestsAreForTheirParties(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		staff := c.ask(teacher)
		payments := c.granted(application, func(r *access.Request) { r.Dataset = "finance.payments" })
		for name, one := range map[string]struct {
			who             acl.Principal
			sees, answersTo []string
		}{
			"who asked":                   {teacher, []string{staff.ID}, []string{}},
			"who holds":                   {application, []string{payments.ID}, []string{}},
			"a steward":                   {steward, []string{staff.ID}, []string{staff.ID}},
			"a named steward":             {namedSteward, []string{staff.ID}, []string{staff.ID}},
			"another steward":             {financeSteward, []string{payments.ID}, []string{payments.ID}},
			"a colleague":                 {colleague, []string{}, []string{}},
			"an application of that name": {acl.NewPrincipal(acl.Profile{ID: "1001", Kind: acl.KindApplication}), []string{}, []string{}},
		} {
			found, err := c.desk.RequestsFor(t.Context(), one.who, access.Filter{})
			require.NoError(t, err, name)
			require.Equal(t, one.sees, idsOf(found), name)
			found, err = c.desk.RequestsToSteward(t.Context(), one.who, access.Filter{})
			require.NoError(t, err, name)
			require.Equal(t, one.answersTo, idsOf(found), name)
			for _, id := range []string{staff.ID, payments.ID} {
				shown, err := c.desk.RequestFor(t.Context(), one.who, id)
				if slices.Contains(one.sees, id) {
					require.NoError(t, err, name)
					require.Equal(t, id, shown.ID)
					continue
				}
				c.refused(err, fault.NotFound, `there is no request "`+id+`"`, name)
			}
		}
		_, err := c.desk.RequestFor(t.Context(), teacher, "none")
		c.refused(err, fault.NotFound, `there is no request "none"`, "one that is not there is refused alike")
		found, err := c.desk.RequestsFor(t.Context(), steward, access.Filter{State: access.Granted})
		require.NoError(t, err)
		require.Empty(t, found)
		_, err = c.desk.RequestsFor(t.Context(), steward, access.Filter{State: "opened"})
		c.refused(err, fault.Invalid, "is open meant?")
		for name, nobody := range map[string]acl.Principal{
			"nobody": {}, "a delegate": steward.ActedBy(colleague, acl.Delegation{From: "wang", To: "sun"}),
		} {
			_, err := c.desk.RequestsFor(t.Context(), nobody, access.Filter{})
			c.refused(err, fault.Denied, "", name)
			_, err = c.desk.RequestsToSteward(t.Context(), nobody, access.Filter{})
			c.refused(err, fault.Denied, "", name)
			_, err = c.desk.RequestFor(t.Context(), nobody, staff.ID)
			c.refused(err, fault.Denied, "", name)
		}

		// A dataset that changes hands takes its requests along.
		require.NoError(t, c.catalog.Register(t.Context(), definition.System{ID: "hr", Department: "finance", Datasets: []definition.Dataset{
			{Name: "staff", Fields: []definition.Field{{Name: "name"}}},
		}}))
		found, err = c.desk.RequestsFor(t.Context(), financeSteward, access.Filter{})
		require.NoError(t, err)
		require.Equal(t, []string{payments.ID, staff.ID}, idsOf(found))
		found, err = c.desk.RequestsFor(t.Context(), steward, access.Filter{})
		require.NoError(t, err)
		require.Empty(t, found)
	})
}

func TestShortfallsOfAGrant(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		shortfalls := func(granted access.Case) []access.Shortfall {
			t.Helper()
			dataset, err := c.catalog.Dataset(t.Context(), "hr.staff")
			require.NoError(t, err)
			found, err := access.Shortfalls(c.policies.Current(), teacher, query.ResourceOf(dataset), granted, c.clock.now())
			require.NoError(t, err)
			return found
		}
		asked := c.ask(teacher, func(r *access.Request) { r.Period.From = c.clock.now().Add(day) })
		require.Empty(t, shortfalls(asked), "nothing is granted yet")
		granted, err := c.desk.Decide(t.Context(), steward, asked.ID, access.Decision{
			Grant: []string{"name", "mobile", "pay"}, Mask: map[string]acl.Mask{"mobile": {Kind: acl.MaskPhone}},
		})
		require.NoError(t, err)
		require.Empty(t, shortfalls(granted), "it begins tomorrow, and will be as granted")

		fields := func(names ...string) acl.Selector { return acl.Selector{Datasets: []string{"hr.*"}, Fields: names} }
		anyone := acl.Subject{Anyone: true}
		_, err = c.policies.Apply(t.Context(), policystore.Change{Origin: "file:deny.yaml", Author: "admin", Put: acl.Contents{Policies: []acl.Policy{
			{ID: "no-pay", Effect: acl.Deny, Subject: anyone, Resource: fields("pay"), Rights: []acl.Right{acl.View}},
			{ID: "short-mobile", Effect: acl.Deny, Subject: anyone, Resource: fields("mobile"), Rights: []acl.Right{acl.View}, Mask: &acl.Mask{Kind: acl.MaskPhone}},
			{ID: "own-name", Effect: acl.Deny, Subject: anyone, Resource: fields("name"), Rights: []acl.Right{acl.Hold}, Rows: "college = 'math'"},
		}}})
		require.NoError(t, err)
		require.Equal(t, []access.Shortfall{
			{Field: "pay", Right: acl.View, Access: "denied", Reason: "allowed by grant:" + granted.ID + "/1, limited by no-pay"},
			{Field: "name", Right: acl.Hold, Access: "clear", SomeRows: true, Reason: "allowed by grant:" + granted.ID + "/1, limited by own-name"},
			{Field: "pay", Right: acl.Hold, Access: "denied", Reason: "allowed by grant:" + granted.ID + "/1, limited by no-pay"},
		}, shortfalls(granted), "the mask is the one that was granted")
	})
}
