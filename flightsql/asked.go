package flightsql

import (
	"bytes"
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
)

// Headers that say how something is asked.
const (
	headerPurpose = "x-yitong-purpose"
	headerRight   = "x-yitong-right"
	headerAsOf    = "x-yitong-as-of"
)

// asked is a question as tickets and handles carry it: all of it, and nothing
// that is kept here. Anybody may make one up and learns by it what they may see.
type asked struct {
	SQL string `json:"sql"`
	// Args are nil where none were given.
	Args []*string `json:"args,omitempty"`
	manner
}

// manner is how something is asked.
type manner struct {
	Right   acl.Right  `json:"right,omitempty"`
	Purpose string     `json:"purpose,omitempty"`
	AsOf    *time.Time `json:"as_of,omitempty"`
}

// mannerOf reads the headers of a call. Who fetches by Flight keeps a copy, so
// the right is Hold where none is named.
func mannerOf(ctx context.Context) (manner, error) {
	made := manner{Right: acl.Hold}
	right, err := header(ctx, headerRight)
	if err != nil {
		return made, err
	}
	switch acl.Right(right) {
	case "":
	case acl.View, acl.Hold:
		made.Right = acl.Right(right)
	default:
		return made, fault.New(fault.Invalid, "the header %s is view or hold", headerRight)
	}
	if made.Purpose, err = header(ctx, headerPurpose); err != nil {
		return made, err
	}
	asOf, err := header(ctx, headerAsOf)
	if err != nil || asOf == "" {
		return made, err
	}
	moment, err := time.Parse(time.RFC3339Nano, asOf)
	if err != nil {
		return made, fault.Wrap(err, fault.Invalid, "the header %s is a moment as 2026-01-31T00:00:00+08:00", headerAsOf)
	}
	made.AsOf = &moment
	return made, nil
}

// ask makes a question of a statement and the call's headers.
func ask(ctx context.Context, sql string) (asked, error) {
	if !utf8.ValidString(sql) {
		return asked{}, fault.New(fault.Invalid, "the statement is no UTF-8 text")
	}
	how, err := mannerOf(ctx)
	return asked{SQL: sql, manner: how}, err
}

func (a asked) handle() []byte {
	text, err := json.Marshal(a)
	if err != nil { // texts and a moment: cannot fail
		return nil
	}
	return text
}

// askedBefore reads a ticket or handle. Headers that a call repeats must say what
// they said when it was asked: an answer must not be taken for another.
func askedBefore(ctx context.Context, handle []byte) (asked, error) {
	var made asked
	decoder := json.NewDecoder(bytes.NewReader(handle))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&made); err != nil || decoder.More() || !utf8.Valid(handle) {
		return asked{}, fault.New(fault.Invalid, "the ticket or handle is none that this server gave: ask for a new one")
	}
	now, err := mannerOf(ctx)
	if err != nil {
		return asked{}, err
	}
	for name, same := range map[string]bool{
		headerRight: now.Right == made.Right, headerPurpose: now.Purpose == made.Purpose,
		headerAsOf: now.AsOf == nil || made.AsOf != nil && now.AsOf.Equal(*made.AsOf),
	} {
		if said, err := header(ctx, name); err != nil || said != "" && !same {
			return asked{}, fault.New(fault.Invalid, "the header %s says something else than when the statement was asked", name)
		}
	}
	return made, nil
}

// request is what the gate is asked. Parameters without values are refused where
// rows are read, and count as NULL where columns are described.
func (a asked) request(read bool) query.SQLRequest {
	args := a.Args
	if read && args == nil {
		args = []*string{}
	}
	return query.SQLRequest{Text: a.SQL, Args: args, Right: a.Right, Purpose: a.Purpose, AsOf: a.AsOf}
}
