package access_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/internal/fault"
)

func TestRenewedGrantLastsLonger(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.granted(teacher, func(r *access.Request) { r.Period.Until = c.clock.now().Add(10 * day) })
		renewed, err := c.desk.Renew(t.Context(), otherSteward, made.ID, c.clock.now().Add(20*day), " 仍需要 ")
		require.NoError(t, err)
		require.Equal(t, access.Granted, renewed.State)
		require.Equal(t, c.clock.now().Add(20*day), renewed.Grant.Period.Until)
		event := renewed.History[2]
		require.Equal(t, access.DidRenew, event.Did)
		require.Equal(t, "zhao", event.By)
		require.Equal(t, "仍需要", event.Note)
		require.Equal(t, c.clock.now().Add(20*day), event.Grant.Period.Until)
		require.Equal(t, c.clock.now().Add(10*day), renewed.History[1].Grant.Period.Until)
		c.clock.move(15 * day)
		require.Len(t, c.sees(teacher, "hr.staff", "teaching", acl.View), 3)
		c.clock.move(5 * day)
		require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.View))
		require.Equal(t, access.Expired, c.state(made.ID))
	})
}

func TestRenewalsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.granted(teacher, func(r *access.Request) { r.Period.Until = c.clock.now().Add(10 * day) })
		longer := c.clock.now().Add(20 * day)
		for name, wrong := range map[string]struct {
			who   acl.Principal
			until time.Time
			code  fault.Code
			says  string
		}{
			"the holder":               {teacher, longer, fault.Denied, "only a steward"},
			"the holder, a steward":    {person("1001", []string{"steward"}, "hr"), longer, fault.Denied, "their own access"},
			"another's steward":        {financeSteward, longer, fault.Denied, "only a steward"},
			"no end":                   {steward, time.Time{}, fault.Invalid, "until when"},
			"in the past":              {steward, c.clock.now(), fault.Invalid, "in the past"},
			"shorter":                  {steward, c.clock.now().Add(5 * day), fault.Invalid, "already: to end it earlier"},
			"the same":                 {steward, made.Grant.Period.Until, fault.Invalid, "already"},
			"more than two years":      {steward, c.clock.now().AddDate(2, 0, 2), fault.Invalid, "at most 2 years"},
			"who acts for the steward": {steward.ActedBy(colleague, acl.Delegation{}), longer, fault.Denied, "by delegation"},
		} {
			_, err := c.desk.Renew(t.Context(), wrong.who, made.ID, wrong.until, "")
			c.refused(err, wrong.code, wrong.says, name)
		}
		open := c.ask(teacher)
		_, err := c.desk.Renew(t.Context(), steward, open.ID, longer, "")
		c.refused(err, fault.Conflict, "not decided yet")
		_, err = c.desk.Revoke(t.Context(), steward, open.ID, "")
		c.refused(err, fault.Conflict, "not decided yet")
		c.clock.move(10 * day)
		_, err = c.desk.Renew(t.Context(), steward, made.ID, longer, "")
		c.refused(err, fault.Conflict, "ended by itself at 2026-03-28 02:00 UTC")
		_, err = c.desk.Revoke(t.Context(), steward, made.ID, "")
		c.refused(err, fault.Conflict, "ended by itself")
	})
}

func TestRevocationEndsAGrantAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		for name, who := range map[string]acl.Principal{"a steward": steward, "the steward by name": namedSteward, "the holder": teacher} {
			made := c.granted(teacher)
			require.NotEmpty(t, c.sees(teacher, "hr.staff", "teaching", acl.View), name)
			revoked, err := c.desk.Revoke(t.Context(), who, made.ID, "调离")
			require.NoError(t, err, name)
			require.Equal(t, access.Revoked, revoked.State, name)
			require.Equal(t, access.Event{At: c.clock.now(), By: who.ID(), Did: access.DidRevoke, Note: "调离"}, revoked.History[2], name)
			require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.View), name)
			require.Equal(t, access.Revoked, c.state(made.ID), name)
			_, err = c.desk.Revoke(t.Context(), who, made.ID, "")
			c.refused(err, fault.Conflict, "was revoked by "+who.ID(), name)
			_, err = c.desk.Renew(t.Context(), steward, made.ID, c.clock.now().AddDate(2, 0, 0), "")
			c.refused(err, fault.Conflict, "was revoked by", name)
		}
		made := c.granted(teacher)
		for name, who := range map[string]acl.Principal{
			"a colleague": colleague, "another's steward": financeSteward, "nobody": {},
			"an application of that name": acl.NewPrincipal(acl.Profile{ID: "1001", Kind: acl.KindApplication}),
			"who acts for the holder":     teacher.ActedBy(colleague, acl.Delegation{}),
		} {
			_, err := c.desk.Revoke(t.Context(), who, made.ID, "")
			c.refused(err, fault.Denied, "", name)
		}
		require.NotEmpty(t, c.sees(teacher, "hr.staff", "teaching", acl.View))
	})
}

