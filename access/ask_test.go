package access_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

func TestRequestIsKeptAsItWasAsked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.ask(teacher, func(r *access.Request) {
			r.Fields = []string{"pay", "name", "pay"}
			r.Rights = []acl.Right{acl.Hold, acl.View, acl.Hold}
			r.Reason = "  排课 "
			r.Period.Until = r.Period.Until.In(time.FixedZone("", 8*3600))
		})
		require.Equal(t, access.Open, made.State)
		require.Equal(t, []string{"name", "pay"}, made.Fields)
		require.Equal(t, []acl.Right{acl.View, acl.Hold}, made.Rights)
		require.Equal(t, "排课", made.Reason)
		require.Equal(t, "1001", made.Requester)
		require.Equal(t, "hr", made.Department)
		require.Equal(t, []access.Event{{At: c.clock.now(), By: "1001", Did: access.DidAsk}}, made.History)
		found, err := c.desk.Request(t.Context(), made.ID)
		require.NoError(t, err)
		require.Equal(t, made, found)
		require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.View), "to ask gives nothing")
	})
}

func TestRequestsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		for name, wrong := range map[string]struct {
			change func(r *access.Request)
			code   fault.Code
			says   string
		}{
			"unknown dataset": {func(r *access.Request) { r.Dataset = "hr.staf" }, fault.NotFound, "is hr.staff meant?"},
			"unknown field":   {func(r *access.Request) { r.Fields = []string{"name", "moble"} }, fault.Invalid, `no field "moble"; is mobile meant?`},
			"a pattern":       {func(r *access.Request) { r.Fields = []string{"*"} }, fault.Invalid, `no field "*"`},
			"no fields":       {func(r *access.Request) { r.Fields = nil }, fault.Invalid, "name the fields"},
			"unknown right":   {func(r *access.Request) { r.Rights = []acl.Right{"look"} }, fault.Invalid, `"look" is none of`},
			"no rights":       {func(r *access.Request) { r.Rights = nil }, fault.Invalid, "name the rights"},
			"unknown purpose": {func(r *access.Request) { r.Purpose = "teach" }, fault.Invalid, "is teaching meant?"},
			"no purpose":      {func(r *access.Request) { r.Purpose = "" }, fault.Invalid, "for which purpose"},
			"no end":          {func(r *access.Request) { r.Period = acl.Period{} }, fault.Invalid, "until when"},
			"over already":    {func(r *access.Request) { r.Period.Until = c.clock.now() }, fault.Invalid, "in the past"},
			"too long":        {func(r *access.Request) { r.Period.Until = c.clock.now().AddDate(2, 0, 2) }, fault.Invalid, "at most 2 years"},
			"empty period":    {func(r *access.Request) { r.Period.From = r.Period.Until }, fault.Invalid, "is empty"},
			"no reason":       {func(r *access.Request) { r.Reason = " \n" }, fault.Invalid, "what the data is needed for"},
			"long reason":     {func(r *access.Request) { r.Reason = strings.Repeat("长", 2001) }, fault.Invalid, "at most 2000"},
		} {
			request := c.wanted()
			wrong.change(&request)
			_, err := c.desk.Ask(t.Context(), teacher, request)
			c.refused(err, wrong.code, wrong.says, name)
		}
		c.register("odd", "", "all*")
		request := c.wanted()
		request.Dataset = "odd.all*"
		_, err := c.desk.Ask(t.Context(), teacher, request)
		c.refused(err, fault.Invalid, `"*" in its name`)
		_, err = c.desk.Ask(t.Context(), acl.Principal{}, c.wanted())
		c.refused(err, fault.Denied, "sign in")
		_, err = c.desk.Ask(t.Context(), teacher.ActedBy(colleague, acl.Delegation{From: "1001", To: "sun"}), c.wanted())
		c.refused(err, fault.Denied, "by delegation")
		found, err := c.desk.Requests(t.Context(), access.Filter{})
		require.NoError(t, err)
		require.Empty(t, found)
		c.ask(teacher, func(r *access.Request) { r.Period.Until = c.clock.now().AddDate(2, 0, 0) }) // two years are not too long
	})
}

