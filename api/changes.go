package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
)

const (
	mediaJSON   = "application/json"
	mediaEvents = "text/event-stream"
	// maxFeeds and maxFeedsOfOne bound the feeds open at once: each looks for news
	// every second.
	maxFeeds      = 1000
	maxFeedsOfOne = 20
)

// feeds counts the feeds that are open.
type feeds struct {
	mu   sync.Mutex
	all  int
	open map[string]int
}

// enter counts a feed of a principal until left is called.
func (f *feeds) enter(principal acl.Principal) (left func(), err error) {
	id := principal.ID() + "\x00" + principal.Actor()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open == nil {
		f.open = map[string]int{}
	}
	switch {
	case f.open[id] >= maxFeedsOfOne:
		return nil, fault.New(codeTooMany, "%d feeds are open already: end one first", maxFeedsOfOne)
	case f.all >= maxFeeds:
		return nil, fault.New(fault.Unavailable, "too many feeds are open: try again later")
	}
	f.open[id]++
	f.all++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.all--
		if f.open[id]--; f.open[id] == 0 {
			delete(f.open, id)
		}
	}, nil
}

// ListChanges gives the changes of a dataset, as one answer or as events that go on.
func (s *Server) ListChanges(c *gin.Context, dataset contract.DatasetId, params contract.ListChangesParams) {
	c.Header("Vary", "Accept, Authorization, X-On-Behalf-Of")
	request := query.ChangesRequest{
		Dataset: dataset, Fields: value(params.Fields), Where: value(params.Where), Purpose: value(params.Purpose),
		From: string(value(params.From)), After: value(params.After), Limit: value(params.Limit),
	}
	if last := value(params.LastEventID); last != "" {
		request.After = last
	}
	media := c.NegotiateFormat(mediaJSON, mediaEvents)
	if media == "" {
		s.fail(c, fault.New(fault.Invalid, "changes are given as %s or %s", mediaJSON, mediaEvents))
		return
	}
	left, err := s.feeds.enter(principalOf(c))
	if err != nil {
		s.fail(c, err)
		return
	}
	defer left()
	ctx, end := s.whileServing(c)
	defer end()
	if media == mediaEvents {
		s.stream(ctx, c, request)
		return
	}
	s.poll(ctx, c, request, time.Duration(value(params.Wait))*time.Second)
}

// errServerEnds is why the feeds of a server end that does.
var errServerEnds = fault.New(fault.Unavailable, "the server ends: connect again and go on behind the last offset")

// whileServing gives a context that ends with the request or the server.
func (s *Server) whileServing(c *gin.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(c.Request.Context())
	if s.Ending == nil {
		return ctx, func() { cancel(nil) }
	}
	stop := context.AfterFunc(s.Ending, func() { cancel(errServerEnds) })
	return ctx, func() { stop(); cancel(nil) }
}

// asking finds the subscriber anew, by what the request was sent with.
func (s *Server) asking(c *gin.Context) func(context.Context) (acl.Principal, error) {
	authorization, token := c.GetHeader("Authorization"), s.cookie(c, sessionCookie)
	_, bearer, _ := strings.Cut(authorization, " ")
	lender, address := c.GetHeader("X-On-Behalf-Of"), s.guessing.address(c)
	return func(ctx context.Context) (principal acl.Principal, err error) {
		switch {
		case authorization == "" && token != "":
			principal, err = s.inSession(ctx, token)
		case isKey(bearer):
			principal, _, err = s.Applications.Registry.Authenticate(ctx, bearer, address)
		default:
			principal, err = s.People.Principal(ctx, bearer)
		}
		if fault.Is(err, fault.Denied) {
			return principal, fault.Wrap(err, codeUnauthenticated, "%s", fault.Public(err))
		}
		if err != nil || lender == "" {
			return principal, err
		}
		return s.People.Acting(ctx, principal, lender)
	}
}

// inSession finds whose a session is, while it lasts.
func (s *Server) inSession(ctx context.Context, token string) (acl.Principal, error) {
	found, err := s.Signin.Sessions.Find(ctx, token)
	if err != nil {
		return acl.Principal{}, err
	}
	return s.person(ctx, found.Person)
}

// poll answers once, and waits for the first event where there is none yet.
func (s *Server) poll(ctx context.Context, c *gin.Context, request query.ChangesRequest, wait time.Duration) {
	if request.Limit == 0 {
		request.Limit = query.DefaultChanges
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var given query.Changes
	err := s.Gate.Follow(ctx, query.Following{
		Request: request, Who: s.asking(c), Chunk: request.Limit, Wait: timer.C,
		Deliver: func(_ context.Context, next query.Changes) error {
			next.Events = append(given.Events, next.Events...)
			given = next
			return nil
		},
		Done: func() bool { return len(given.Events) > 0 },
	})
	if errors.Is(context.Cause(ctx), errServerEnds) {
		err = nil // what there is is an answer
	}
	if err == nil && given.Next == "" {
		err = errServerEnds
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Set(rowsKey, int64(len(given.Events)))
	events := make([]contract.Change, len(given.Events))
	for i, event := range given.Events {
		events[i] = changeOf(given, event)
	}
	c.JSON(http.StatusOK, contract.ChangesPage{Events: events, Next: given.Next, More: given.More, Meta: feedMetaOf(request.Dataset, given)})
}

func changeOf(feed query.Changes, event query.Change) contract.Change {
	made := contract.Change{Id: event.Offset, Type: contract.ChangeType(event.Type), Version: event.Version, Time: event.At}
	if event.Type == query.Reset {
		why := contract.ChangeReason(event.Why)
		made.Reason = &why
		return made
	}
	made.Key = &event.Key
	if event.Row != nil {
		row := make(map[string]*string, len(feed.Fields))
		for i, field := range feed.Fields {
			row[field.Name] = event.Row[i]
		}
		made.Row = &row
	}
	return made
}

func feedMetaOf(dataset string, feed query.Changes) contract.FeedMeta {
	meta := metaOf(query.Request{Dataset: dataset}, &query.Result{
		Fields: feed.Fields, Withheld: feed.Withheld, SomeRows: feed.SomeRows, Source: feed.Source, Version: feed.Version,
		PublishedAt: feed.PublishedAt, Decision: feed.Decision, PolicyVersion: feed.PolicyVersion,
	})
	return contract.FeedMeta{
		Dataset: meta.Dataset, Source: meta.Source, Version: meta.Version, PublishedAt: meta.PublishedAt, Fields: meta.Fields, Withheld: meta.Withheld,
		SomeRows: meta.SomeRows, Decision: meta.Decision, PolicyVersion: meta.PolicyVersion, Key: contract.FeedMetaKey(feed.Key),
	}
}
