package kafka

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/segmentio/kafka-go"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Codes of rejects.
const (
	codeEncoding     = "encoding"
	codeNotJSON      = "not_json"
	codeNotEvent     = "not_event"
	codeNoKey        = "no_key"
	codeUnknownField = "unknown_field"
)

// problem says why a message is not a change, without its values.
type problem struct{ code, column, reason string }

// change is one decoded message.
type change struct {
	op  string
	row map[string]json.RawMessage
	// names are the row's columns in the message's order.
	names []string
	// fields describe the columns as the message's schema does.
	fields map[string]field
	// key holds the names of the message key's columns.
	key []string
}

// decoder turns messages into changes. It is used by one goroutine.
type decoder struct {
	options Options
	topic   string
	key     []string
	types   map[string]schema.Type
	// The schema of the last message with its fields: the next one's is nearly
	// always the same, and long.
	schema []byte
	fields map[string]field
}

// decode gives the change of a message; neither a change nor a problem means
// that the message says nothing about a row.
func (d *decoder) decode(message kafka.Message) (*change, *problem, error) {
	if !utf8.Valid(message.Value) || !utf8.Valid(message.Key) {
		return nil, &problem{code: codeEncoding, reason: "the message holds bytes that are not UTF-8"}, nil
	}
	if len(message.Value) == 0 {
		return d.tombstone(message.Key)
	}
	payload, fields, bad := d.unwrap(message.Value)
	if bad != nil {
		return nil, bad, nil
	}
	if d.options.Format == formatJSON {
		done, bad := d.plain(payload, fields, message.Key)
		return done, bad, nil
	}
	return d.debezium(payload, fields, message)
}

// tombstone is a message without a value: its key is gone. After a Debezium
// delete it says so again, which does no harm; in a compacted topic it may be
// all that is left of the delete.
func (d *decoder) tombstone(key []byte) (*change, *problem, error) {
	if len(key) == 0 {
		return nil, nil, nil
	}
	row, fields, names := d.keyOf(key)
	if row == nil {
		return nil, &problem{code: codeNoKey, reason: "the deletion's message key is not the key's columns as JSON"}, nil
	}
	return &change{op: connectors.OpDelete, row: row, names: names, fields: fields, key: names}, nil, nil
}

// unwrap takes the envelope of Kafka Connect's JSON converter off, if there is one.
func (d *decoder) unwrap(value []byte) (json.RawMessage, map[string]field, *problem) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(value, &object); err != nil || object == nil {
		return nil, nil, &problem{code: codeNotJSON, reason: "the message is not a JSON object"}
	}
	payload, hasPayload := object["payload"]
	described, hasSchema := object["schema"]
	if !hasPayload || !hasSchema || len(object) != 2 {
		return value, d.plainFields(), nil
	}
	if string(described) == "null" {
		return payload, d.plainFields(), nil
	}
	if bytes.Equal(described, d.schema) {
		return payload, d.fields, nil
	}
	fields, err := parseFields(described, d.options.Format == formatDebezium)
	if err != nil {
		return nil, nil, &problem{code: codeNotEvent, reason: "the message's schema is not one of Kafka Connect"}
	}
	d.schema, d.fields = bytes.Clone(described), fields
	return payload, fields, nil
}

func (d *decoder) plainFields() map[string]field {
	fields := make(map[string]field, len(d.options.ConnectTypes))
	for column, name := range d.options.ConnectTypes {
		described := field{Field: column, Name: name}
		if declared := d.types[column]; name == decimalName && declared.Kind == schema.Decimal {
			described.Parameters = map[string]string{
				"scale": strconv.Itoa(int(declared.Scale)), "connect.decimal.precision": strconv.Itoa(int(declared.Precision)),
			}
		}
		fields[column] = described
	}
	return fields
}

