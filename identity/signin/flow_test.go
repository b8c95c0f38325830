package signin_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity/sealed"
	"github.com/yitong-hub/yitong/identity/signin"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

// TestFlowsAreOfOneBrowserOnceAndSoon tries to finish sign-ins that are not one's own.
func TestFlowsAreOfOneBrowserOnceAndSoon(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		f := newForger(t, clock)
		second := oidcAt(f)
		second.ID = "second"
		s := service(t, opened, clock, oidcAt(f), second)
		answer := func(asked url.Values) url.Values {
			return url.Values{"state": asked["state"], "code": {f.code(asked)}}
		}
		mine, asked := begin(t, s, signin.Start{Provider: "sso"})
		theirs, _ := begin(t, s, signin.Start{Provider: "sso"})
		require.NotEqual(t, mine.Browser, theirs.Browser)

		for name, browser := range map[string]string{"another browser's": theirs.Browser, "none": "", "a made-up": sealed.NewSecret(), "an odd": "x"} {
			_, own := begin(t, s, signin.Start{Provider: "sso"})
			_, err := s.Finish(t.Context(), "sso", answer(own), browser)
			requireRefused(t, err, signin.ErrState)
			_ = name
		}
		for _, odd := range []string{"", "x", sealed.NewSecret(), strings.Repeat("A", 43), strings.Repeat("a", 9000)} {
			_, err := s.Finish(t.Context(), "sso", url.Values{"state": {odd}, "code": {"x"}}, mine.Browser)
			requireRefused(t, err, signin.ErrState)
		}
		_, err := s.Finish(t.Context(), "second", answer(asked), mine.Browser)
		requireRefused(t, err, signin.ErrState)
		_, err = s.Finish(t.Context(), "sso", answer(asked), mine.Browser)
		require.NoError(t, err, "an attempt at another provider does not use it up")
		_, err = s.Finish(t.Context(), "sso", answer(asked), mine.Browser)
		requireRefused(t, err, signin.ErrState)

		late, asked := begin(t, s, signin.Start{Provider: "sso"})
		clock.move(signin.FlowLife)
		_, err = s.Finish(t.Context(), "sso", answer(asked), late.Browser)
		requireRefused(t, err, signin.ErrLate)

		// Two tabs of one browser finish in any order.
		one, askedOne := begin(t, s, signin.Start{Provider: "sso", Browser: mine.Browser, ReturnTo: "/1"})
		require.Equal(t, mine.Browser, one.Browser)
		_, askedTwo := begin(t, s, signin.Start{Provider: "sso", Browser: mine.Browser, ReturnTo: "/2"})
		for path, asked := range map[string]url.Values{"/1": askedOne, "/2": askedTwo} {
			finished, err := s.Finish(t.Context(), "sso", answer(asked), mine.Browser)
			require.NoError(t, err)
			require.Equal(t, path, finished.ReturnTo)
		}
		// Another node finishes what one began.
		began, asked := begin(t, s, signin.Start{Provider: "sso"})
		finished, err := service(t, opened, clock, oidcAt(f), second).Finish(t.Context(), "sso", answer(asked), began.Browser)
		require.NoError(t, err)
		require.Equal(t, "10001", finished.Person.CampusID)
		// What the state database has opens nothing.
		_, asked = begin(t, s, signin.Start{Provider: "sso", Browser: mine.Browser})
		var hash, hidden string
		require.NoError(t, opened.DB().QueryRowContext(t.Context(), "SELECT hash, sealed FROM identity_signin ORDER BY ends DESC LIMIT 1").Scan(&hash, &hidden))
		for _, secret := range []string{asked.Get("state"), asked.Get("nonce"), mine.Browser} {
			require.NotContains(t, hash+hidden, secret)
		}
	})
}

// TestOneOfManyFinishes sends one answer many times at once.
func TestOneOfManyFinishes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		f := newForger(t, clock)
		s := service(t, opened, clock, oidcAt(f))
		began, asked := begin(t, s, signin.Start{Provider: "sso"})
		answer := url.Values{"state": asked["state"], "code": {f.code(asked)}}
		errs := make([]error, 8)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() { _, errs[i] = s.Finish(t.Context(), "sso", answer, began.Browser) })
		}
		group.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
				continue
			}
			requireRefused(t, err, signin.ErrState)
		}
		require.Equal(t, 1, done)
	})
}

