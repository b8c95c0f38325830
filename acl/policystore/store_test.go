package policystore_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

var began = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func policy(id string) acl.Policy {
	return acl.Policy{
		ID: id, Effect: acl.Allow, Subject: acl.Subject{Roles: []string{"leader"}}, Resource: acl.Selector{Datasets: []string{"hr.*"}}, Rights: []acl.Right{acl.View},
	}
}

func open(t *testing.T, opened *store.Store, now func() time.Time) *policystore.Store {
	t.Helper()
	made, err := policystore.New(t.Context(), opened, now, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, made.Close()) })
	return made
}

func ids(set *acl.Set) []string {
	var all []string
	for _, p := range set.Policies() {
		all = append(all, p.ID)
	}
	return all
}

func TestPoliciesKeepTheirHistory(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		now := began
		policies := open(t, opened, func() time.Time { return now })
		apply := func(change policystore.Change) int64 {
			t.Helper()
			version, err := policies.Apply(t.Context(), change)
			require.NoError(t, err)
			return version
		}
		put := func(whole bool, all ...acl.Policy) policystore.Change {
			return policystore.Change{Origin: "file:a", Author: "me", Put: acl.Contents{Policies: all}, Whole: whole}
		}
		require.Equal(t, int64(1), apply(put(true, policy("a"), policy("b"))))
		require.Equal(t, int64(1), apply(put(true, policy("b"), policy("a"))), "the same is no change")
		now = began.Add(time.Hour)
		changed := policy("b")
		changed.Description = "other"
		require.Equal(t, int64(2), apply(put(true, changed, policy("c"))))
		require.Equal(t, []string{"b", "c"}, ids(policies.Current()))
		now = began.Add(2 * time.Hour)
		require.Equal(t, int64(3), apply(policystore.Change{Origin: "file:a", Author: "me", Remove: []string{"c"}}))
		for at, want := range map[time.Duration][]string{-time.Hour: nil, 0: {"a", "b"}, 90 * time.Minute: {"b", "c"}, 3 * time.Hour: {"b"}} {
			then, err := policies.At(t.Context(), began.Add(at))
			require.NoError(t, err)
			require.Equal(t, want, ids(then), at)
		}
		origin, err := policies.OriginOf("b")
		require.NoError(t, err)
		require.Equal(t, policystore.Origin{Origin: "file:a", Author: "me", Since: 2}, origin)
		again := open(t, opened, time.Now)
		require.Equal(t, ids(policies.Current()), ids(again.Current()), "a new process reads the same")
		require.Equal(t, int64(3), again.Current().Version())
	})
}

func TestChangesAreAllOrNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		policies := open(t, opened, time.Now)
		_, err := policies.Apply(t.Context(), policystore.Change{Origin: "file:a", Put: acl.Contents{Policies: []acl.Policy{policy("a")}}})
		require.NoError(t, err)
		wrong, needs := policy("wrong"), policy("needs")
		wrong.Rows, needs.Purposes = "and", []string{"study"}
		for name, test := range map[string]struct {
			changes []policystore.Change
			code    fault.Code
		}{
			"a wrong one":      {[]policystore.Change{{Origin: "file:b", Put: acl.Contents{Policies: []acl.Policy{policy("b"), wrong}}}}, fault.Invalid},
			"twice":            {[]policystore.Change{{Origin: "file:b", Put: acl.Contents{Policies: []acl.Policy{policy("b"), policy("b")}}}}, fault.Invalid},
			"another's":        {[]policystore.Change{{Origin: "file:b", Put: acl.Contents{Policies: []acl.Policy{policy("b"), policy("a")}}}}, fault.Conflict},
			"not there":        {[]policystore.Change{{Origin: "file:a", Remove: []string{"z"}}}, fault.NotFound},
			"another's ended":  {[]policystore.Change{{Origin: "file:b", Remove: []string{"a"}}}, fault.Conflict},
			"unknown purpose":  {[]policystore.Change{{Origin: "file:b", Put: acl.Contents{Policies: []acl.Policy{needs}}}}, fault.Invalid},
			"the second wrong": {[]policystore.Change{{Origin: "file:b", Put: acl.Contents{Policies: []acl.Policy{policy("b")}}}, {Origin: "file:c", Put: acl.Contents{Policies: []acl.Policy{wrong}}}}, fault.Invalid},
		} {
			_, err := policies.Apply(t.Context(), test.changes...)
			require.Equal(t, test.code, fault.CodeOf(err), name)
			require.Equal(t, []string{"a"}, ids(policies.Current()), name)
		}
		version, err := policies.Apply(t.Context(),
			policystore.Change{Origin: "file:b", Put: acl.Contents{Policies: []acl.Policy{needs}}},
			policystore.Change{Origin: "file:c", Put: acl.Contents{Purposes: []acl.Purpose{{ID: "study", Title: "统计", Basis: "public_interest"}}}})
		require.NoError(t, err, "files may name what other files declare")
		require.Equal(t, int64(2), version)
		_, err = policies.Apply(t.Context(), policystore.Change{Origin: "file:c", Whole: true})
		require.True(t, fault.Is(err, fault.Invalid), "a purpose that a policy names cannot end")
		granted := needs
		granted.ID = "grant:1"
		_, err = policies.Apply(t.Context(), policystore.Change{Origin: policystore.OriginGrants, Put: acl.Contents{Policies: []acl.Policy{granted}}})
		require.NoError(t, err)
		_, err = policies.Apply(t.Context(), policystore.Change{Origin: "file:b", Whole: true}, policystore.Change{Origin: "file:c", Whole: true})
		require.NoError(t, err, "a grant loses its effect with its purpose")
		require.Equal(t, []string{"a", "grant:1"}, ids(policies.Current()))
		granted.Description = "again"
		_, err = policies.Apply(t.Context(), policystore.Change{Origin: policystore.OriginGrants, Put: acl.Contents{Policies: []acl.Policy{granted}}})
		require.True(t, fault.Is(err, fault.Invalid), "it cannot be granted anew")
	})
}

