package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/feed"
	"github.com/yitong-hub/yitong/feed/kafka"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/testserver"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/render"
)

const partitions = 3

// topical makes a topic of one's own and a campus whose feeds are written to
// its brokers.
func topical(t *testing.T) (c *campus, broker, topic string) {
	t.Helper()
	broker = testserver.Kafka(t)
	topic = "yitong.app_library." + uuid.NewString()
	client := &kafkago.Client{Addr: kafkago.TCP(broker)}
	made, err := client.CreateTopics(t.Context(), &kafkago.CreateTopicsRequest{Topics: []kafkago.TopicConfig{{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1}}})
	require.NoError(t, err)
	require.NoError(t, made.Errors[topic])
	with := settings(t)
	_, err = app.BuildDemo(t.Context(), with, "small")
	require.NoError(t, err)
	settings := fmt.Sprintf("brokers: [%q]\ntopic_prefix: yitong.\n", broker)
	require.NoError(t, os.WriteFile(filepath.Join(with.Campus, kafka.FileName), []byte(settings), 0o600))
	opened, err := app.New(t.Context(), with, app.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	c = &campus{app: opened}
	c.sync(t)
	return c, broker, topic
}

// grant lets the library hold titles, of the rows that are named.
func (c *campus) grant(t *testing.T, rows string) {
	t.Helper()
	c.policies(t, acl.Policy{
		ID: "titles", Effect: acl.Allow, Subject: acl.Subject{Applications: []string{"app_library"}}, Rows: rows,
		Resource: acl.Selector{Datasets: []string{"hr.staff"}, Fields: []string{"title"}}, Rights: []acl.Right{acl.Hold},
	})
}

func (c *campus) policies(t *testing.T, policies ...acl.Policy) {
	t.Helper()
	_, err := c.app.Policies.Apply(t.Context(), policystore.Change{Origin: "test", Author: "test", Put: acl.Contents{Policies: policies}, Whole: true})
	require.NoError(t, err)
}

func (c *campus) subscribe(t *testing.T, topic string) feed.Subscription {
	t.Helper()
	library, err := c.app.Principals.Principal("app_library")
	require.NoError(t, err)
	made, err := c.app.Subscriptions.Register(t.Context(), library, feed.Subscription{
		Application: "app_library", Dataset: "hr.staff", Fields: []string{"title"}, Topic: topic,
	})
	require.NoError(t, err)
	return made
}

// titles counts the titles that the library may hold now.
func (c *campus) titles(t *testing.T) map[string]int {
	t.Helper()
	library, err := c.app.Principals.Principal("app_library")
	require.NoError(t, err)
	result, err := c.app.Gate.Read(t.Context(), library, query.Request{Dataset: "hr.staff", Fields: []string{"title"}, Right: acl.Hold, Limit: 1000})
	require.NoError(t, err)
	defer result.Reader.Release()
	counts := map[string]int{}
	for result.Reader.Next() {
		batch := result.Reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			title, _ := render.Text(batch.Column(0), row)
			counts[title]++
		}
	}
	return counts
}

// message is a CloudEvent as a consumer reads it.
type message struct {
	ID, Type, Source, Subject, Specversion string
	Dataset                                string
	Data                                   struct {
		Version int64
		Row     map[string]*string
		Reason  string
	}
}

// consumer keeps, for each partition, what its events make of nothing.
type consumer struct {
	incoming chan fetched
	// texts are the messages by their id, rows the titles by partition and key.
	texts      map[string]string
	rows       [partitions]map[string]string
	versions   map[string]int64
	duplicates int
	seen       map[string]int
	// ended counts the partitions that were told why nothing more comes.
	ended map[string]int
}

func consume(t *testing.T, broker, topic string) *consumer {
	t.Helper()
	c := &consumer{incoming: make(chan fetched), texts: map[string]string{}, versions: map[string]int64{}, seen: map[string]int{}, ended: map[string]int{}}
	ctx, cancel := context.WithCancel(t.Context())
	for i := range partitions {
		reader := kafkago.NewReader(kafkago.ReaderConfig{Brokers: []string{broker}, Topic: topic, Partition: i, MaxWait: 50 * time.Millisecond})
		c.rows[i] = map[string]string{}
		t.Cleanup(func() { reader.Close() })
		go c.fetch(ctx, reader)
	}
	t.Cleanup(cancel)
	return c
}

// fetched is what a partition gave.
type fetched struct {
	message kafkago.Message
	err     error
}

func (c *consumer) fetch(ctx context.Context, reader *kafkago.Reader) {
	for ctx.Err() == nil {
		message, err := reader.FetchMessage(ctx)
		select {
		case c.incoming <- fetched{message, err}:
		case <-ctx.Done():
		}
	}
}

// take reads messages, from whichever partition has one, until enough says so.
func (c *consumer) take(t *testing.T, enough func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !enough() {
		select {
		case next := <-c.incoming:
			require.NoError(t, next.err)
			c.apply(t, next.message)
		case <-ctx.Done():
			t.Fatalf("the topic has not what it should: %v %v", c.seen, c.titles())
		}
	}
}

