package httpjson

import (
	"context"
	"slices"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Driver is the connector for HTTP interfaces. A dataset is a path.
func Driver() connectors.Driver {
	return connectors.Driver{Name: "http", Title: "HTTP interfaces that answer with JSON", Open: open}
}

type source struct {
	config  connectors.Config
	client  *client
	options map[string]Options
	types   map[string]map[string]schema.Type
	names   []string
}

func open(config connectors.Config) (connectors.Source, error) {
	var connection Connection
	if err := config.DecodeConnection(&connection); err != nil {
		return nil, err
	}
	s := &source{config: config, options: map[string]Options{}, types: map[string]map[string]schema.Type{}}
	for _, dataset := range config.Datasets {
		var options Options
		if err := dataset.DecodeOptions(&options); err != nil {
			return nil, err
		}
		if err := options.check(dataset.Source); err != nil {
			return nil, err
		}
		s.options[dataset.Source], s.types[dataset.Source] = options, dataset.Types
		s.names = append(s.names, dataset.Source)
	}
	slices.Sort(s.names)
	var err error
	s.client, err = newClient(config, connection)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Check implements connectors.Source: it asks for the first dataset.
func (s *source) Check(ctx context.Context) error {
	if len(s.names) == 0 {
		return fault.New(fault.Invalid, "system %s declares no dataset: an HTTP interface has no list of its paths", s.config.System)
	}
	_, err := s.describe(ctx, s.names[0])
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		return nil // the server answers; the dataset's own fault is told where it is read
	}
	return err
}

// Discover implements connectors.Source. It lists the declared datasets; one
// that does not answer as it should is listed with the reason.
func (s *source) Discover(ctx context.Context) ([]schema.Dataset, error) {
	return connectors.CollectDatasets(ctx, slices.Compact(slices.Clone(s.names)), func(ctx context.Context, name string) (schema.Dataset, error) {
		dataset, err := s.describe(ctx, name)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
			return schema.Dataset{Name: name, RowEstimate: -1, Comment: fault.Public(err)}, nil
		}
		return dataset, err
	})
}

func (s *source) describe(ctx context.Context, name string) (schema.Dataset, error) {
	columns, err := newRows(s.client, name, s.options[name]).describeColumns(ctx, s.types[name])
	return schema.Dataset{Name: name, Columns: columns, RowEstimate: -1}, err
}

// Read implements connectors.Source.
func (s *source) Read(ctx context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	zone, err := s.config.Zone()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(s.names, request.Dataset) {
		return nil, fault.New(fault.NotFound, "system %s declares no dataset %s", s.config.System, request.Dataset)
	}
	options := s.options[request.Dataset]
	opened := newRows(s.client, request.Dataset, options)
	if request.Since != "" && options.SinceParam != "" {
		opened.query.Set(options.SinceParam, request.Since)
	}
	columns, err := opened.describeColumns(ctx, s.types[request.Dataset])
	if err != nil {
		return nil, err
	}
	restarted := request.Resume != "" && !opened.resume(request.Resume)
	dataset := schema.Dataset{Name: request.Dataset, Columns: columns}
	return text.NewStream(dataset, request, text.Options{Location: zone}, opened, restarted)
}

// Close implements connectors.Source.
func (s *source) Close() error {
	s.client.http.CloseIdleConnections()
	return nil
}
