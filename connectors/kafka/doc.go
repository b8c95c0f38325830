// Package kafka reads change events from topics of Apache Kafka: connector
// "kafka". A topic holds Debezium's change events as JSON, with or without the
// schema in each message, or plain JSON events.
//
// A read goes from its token (the offsets of all partitions) to the end that
// each partition had when the read began; the order of one key's changes is
// kept, since a key stays in its partition. Offsets that the broker no longer
// has are a Conflict fault: the changes between are lost, and only a person can
// decide to begin anew. Transactions that a producer aborted are not told from
// others; Debezium writes without transactions unless it is told to.
//
// When messages carry their schema, it gives the columns' types (see
// connect.go for the mapping). Otherwise the declared types do, and the option
// `connect_types` says how a number stands for a moment:
//
//	options: {format: debezium, connect_types: {changed: io.debezium.time.MicroTimestamp}}
//
// The columns are those of the oldest and newest messages and the declared
// ones; an event with another column is rejected, not cut. The package imports
// connectors, connectors/text, schema and internal/fault. Start at [Driver].
package kafka