func (c *consumer) apply(t *testing.T, from kafkago.Message) {
	t.Helper()
	var one message
	require.NoError(t, json.Unmarshal(from.Value, &one))
	require.Equal(t, "1.0", one.Specversion)
	require.Equal(t, "hr.staff", one.Dataset)
	require.Equal(t, one.Subject, string(from.Key))
	if before, again := c.texts[one.ID]; again {
		require.Equal(t, before, string(from.Value), "equal ids are equal events")
		c.duplicates++
		return
	}
	c.texts[one.ID] = string(from.Value)
	c.seen[one.Type]++
	rows := c.rows[from.Partition]
	held, there := rows[one.Subject]
	switch one.Type {
	case feed.TypeReset:
		c.rows[from.Partition] = map[string]string{}
	case feed.TypeEnded:
		c.ended[one.Data.Reason]++
	case feed.TypeInsert:
		require.False(t, there, "an insert of a row that is there")
		rows[one.Subject] = *one.Data.Row["title"]
	case feed.TypeUpdate:
		require.True(t, there, "an update of a row that is not there")
		require.NotEqual(t, held, *one.Data.Row["title"])
		rows[one.Subject] = *one.Data.Row["title"]
	case feed.TypeDelete:
		require.True(t, there, "a delete of a row that is not there")
		delete(rows, one.Subject)
	default:
		t.Fatal(one.Type)
	}
	if one.Subject != "" {
		require.Len(t, one.Subject, 64, "the key is not shown")
		require.GreaterOrEqual(t, one.Data.Version, c.versions[one.Subject], "events of one row are in order")
		c.versions[one.Subject] = one.Data.Version
	}
}

func (c *consumer) titles() map[string]int {
	counts := map[string]int{}
	for _, rows := range c.rows {
		for _, title := range rows {
			counts[title]++
		}
	}
	return counts
}

// dying writes the whole or a half of what it is given and takes its process
// with it before that is known.
type dying struct {
	to    feed.Publisher
	kill  context.CancelFunc
	whole bool
}

func (d *dying) Publish(ctx context.Context, topic string, messages []feed.Message) error {
	if !d.whole {
		messages = messages[:(len(messages)+1)/2]
	}
	err := d.to.Publish(ctx, topic, messages)
	d.kill()
	return errors.Join(err, errors.New("killed"))
}

// TestKilledDeliveryLosesNothing kills the worker again and again between the
// brokers' acknowledgement and the keeping of its place.
func TestKilledDeliveryLosesNothing(t *testing.T) {
	t.Parallel()
	c, broker, topic := topical(t)
	c.grant(t, "")
	c.subscribe(t, topic)
	producer, err := kafka.New(kafka.Config{Brokers: []string{broker}}, nil)
	require.NoError(t, err)
	defer producer.Close()
	logger := slog.New(slog.DiscardHandler)
	for round := range 5 {
		if round == 3 {
			c.grant(t, "title != '教授'")
		}
		ctx, kill := context.WithCancel(t.Context())
		publisher := &dying{to: producer, kill: kill, whole: round%2 == 0}
		done := make(chan struct{})
		go func() {
			defer close(done)
			feed.NewRunner(c.app.Subscriptions, publisher, "node", logger).Run(ctx)
		}()
		for alive := true; alive; { // until something happened that it could die of
			select {
			case <-done:
				alive = false
			default:
				c.evolve(t)
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		feed.NewRunner(c.app.Subscriptions, producer, "node", logger).Run(ctx)
	}()
	wanted, reader := c.titles(t), consume(t, broker, topic)
	reader.take(t, func() bool {
		return reader.seen[feed.TypeReset] == partitions && equalCounts(wanted, reader.titles())
	})
	stop()
	<-done
	require.Positive(t, reader.duplicates, "it died behind something that was written")
	require.Positive(t, reader.seen[feed.TypeInsert])
	require.NotContains(t, reader.titles(), "教授", "what may not be held any more is dropped")
}

func equalCounts(a, b map[string]int) bool {
	if len(a) != len(b) {
		return false
	}
	for key, count := range a {
		if b[key] != count {
			return false
		}
	}
	return true
}

// TestSubscriptionEndsWithItsGrant lets the server deliver, and takes the right away.
func TestSubscriptionEndsWithItsGrant(t *testing.T) {
	t.Parallel()
	c, broker, topic := topical(t)
	c.grant(t, "")
	made := c.subscribe(t, topic)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- c.app.Serve(ctx, app.ServeOptions{Listen: "127.0.0.1:0", Demo: true, Logger: slog.New(slog.DiscardHandler)})
	}()
	reader := consume(t, broker, topic)
	wanted := c.titles(t)
	reader.take(t, func() bool { return equalCounts(wanted, reader.titles()) })
	c.policies(t)
	reader.take(t, func() bool { return reader.ended["denied"] == partitions })
	library, err := c.app.Principals.Principal("app_library")
	require.NoError(t, err)
	found, err := c.app.Subscriptions.Get(t.Context(), library, made.ID)
	require.NoError(t, err)
	require.Equal(t, feed.Ended, found.State)
	require.Contains(t, found.Reason, "denied: nothing of hr.staff may be held")
	require.EqualValues(t, len(reader.texts)-partitions, found.Events)
	stop()
	require.NoError(t, <-ended)
}