func TestGrantThatThePoliciesLostIsRevoked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.granted(teacher)
		_, err := c.policies.Apply(t.Context(), policystore.Change{Origin: access.Origin, Author: "admin", Remove: []string{"grant:" + made.ID}})
		require.NoError(t, err)
		require.Equal(t, access.Revoked, c.state(made.ID))
		_, err = c.desk.Renew(t.Context(), steward, made.ID, c.clock.now().AddDate(2, 0, 0), "")
		c.refused(err, fault.Conflict, "ended by a change of the policies")
	})
}

func TestReview(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		lasting := func(days int) func(r *access.Request) {
			return func(r *access.Request) { r.Period.Until = c.clock.now().Add(time.Duration(days) * day) }
		}
		read := func(who string, days int) {
			c.usage[who+" hr.staff"] = used{7, c.clock.now().Add(time.Duration(-days) * day)}
		}
		ask := func(who string, days int) { c.granted(person(who, nil), lasting(days)) }
		ask("never", 400)
		ask("ends-second", 129)
		ask("ends-first", 115)
		ask("long-ago", 400)
		ask("busy", 400)
		ask("revoked", 400)
		ask("ended", 50)
		c.granted(person("never", nil), lasting(400), func(r *access.Request) { r.Dataset = "finance.payments" })
		c.clock.move(100 * day)
		ask("new", 400)
		c.ask(person("open", nil), lasting(10))
		read("busy", 1)
		read("ends-second", 1)
		read("long-ago", 95)
		revoked, err := c.desk.Requests(t.Context(), access.Filter{Requester: "revoked"})
		require.NoError(t, err)
		_, err = c.desk.Revoke(t.Context(), steward, revoked[0].ID, "")
		require.NoError(t, err)

		type line struct {
			Who, Why string
			Count    int64
		}
		review := func(who acl.Principal, options access.ReviewOptions) []line {
			t.Helper()
			found, err := c.desk.Review(t.Context(), who, options)
			require.NoError(t, err)
			lines := []line{}
			for _, one := range found {
				require.Equal(t, one.Case.Grant.Period.Until, one.Ends)
				lines = append(lines, line{one.Case.Requester, one.Why, one.Count})
			}
			return lines
		}
		require.Equal(t, []line{
			{"ends-first", "the access ends at 2026-07-11 02:00 UTC, and it was never used", 0},
			{"ends-second", "the access ends at 2026-07-25 02:00 UTC", 7},
			{"never", "it was never used", 0},
			{"long-ago", "it was last used at 2026-03-23 02:00 UTC", 7},
		}, review(steward, access.ReviewOptions{}))
		require.Equal(t, review(steward, access.ReviewOptions{}), review(namedSteward, access.ReviewOptions{}))
		require.Equal(t, []line{{"never", "it was never used", 0}}, review(financeSteward, access.ReviewOptions{}))
		require.Empty(t, review(teacher, access.ReviewOptions{}))
		require.Equal(t, []line{
			{"ends-first", "the access ends at 2026-07-11 02:00 UTC", 0},
		}, review(steward, access.ReviewOptions{UnusedFor: 120 * day, EndsWithin: 20 * day}))
		_, err = c.desk.Review(t.Context(), acl.Principal{}, access.ReviewOptions{})
		c.refused(err, fault.Denied, "sign in")
	})
}
