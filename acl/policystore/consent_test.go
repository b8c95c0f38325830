package policystore_test

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

// hands is a clock that stands still until it is moved.
type hands struct {
	mu sync.Mutex
	at time.Time
}

func newHands() *hands { return &hands{at: time.Date(2026, 3, 18, 2, 0, 0, 0, time.UTC)} }

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

// withPurposes opens a store that knows a purpose on consent, offer, and one on
// a legal duty, payroll.
func withPurposes(t *testing.T, opened *store.Store, now func() time.Time) *policystore.Store {
	t.Helper()
	policies, err := policystore.New(t.Context(), opened, now, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	_, err = policies.Apply(t.Context(), policystore.Change{Origin: "file:purposes.yaml", Author: "admin", Put: acl.Contents{Purposes: []acl.Purpose{
		{ID: "offer", Title: "推荐", Basis: acl.BasisConsent}, {ID: "payroll", Title: "发薪", Basis: "legal_duty"},
	}}})
	require.NoError(t, err)
	return policies
}

func TestConsentCountsUntilItEndsOrIsWithdrawn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		policies := withPurposes(t, opened, clock.now)
		give := func(recipient, person string, until time.Time) {
			t.Helper()
			require.NoError(t, policies.Give(t.Context(), policystore.Consent{Purpose: "offer", Recipient: recipient, Person: person, Until: until}))
		}
		counts := func(recipient string, persons ...string) {
			t.Helper()
			found, err := policies.Consented(t.Context(), "offer", recipient)
			require.NoError(t, err)
			if len(persons) == 0 {
				persons = []string{}
			}
			require.Equal(t, persons, found)
		}
		counts("library")
		give("", "1001", time.Time{})
		give("library", "1001", time.Time{})
		give("library", "1002", clock.now().Add(time.Hour))
		counts("library", "1001", "1002")
		counts("portal", "1001")
		counts("", "1001")
		other, err := policies.Consented(t.Context(), "payroll", "library")
		require.NoError(t, err)
		require.Empty(t, other)

		clock.move(time.Hour) // the end is not in it any more
		counts("library", "1001")
		give("library", "1002", clock.now().Add(time.Hour))
		counts("library", "1001", "1002")

		// A withdrawal ends the consent for that recipient and no other.
		require.NoError(t, policies.Withdraw(t.Context(), "offer", "", "1001"))
		counts("library", "1001", "1002")
		counts("portal")
		require.NoError(t, policies.Withdraw(t.Context(), "offer", "library", "1001"))
		counts("library", "1002")

		// Another process that shares the database sees it at once.
		second, err := policystore.New(t.Context(), opened, clock.now, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		require.NoError(t, second.Withdraw(t.Context(), "offer", "library", "1002"))
		counts("library")
		give("library", "1001", time.Time{})
		counts("library", "1001")
	})
}

func TestConsentHistory(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		policies := withPurposes(t, opened, clock.now)
		begin := clock.now()
		give := func(recipient string, until time.Time) {
			t.Helper()
			require.NoError(t, policies.Give(t.Context(), policystore.Consent{Purpose: "offer", Recipient: recipient, Person: "1001", Until: until}))
		}
		give("library", begin.Add(time.Hour))
		clock.move(2 * time.Hour)
		give("library", time.Time{}) // after the first had ended
		clock.move(time.Minute)
		give("library", begin.AddDate(1, 0, 0)) // renews the second
		clock.move(time.Minute)
		require.NoError(t, policies.Withdraw(t.Context(), "offer", "library", "1001"))
		clock.move(time.Minute)
		give("", time.Time{})
		records, err := policies.Consents(t.Context(), "1001")
		require.NoError(t, err)
		states := []string{}
		for _, record := range records {
			states = append(states, record.State)
		}
		require.Equal(t, []string{policystore.ConsentGiven, policystore.ConsentWithdrawn, policystore.ConsentRenewed, policystore.ConsentEnded}, states)
		require.Empty(t, records[0].Recipient)
		require.Equal(t, begin.AddDate(1, 0, 0), records[1].Until)
		require.Equal(t, begin.Add(2*time.Hour+2*time.Minute), records[1].Withdrawn)
		require.Equal(t, begin.Add(2*time.Hour+time.Minute), records[2].Renewed)
		require.Zero(t, records[2].Until)
		require.Equal(t, begin, records[3].Given)

		none, err := policies.Consents(t.Context(), "1002")
		require.NoError(t, err)
		require.Empty(t, none)
	})
}

func TestConsentsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		policies := withPurposes(t, opened, clock.now)
		for name, refused := range map[string]struct {
			consent policystore.Consent
			says    string
		}{
			"unknown purpose": {policystore.Consent{Purpose: "offers", Person: "1001"}, `there is no purpose "offers"; is offer meant?`},
			"no purpose":      {policystore.Consent{Person: "1001"}, "say for which purpose"},
			"other basis":     {policystore.Consent{Purpose: "payroll", Person: "1001"}, `purpose "payroll" does not live on consent: its legal basis is legal_duty`},
			"nobody":          {policystore.Consent{Purpose: "offer"}, "say who consents"},
			"over already":    {policystore.Consent{Purpose: "offer", Person: "1001", Until: clock.now()}, "a consent ends in the future or not at all"},
		} {
			err := policies.Give(t.Context(), refused.consent)
			require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
			require.Equal(t, refused.says, fault.Public(err), name)
		}
		notFound := func(purpose, recipient, person, says string) {
			t.Helper()
			err := policies.Withdraw(t.Context(), purpose, recipient, person)
			require.Equal(t, fault.NotFound, fault.CodeOf(err))
			require.Contains(t, fault.Public(err), says)
		}
		notFound("offer", "library", "1001", "no consent to purpose")
		require.NoError(t, policies.Give(t.Context(), policystore.Consent{Purpose: "offer", Person: "1001", Until: clock.now().Add(time.Hour)}))
		notFound("offer", "library", "1001", "withdraw the one for every recipient")
		notFound("offer", "", "1002", "no consent to purpose")
		clock.move(time.Hour)
		notFound("offer", "", "1001", "no consent to purpose") // it ended by itself
		require.NoError(t, policies.Give(t.Context(), policystore.Consent{Purpose: "offer", Person: "1001"}))
		require.NoError(t, policies.Withdraw(t.Context(), "offer", "", "1001"))
		notFound("offer", "", "1001", "no consent to purpose")
	})
}

func TestConsentGivenByManyAtOnceStandsOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		policies := withPurposes(t, opened, time.Now)
		var wait sync.WaitGroup
		failed := make(chan error, 8)
		for range cap(failed) {
			wait.Go(func() {
				failed <- policies.Give(t.Context(), policystore.Consent{Purpose: "offer", Recipient: "library", Person: "1001"})
			})
		}
		wait.Wait()
		close(failed)
		for err := range failed {
			require.NoError(t, err)
		}
		require.NoError(t, policies.Withdraw(t.Context(), "offer", "library", "1001"))
		found, err := policies.Consented(t.Context(), "offer", "library")
		require.NoError(t, err)
		require.Empty(t, found)
	})
}

// TestConsentsOfAMomentAreThoseThatCountedThen looks back at every moment of a
// history of consents.
func TestConsentsOfAMomentAreThoseThatCountedThen(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		policies := withPurposes(t, opened, clock.now)
		give := func(recipient, person string, until time.Time) {
			require.NoError(t, policies.Give(t.Context(), policystore.Consent{Purpose: "offer", Recipient: recipient, Person: person, Until: until}))
		}
		type past struct {
			at     time.Time
			counts []string
		}
		var history []past
		for _, happens := range []func(){
			func() {},
			func() { give("library", "1001", clock.now().Add(3*time.Hour)) },
			func() { give("", "1002", time.Time{}) },
			func() { give("portal", "1003", time.Time{}) },
			func() {}, // the first one's time is over
			func() { give("library", "1001", time.Time{}) },
			func() { give("library", "1001", clock.now().Add(time.Hour)) },
			func() { require.NoError(t, policies.Withdraw(t.Context(), "offer", "", "1002")) },
			func() { give("library", "1002", time.Time{}) },
			func() {},
		} {
			happens()
			clock.move(time.Minute)
			counts, err := policies.Consented(t.Context(), "offer", "library")
			require.NoError(t, err)
			history = append(history, past{clock.now(), counts})
			clock.move(time.Hour)
		}
		for i, was := range history {
			found, err := policies.ConsentedAt(t.Context(), "offer", "library", was.at)
			require.NoError(t, err)
			require.Equal(t, was.counts, found, "%d", i)
		}
		require.Empty(t, history[0].counts)
		require.Equal(t, []string{"1001", "1002"}, history[2].counts)
		require.Equal(t, []string{"1002"}, history[9].counts)
	})
}
