package access_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
)

func TestGrantMakesADifferenceWhileItLasts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.ask(teacher, func(r *access.Request) { r.Period.Until = c.clock.now().Add(30 * day) })
		require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.View))
		decided, err := c.desk.Decide(t.Context(), steward, made.ID, access.Decision{Grant: []string{"mobile", "name"}, Rights: []acl.Right{acl.View}, Note: "只给姓名和手机"})
		require.NoError(t, err)
		require.Equal(t, access.Granted, decided.State)
		names := map[string]string{"name": "clear", "mobile": "clear"}
		require.Equal(t, names, c.sees(teacher, "hr.staff", "teaching", acl.View))
		require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.Hold), "another right")
		require.Empty(t, c.sees(teacher, "hr.staff", "statistics", acl.View), "another purpose")
		require.Empty(t, c.sees(teacher, "hr.staff", "", acl.View), "no purpose")
		require.Empty(t, c.sees(teacher, "hr.contracts", "teaching", acl.View), "another dataset")
		require.Empty(t, c.sees(colleague, "hr.staff", "teaching", acl.View), "somebody else")
		require.Empty(t, c.sees(acl.NewPrincipal(acl.Profile{ID: "1001", Kind: acl.KindApplication}), "hr.staff", "teaching", acl.View), "an application of that name")

		c.clock.move(30*day - time.Second)
		require.Equal(t, names, c.sees(teacher, "hr.staff", "teaching", acl.View))
		require.Equal(t, access.Granted, c.state(made.ID))
		c.clock.move(time.Second)
		require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.View))
		require.Equal(t, access.Expired, c.state(made.ID))
	})
}

func TestGrantBecomesPolicies(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.ask(application, func(r *access.Request) { r.Period.From = c.clock.now().Add(day) })
		until := c.clock.now().Add(10 * day)
		decided, err := c.desk.Decide(t.Context(), namedSteward, made.ID, access.Decision{Grant: []string{"name"}, Until: until, Rows: "college = @college and pay > 10"})
		require.NoError(t, err)
		policy, known := c.policies.Current().Policy("grant:" + made.ID)
		require.True(t, known)
		require.Equal(t, acl.Policy{
			ID: "grant:" + made.ID, Description: "granted on request: 排课", Effect: acl.Allow,
			Subject: acl.Subject{Applications: []string{"library"}}, Resource: acl.Selector{Datasets: []string{"hr.staff"}, Fields: []string{"name"}},
			Rights: []acl.Right{acl.View, acl.Hold}, Rows: "college = @college and pay > 10", Purposes: []string{"teaching"},
			Valid: acl.Period{From: c.clock.now().Add(day), Until: until},
		}, policy)
		require.Equal(t, []acl.Policy{policy}, decided.Grant.Policies)
		origin, err := c.policies.OriginOf(policy.ID)
		require.NoError(t, err)
		require.Equal(t, "grant", origin.Origin)
		require.Equal(t, "li", origin.Author)

		reader := acl.NewPrincipal(acl.Profile{ID: "library", Kind: acl.KindApplication, Attributes: map[string][]string{"college": {"math"}}})
		require.Empty(t, c.sees(reader, "hr.staff", "teaching", acl.Hold), "it begins tomorrow")
		c.clock.move(day)
		require.Equal(t, map[string]string{"name": "clear on some rows"}, c.sees(reader, "hr.staff", "teaching", acl.Hold))
	})
}

func TestMasksSplitAGrant(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.ask(teacher, func(r *access.Request) { r.Rights = acl.Rights() })
		first := acl.Mask{Kind: acl.MaskFirst, Keep: 2}
		decided, err := c.desk.Decide(t.Context(), steward, made.ID, access.Decision{
			Grant: []string{"name", "mobile", "pay"}, Rights: []acl.Right{acl.View, acl.Create}, Mask: map[string]acl.Mask{"mobile": {Kind: acl.MaskPhone}, "name": first},
		})
		require.NoError(t, err)
		ids := []string{}
		for _, policy := range decided.Grant.Policies {
			ids = append(ids, strings.TrimPrefix(policy.ID, "grant:"+made.ID))
		}
		require.Equal(t, []string{"/1", "/2", "/3", "/4"}, ids)
		require.Equal(t, map[string]string{"name": "masked (first 2)", "mobile": "masked (phone)", "pay": "clear"}, c.sees(teacher, "hr.staff", "teaching", acl.View))
		require.Equal(t, map[string]string{"name": "clear", "mobile": "clear", "pay": "clear"}, c.sees(teacher, "hr.staff", "teaching", acl.Create))
		require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.Hold))

		_, err = c.desk.Renew(t.Context(), steward, made.ID, c.clock.now().AddDate(2, 0, 0), "")
		require.NoError(t, err)
		c.clock.move(400 * day)
		require.Equal(t, map[string]string{"name": "masked (first 2)", "mobile": "masked (phone)", "pay": "clear"}, c.sees(teacher, "hr.staff", "teaching", acl.View))
		_, err = c.desk.Revoke(t.Context(), steward, made.ID, "")
		require.NoError(t, err)
		require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.View))
		require.Zero(t, c.policies.Current().Len())
	})
}

