package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Connection is the `connection:` of a cluster.
type Connection struct {
	// Brokers are host:port of some brokers; the others are learnt from them.
	Brokers []string `yaml:"brokers"`
	// TLS encrypts the connection; CA is a PEM file when the system's own
	// authorities do not know the brokers'.
	TLS bool   `yaml:"tls"`
	CA  string `yaml:"ca"`
	// SASL is plain, scram-sha-256 or scram-sha-512; empty signs in as nobody.
	SASL     string               `yaml:"sasl"`
	User     string               `yaml:"user"`
	Password connectors.SecretRef `yaml:"password"`
}

// The formats of messages.
const (
	formatDebezium = "debezium"
	formatJSON     = "json"
)

// Options are the `options:` of a topic.
type Options struct {
	// Format is debezium (the default) or json: each message is one row.
	Format string `yaml:"format"`
	// Op is the path of the operation in a plain event, as "meta.op"; without
	// one every event is an upsert. Delete lists its values that mean deletion,
	// "d", "delete" and "true" when empty.
	Op     string   `yaml:"op"`
	Delete []string `yaml:"delete"`
	// Row is the path of the row in a plain event; empty: the event is the row.
	Row string `yaml:"row"`
	// ConnectTypes gives the Kafka Connect type names of columns for messages
	// without their schema.
	ConnectTypes map[string]string `yaml:"connect_types"`
}

func (o *Options) check(topic string) error {
	switch o.Format {
	case "":
		o.Format = formatDebezium
	case formatDebezium, formatJSON:
	default:
		return fault.New(fault.Invalid, "options of topic %s: unknown format %q: write debezium or json", topic, o.Format)
	}
	if o.Format == formatDebezium && (o.Op != "" || o.Row != "" || len(o.Delete) > 0) {
		return fault.New(fault.Invalid, "options of topic %s: op, row and delete belong to format json", topic)
	}
	for column, name := range o.ConnectTypes {
		if _, known := connectTypes[name]; !known {
			return fault.New(fault.Invalid, "options of topic %s: connect_types of column %s: unknown type %q", topic, column, name)
		}
	}
	if len(o.Delete) == 0 {
		o.Delete = []string{"d", "delete", "true"}
	}
	return nil
}

// dialTime bounds one connection's making.
const dialTime = 15 * time.Second

func dialerOf(config connectors.Config, connection Connection) (*kafka.Dialer, error) {
	if len(connection.Brokers) == 0 {
		return nil, fault.New(fault.Invalid, "connection of system %s: brokers is missing: list some as host:port", config.System)
	}
	mechanism, err := mechanismOf(config, connection)
	if err != nil {
		return nil, err
	}
	dialer := &kafka.Dialer{ClientID: "yitong", Timeout: dialTime, DualStack: true, SASLMechanism: mechanism}
	if connection.CA != "" && !connection.TLS {
		return nil, fault.New(fault.Invalid, "connection of system %s: ca is given but tls is not true", config.System)
	}
	if connection.TLS {
		dialer.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if connection.CA != "" {
		pem, err := os.ReadFile(config.Path(connection.CA))
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "connection of system %s: the file ca cannot be read", config.System)
		}
		dialer.TLS.RootCAs = x509.NewCertPool()
		if !dialer.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fault.New(fault.Invalid, "connection of system %s: the file ca holds no certificate in PEM form", config.System)
		}
	}
	return dialer, nil
}

func mechanismOf(config connectors.Config, connection Connection) (sasl.Mechanism, error) {
	if connection.SASL == "" {
		if connection.User != "" || connection.Password.Secret != "" {
			return nil, fault.New(fault.Invalid, "connection of system %s: user and password need sasl: plain, scram-sha-256 or scram-sha-512", config.System)
		}
		return nil, nil
	}
	password, err := connection.Password.Resolve(config)
	if err != nil {
		return nil, err
	}
	switch connection.SASL {
	case "plain":
		return plain.Mechanism{Username: connection.User, Password: password}, nil
	case "scram-sha-256":
		return scram.Mechanism(scram.SHA256, connection.User, password)
	case "scram-sha-512":
		return scram.Mechanism(scram.SHA512, connection.User, password)
	}
	return nil, fault.New(fault.Invalid, "connection of system %s: unknown sasl %q: write plain, scram-sha-256 or scram-sha-512", config.System, connection.SASL)
}
