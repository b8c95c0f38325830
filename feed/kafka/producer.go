package kafka

import (
	"context"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/yitong-hub/yitong/feed"
	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// requestTime bounds one request to the brokers.
	requestTime = 30 * time.Second
	// requestBytes is how much one request holds: below the 1 MiB that brokers
	// take by default.
	requestBytes = 900 << 10
)

// Producer writes to one cluster. It is safe for concurrent use.
type Producer struct {
	client    *kafka.Client
	transport *kafka.Transport
}

// New makes a producer. It speaks to nobody yet.
func New(config Config, secret func(name string) (string, error)) (*Producer, error) {
	transport, err := config.transport(secret)
	if err != nil {
		return nil, err
	}
	client := &kafka.Client{Addr: kafka.TCP(config.Brokers...), Timeout: requestTime, Transport: transport}
	return &Producer{client, transport}, nil
}

// Close gives the connections back.
func (p *Producer) Close() error {
	p.transport.CloseIdleConnections()
	return nil
}

// Publish implements [feed.Publisher]. A message without a key goes to all
// partitions. Each partition is written to by one request after the other, none
// before the one ahead of it was acknowledged, so that nothing overtakes.
func (p *Producer) Publish(ctx context.Context, topic string, messages []feed.Message) error {
	partitions, err := p.partitions(ctx, topic)
	if err != nil {
		return err
	}
	queues := map[int][]kafka.Record{}
	balancer := &kafka.Murmur2Balancer{} // as the Java client does
	for _, message := range messages {
		where := partitions
		if message.Key != "" {
			where = []int{balancer.Balance(kafka.Message{Key: []byte(message.Key)}, partitions...)}
		}
		for _, partition := range where {
			text, err := message.Text(partition)
			if err != nil {
				return err
			}
			record := kafka.Record{
				Value: kafka.NewBytes(text), Headers: []kafka.Header{{Key: "content-type", Value: []byte(feed.MediaType + "; charset=UTF-8")}},
			}
			if message.Key != "" {
				record.Key = kafka.NewBytes([]byte(message.Key))
			}
			queues[partition] = append(queues[partition], record)
		}
	}
	for _, partition := range partitions {
		if err := p.write(ctx, topic, partition, queues[partition]); err != nil {
			return err
		}
	}
	return nil
}

// write sends records in requests of a bounded size.
func (p *Producer) write(ctx context.Context, topic string, partition int, records []kafka.Record) error {
	for len(records) > 0 {
		count, size := 0, 0
		for count < len(records) && (count == 0 || size+sizeOf(records[count]) <= requestBytes) {
			size += sizeOf(records[count])
			count++
		}
		response, err := p.client.Produce(ctx, &kafka.ProduceRequest{
			Topic: topic, Partition: partition, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records[:count]...), Compression: kafka.Gzip,
		})
		if err == nil {
			err = response.Error
		}
		if err != nil {
			return fault.Wrap(err, fault.Unavailable, "the brokers did not take the events for topic %s", topic)
		}
		records = records[count:]
	}
	return nil
}

func sizeOf(record kafka.Record) int {
	const overhead = 128
	size := record.Value.Len() + overhead
	if record.Key != nil {
		size += record.Key.Len()
	}
	return size
}

// partitions lists those of a topic. Keys are spread over all of them.
func (p *Producer) partitions(ctx context.Context, topic string) ([]int, error) {
	found, err := p.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "no broker answers")
	}
	for _, one := range found.Topics {
		if one.Name != topic {
			continue
		}
		if one.Error != nil {
			return nil, fault.Wrap(one.Error, fault.Unavailable, "the topic %s is not there or may not be written to: an administrator of the brokers makes it", topic)
		}
		ids := make([]int, len(one.Partitions))
		for i, partition := range one.Partitions {
			ids[i] = partition.ID
		}
		if slices.Sort(ids); len(ids) > 0 {
			return ids, nil
		}
	}
	return nil, fault.New(fault.Unavailable, "the topic %s is not there: an administrator of the brokers makes it", topic)
}
