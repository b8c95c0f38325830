package kafka

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/internal/fault"
)

// FileName is that of the settings in the folder of a campus.
const FileName = "kafka.yaml"

// Config says which brokers feeds are written to. Its keys are those of the
// connection of a system that is read from Kafka, and the prefix.
type Config struct {
	// Brokers are host:port of some brokers; the others are learnt from them.
	Brokers []string `yaml:"brokers"`
	// TopicPrefix begins the names of the topics that may be written to.
	TopicPrefix string `yaml:"topic_prefix"`
	// TLS encrypts the connection; CA is a PEM file, beside this one, when the
	// system's own authorities do not know the brokers'.
	TLS bool   `yaml:"tls"`
	CA  string `yaml:"ca"`
	// SASL is plain, scram-sha-256 or scram-sha-512; empty signs in as nobody.
	SASL     string `yaml:"sasl"`
	User     string `yaml:"user"`
	Password struct {
		Secret string `yaml:"secret"`
	} `yaml:"password"`

	dir string
}

// Load reads the settings of a campus. Where there are none it gives no
// brokers; a mistake in them is an Invalid fault.
func Load(campus string) (Config, error) {
	path := filepath.Join(campus, FileName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, nil
	}
	if err != nil {
		return Config{}, fault.Wrap(err, fault.Invalid, "%s cannot be read", path)
	}
	read := Config{dir: campus}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&read); err != nil {
		return Config{}, fault.Wrap(err, fault.Invalid, "%s has a key or a value that is not known: docs/change-feeds.md explains each key", path)
	}
	switch {
	case len(read.Brokers) == 0:
		err = fault.New(fault.Invalid, "%s: brokers is missing: list some as host:port", path)
	case len(read.TopicPrefix) < 2:
		err = fault.New(fault.Invalid, "%s: topic_prefix is missing: the topics that applications may subscribe into begin with it, as yitong.", path)
	case read.CA != "" && !read.TLS:
		err = fault.New(fault.Invalid, "%s: ca is given but tls is not true", path)
	case read.SASL == "" && (read.User != "" || read.Password.Secret != ""):
		err = fault.New(fault.Invalid, "%s: user and password need sasl: plain, scram-sha-256 or scram-sha-512", path)
	}
	return read, err
}

// dialTime bounds one connection's making.
const dialTime = 15 * time.Second

func (c Config) transport(secret func(string) (string, error)) (*kafka.Transport, error) {
	made := &kafka.Transport{ClientID: "yitong", DialTimeout: dialTime}
	var err error
	if made.SASL, err = c.mechanism(secret); err != nil {
		return nil, err
	}
	if !c.TLS {
		return made, nil
	}
	made.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA == "" {
		return made, nil
	}
	path := c.CA
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.dir, path)
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "%s: the file ca cannot be read", FileName)
	}
	made.TLS.RootCAs = x509.NewCertPool()
	if !made.TLS.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fault.New(fault.Invalid, "%s: the file ca holds no certificate in PEM form", FileName)
	}
	return made, nil
}

func (c Config) mechanism(secret func(string) (string, error)) (sasl.Mechanism, error) {
	if c.SASL == "" {
		return nil, nil
	}
	password, err := secret(c.Password.Secret)
	if err != nil {
		return nil, err
	}
	switch c.SASL {
	case "plain":
		return plain.Mechanism{Username: c.User, Password: password}, nil
	case "scram-sha-256":
		return scram.Mechanism(scram.SHA256, c.User, password)
	case "scram-sha-512":
		return scram.Mechanism(scram.SHA512, c.User, password)
	}
	return nil, fault.New(fault.Invalid, "%s: unknown sasl %q: write plain, scram-sha-256 or scram-sha-512", FileName, c.SASL)
}
