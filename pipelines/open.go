package pipelines

import (
	"context"
	"fmt"
	"sync"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// opened is a system's source, connected and asked for its datasets no earlier
// than somebody needs that.
type opened struct {
	source connectors.Source
	// contributed says that applications write the rows.
	contributed bool
	discover    func(context.Context) ([]schema.Dataset, error)
}

func (o *opened) close() { _ = o.source.Close() } // reading only: nothing can be lost

func (e *Engine) open(system definition.System) (*opened, error) {
	driver, err := e.driver(system.Connector)
	if err != nil {
		return nil, err
	}
	config := e.sourceConfig(system)
	if config.Datasets, err = datasetConfigs(system); err != nil {
		return nil, err
	}
	source, err := driver.Open(config)
	if err != nil {
		return nil, err
	}
	o := &opened{source: source, contributed: driver.Contributed}
	o.discover = once(o.connect)
	return o, nil
}

// connect checks the system and lists its datasets, within bounds: a system
// that does not answer ends its own loads only.
func (o *opened) connect(ctx context.Context) ([]schema.Dataset, error) {
	within, cancel := context.WithTimeoutCause(ctx, connectWithin,
		fault.New(fault.Unavailable, "the system has not answered within %s", connectWithin))
	defer cancel()
	if err := o.source.Check(within); err != nil {
		return nil, answered(within, err)
	}
	datasets, err := o.source.Discover(within)
	return datasets, answered(within, err)
}

// answered prefers the reason of a time-out to what the driver made of it.
func answered(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil && fault.Is(cause, fault.Unavailable) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// once remembers the first answer, good or bad, for all datasets of a system.
func once(ask func(context.Context) ([]schema.Dataset, error)) func(context.Context) ([]schema.Dataset, error) {
	var mu sync.Mutex
	var asked bool
	var datasets []schema.Dataset
	var err error
	return func(ctx context.Context) ([]schema.Dataset, error) {
		mu.Lock()
		defer mu.Unlock()
		if !asked {
			datasets, err = ask(ctx)
			asked = true
		}
		return datasets, err
	}
}

// datasetConfigs tells the connector what is declared. Wide decimals are
// parsed by connectors whose source has only text: the engine needs 80 to 300
// times as long beyond 18 digits. All other types are parsed behind the
// landing, where a value that does not parse is kept with its whole row.
func datasetConfigs(system definition.System) ([]connectors.DatasetConfig, error) {
	configs := make([]connectors.DatasetConfig, 0, len(system.Datasets))
	for _, dataset := range system.Datasets {
		config := connectors.DatasetConfig{Source: dataset.Source, Options: dataset.Options, Key: dataset.Key}
		if dataset.Cursor != nil {
			config.Cursor = dataset.Cursor.Column
		}
		for _, field := range dataset.Fields {
			if !field.Ignore {
				config.Columns = append(config.Columns, fromOf(field))
			}
			if field.Type == nil || len(field.Rules) > 0 || field.Type.Kind != schema.Decimal || field.Type.Precision <= 18 {
				continue
			}
			if config.Types == nil {
				config.Types = map[string]schema.Type{}
			}
			config.Types[fromOf(field)] = *field.Type
		}
		configs = append(configs, config)
	}
	return configs, nil
}

func fromOf(field definition.Field) string {
	if field.From != "" {
		return field.From
	}
	return field.Name
}
