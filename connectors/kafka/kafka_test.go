package kafka_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	client "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/conntest"
	"github.com/yitong-hub/yitong/connectors/kafka"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/testserver"
	"github.com/yitong-hub/yitong/schema"
)

func node(t testing.TB, text string) yaml.Node {
	t.Helper()
	var parsed yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(text), &parsed))
	return *parsed.Content[0]
}

func openSource(t testing.TB, broker string, datasets ...connectors.DatasetConfig) connectors.Source {
	t.Helper()
	source, err := kafka.Driver().Open(connectors.Config{System: "hr", Connection: node(t, "brokers: ["+broker+"]"), Datasets: datasets})
	require.NoError(t, err)
	return source
}

// topic makes a topic of the test's own.
func topic(t testing.TB, broker string, partitions int) string {
	t.Helper()
	name := strings.ToLower(strings.NewReplacer("/", "-", " ", "-").Replace(t.Name())) + "-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	conn, err := client.DialContext(t.Context(), "tcp", broker)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.CreateTopics(client.TopicConfig{Topic: name, NumPartitions: partitions, ReplicationFactor: 1}))
	require.Eventually(t, func() bool {
		found, err := conn.ReadPartitions()
		ready := 0
		for _, place := range found {
			if place.Topic == name && place.Leader.Port != 0 {
				ready++
			}
		}
		return err == nil && ready == partitions
	}, 30*time.Second, 50*time.Millisecond)
	return name
}

func produce(t testing.TB, broker, topic string, partition int, messages ...client.Message) {
	t.Helper()
	// A new topic is listed a moment before its leader takes messages.
	require.Eventually(t, func() bool {
		conn, err := client.DialLeader(t.Context(), "tcp", broker, topic, partition)
		if err != nil {
			return false
		}
		defer conn.Close()
		_, err = conn.WriteMessages(messages...)
		return err == nil
	}, 30*time.Second, 50*time.Millisecond)
}

func read(t testing.TB, source connectors.Source, request connectors.ReadRequest) (rows []string, rejects []connectors.Reject, token connectors.Token) {
	t.Helper()
	stream, err := source.Read(t.Context(), request)
	require.NoError(t, err)
	defer func() { require.NoError(t, stream.Close()) }()
	token = request.Resume
	for {
		batch, err := stream.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return rows, rejects, token
		}
		require.NoError(t, err)
		rejects, token = append(rejects, batch.Rejects...), batch.Token
		for i := range int(batch.Record.NumRows()) {
			var values []string
			for _, column := range batch.Record.Columns() {
				values = append(values, strings.Clone(column.ValueStr(i)))
			}
			rows = append(rows, strings.Join(values, "|"))
		}
		batch.Record.Release()
	}
}

func event(op string, before, after string) client.Message {
	value := fmt.Sprintf(`{"before":%s,"after":%s,"source":{"ts_ms":1700000000000},"op":%q}`, before, after, op)
	return client.Message{Value: []byte(value)}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	broker := testserver.Kafka(t)
	name := topic(t, broker, 2)
	var rows []string
	for partition := range 2 {
		var messages []client.Message
		for i := range 4 {
			id := 10*partition + i
			messages = append(messages, event("c", "null", fmt.Sprintf(`{"id":%d,"name":"教师%d"}`, id, id)))
			rows = append(rows, fmt.Sprintf("u|%d|教师%d", id, id))
		}
		produce(t, broker, name, partition, messages...)
	}
	declared := connectors.DatasetConfig{Source: name, Key: []string{"id"}, Types: map[string]schema.Type{"id": schema.Of(schema.Int64)}}
	conntest.Run(t, conntest.Case{
		Open:    func(t *testing.T) connectors.Source { return openSource(t, broker, declared) },
		Dataset: name, Columns: []string{"_op string", "id int64", "name string"}, Rows: rows,
	})
}

func TestChangesAreReadOnceAndOn(t *testing.T) {
	t.Parallel()
	broker := testserver.Kafka(t)
	name := topic(t, broker, 1)
	source := openSource(t, broker, connectors.DatasetConfig{Source: name, Key: []string{"id"}})
	produce(t, broker, name, 0,
		event("r", "null", `{"id":1,"name":"a"}`),
		event("u", `{"id":1,"name":"a"}`, `{"id":1,"name":"b"}`),
		event("d", `{"id":1,"name":"b"}`, "null"),
		client.Message{Key: []byte(`{"id":1}`)},
		client.Message{Value: []byte("not JSON")},
		event("c", "null", `{"id":2,"name":null}`))
	rows, rejects, token := read(t, source, connectors.ReadRequest{Dataset: name, BatchRows: 2})
	require.Equal(t, []string{"u|1|a", "u|1|b", "d|1|b", "d|1|(null)", "u|2|(null)"}, rows)
	require.Len(t, rejects, 1)
	require.Equal(t, "not_json", rejects[0].Code)
	require.Contains(t, rejects[0].Reason, "offset 4")
	require.Equal(t, "not JSON", rejects[0].Raw)

	lagging := source.(connectors.LagReporter)
	lag, err := lagging.Lag(t.Context(), name, token)
	require.NoError(t, err)
	require.Zero(t, lag)
	produce(t, broker, name, 0, event("c", "null", `{"id":3,"name":"c"}`))
	lag, err = lagging.Lag(t.Context(), name, token)
	require.NoError(t, err)
	require.Equal(t, int64(1), lag)
	rows, _, token = read(t, source, connectors.ReadRequest{Dataset: name, Resume: token})
	require.Equal(t, []string{"u|3|c"}, rows)
	rows, _, _ = read(t, source, connectors.ReadRequest{Dataset: name, Resume: token})
	require.Empty(t, rows)
}

