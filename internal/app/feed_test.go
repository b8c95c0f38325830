package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/demo"
	"github.com/yitong-hub/yitong/feed/kafka"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/pipelines"
)

// campus is a served demo campus.
type campus struct {
	app     *app.App
	address string
	stop    context.CancelFunc
	ended   chan error
}

// serving serves a campus, with brokers where they are named.
func serving(t *testing.T, brokers ...string) *campus {
	t.Helper()
	with := settings(t)
	_, err := app.BuildDemo(t.Context(), with, "small")
	require.NoError(t, err)
	for _, text := range brokers {
		require.NoError(t, os.WriteFile(filepath.Join(with.Campus, kafka.FileName), []byte(text), 0o600))
	}
	opened, err := app.New(t.Context(), with, app.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	c := &campus{app: opened, ended: make(chan error, 1)}
	c.sync(t)
	ctx, stop := context.WithCancel(t.Context())
	c.stop = stop
	ready := make(chan string, 1)
	go func() {
		c.ended <- opened.Serve(ctx, app.ServeOptions{
			Listen: "127.0.0.1:0", Demo: true, Logger: slog.New(slog.DiscardHandler), Ready: func(address string) { ready <- address },
		})
	}()
	c.address = "http://" + <-ready
	return c
}

func (c *campus) sync(t *testing.T) {
	t.Helper()
	_, err := c.app.Sync(t.Context(), pipelines.Options{Systems: []string{"hr"}})
	require.NoError(t, err)
}

// evolve moves the campus on by a day: rows of hr.staff come, change and go.
func (c *campus) evolve(t *testing.T) {
	t.Helper()
	_, err := demo.Evolve(t.Context(), c.app.Config.Campus, 1)
	require.NoError(t, err)
	c.sync(t)
}

func (c *campus) get(t *testing.T, as, path, accept string, headers ...string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.address+path, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer demo:"+as)
	request.Header.Set("Accept", accept)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	return response
}

// sent is one server-sent event.
type sent struct{ id, event, data string }

// change is the data of a change.
type change struct {
	Type   string             `json:"type"`
	Key    string             `json:"key"`
	Row    map[string]*string `json:"row"`
	Reason string             `json:"reason"`
}

// events reads server-sent events as a browser does.
type events struct {
	body io.ReadCloser
	from *bufio.Scanner
	last string
}

// stream asks for server-sent events.
func (c *campus) stream(t *testing.T, as, path string, headers ...string) *events {
	t.Helper()
	response := c.get(t, as, path, "text/event-stream", headers...)
	t.Cleanup(func() { response.Body.Close() })
	return follow(t, response)
}

func follow(t *testing.T, response *http.Response) *events {
	t.Helper()
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Contains(t, response.Header.Get("Content-Type"), "text/event-stream")
	t.Cleanup(func() { response.Body.Close() })
	scanner := bufio.NewScanner(response.Body)
	scanner.Buffer(nil, 1<<20)
	return &events{body: response.Body, from: scanner}
}

// next gives the next event with data; it is empty at the end.
func (e *events) next(t *testing.T) sent {
	t.Helper()
	var one sent
	for e.from.Scan() {
		line := e.from.Text()
		if line == "" {
			if one.data != "" {
				return one
			}
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			one.id, e.last = value, value
		case "event":
			one.event = value
		case "data":
			one.data += value
		}
	}
	require.NoError(t, e.from.Err())
	return sent{}
}

func (e *events) change(t *testing.T) (sent, change) {
	t.Helper()
	one := e.next(t)
	for one.event == "meta" { // told again where the decision is another
		one = e.next(t)
	}
	var made change
	require.NoError(t, json.Unmarshal([]byte(one.data), &made), one)
	require.Equal(t, one.event, made.Type)
	return one, made
}

// held applies changes until it is what is wanted.
func held(t *testing.T, from *events, rows map[string]string, wanted map[string]string) {
	t.Helper()
	for len(wanted) != len(rows) || !equal(wanted, rows) {
		_, one := from.change(t)
		switch one.Type {
		case "delete":
			delete(rows, one.Key)
		case "insert", "update":
			rows[one.Key] = *one.Row["title"]
		default:
			t.Fatalf("%+v", one)
		}
	}
}

func equal(a, b map[string]string) bool {
	for key, value := range a {
		if b[key] != value {
			return false
		}
	}
	return true
}

// seen reads the rows through the other exit.
func (c *campus) seen(t *testing.T, as string) map[string]string {
	t.Helper()
	response := c.get(t, as, "/v1/datasets/hr.staff/rows?fields=staff_no,title&limit=1000", "application/json")
	defer response.Body.Close()
	var page struct{ Rows []map[string]*string }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&page))
	rows := map[string]string{}
	for _, row := range page.Rows {
		rows[*row["staff_no"]] = *row["title"]
	}
	return rows
}