func TestOnlyAStewardDecides(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		own := person("1001", []string{"teacher", "steward"}, "hr")
		for name, wrong := range map[string]struct {
			who  acl.Principal
			says string
		}{
			"the requester":                   {teacher, `only a steward of department "hr"`},
			"the requester, a steward":        {own, "nobody decides about their own access"},
			"a steward of another department": {financeSteward, "only a steward"},
			"a colleague who is no steward":   {colleague, "only a steward"},
			"a steward of no department":      {person("zhou", []string{"steward"}), "only a steward"},
			"an application named li":         {acl.NewPrincipal(acl.Profile{ID: "li", Kind: acl.KindApplication}), "only a steward"},
			"nobody":                          {acl.Principal{}, "sign in"},
			"who acts for a steward":          {steward.ActedBy(teacher, acl.Delegation{From: "wang", To: "1001"}), "by delegation"},
		} {
			made := c.ask(teacher)
			_, err := c.desk.Decide(t.Context(), wrong.who, made.ID, access.Decision{Grant: made.Fields})
			c.refused(err, fault.Denied, wrong.says, name)
			_, err = c.desk.Decide(t.Context(), wrong.who, made.ID, access.Decision{})
			c.refused(err, fault.Denied, wrong.says, name)
			_, err = c.desk.Withdraw(t.Context(), teacher, made.ID)
			require.NoError(t, err)
		}
		require.Zero(t, c.policies.Current().Len())
		for _, right := range []acl.Principal{steward, otherSteward, namedSteward} {
			made := c.ask(teacher)
			_, err := c.desk.Decide(t.Context(), right, made.ID, access.Decision{})
			require.NoError(t, err)
		}
		// A dataset that changes hands is decided by those who own it now.
		moved := c.ask(teacher)
		require.NoError(t, c.catalog.Register(t.Context(), definition.System{ID: "hr", Department: "finance", Datasets: []definition.Dataset{
			{Name: "staff", Fields: []definition.Field{{Name: "name"}}},
		}}))
		_, err := c.desk.Decide(t.Context(), steward, moved.ID, access.Decision{})
		c.refused(err, fault.Denied, `"finance"`)
		_, err = c.desk.Decide(t.Context(), financeSteward, moved.ID, access.Decision{})
		require.NoError(t, err)
	})
}

func TestDecisionsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.ask(teacher)
		grant := []string{"name", "pay"}
		for name, wrong := range map[string]struct {
			decision access.Decision
			says     string
		}{
			"a field more":       {access.Decision{Grant: []string{"name", "college"}}, `"college" was not asked for`},
			"a right more":       {access.Decision{Grant: grant, Rights: []acl.Right{acl.Transmit}}, "transmit was not asked for"},
			"unknown right":      {access.Decision{Grant: grant, Rights: []acl.Right{"look"}}, "none of the rights"},
			"a day more":         {access.Decision{Grant: grant, Until: made.Period.Until.Add(day)}, "not longer"},
			"over already":       {access.Decision{Grant: grant, Until: c.clock.now()}, "before it begins"},
			"mask of another":    {access.Decision{Grant: grant, Mask: map[string]acl.Mask{"mobile": {Kind: acl.MaskPhone}}}, `"mobile" is not granted`},
			"unknown mask":       {access.Decision{Grant: grant, Mask: map[string]acl.Mask{"name": {Kind: "blur"}}}, `unknown mask "blur"`},
			"no mask":            {access.Decision{Grant: grant, Mask: map[string]acl.Mask{"name": {}}}, "name the kind"},
			"unknown expression": {access.Decision{Grant: grant, Mask: map[string]acl.Mask{"name": {Kind: acl.MaskExpression, Name: "none"}}}, "no mask expression"},
			"rows do not parse":  {access.Decision{Grant: grant, Rows: "pay >"}, "rows: condition"},
			"rows of no field":   {access.Decision{Grant: grant, Rows: "colege = 'math'"}, "rows: condition"},
			"rows of a number":   {access.Decision{Grant: grant, Rows: "pay > 'much'"}, "rows: condition"},
			"long note":          {access.Decision{Note: strings.Repeat("长", 2001)}, "at most 2000"},
		} {
			_, err := c.desk.Decide(t.Context(), steward, made.ID, wrong.decision)
			c.refused(err, fault.Invalid, wrong.says, name)
		}
		_, err := c.desk.Decide(t.Context(), steward, "none", access.Decision{})
		c.refused(err, fault.NotFound, "no request")
		require.Equal(t, access.Open, c.state(made.ID))
		require.Zero(t, c.policies.Current().Len())

		_, err = c.desk.Decide(t.Context(), steward, made.ID, access.Decision{Note: "不需要"})
		require.NoError(t, err)
		_, err = c.desk.Decide(t.Context(), steward, made.ID, access.Decision{Grant: grant})
		c.refused(err, fault.Conflict, "was refused by wang")

		late := c.ask(teacher, func(r *access.Request) { r.Period.Until = c.clock.now().Add(day) })
		c.clock.move(day)
		_, err = c.desk.Decide(t.Context(), steward, late.ID, access.Decision{Grant: grant})
		c.refused(err, fault.Conflict, "the time that was asked for ended")

		create := c.ask(application, func(r *access.Request) { r.Rights = []acl.Right{acl.Create} })
		_, err = c.desk.Decide(t.Context(), steward, create.ID, access.Decision{Grant: grant, Mask: map[string]acl.Mask{"name": {Kind: acl.MaskName}}})
		c.refused(err, fault.Invalid, "what is created is not masked")
	})
}

