package feed_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/feed"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
	"github.com/yitong-hub/yitong/query"
)

// gate is one whose feeds a test leads by the hand. The real gate is followed in
// internal/app and query.
type gate struct {
	mu sync.Mutex
	// feeds are the feeds that are followed now.
	feeds map[string]int
	// steps says what a feed does once it is followed.
	steps func(ctx context.Context, f query.Following) error
}

func (g *gate) Begin(_ context.Context, _ acl.Principal, request query.ChangesRequest) (string, int64, error) {
	if request.Dataset == "denied" {
		return "", 0, fault.New(fault.Denied, "nothing may be held")
	}
	return "begin", 3, nil
}

func (g *gate) Newest(context.Context, string) (int64, error) { return 5, nil }

func (g *gate) Follow(ctx context.Context, f query.Following) error {
	g.mu.Lock()
	g.feeds[f.Request.Dataset]++
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.feeds[f.Request.Dataset]--
	}()
	return g.steps(ctx, f)
}

// principals are the applications a and b, and the person p.
type principals struct{}

func (principals) Principal(id string) (acl.Principal, error) {
	kind := acl.KindApplication
	if id == "p" {
		kind = acl.KindPerson
	}
	if !slices.Contains([]string{"a", "b", "p", "a.b"}, id) {
		return acl.Principal{}, fault.New(fault.NotFound, "there is no principal %q", id)
	}
	return acl.NewPrincipal(acl.Profile{ID: id, Kind: kind}), nil
}

var administrator = acl.NewPrincipal(acl.Profile{ID: "root", Kind: acl.KindPerson, Roles: []string{"administrator"}})

func application(t *testing.T, id string) acl.Principal {
	t.Helper()
	found, err := principals{}.Principal(id)
	require.NoError(t, err)
	return found
}

// published keeps what was written.
type published struct {
	mu    sync.Mutex
	texts []string
}

func (p *published) Publish(_ context.Context, topic string, messages []feed.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, message := range messages {
		text, err := message.Text(0)
		if err != nil {
			return err
		}
		p.texts = append(p.texts, topic+" "+message.Key+" "+string(text))
	}
	return nil
}

func registry(opened *store.Store, g *gate) *feed.Registry {
	return feed.NewRegistry(feed.Config{Store: opened, Gate: g, Principals: principals{}, Now: time.Now, Prefix: "yitong."})
}

func TestTopicsAreTheApplicationsOwn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		r := registry(opened, &gate{})
		ask := func(application, topic string) error {
			_, err := r.Register(t.Context(), administrator, feed.Subscription{Application: application, Dataset: "x.y", Topic: topic})
			return err
		}
		for topic, application := range map[string]string{
			"yitong.b.x": "a", "yitong.a": "a", "yitong.a.": "a", "a.x": "a", "yitong.ax": "a", "": "a", "__consumer_offsets": "a", "yitong.a.x y": "a",
			"yitong.a.数据": "a", "yitong.a.b.x": "a.b", "yitong.a.\x00": "a", "yitong.a." + strings.Repeat("x", 250): "a", "yitong.p.x": "p",
		} {
			require.True(t, fault.Is(ask(application, topic), fault.Invalid), "%q of %s", topic, application)
		}
		require.True(t, fault.Is(ask("nobody", "yitong.nobody.x"), fault.NotFound))
		require.NoError(t, ask("a", "yitong.a.x"))
		require.True(t, fault.Is(ask("a", "yitong.a.x"), fault.Conflict))
		_, err := r.Register(t.Context(), administrator, feed.Subscription{Application: "a", Dataset: "denied", Topic: "yitong.a.z"})
		require.True(t, fault.Is(err, fault.Denied))
		_, err = r.Register(t.Context(), application(t, "b"), feed.Subscription{Application: "a", Dataset: "x.y", Topic: "yitong.a.z"})
		require.True(t, fault.Is(err, fault.Denied))
		_, err = r.Register(t.Context(), administrator, feed.Subscription{Application: "a", Dataset: "x.y", Where: "name = '\x00'", Topic: "yitong.a.z"})
		require.True(t, fault.Is(err, fault.Invalid))
		found, err := r.List(t.Context(), application(t, "a"))
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.EqualValues(t, 2, found[0].Lag)
		none, err := r.List(t.Context(), application(t, "b"))
		require.NoError(t, err)
		require.Empty(t, none)
		_, err = r.Get(t.Context(), application(t, "b"), found[0].ID)
		require.True(t, fault.Is(err, fault.NotFound))
	})
}

// TestOneOfManyDelivers runs three processes over one state database.
func TestOneOfManyDelivers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		followed, ends := make(chan string, 10), make(chan struct{})
		g := &gate{feeds: map[string]int{}}
		g.steps = func(ctx context.Context, f query.Following) error {
			g.mu.Lock()
			alone := g.feeds[f.Request.Dataset] == 1
			g.mu.Unlock()
			if !alone {
				return fault.New(fault.Internal, "two deliver one subscription")
			}
			if err := f.Deliver(ctx, query.Changes{Events: []query.Change{{Offset: "one", Type: query.Insert, Key: "k", Version: 4, At: time.Now()}}, Next: "one", Reached: 3}); err != nil {
				return err
			}
			followed <- f.Request.After
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-ends:
				return fault.New(fault.Denied, "nothing may be held any more")
			}
		}
		r := registry(opened, g)
		made, err := r.Register(t.Context(), administrator, feed.Subscription{Application: "a", Dataset: "x.y", Topic: "yitong.a.x"})
		require.NoError(t, err)
		out := &published{}
		run := func(ctx context.Context, holder string) chan struct{} {
			done := make(chan struct{})
			go func() {
				defer close(done)
				feed.NewRunner(registry(opened, g), out, holder, slog.New(slog.DiscardHandler)).Run(ctx)
			}()
			return done
		}
		first, stop := context.WithCancel(t.Context())
		one := run(first, "one")
		require.Equal(t, "begin", <-followed)
		all, stopAll := context.WithCancel(t.Context())
		two, three := run(all, "two"), run(all, "three")
		stop()
		<-one
		require.Equal(t, "one", <-followed, "another goes on where the brokers acknowledged")
		close(ends)
		for { // the state is another once the worker has ended
			found, err := r.Get(t.Context(), administrator, made.ID)
			require.NoError(t, err)
			if found.State == feed.Ended {
				require.Equal(t, "denied: nothing may be held any more", found.Reason)
				require.EqualValues(t, 2, found.Events)
				require.Zero(t, found.Lag, "it is told nothing of what came after")
				break
			}
		}
		stopAll()
		<-two
		<-three
		require.Empty(t, followed)
		require.Contains(t, strings.Join(out.texts, "\n"), `"type":"io.github.yitong-hub.row.insert"`)
	})
}