const staffChanges = "/v1/datasets/hr.staff/changes?fields=staff_no,title"

// TestStreamGivesWhatIsPublished follows a dataset over two publishes, breaks
// off in the middle, and goes on behind the last event.
func TestStreamGivesWhatIsPublished(t *testing.T) {
	t.Parallel()
	c := serving(t)
	defer c.stop()
	stream := c.stream(t, "steward_hr", staffChanges)
	require.Equal(t, "meta", stream.next(t).event)
	rows := map[string]string{}
	held(t, stream, rows, c.seen(t, "steward_hr"))
	require.NotEmpty(t, rows)

	c.evolve(t)
	c.evolve(t)
	first, one := stream.change(t)
	stream.body.Close()
	if one.Type == "delete" {
		delete(rows, one.Key)
	} else {
		rows[one.Key] = *one.Row["title"]
	}
	again := c.stream(t, "steward_hr", staffChanges, "Last-Event-ID", first.id)
	require.Equal(t, "meta", again.next(t).event)
	held(t, again, rows, c.seen(t, "steward_hr"))
	c.stop()
	require.NoError(t, <-c.ended, "a server ends although feeds are open")
	end := again.next(t)
	require.Equal(t, "end", end.event)
	require.Contains(t, end.data, `"code":"unavailable"`)
	require.Empty(t, again.next(t))
}

// TestRevocationEndsAStream takes the right away while a feed waits.
func TestRevocationEndsAStream(t *testing.T) {
	t.Parallel()
	c := serving(t)
	defer c.stop()
	grant := acl.Policy{
		ID: "titles-for-visitors", Effect: acl.Allow, Subject: acl.Subject{Persons: []string{"visitor"}},
		Resource: acl.Selector{Fields: []string{"staff_no", "title"}, Datasets: []string{"hr.staff"}}, Rights: []acl.Right{acl.View, acl.Hold},
	}
	put := func(policies ...acl.Policy) {
		_, err := c.app.Policies.Apply(t.Context(), policystore.Change{Origin: "test", Author: "test", Put: acl.Contents{Policies: policies}, Whole: true})
		require.NoError(t, err)
	}
	put(grant)
	stream := c.stream(t, "visitor", staffChanges+"&from=now")
	require.Equal(t, "meta", stream.next(t).event)

	// Narrowed: the feed is reset, and goes on with what is left.
	grant.Rows = "title = '教授'"
	put(grant)
	_, reset := stream.change(t)
	require.Equal(t, change{Type: "reset", Reason: "decision_changed"}, reset)
	rows := map[string]string{}
	held(t, stream, rows, c.seen(t, "visitor"))
	require.NotEmpty(t, rows)

	put()
	end := stream.next(t)
	require.Equal(t, "end", end.event)
	require.Contains(t, end.data, `"code":"denied"`)
	require.Contains(t, end.data, "nothing of hr.staff may be held")
	require.Empty(t, stream.next(t))
	response := c.get(t, "visitor", staffChanges, "text/event-stream", "Last-Event-ID", stream.last)
	require.Equal(t, http.StatusForbidden, response.StatusCode)
	require.NoError(t, response.Body.Close())
}

// TestPollWaitsForAPublish asks before anything changes, and has the change.
func TestPollWaitsForAPublish(t *testing.T) {
	t.Parallel()
	c := serving(t)
	defer c.stop()
	poll := func(path string) (next string, changes []change) {
		response := c.get(t, "steward_hr", path, "application/json")
		defer response.Body.Close()
		var answer struct {
			Next   string
			Events []change
		}
		require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
		return answer.Next, answer.Events
	}
	next, none := poll(staffChanges + "&from=now")
	require.Empty(t, none)
	type answer struct{ changes []change }
	answered := make(chan answer, 1)
	go func() {
		_, changes := poll(staffChanges + "&wait=30&limit=1000&after=" + url.QueryEscape(next))
		answered <- answer{changes}
	}()
	c.evolve(t)
	require.NotEmpty(t, (<-answered).changes)
	_, again := poll(staffChanges + "&limit=1000&after=" + url.QueryEscape(next))
	require.NotEmpty(t, again)
}