// TestChangesCountOnEveryNode changes on one node and waits on another.
func TestChangesCountOnEveryNode(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		here, there := open(t, opened, time.Now), open(t, opened, time.Now)
		there.Watch()
		for _, id := range []string{"a", "b", "c"} {
			version, err := here.Apply(t.Context(), policystore.Change{Origin: "api", Put: acl.Contents{Policies: []acl.Policy{policy(id)}}})
			require.NoError(t, err)
			require.Eventually(t, func() bool { return there.Current().Version() >= version }, time.Minute, 5*time.Millisecond)
			_, known := there.Current().Policy(id)
			require.True(t, known)
		}
	})
}

// TestWritersDoNotLoseEachOther lets two nodes change at the same moments: each
// change counts or is refused as a Conflict.
func TestWritersDoNotLoseEachOther(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		nodes := []*policystore.Store{open(t, opened, time.Now), open(t, opened, time.Now)}
		made := make([][]string, len(nodes))
		done := make(chan error, len(nodes))
		for n, node := range nodes {
			go func() {
				var failed error
				for i := range 10 {
					id := string(rune('a'+n)) + string(rune('0'+i))
					_, err := node.Apply(context.WithoutCancel(t.Context()), policystore.Change{Origin: "api", Put: acl.Contents{Policies: []acl.Policy{policy(id)}}})
					switch {
					case err == nil:
						made[n] = append(made[n], id)
					case !fault.Is(err, fault.Conflict):
						failed = err
					}
				}
				done <- failed
			}()
		}
		for range nodes {
			require.NoError(t, <-done)
		}
		require.NoError(t, nodes[0].Refresh(t.Context()))
		require.ElementsMatch(t, append(made[0], made[1]...), ids(nodes[0].Current()))
	})
}

func TestTheSaltStays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		first, err := open(t, opened, time.Now).Salt(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(first), 40)
		again, err := open(t, opened, time.Now).Salt(t.Context())
		require.NoError(t, err)
		require.Equal(t, first, again)
	})
}

func TestPolicyFilesSayWhereTheyAreWrong(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"policies:\n  - id: a\n    effect: allow\n    subjekt: {}\n":                                                                                   "p.yaml:2: field subjekt not found",
		"policies:\n  - id: a\n    effect: allow\n    subject: {anyone: true}\n    resource: {datasets: [x]}\n    rights: [view]\n    rows: \"a =\"\n": "p.yaml:2: policy \"a\": rows: condition, character 4",
		"purposes:\n  - {id: a, title: A, basis: fun}\n":                                                                                               "p.yaml: purpose \"a\": basis \"fun\"",
		"policy: []\n": "p.yaml:1: field policy not found",
		"policies:\n  - id: a\n    effect: allow\n    subject: {anyone: true}\n    resource: {levels: [L9]}\n    rights: [view]\n":                                                   "unknown level",
		"policies:\n  - id: a\n    effect: allow\n    subject: {anyone: true}\n    resource: {levels: [L1]}\n    rights: [view]\n    valid: {from: x}\n":                             "is not a time",
		"policies:\n  - id: a\n    effect: allow\n    subject: {anyone: true}\n    resource: {levels: [L1]}\n    rights: [view]\n    valid: {from: 2026-02-01, until: 2026-01-01}\n": "is empty",
		"policies: [": "p.yaml:1",
	} {
		_, err := policystore.Parse("p.yaml", []byte(text))
		require.True(t, fault.Is(err, fault.Invalid), text)
		require.Contains(t, fault.Public(err), says, text)
	}
	change, err := policystore.DefaultChange()
	require.NoError(t, err)
	require.Len(t, change.Put.Policies, 3)
	contents, err := policystore.Parse("p.yaml", []byte("policies:\n  - id: a\n    effect: allow\n    subject: {anyone: true}\n    resource: {levels: [L1]}\n    rights: [view]\n    valid: {until: 2026-12-31}\n"))
	require.NoError(t, err)
	require.Equal(t, time.Date(2027, 1, 1, 0, 0, 0, 0, time.Local), contents.Policies[0].Valid.Until, "the last day is in it")
}
