package feed

import (
	"strings"
	"time"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
)

// States of subscriptions.
const (
	// Active: changes are delivered as they are published.
	Active = "active"
	// Ended: nothing is delivered any more; Reason says why.
	Ended = "ended"
)

// Subscription is what an application is to be sent of a dataset.
type Subscription struct {
	ID string `json:"id"`
	// Application is whose rights count.
	Application string   `json:"application"`
	Dataset     string   `json:"dataset"`
	Fields      []string `json:"fields,omitempty"`
	Where       string   `json:"where,omitempty"`
	Purpose     string   `json:"purpose,omitempty"`
	// From is query.FromBeginning, which it is when empty, or query.FromNow.
	From   string    `json:"from,omitempty"`
	Topic  string    `json:"topic"`
	Made   time.Time `json:"made"`
	MadeBy string    `json:"made_by"`

	State  string     `json:"state"`
	Ended  *time.Time `json:"ended,omitempty"`
	Reason string     `json:"reason,omitempty"`
	// Version is that of the dataset up to which all was delivered, Newest the
	// one that is published; Lag is the difference.
	Version int64 `json:"version"`
	Newest  int64 `json:"newest"`
	Lag     int64 `json:"lag"`
	// Events is the number of events that the brokers acknowledged, Delivered when
	// that was last.
	Events    int64      `json:"events"`
	Delivered *time.Time `json:"delivered,omitempty"`
	// Trouble says why nothing can be delivered at the moment.
	Trouble string `json:"trouble,omitempty"`

	place string
}

func (s Subscription) request() query.ChangesRequest {
	return query.ChangesRequest{Dataset: s.Dataset, Fields: s.Fields, Where: s.Where, Purpose: s.Purpose, From: s.From, After: s.place}
}

// maxTopic is the length of the names of topics in Kafka.
const maxTopic = 249

// check keeps every application to topics of its own.
func (s Subscription) check(prefix string) error {
	if strings.ContainsRune(strings.Join(append([]string{s.Dataset, s.Where, s.Purpose}, s.Fields...), ""), 0) {
		return fault.New(fault.Invalid, "no text of a subscription may have a zero byte")
	}
	if !plain(s.Application, "-_") {
		return fault.New(fault.Invalid, "application: only one whose id is of letters, digits, - and _ can have topics of its own")
	}
	own := prefix + s.Application + "."
	if rest, ok := strings.CutPrefix(s.Topic, own); !ok || rest == "" {
		return fault.New(fault.Invalid, "topic: those of %s begin with %q and have a name behind it", s.Application, own)
	}
	if len(s.Topic) > maxTopic || !plain(s.Topic, "-_.") {
		return fault.New(fault.Invalid, "topic: its name has up to %d letters, digits, dots, - and _", maxTopic)
	}
	return nil
}

// plain reports whether a name is of letters, digits and some others alone.
func plain(name, others string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune(others, r)
	})
}
