package identity_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/store"
)

// campus is a registry of 500 applications with a key each.
func campus(b *testing.B) (*store.Store, *identity.Registry, []identity.IssuedKey) {
	b.Helper()
	opened, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "state.db"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, opened.Close()) })
	_, err = opened.DB().ExecContext(b.Context(), "PRAGMA synchronous = OFF")
	require.NoError(b, err)
	r := open(b, opened, time.Now)
	application := library()
	application.Networks = []string{"10.0.0.0/8", "192.0.2.0/24"}
	var keys []identity.IssuedKey
	for i := range 500 {
		application.ID = fmt.Sprintf("application-%d", i)
		register(b, r, application)
		keys = append(keys, issue(b, r, application.ID))
	}
	r.Watch()
	b.Cleanup(func() { require.NoError(b, r.Close()) })
	return opened, r, keys
}

// BenchmarkAuthenticate measures what each request pays, with the polling of
// the state database beside it.
func BenchmarkAuthenticate(b *testing.B) {
	_, r, keys := campus(b)
	token, err := r.Grant(b.Context(), keys[0].Application, keys[0].Text, somewhere)
	require.NoError(b, err)
	run := func(name string, text func(i int) string, works bool) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, _, err := r.Authenticate(b.Context(), text(i), somewhere); (err == nil) != works {
					b.Fatal(err)
				}
			}
		})
	}
	run("key", func(i int) string { return keys[i%len(keys)].Text }, true)
	run("token", func(int) string { return token.AccessToken }, true)
	wrong := damaged(keys[0].Text)
	run("wrong secret", func(int) string { return wrong }, false)
	run("malformed", func(int) string { return "password" }, false)
	b.Run("key in parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, _, err := r.Authenticate(b.Context(), keys[1].Text, somewhere); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkRefresh measures what a change costs each node, and what a look
// costs when nothing changed.
func BenchmarkRefresh(b *testing.B) {
	opened, r, _ := campus(b)
	b.Run("changed", func(b *testing.B) {
		for b.Loop() {
			_ = open(b, opened, time.Now)
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, r.Refresh(b.Context()))
		}
	})
}

func BenchmarkAllow(b *testing.B) {
	opened, _, _ := campus(b)
	usage := count(b, opened, time.Now)
	usage.Watch()
	defer usage.Close()
	limiter := identity.NewLimiter(usage)
	for name, application := range map[string]identity.Application{
		"allowed": limited(identity.MaxRatePerSecond, identity.MaxBurst, identity.MaxDailyReads), "refused": limited(0.001, 1, 100),
	} {
		b.Run(name, func(b *testing.B) {
			application.ID = name
			b.ReportAllocs()
			for b.Loop() {
				limiter.Allow(application, time.Now())
			}
		})
	}
}
