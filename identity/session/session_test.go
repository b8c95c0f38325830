package session_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity/sealed"
	"github.com/yitong-hub/yitong/identity/session"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

// hands are those of a clock that tests move.
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

// each runs a test with sessions of 12 hours that may be idle for one.
func each(t *testing.T, test func(t *testing.T, s *session.Store, opened *store.Store, clock *hands)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := &hands{at: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)}
		test(t, session.New(opened, session.Limits{Life: 12 * time.Hour, Idle: time.Hour}, clock.now), opened, clock)
	})
}

func begin(t *testing.T, s *session.Store, entry session.Entry) string {
	t.Helper()
	token, _, err := s.Begin(t.Context(), entry)
	require.NoError(t, err)
	return token
}

func requireNone(t *testing.T, s *session.Store, token string) {
	t.Helper()
	found, err := s.Find(t.Context(), token)
	require.True(t, fault.Is(err, fault.Denied), "%v", err)
	require.Equal(t, "the session has ended: sign in again", fault.Public(err))
	require.Empty(t, found)
}

func count(t *testing.T, opened *store.Store) (n int) {
	t.Helper()
	require.NoError(t, opened.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM identity_session").Scan(&n))
	return n
}

func TestSessionsCountUntilTheyEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *session.Store, _ *store.Store, clock *hands) {
		began := clock.now()
		token, made, err := s.Begin(t.Context(), session.Entry{Person: "10001", Provider: "sso"})
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(token, "yts_"))
		require.Len(t, token, 47)
		want := session.Session{Person: "10001", Provider: "sso", Began: began, Ends: began.Add(12 * time.Hour), IdleEnds: began.Add(time.Hour)}
		require.Equal(t, want, made)
		for range 15 { // 50 minutes apart it is never idle, until its end
			clock.move(50 * time.Minute)
			if !clock.now().Before(want.Ends) {
				break
			}
			found, err := s.Find(t.Context(), token)
			require.NoError(t, err)
			want.IdleEnds = clock.now().Add(time.Hour)
			if want.IdleEnds.After(want.Ends) {
				want.IdleEnds = want.Ends
			}
			require.Equal(t, want, found)
		}
		requireNone(t, s, token)
	})
}

func TestIdleSessionsEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *session.Store, _ *store.Store, clock *hands) {
		token := begin(t, s, session.Entry{Person: "10001", Provider: "sso"})
		clock.move(time.Hour - time.Microsecond)
		_, err := s.Find(t.Context(), token)
		require.NoError(t, err)
		clock.move(time.Hour)
		requireNone(t, s, token)
	})
}

func TestOnlyTheTokenOpensASession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *session.Store, opened *store.Store, _ *hands) {
		token := begin(t, s, session.Entry{Person: "10001", Provider: "sso", Ticket: "ST-1", Proof: "the ID token"})
		other := begin(t, s, session.Entry{Person: "10001", Provider: "sso"})
		require.NotEqual(t, token, other)
		var hash, ticket, proof string
		require.NoError(t, opened.DB().QueryRowContext(t.Context(), "SELECT hash, ticket, proof FROM identity_session WHERE ticket <> ''").Scan(&hash, &ticket, &proof))
		for _, secret := range []string{strings.TrimPrefix(token, "yts_"), "ST-1", "the ID token"} {
			require.NotContains(t, hash+ticket+proof, secret)
		}
		for _, wrong := range []string{"", "x", hash, "yts_", "yts_" + hash, "yts_" + sealed.NewSecret(), strings.TrimPrefix(token, "yts_"), token + "A", token + " ", strings.ToUpper(token), "yts_" + strings.Repeat("a", 9000), "' OR 1=1 --"} {
			requireNone(t, s, wrong)
		}
		ended, err := s.End(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, session.Entry{Person: "10001", Provider: "sso", Proof: "the ID token"}, ended)
		requireNone(t, s, token)
		_, err = s.End(t.Context(), token)
		require.True(t, fault.Is(err, fault.Denied))
		_, err = s.Find(t.Context(), other)
		require.NoError(t, err, "the other browser stays")
	})
}

func TestTicketsEndTheirSessions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *session.Store, _ *store.Store, _ *hands) {
		wang := begin(t, s, session.Entry{Person: "10001", Provider: "cas", Ticket: "ST-1"})
		li := begin(t, s, session.Entry{Person: "10002", Provider: "cas", Ticket: "ST-2"})
		other := begin(t, s, session.Entry{Person: "10001", Provider: "sso"})
		for _, wrong := range [][2]string{{"sso", "ST-1"}, {"cas", "ST-3"}, {"cas", ""}, {"", ""}} {
			people, err := s.EndTicket(t.Context(), wrong[0], wrong[1])
			require.NoError(t, err)
			require.Empty(t, people)
		}
		people, err := s.EndTicket(t.Context(), "cas", "ST-1")
		require.NoError(t, err)
		require.Equal(t, []string{"10001"}, people)
		requireNone(t, s, wang)
		for _, token := range []string{li, other} {
			_, err := s.Find(t.Context(), token)
			require.NoError(t, err)
		}
	})
}

func TestSessionsOfAPersonAreBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *session.Store, opened *store.Store, clock *hands) {
		tokens := make([]string, session.MaxOfPerson+3)
		for i := range tokens {
			clock.move(time.Second)
			tokens[i] = begin(t, s, session.Entry{Person: "10001", Provider: "sso"})
		}
		begin(t, s, session.Entry{Person: "10002", Provider: "sso"})
		require.Equal(t, session.MaxOfPerson+1, count(t, opened))
		for i, token := range tokens {
			_, err := s.Find(t.Context(), token)
			require.Equal(t, i >= 3, err == nil, i)
		}
	})
}

func TestEndedSessionsGo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *session.Store, opened *store.Store, clock *hands) {
		for i := range 5 {
			begin(t, s, session.Entry{Person: fmt.Sprint(i), Provider: "sso"})
		}
		clock.move(30 * time.Minute)
		stays := begin(t, s, session.Entry{Person: "stays", Provider: "sso"})
		clock.move(30 * time.Minute)
		begin(t, s, session.Entry{Person: "new", Provider: "sso"})
		require.Equal(t, 2, count(t, opened))
		_, err := s.Find(t.Context(), stays)
		require.NoError(t, err)
	})
}
