package policystore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

// lent is a delegation of the dean's rights to the secretary.
func lent(until time.Time) acl.Delegation {
	return acl.Delegation{
		From: "dean", To: "secretary", Rights: []acl.Right{acl.View}, Resource: acl.Selector{Datasets: []string{"hr.staff"}},
		Valid: acl.Period{Until: until}, Reason: "出差",
	}
}

func TestDelegationsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		policies := withPurposes(t, opened, clock.now)
		for name, refused := range map[string]struct {
			change func(d *acl.Delegation)
			says   string
		}{
			"to oneself":       {func(d *acl.Delegation) { d.To = d.From }, "cannot act for themselves"},
			"no lender":        {func(d *acl.Delegation) { d.From = "" }, "from: name who lends"},
			"nobody acts":      {func(d *acl.Delegation) { d.To = "" }, "to: name who lends"},
			"an unseen letter": {func(d *acl.Delegation) { d.To = "secre\u200btary" }, "cannot be seen"},
			"no rights":        {func(d *acl.Delegation) { d.Rights = nil }, "name at least one of view"},
			"unknown right":    {func(d *acl.Delegation) { d.Rights = []acl.Right{acl.View, "look"} }, `"look" is none of view`},
			"nothing":          {func(d *acl.Delegation) { d.Resource = acl.Selector{} }, "say what is lent"},
			"an empty name":    {func(d *acl.Delegation) { d.Resource.Fields = []string{""} }, "fields: a name is empty"},
			"whose department": {func(d *acl.Delegation) { d.Resource.Departments = []string{"@department"} }, "name the department"},
			"no end":           {func(d *acl.Delegation) { d.Valid = acl.Period{} }, "say until when"},
			"over already":     {func(d *acl.Delegation) { d.Valid.Until = clock.now() }, "must be in the future"},
			"empty period":     {func(d *acl.Delegation) { d.Valid.From = d.Valid.Until }, "is empty"},
			"too long":         {func(d *acl.Delegation) { d.Valid.Until = clock.now().AddDate(1, 0, 2) }, "at most 1 year ahead"},
		} {
			d := lent(clock.now().Add(time.Hour))
			refused.change(&d)
			_, err := policies.Delegate(t.Context(), d)
			require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
			require.Contains(t, fault.Public(err), refused.says, name)
		}
		records, err := policies.Delegations(t.Context(), policystore.DelegationFilter{})
		require.NoError(t, err)
		require.Empty(t, records)
	})
}

func TestDelegationCountsInItsPeriod(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		policies := withPurposes(t, opened, clock.now)
		wanted := lent(clock.now().AddDate(1, 0, 0))
		wanted.Valid.From = clock.now().AddDate(0, 0, -7)
		made, err := policies.Delegate(t.Context(), wanted)
		require.NoError(t, err)
		require.NotEmpty(t, made.ID)
		require.Equal(t, clock.now(), made.Valid.From, "nothing is lent for the past")

		acts := func(at time.Time) {
			t.Helper()
			found, err := policies.Acting(t.Context(), "secretary", "dean", at)
			require.NoError(t, err)
			require.Equal(t, made, found)
		}
		denied := func(actor, lender string, at time.Time) {
			t.Helper()
			_, err := policies.Acting(t.Context(), actor, lender, at)
			require.Equal(t, fault.Denied, fault.CodeOf(err))
		}
		acts(clock.now())
		acts(made.Valid.Until.Add(-time.Second))
		denied("secretary", "dean", made.Valid.Until)
		denied("secretary", "dean", made.Valid.From.Add(-time.Second))
		denied("dean", "secretary", clock.now())
		denied("porter", "dean", clock.now())

		// One at a time between the same two, others beside it.
		_, err = policies.Delegate(t.Context(), lent(clock.now().Add(time.Hour)))
		require.Equal(t, fault.Conflict, fault.CodeOf(err))
		require.Contains(t, fault.Public(err), made.ID)
		other := lent(clock.now().Add(time.Hour))
		other.To = "assistant"
		_, err = policies.Delegate(t.Context(), other)
		require.NoError(t, err)

		clock.move(200 * 24 * time.Hour)
		later := lent(clock.now().AddDate(1, 0, 0))
		later.Valid.From = made.Valid.Until
		planned, err := policies.Delegate(t.Context(), later)
		require.NoError(t, err)
		states := func(filter policystore.DelegationFilter) map[string]string {
			t.Helper()
			records, err := policies.Delegations(t.Context(), filter)
			require.NoError(t, err)
			found := map[string]string{}
			for _, record := range records {
				found[record.ID] = record.State
			}
			return found
		}
		require.Len(t, states(policystore.DelegationFilter{From: "dean"}), 3)
		require.Empty(t, states(policystore.DelegationFilter{From: "secretary"}))
		to := policystore.DelegationFilter{From: "dean", To: "secretary"}
		require.Equal(t, map[string]string{made.ID: policystore.DelegationActive, planned.ID: policystore.DelegationPlanned}, states(to))
		clock.move(200 * 24 * time.Hour)
		require.Equal(t, map[string]string{made.ID: policystore.DelegationEnded, planned.ID: policystore.DelegationActive}, states(to))
	})
}

func TestDelegationIsRevokedAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		policies := withPurposes(t, opened, clock.now)
		delegate := func() string {
			t.Helper()
			made, err := policies.Delegate(t.Context(), lent(clock.now().Add(time.Hour)))
			require.NoError(t, err)
			return made.ID
		}
		refused := func(code fault.Code, id, by string, administrator bool, says string) {
			t.Helper()
			err := policies.Revoke(t.Context(), id, by, administrator)
			require.Equal(t, code, fault.CodeOf(err))
			require.Contains(t, fault.Public(err), says)
		}
		first := delegate()
		refused(fault.NotFound, "none", "dean", false, "there is no delegation")
		refused(fault.Denied, first, "secretary", false, "only who lent")
		refused(fault.Denied, first, "", true, "only who lent")
		require.NoError(t, policies.Revoke(t.Context(), first, "dean", false))
		_, err := policies.Acting(t.Context(), "secretary", "dean", clock.now())
		require.Equal(t, fault.Denied, fault.CodeOf(err))
		refused(fault.Conflict, first, "dean", false, "revoked already")

		second := delegate() // the revoked one is not in its way
		require.NoError(t, policies.Revoke(t.Context(), second, "admin", true))
		records, err := policies.Delegations(t.Context(), policystore.DelegationFilter{To: "secretary"})
		require.NoError(t, err)
		require.Len(t, records, 2)
		for i, by := range []string{"admin", "dean"} { // newest first
			require.Equal(t, policystore.DelegationRevoked, records[i].State)
			require.Equal(t, by, records[i].RevokedBy)
			require.Equal(t, clock.now(), records[i].Revoked)
			require.Equal(t, "出差", records[i].Reason)
		}
		third := delegate()
		clock.move(time.Hour)
		refused(fault.Conflict, third, "dean", false, "ended by itself")
	})
}
