package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/segmentio/kafka-go"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// position is the token: the next offset of each partition.
type position struct {
	Topic   string        `json:"topic"`
	Offsets map[int]int64 `json:"offsets"`
}

func parseToken(topic string, token connectors.Token) (position, error) {
	at := position{Topic: topic, Offsets: map[int]int64{}}
	if token == "" {
		return at, nil
	}
	if err := json.Unmarshal([]byte(token), &at); err != nil || at.Topic != topic {
		return at, fault.New(fault.Invalid, "the stored position is not one of topic %s", topic)
	}
	return at, nil
}

// span is the part of a partition that a read covers.
type span struct {
	place      kafka.Partition
	start, end int64
}

// rows gives the events of a topic, partition after partition.
type rows struct {
	dialer  *kafka.Dialer
	spans   []span
	current *partition
	at      position
	decoder *decoder
	dataset schema.Dataset
	places  map[string]int
	cells   [][]byte
}

func newRows(dialer *kafka.Dialer, spans []span, at position, decoder *decoder, dataset schema.Dataset) *rows {
	r := &rows{dialer: dialer, spans: spans, at: at, decoder: decoder, dataset: dataset, places: map[string]int{}, cells: make([][]byte, len(dataset.Columns))}
	for i, column := range dataset.Columns {
		r.places[column.Name] = i
	}
	return r
}

// Next implements text.Rows.
func (r *rows) Next(ctx context.Context) (text.Row, error) {
	for len(r.spans) > 0 {
		message, err := r.message(ctx)
		if errors.Is(err, io.EOF) {
			continue
		}
		if err != nil {
			return text.Row{}, err
		}
		r.at.Offsets[message.Partition] = message.Offset + 1
		change, problem, err := r.decoder.decode(message)
		if err != nil {
			return text.Row{}, err
		}
		if change == nil && problem == nil {
			continue
		}
		return r.row(message, change, problem), nil
	}
	return text.Row{}, io.EOF
}

// message gives the next message, or io.EOF at the end of a partition.
func (r *rows) message(ctx context.Context) (kafka.Message, error) {
	first := r.spans[0]
	if r.current == nil {
		opened, err := openPartition(ctx, r.dialer, first.place)
		if err != nil {
			return kafka.Message{}, err
		}
		r.current = opened
		if err := opened.from(first.start, first.end); err != nil {
			return kafka.Message{}, unavailable(ctx, err, r.at.Topic)
		}
	}
	message, err := r.current.next(ctx, r.at.Topic)
	if errors.Is(err, io.EOF) {
		r.spans = r.spans[1:]
		r.at.Offsets[first.place.ID] = first.end
		_ = r.current.close() // nothing is left to be read
		r.current = nil
	}
	return message, err
}

func (r *rows) row(message kafka.Message, change *change, problem *problem) text.Row {
	row := text.Row{Number: message.Offset + 1, Cells: r.cells, Raw: func() string { return rawOf(message) }}
	if problem == nil {
		problem = r.fill(change)
	}
	if problem != nil {
		row.Cells = nil
		row.Reject = &connectors.Reject{
			Row: row.Number, Code: problem.code, Column: problem.column, Raw: row.Raw(),
			Reason: fmt.Sprintf("partition %d, offset %d: %s", message.Partition, message.Offset, problem.reason),
		}
	}
	return row
}

// fill puts a change into the cells.
func (r *rows) fill(change *change) *problem {
	clear(r.cells)
	r.cells[0] = []byte(change.op)
	for name, raw := range change.row {
		place, known := r.places[name]
		if !known {
			return &problem{code: codeUnknownField, column: name, reason: "the event has a column that neither the sampled messages nor the declared types have: declare its type"}
		}
		cell, err := cellOf(raw, change.fields[name])
		if err != nil {
			return &problem{code: text.CodeTypeMismatch, column: name, reason: err.Error()}
		}
		r.cells[place] = cell
	}
	for _, key := range r.dataset.Key {
		if place, known := r.places[key]; known && r.cells[place] == nil {
			return &problem{code: codeNoKey, column: key, reason: "the event has no value of the key column"}
		}
	}
	return nil
}

// rawOf is the message as text: its key, if any, and its value.
func rawOf(message kafka.Message) string {
	key, value := strings.ToValidUTF8(string(message.Key), string(utf8.RuneError)), strings.ToValidUTF8(string(message.Value), string(utf8.RuneError))
	if len(key) == 0 {
		return value
	}
	return key + "\t" + value
}

// Token implements text.Rows.
func (r *rows) Token() connectors.Token {
	token, err := json.Marshal(r.at)
	if err != nil {
		return "" // a name and whole numbers are always JSON
	}
	return connectors.Token(token)
}

// Close implements text.Rows.
func (r *rows) Close() error {
	err := r.current.close()
	r.current = nil
	return err
}
