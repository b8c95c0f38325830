package kafka

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	fetchBytes = 4 << 20
	fetchWait  = 500 * time.Millisecond
	fetchTime  = 30 * time.Second
	// emptyFetches is how often a broker may give nothing below its own end.
	emptyFetches = 20
)

// partition reads the messages of one partition from offset to end.
type partition struct {
	conn        *kafka.Conn
	batch       *kafka.Batch
	stop        func() bool
	offset, end int64
	empty       int
}

// openPartition connects to the partition's leader; offsets are set by from.
func openPartition(ctx context.Context, dialer *kafka.Dialer, place kafka.Partition) (*partition, error) {
	conn, err := dialer.DialPartition(ctx, "tcp", "", place)
	if err != nil {
		return nil, unavailable(ctx, err, place.Topic)
	}
	if err := conn.SetDeadline(time.Now().Add(fetchTime)); err != nil {
		return nil, errors.Join(unavailable(ctx, err, place.Topic), conn.Close())
	}
	return &partition{conn: conn, stop: context.AfterFunc(ctx, func() { _ = conn.Close() })}, nil
}

// bounds gives the first offset that the broker has and the one behind the last.
func (p *partition) bounds() (first, end int64, err error) { return p.conn.ReadOffsets() }

// from makes the messages from offset up to end the ones to read.
func (p *partition) from(offset, end int64) error {
	p.offset, p.end = offset, end
	_, err := p.conn.Seek(offset, kafka.SeekAbsolute|kafka.SeekDontCheck)
	return err
}

// next gives the next message, or io.EOF at the end.
func (p *partition) next(ctx context.Context, topic string) (kafka.Message, error) {
	for p.offset < p.end {
		if p.batch == nil {
			if err := p.conn.SetDeadline(time.Now().Add(fetchTime)); err != nil {
				return kafka.Message{}, unavailable(ctx, err, topic)
			}
			p.batch = p.conn.ReadBatchWith(kafka.ReadBatchConfig{
				MinBytes: 1, MaxBytes: fetchBytes, MaxWait: fetchWait, IsolationLevel: kafka.ReadCommitted,
			})
		}
		message, err := p.batch.ReadMessage()
		if err == nil {
			p.offset, p.empty = message.Offset+1, 0
			if message.Offset >= p.end {
				break
			}
			return message, nil
		}
		if !errors.Is(err, io.EOF) {
			return kafka.Message{}, unavailable(ctx, err, topic)
		}
		if err := p.turn(ctx, topic); err != nil {
			return kafka.Message{}, err
		}
	}
	return kafka.Message{}, io.EOF
}

// turn ends a fetched batch. Its offset may be behind that of the last message:
// a compacted topic has gaps, and marks of transactions are no messages.
func (p *partition) turn(ctx context.Context, topic string) error {
	behind := p.batch.Offset()
	if err := p.batch.Close(); err != nil {
		return unavailable(ctx, err, topic)
	}
	p.batch = nil
	if behind > p.offset {
		p.offset, p.empty = behind, 0
		return nil
	}
	if p.empty++; p.empty > emptyFetches {
		return fault.New(fault.Unavailable, "topic %s: the broker gives no messages below its own end", topic)
	}
	return nil
}

func (p *partition) close() error {
	if p == nil {
		return nil
	}
	if p.stop() {
		return p.conn.Close() // nobody waits for what the broker still sends
	}
	return nil
}

// unavailable gives an error of the client its code. A canceled context shows
// itself as a closed connection.
func unavailable(ctx context.Context, err error, topic string) error {
	if ctx.Err() != nil {
		return fault.Wrap(ctx.Err(), fault.Canceled, "the reading of topic %s was canceled", topic)
	}
	if errors.Is(err, kafka.OffsetOutOfRange) {
		return lost(topic)
	}
	if errors.Is(err, kafka.UnknownTopicOrPartition) {
		return fault.Wrap(err, fault.NotFound, "there is no topic %s", topic)
	}
	return fault.Wrap(err, fault.Unavailable, "topic %s cannot be read from the brokers", topic)
}

func lost(topic string) error {
	return fault.New(fault.Conflict, "topic %s no longer holds the offset that was read last: its retention is shorter than the time between reads, or it was made anew; changes are lost, so begin again with a new snapshot and a full refresh", topic)
}
