// Package kafka writes the messages of feeds to topics of Apache Kafka: each
// request waits for all replicas, and a key stays in one partition. It may
// import feed and internal/fault. Start at [Load] and [New].
package kafka