func TestOneRequestIsOpenAtATime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		first := c.ask(teacher)
		_, err := c.desk.Ask(t.Context(), teacher, c.wanted())
		c.refused(err, fault.Conflict, first.ID)
		c.ask(application)
		c.ask(teacher, func(r *access.Request) { r.Purpose = "statistics" })
		c.ask(teacher, func(r *access.Request) { r.Dataset = "hr.contracts" })

		_, err = c.desk.Withdraw(t.Context(), teacher, first.ID)
		require.NoError(t, err)
		second := c.granted(teacher)
		c.ask(teacher) // for more than what was granted
		require.Equal(t, access.Granted, c.state(second.ID))
	})
}

func TestOneOfManyRequestsAtOnceIsFiled(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		var wait sync.WaitGroup
		failed := make(chan error, 8)
		for range cap(failed) {
			wait.Go(func() {
				_, err := c.desk.Ask(t.Context(), teacher, c.wanted())
				failed <- err
			})
		}
		wait.Wait()
		close(failed)
		filed := 0
		for err := range failed {
			if err == nil {
				filed++
				continue
			}
			c.refused(err, fault.Conflict, "already")
		}
		require.Equal(t, 1, filed)
	})
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.ask(teacher)
		for name, other := range map[string]acl.Principal{
			"a steward": steward, "an application of that name": acl.NewPrincipal(acl.Profile{ID: "1001", Kind: acl.KindApplication}),
			"nobody": {}, "a delegate": teacher.ActedBy(colleague, acl.Delegation{From: "1001", To: "sun"}),
		} {
			_, err := c.desk.Withdraw(t.Context(), other, made.ID)
			c.refused(err, fault.Denied, "", name)
		}
		_, err := c.desk.Withdraw(t.Context(), teacher, "none")
		c.refused(err, fault.NotFound, "no request")
		withdrawn, err := c.desk.Withdraw(t.Context(), teacher, made.ID)
		require.NoError(t, err)
		require.Equal(t, access.Withdrawn, withdrawn.State)
		require.Equal(t, access.DidWithdraw, withdrawn.History[1].Did)
		_, err = c.desk.Withdraw(t.Context(), teacher, made.ID)
		c.refused(err, fault.Conflict, "was withdrawn by 1001")
		_, err = c.desk.Decide(t.Context(), steward, made.ID, access.Decision{Grant: made.Fields})
		c.refused(err, fault.Conflict, "was withdrawn by 1001")
		granted := c.granted(teacher)
		_, err = c.desk.Withdraw(t.Context(), teacher, granted.ID)
		c.refused(err, fault.Conflict, "was granted by wang at 2026-03-18 02:00 UTC, so it cannot be withdrawn")
	})
}

func TestRequestsAreFound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		open := c.ask(teacher)
		c.clock.move(time.Minute)
		ended := c.granted(application, func(r *access.Request) { r.Period.Until = c.clock.now().Add(day) })
		c.clock.move(time.Minute)
		granted := c.granted(teacher, func(r *access.Request) { r.Dataset = "finance.payments" })
		c.clock.move(2 * day)
		for name, wanted := range map[string]struct {
			filter access.Filter
			ids    []string
		}{
			"all, newest first": {access.Filter{}, []string{granted.ID, ended.ID, open.ID}},
			"open":              {access.Filter{State: access.Open}, []string{open.ID}},
			"granted":           {access.Filter{State: access.Granted}, []string{granted.ID}},
			"expired":           {access.Filter{State: access.Expired}, []string{ended.ID}},
			"refused":           {access.Filter{State: access.Refused}, []string{}},
			"of somebody":       {access.Filter{Requester: "1001"}, []string{granted.ID, open.ID}},
			"of a department":   {access.Filter{Department: "hr"}, []string{ended.ID, open.ID}},
			"of a dataset":      {access.Filter{Dataset: "hr.staff", Requester: "library"}, []string{ended.ID}},
		} {
			found, err := c.desk.Requests(t.Context(), wanted.filter)
			require.NoError(t, err, name)
			ids := []string{}
			for _, one := range found {
				ids = append(ids, one.ID)
			}
			require.Equal(t, wanted.ids, ids, name)
		}
		_, err := c.desk.Requests(t.Context(), access.Filter{State: "opened"})
		c.refused(err, fault.Invalid, "is open meant?")
		_, err = c.desk.Request(t.Context(), "none")
		c.refused(err, fault.NotFound, "no request")
	})
}