// TestEndedFlowsGo begins more sign-ins than are kept while nobody finishes.
func TestEndedFlowsGo(t *testing.T) {
	t.Parallel()
	clock := newHands()
	opened := state(t)
	s := service(t, opened, clock, oidcAt(newForger(t, clock)))
	count := func() (n int) {
		require.NoError(t, opened.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM identity_signin").Scan(&n))
		return n
	}
	for range 64 {
		begin(t, s, signin.Start{Provider: "sso"})
	}
	require.Equal(t, 64, count())
	clock.move(time.Hour)
	begin(t, s, signin.Start{Provider: "sso"})
	require.Equal(t, 1, count())
}

// TestFlowsAreBounded begins a sign-in where somebody began 60,000.
func TestFlowsAreBounded(t *testing.T) {
	t.Parallel()
	clock := newHands()
	opened := state(t)
	_, err := opened.DB().ExecContext(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
		INSERT INTO identity_signin (hash, provider, sealed, ends) SELECT i, 'sso', 'x', ? + i FROM n`, clock.now().UnixMilli())
	require.NoError(t, err)
	f := newForger(t, clock)
	s := service(t, opened, clock, oidcAt(f))
	began, asked := begin(t, s, signin.Start{Provider: "sso"})
	var count, oldest int64
	require.NoError(t, opened.DB().QueryRowContext(t.Context(), "SELECT count(*), min(ends) FROM identity_signin").Scan(&count, &oldest))
	require.EqualValues(t, 50_001, count)
	require.Equal(t, clock.now().UnixMilli()+10_001, oldest, "the oldest are forgotten")
	_, err = s.Finish(t.Context(), "sso", url.Values{"state": asked["state"], "code": {f.code(asked)}}, began.Browser)
	require.NoError(t, err)
}

func TestBaseIsConfigured(t *testing.T) {
	t.Parallel()
	clock := newHands()
	s := service(t, state(t), clock, oidcAt(newForger(t, clock)))
	_, asked := begin(t, s, signin.Start{Provider: "sso", Host: "evil.example"})
	require.Equal(t, here+"/signin/sso/callback", asked.Get("redirect_uri"))
	require.True(t, s.Secure())
	_, err := s.Begin(t.Context(), signin.Start{Provider: signin.DemoProvider, Host: "127.0.0.1"})
	require.True(t, fault.Is(err, fault.NotFound), "the demo is none of a real campus")
	_, err = s.Finish(t.Context(), signin.DemoProvider, url.Values{}, "")
	require.True(t, fault.Is(err, fault.NotFound))
	require.Nil(t, s.Demo())
}

func TestReturnTo(t *testing.T) {
	t.Parallel()
	for _, right := range []string{"/", "/docs", "/a/", "/v1/datasets/hr.staff/rows?where=a%20%3D%20'b'&x=//evil.example", "/x#//evil.example", "/%E4%B8%AD"} {
		got, err := signin.ReturnTo(right, "/docs")
		require.NoError(t, err, right)
		require.Equal(t, right, got)
	}
	got, err := signin.ReturnTo("", "/docs")
	require.NoError(t, err)
	require.Equal(t, "/docs", got)
	for _, wrong := range []string{
		"docs", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "/%5Cevil.example", "/%2Fevil.example",
		"/./evil", "/../evil", "/x//evil.example", "/.//evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n", " /x", "/x y", "/中", "/%zz", "/%00/..//evil.example",
		"http:/evil.example", "/" + strings.Repeat("a", 2000),
	} {
		_, err := signin.ReturnTo(wrong, "/docs")
		require.True(t, fault.Is(err, fault.Invalid), wrong)
	}
}

// FuzzReturnTo resolves what is taken as browsers do (by its Location).
func FuzzReturnTo(f *testing.F) {
	for _, seed := range []string{"/docs", "//evil.example", "/\\evil", "/%2F/evil", "/a?b#c", "https://x"} {
		f.Add(seed)
	}
	base, err := url.Parse(here + "/signin/sso/callback")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, asked string) {
		got, err := signin.ReturnTo(asked, "/docs")
		if err != nil {
			require.Empty(t, got)
			return
		}
		resolved, err := base.Parse(got)
		require.NoError(t, err)
		require.Equal(t, here, resolved.Scheme+"://"+resolved.Host)
		require.NotContains(t, got, "\\")
		require.False(t, strings.HasPrefix(got, "//"))
	})
}
