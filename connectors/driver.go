package connectors

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Driver is one kind of connector. The list of all is connectors/all.
type Driver struct {
	// Name is what definitions write after `connector:`.
	Name string
	// Title says in a few words what it reads.
	Title string
	// Open makes a source from a definition without connecting yet; a mistake
	// in the options is an Invalid fault that says where.
	Open func(Config) (Source, error)
	// Contributed says that applications write the rows: there is nothing to read.
	Contributed bool
}

// Config is what a driver gets of a system's definition.
type Config struct {
	// System is the id of the system, for messages.
	System string
	// Connection is the `connection:` mapping of the definition.
	Connection yaml.Node
	// Datasets are the declared datasets; nil while discovering.
	Datasets []DatasetConfig
	// Location is the IANA zone of the system's wall clock, "Asia/Shanghai" when empty.
	Location string
	// Dir is the folder that relative paths begin at.
	Dir string
	// Secret looks a secret up by the name that the definition gives
	// (`password: {secret: NAME}`); the value never enters a log or message.
	Secret func(name string) (string, error)
	// Logger gets ids and counts, never values.
	Logger *slog.Logger
}

// DatasetConfig is what a driver gets of one declared dataset.
type DatasetConfig struct {
	// Source is the source's own name of the dataset: table, file, sheet, path, topic.
	Source string
	// Options is the dataset's `options:` mapping, for what is special to a driver.
	Options yaml.Node
	// Types holds declared types of columns whose source has only text (CSV,
	// XLSX, JSON): values that do not parse become Rejects, never NULL.
	Types map[string]schema.Type
	// Key holds the source's names of the key columns.
	Key []string
	// Columns holds the source's names of the columns that the definition
	// publishes, in its order.
	Columns []string
	// Cursor is the source's name of the cursor column, if any.
	Cursor string
}

// SecretRef is the form of a secret in a definition: the name under which the
// environment or a secrets file holds it, never the secret itself.
type SecretRef struct {
	Secret string `yaml:"secret"`
}

// Resolve gives the secret's value, or "" for an empty reference.
func (r SecretRef) Resolve(config Config) (string, error) {
	if r.Secret == "" {
		return "", nil
	}
	if config.Secret == nil {
		return "", fault.New(fault.Invalid, "secret %s is not available: set the environment variable or the secrets file", r.Secret)
	}
	return config.Secret(r.Secret)
}

// Path makes a relative path begin at the definition's folder.
func (c Config) Path(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.Dir, path)
}

// Zone gives the zone in which the system's wall clocks stand.
func (c Config) Zone() (*time.Location, error) {
	name := c.Location
	if name == "" {
		name = "Asia/Shanghai"
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "system %s: unknown time zone %q", c.System, name)
	}
	return zone, nil
}

// DecodeConnection fills options from the `connection:` mapping and refuses
// keys that the driver does not know.
func (c Config) DecodeConnection(options any) error {
	return decodeStrict(&c.Connection, options, "connection of system "+c.System)
}

// DecodeOptions fills options from the dataset's `options:` mapping and
// refuses keys that the driver does not know.
func (d DatasetConfig) DecodeOptions(options any) error {
	return decodeStrict(&d.Options, options, "options of dataset "+d.Source)
}

func decodeStrict(node *yaml.Node, into any, what string) error {
	if node.IsZero() {
		return nil
	}
	text, err := yaml.Marshal(node)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "%s cannot be read", what)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "%s: %v", what, err)
	}
	return nil
}

// CollectDatasets is the common part of many drivers' Discover: it describes
// each named dataset and stops at the first error.
func CollectDatasets(ctx context.Context, names []string, describe func(context.Context, string) (schema.Dataset, error)) ([]schema.Dataset, error) {
	datasets := make([]schema.Dataset, 0, len(names))
	for _, name := range names {
		dataset, err := describe(ctx, name)
		if err != nil {
			return nil, err
		}
		datasets = append(datasets, dataset)
	}
	return datasets, nil
}