func (d *decoder) debezium(payload json.RawMessage, fields map[string]field, message kafka.Message) (*change, *problem, error) {
	var event struct {
		Op            string
		Before, After json.RawMessage
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, &problem{code: codeNotEvent, reason: "the message is not a change event of Debezium"}, nil
	}
	keyRow, keyFields, key := d.keyOf(message.Key)
	done := &change{op: connectors.OpUpsert, fields: fields, key: key}
	image := event.After
	switch event.Op {
	case "c", "u", "r":
	case "d":
		done.op, image = connectors.OpDelete, event.Before
	case "t":
		return nil, nil, fault.New(fault.Conflict, "topic %s: the source table was emptied (truncate event at partition %d, offset %d): begin again with a new snapshot and a full refresh", d.topic, message.Partition, message.Offset)
	case "m":
		return nil, nil, nil
	default:
		return nil, &problem{code: codeNotEvent, column: "op", reason: "the operation is none of c, u, d, r, t, m"}, nil
	}
	done.row, done.names = objectOf(image)
	if done.row == nil && done.op == connectors.OpDelete && keyRow != nil {
		done.row, done.names, done.fields = keyRow, key, keyFields
	}
	if done.row == nil {
		return nil, &problem{code: codeNotEvent, reason: "the event has no image of the row"}, nil
	}
	return done, nil, nil
}

func (d *decoder) plain(payload json.RawMessage, fields map[string]field, key []byte) (*change, *problem) {
	_, _, keyNames := d.keyOf(key)
	done := &change{op: connectors.OpUpsert, fields: fields, key: keyNames}
	if d.options.Op != "" {
		raw := follow(payload, d.options.Op)
		if raw == nil {
			return nil, &problem{code: codeNotEvent, column: d.options.Op, reason: "the event does not say its operation"}
		}
		cell, err := cellOf(raw, field{})
		if err != nil {
			return nil, &problem{code: codeNotEvent, column: d.options.Op, reason: "the operation is not a word"}
		}
		if slices.Contains(d.options.Delete, string(cell)) {
			done.op = connectors.OpDelete
		}
	}
	if d.options.Row != "" {
		payload = follow(payload, d.options.Row)
	}
	if done.row, done.names = objectOf(payload); done.row == nil {
		return nil, &problem{code: codeNotEvent, reason: "the event has no row where the options say"}
	}
	return done, nil
}

// keyOf gives the columns of a message key: a JSON object, or one value where
// the dataset has one key column.
func (d *decoder) keyOf(key []byte) (map[string]json.RawMessage, map[string]field, []string) {
	if len(key) == 0 || !json.Valid(key) {
		if len(d.key) == 1 && len(key) > 0 {
			quoted, err := json.Marshal(string(key))
			if err == nil {
				return map[string]json.RawMessage{d.key[0]: quoted}, d.plainFields(), d.key
			}
		}
		return nil, nil, nil
	}
	row, names := objectOf(key)
	if row == nil {
		if len(d.key) == 1 {
			return map[string]json.RawMessage{d.key[0]: key}, d.plainFields(), d.key
		}
		return nil, nil, nil
	}
	described, hasSchema := row["schema"]
	payload, hasPayload := row["payload"]
	if !hasSchema || !hasPayload || len(row) != 2 {
		return row, d.plainFields(), names
	}
	fields, err := parseFields(described, false)
	if err != nil {
		return nil, nil, nil
	}
	row, names = objectOf(payload)
	return row, fields, names
}

// objectOf gives the members of an object and their order, nil when it is none.
func objectOf(raw json.RawMessage) (map[string]json.RawMessage, []string) {
	var members map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &members) != nil || members == nil {
		return nil, nil
	}
	names := make([]string, 0, len(members))
	reader := json.NewDecoder(bytes.NewReader(raw))
	if _, err := reader.Token(); err != nil {
		return nil, nil
	}
	for reader.More() {
		name, err := reader.Token()
		var skipped json.RawMessage
		if err != nil || reader.Decode(&skipped) != nil {
			return nil, nil
		}
		names = append(names, name.(string)) // the name of a member is a string
	}
	return members, names
}

// follow gives the value at a path of member names, nil when there is none.
func follow(raw json.RawMessage, path string) json.RawMessage {
	for _, name := range strings.Split(path, ".") {
		members, _ := objectOf(raw)
		next, ok := members[name]
		if !ok {
			return nil
		}
		raw = next
	}
	return raw
}
