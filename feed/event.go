package feed

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/yitong-hub/yitong/query"
)

// Types of events, as CloudEvents name them.
const (
	typePrefix = "io.github.yitong-hub."
	TypeInsert = typePrefix + "row.insert"
	TypeUpdate = typePrefix + "row.update"
	TypeDelete = typePrefix + "row.delete"
	// TypeReset: what was sent before does not count any more. It is in every
	// partition, before the rows that take its place there.
	TypeReset = typePrefix + "feed.reset"
	// TypeEnded: nothing more comes. It is in every partition too.
	TypeEnded = typePrefix + "feed.ended"
)

var types = map[string]string{query.Insert: TypeInsert, query.Update: TypeUpdate, query.Delete: TypeDelete, query.Reset: TypeReset}

// MediaType is that of messages: CloudEvents' structured mode.
const MediaType = event.ApplicationCloudEventsJSON

// Message is an event on its way to a topic.
type Message struct {
	// Key decides the partition; events of one row have one key. An empty one
	// stands for all partitions.
	Key string
	// Text writes the event for a partition.
	Text func(partition int) ([]byte, error)
}

// data is what events tell of a row.
type data struct {
	Version int64              `json:"version"`
	Row     map[string]*string `json:"row,omitempty"`
	Reason  string             `json:"reason,omitempty"`
	Detail  string             `json:"detail,omitempty"`
}

// messagesOf makes the messages of changes.
func messagesOf(s Subscription, changes query.Changes) []Message {
	made := make([]Message, len(changes.Events))
	for i, change := range changes.Events {
		made[i] = Message{Key: change.Key, Text: func(partition int) ([]byte, error) {
			told := data{Version: change.Version, Reason: change.Why}
			if change.Row != nil {
				told.Row = make(map[string]*string, len(changes.Fields))
				for i, field := range changes.Fields {
					told.Row[field.Name] = change.Row[i]
				}
			}
			written := s.event(types[change.Type], change.Offset, change.Key, partition)
			written.SetTime(change.At)
			return text(written, told)
		}}
	}
	return made
}

// event makes an event without data (CloudEvents 1.0.2). Its id is the same
// whenever it is sent again; events of all partitions have one for each.
func (s Subscription) event(kind, offset, key string, partition int) event.Event {
	made := event.New()
	made.SetType(kind)
	made.SetSource("/v1/subscriptions/" + s.ID)
	made.SetDataSchema("urn:yitong:dataset:" + url.PathEscape(s.Dataset))
	made.SetExtension("dataset", s.Dataset)
	made.SetID(s.Dataset + "/" + offset)
	if key == "" {
		made.SetID(fmt.Sprintf("%s/%s/%d", s.Dataset, offset, partition))
		return made
	}
	made.SetSubject(key)
	made.SetExtension("partitionkey", key)
	return made
}

func text(written event.Event, told data) ([]byte, error) {
	if err := written.SetData(event.ApplicationJSON, told); err != nil {
		return nil, fmt.Errorf("write an event: %w", err)
	}
	if err := written.Validate(); err != nil {
		return nil, fmt.Errorf("write an event: %w", err)
	}
	return json.Marshal(written)
}

// ended tells every partition why nothing more comes.
func (s Subscription) ended(code, detail string) Message {
	return Message{Text: func(partition int) ([]byte, error) {
		return text(s.event(TypeEnded, "ended", "", partition), data{Version: s.Version, Reason: code, Detail: detail})
	}}
}