func TestLostOffsetsAreAFault(t *testing.T) {
	t.Parallel()
	broker := testserver.Kafka(t)
	name := topic(t, broker, 1)
	source := openSource(t, broker, connectors.DatasetConfig{Source: name})
	for i := range 4 {
		produce(t, broker, name, 0, event("c", "null", fmt.Sprintf(`{"id":%d}`, i)))
	}
	ahead, err := json.Marshal(map[string]any{"topic": name, "offsets": map[string]int{"0": 9}})
	require.NoError(t, err)
	_, err = source.Read(t.Context(), connectors.ReadRequest{Dataset: name, Resume: connectors.Token(ahead)})
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.ErrorContains(t, err, "full refresh")
	other, err := json.Marshal(map[string]any{"topic": "other", "offsets": map[string]int{"0": 1}})
	require.NoError(t, err)
	_, err = source.Read(t.Context(), connectors.ReadRequest{Dataset: name, Resume: connectors.Token(other)})
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
}

func TestSchemaInTheMessageGivesTheTypes(t *testing.T) {
	t.Parallel()
	broker := testserver.Kafka(t)
	name := topic(t, broker, 1)
	fields := `[{"field":"id","type":"int64"},
		{"field":"pay","type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2","connect.decimal.precision":"10"},"optional":true},
		{"field":"big","type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"0"}},
		{"field":"born","type":"int32","name":"io.debezium.time.Date"},
		{"field":"at","type":"int64","name":"io.debezium.time.MicroTimestamp"},
		{"field":"seen","type":"string","name":"io.debezium.time.ZonedTimestamp"},
		{"field":"raw","type":"bytes"}]`
	after := `{"id":7,"pay":"/w==","big":"AP//////////","born":-1,"at":1700000000123456,"seen":"2026-03-01T08:00:00+08:00","raw":"AP8="}`
	value := fmt.Sprintf(`{"schema":{"type":"struct","fields":[{"field":"before","type":"struct","fields":%[1]s},{"field":"after","type":"struct","fields":%[1]s}]},"payload":{"before":null,"after":%[2]s,"op":"c"}}`, fields, after)
	key := `{"schema":{"type":"struct","fields":[{"field":"id","type":"int64"}]},"payload":{"id":7}}`
	produce(t, broker, name, 0, client.Message{Key: []byte(key), Value: []byte(value)})
	source := openSource(t, broker, connectors.DatasetConfig{Source: name})
	found, err := source.Discover(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"id"}, found[0].Key)
	var types []string
	for _, column := range found[0].Columns {
		types = append(types, column.Type.String())
	}
	require.Equal(t, []string{"string", "int64", "decimal(10,2)", "decimal(38,0)", "date", "timestamp", "timestamptz", "binary"}, types)
	rows, rejects, _ := read(t, source, connectors.ReadRequest{Dataset: name})
	require.Empty(t, rejects)
	require.Equal(t, []string{"u|7|-0.01|18446744073709551615|1969-12-31|2023-11-14T22:13:20.123456|2026-03-01T00:00:00Z|AP8="}, rows)
}

func TestPlainEvents(t *testing.T) {
	t.Parallel()
	broker := testserver.Kafka(t)
	name := topic(t, broker, 1)
	produce(t, broker, name, 0,
		client.Message{Value: []byte(`{"meta":{"op":"upsert"},"data":{"card":"1","balance":3.50}}`)},
		client.Message{Value: []byte(`{"meta":{"op":"gone"},"data":{"card":"1"}}`)},
		client.Message{Value: []byte(`{"meta":{},"data":{"card":"2"}}`)})
	source := openSource(t, broker, connectors.DatasetConfig{
		Source: name, Key: []string{"card"}, Options: node(t, "{format: json, op: meta.op, row: data, delete: [gone]}"),
		Types: map[string]schema.Type{"balance": schema.DecimalOf(8, 2)},
	})
	rows, rejects, _ := read(t, source, connectors.ReadRequest{Dataset: name})
	require.Equal(t, []string{"u|1|3.5", "d|1|(null)"}, rows)
	require.Len(t, rejects, 1)
	require.Equal(t, "not_event", rejects[0].Code)
}

func TestDefinitionMistakes(t *testing.T) {
	t.Parallel()
	for want, text := range map[string]string{
		"brokers is missing": "{}", "need sasl": "{brokers: [a:1], user: u}", "unknown sasl": "{brokers: [a:1], sasl: gssapi}",
		"tls is not true": "{brokers: [a:1], ca: x.pem}", "field nonsense not found": "{brokers: [a:1], nonsense: 1}",
	} {
		_, err := kafka.Driver().Open(connectors.Config{System: "hr", Connection: node(t, text)})
		require.ErrorContains(t, err, want)
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	require.Equal(t, fault.Unavailable, fault.CodeOf(openSource(t, "127.0.0.1:1").Check(t.Context())))
}