func TestHoldersMayBeGrantedToView(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.ask(teacher, func(r *access.Request) { r.Rights = []acl.Right{acl.Hold} })
		_, err := c.desk.Decide(t.Context(), steward, made.ID, access.Decision{Grant: []string{"name"}, Rights: []acl.Right{acl.View}})
		require.NoError(t, err)
		require.Equal(t, map[string]string{"name": "clear"}, c.sees(teacher, "hr.staff", "teaching", acl.View))
		require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.Hold))
	})
}

func TestRowsMaySpeakOfThePerson(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.ask(teacher)
		_, err := c.desk.Decide(t.Context(), steward, made.ID, access.Decision{Grant: []string{"pay"}, Rows: "#person.mobile = '1'"})
		c.refused(err, fault.Invalid, "no element person.mobile")
		_, err = c.desk.Decide(t.Context(), steward, made.ID, access.Decision{Grant: []string{"pay"}, Rows: "#person = @id"})
		require.NoError(t, err)
		require.Equal(t, map[string]string{"pay": "clear on some rows"}, c.sees(teacher, "hr.staff", "teaching", acl.View))
	})
}

func TestRefusalGivesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.ask(teacher)
		version := c.policies.Current().Version()
		refused, err := c.desk.Decide(t.Context(), steward, made.ID, access.Decision{Note: "不需要"})
		require.NoError(t, err)
		require.Equal(t, access.Refused, refused.State)
		require.Equal(t, access.Event{At: c.clock.now(), By: "wang", Did: access.DidRefuse, Note: "不需要"}, refused.History[1])
		require.Equal(t, version, c.policies.Current().Version())
		require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.View))
		c.ask(teacher) // and it may be asked again
	})
}

func TestOneOfManyDecisionsCounts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.ask(teacher)
		var wait sync.WaitGroup
		failed := make(chan error, 6)
		for i := range cap(failed) {
			wait.Go(func() {
				_, err := c.desk.Decide(t.Context(), steward, made.ID, access.Decision{Grant: made.Fields[i%3 : i%3+1]})
				failed <- err
			})
		}
		wait.Wait()
		close(failed)
		granted := 0
		for err := range failed {
			if err == nil {
				granted++
				continue
			}
			c.refused(err, fault.Conflict, "")
		}
		require.Equal(t, 1, granted)
		found, err := c.desk.Request(t.Context(), made.ID)
		require.NoError(t, err)
		require.Len(t, found.History, 2)
		seen := c.sees(teacher, "hr.staff", "teaching", acl.View)
		require.Len(t, seen, 1)
		require.Contains(t, seen, found.Grant.Fields[0])
	})
}

func TestManyRequestsAreDecidedAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		var wait sync.WaitGroup
		failed := make(chan error, 6)
		for i := range cap(failed) {
			made := c.ask(person(string(rune('a'+i)), nil))
			wait.Go(func() {
				_, err := c.desk.Decide(t.Context(), steward, made.ID, access.Decision{Grant: made.Fields})
				failed <- err
			})
		}
		wait.Wait()
		close(failed)
		for err := range failed {
			require.NoError(t, err)
		}
		require.Equal(t, cap(failed), c.policies.Current().Len())
	})
}
