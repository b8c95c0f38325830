package kafka

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/segmentio/kafka-go"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Driver is the connector for topics of Apache Kafka. A dataset is a topic.
func Driver() connectors.Driver {
	return connectors.Driver{Name: "kafka", Title: "Apache Kafka topics of change events (Debezium or plain JSON)", Open: open}
}

type topic struct {
	config  connectors.DatasetConfig
	options Options
}

type source struct {
	config  connectors.Config
	brokers []string
	dialer  *kafka.Dialer
	topics  map[string]topic
}

var (
	_ connectors.ChangeReader = (*source)(nil)
	_ connectors.LagReporter  = (*source)(nil)
)

func open(config connectors.Config) (connectors.Source, error) {
	var connection Connection
	if err := config.DecodeConnection(&connection); err != nil {
		return nil, err
	}
	if _, err := config.Zone(); err != nil {
		return nil, err
	}
	dialer, err := dialerOf(config, connection)
	if err != nil {
		return nil, err
	}
	s := &source{config: config, brokers: connection.Brokers, dialer: dialer, topics: map[string]topic{}}
	for _, dataset := range config.Datasets {
		var options Options
		if err := dataset.DecodeOptions(&options); err != nil {
			return nil, err
		}
		if err := options.check(dataset.Source); err != nil {
			return nil, err
		}
		s.topics[dataset.Source] = topic{config: dataset, options: options}
	}
	return s, nil
}

// Close implements connectors.Source.
func (s *source) Close() error { return nil }

// Changes implements connectors.ChangeReader.
func (s *source) Changes(string) bool { return true }

// Check implements connectors.Source.
func (s *source) Check(ctx context.Context) error {
	_, err := s.partitions(ctx)
	return err
}

// partitions lists the partitions of all topics. Asking for one topic by name
// would make it on brokers that create topics by themselves.
func (s *source) partitions(ctx context.Context) (map[string][]kafka.Partition, error) {
	var failures []error
	for _, broker := range s.brokers {
		found, err := s.ask(ctx, broker)
		if err == nil {
			return found, nil
		}
		failures = append(failures, err)
	}
	if ctx.Err() != nil {
		return nil, fault.Wrap(ctx.Err(), fault.Canceled, "the reading was canceled")
	}
	return nil, fault.Wrap(errors.Join(failures...), fault.Unavailable, "no broker of system %s answers (%s)", s.config.System, strings.Join(s.brokers, ", "))
}

func (s *source) ask(ctx context.Context, broker string) (map[string][]kafka.Partition, error) {
	conn, err := s.dialer.DialContext(ctx, "tcp", broker)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	all, err := conn.ReadPartitions()
	if err != nil {
		return nil, err
	}
	byTopic := map[string][]kafka.Partition{}
	for _, place := range all {
		byTopic[place.Topic] = append(byTopic[place.Topic], place)
	}
	for _, places := range byTopic {
		slices.SortFunc(places, func(a, b kafka.Partition) int { return a.ID - b.ID })
	}
	return byTopic, nil
}

// Discover implements connectors.Source.
func (s *source) Discover(ctx context.Context) ([]schema.Dataset, error) {
	found, err := s.partitions(ctx)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(s.topics))
	if len(names) == 0 {
		for _, name := range slices.Sorted(maps.Keys(found)) {
			if !strings.HasPrefix(name, "__") { // the brokers' own
				names = append(names, name)
			}
		}
	}
	return connectors.CollectDatasets(ctx, names, func(ctx context.Context, name string) (schema.Dataset, error) {
		spans, err := s.spans(ctx, name)
		if err != nil {
			return schema.Dataset{}, err
		}
		return s.describe(ctx, name, spans)
	})
}

// spans gives all that the topic holds now.
func (s *source) spans(ctx context.Context, name string) ([]span, error) {
	found, err := s.partitions(ctx)
	if err != nil {
		return nil, err
	}
	places := found[name]
	if len(places) == 0 {
		return nil, fault.New(fault.NotFound, "system %s has no topic %s", s.config.System, name)
	}
	spans := make([]span, len(places))
	for i, place := range places {
		opened, err := openPartition(ctx, s.dialer, place)
		if err != nil {
			return nil, err
		}
		first, end, err := opened.bounds()
		if err := errors.Join(err, opened.close()); err != nil {
			return nil, unavailable(ctx, err, name)
		}
		spans[i] = span{place: place, start: first, end: end}
	}
	return spans, nil
}

func (s *source) decoder(name string) *decoder {
	declared := s.topics[name]
	if declared.options.Format == "" {
		declared.options.Format = formatDebezium
	}
	return &decoder{options: declared.options, topic: name, key: declared.config.Key, types: declared.config.Types}
}

// Read implements connectors.Source.
func (s *source) Read(ctx context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	at, err := parseToken(request.Dataset, request.Resume)
	if err != nil {
		return nil, err
	}
	spans, err := s.spans(ctx, request.Dataset)
	if err != nil {
		return nil, err
	}
	dataset, err := s.describe(ctx, request.Dataset, spans)
	if err != nil {
		return nil, err
	}
	if spans, err = behind(spans, at); err != nil {
		return nil, err
	}
	zone, err := s.config.Zone()
	if err != nil {
		return nil, err
	}
	for _, part := range spans {
		at.Offsets[part.place.ID] = part.start
	}
	return text.NewStream(dataset, request, text.Options{Location: zone}, newRows(s.dialer, spans, at, s.decoder(request.Dataset), dataset), false)
}

// behind cuts off what a position has read, and refuses a position whose
// messages are gone: what was between is lost.
func behind(spans []span, at position) ([]span, error) {
	cut := slices.Clone(spans)
	there := map[int]bool{}
	for i, part := range cut {
		there[part.place.ID] = true
		offset, read := at.Offsets[part.place.ID]
		if !read {
			continue
		}
		if offset < part.start || offset > part.end {
			return nil, lost(at.Topic)
		}
		cut[i].start = offset
	}
	for id := range at.Offsets {
		if !there[id] {
			return nil, lost(at.Topic)
		}
	}
	return cut, nil
}

// Lag implements connectors.LagReporter.
func (s *source) Lag(ctx context.Context, dataset string, token connectors.Token) (int64, error) {
	at, err := parseToken(dataset, token)
	if err != nil {
		return 0, err
	}
	spans, err := s.spans(ctx, dataset)
	if err != nil {
		return 0, err
	}
	if spans, err = behind(spans, at); err != nil {
		return 0, err
	}
	var lag int64
	for _, part := range spans {
		lag += part.end - part.start
	}
	return lag, nil
}
