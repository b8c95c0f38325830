package contributed

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Driver is the entry in connectors/all.
func Driver() connectors.Driver {
	return connectors.Driver{Name: "contributed", Title: "rows that applications write over the API", Open: open, Contributed: true}
}

// Connection has no settings: there is nothing to connect to.
type Connection struct{}

type source struct {
	system   string
	datasets []schema.Dataset
}

func open(config connectors.Config) (connectors.Source, error) {
	if err := config.DecodeConnection(&Connection{}); err != nil {
		return nil, err
	}
	made := source{system: config.System}
	for _, declared := range config.Datasets {
		if err := declared.DecodeOptions(&struct{}{}); err != nil {
			return nil, err
		}
		if declared.Source == "" {
			return nil, fault.New(fault.Invalid, "system %s: a dataset names no source: write what applications call it, as source: rating", config.System)
		}
		dataset := schema.Dataset{Name: declared.Source, Key: declared.Key, RowEstimate: 0}
		for _, name := range declared.Columns {
			dataset.Columns = append(dataset.Columns, schema.Column{
				Name: name, Type: schema.Of(schema.String), Nullable: true, Declared: "as the field", Wire: "text of a contribution",
			})
		}
		made.datasets = append(made.datasets, dataset)
	}
	slices.SortFunc(made.datasets, func(a, b schema.Dataset) int { return strings.Compare(a.Name, b.Name) })
	return made, nil
}

// Check finds nothing to connect to.
func (s source) Check(context.Context) error { return nil }

// Discover lists what the definition declares: there is no other place to look.
func (s source) Discover(context.Context) ([]schema.Dataset, error) {
	if len(s.datasets) == 0 {
		return nil, fault.New(fault.Invalid, "connector contributed has nothing to discover: declare the datasets with their fields, as docs/contributions.md shows")
	}
	return s.datasets, nil
}

// Changes says that rows arrive as changes: what does not come is not deleted.
func (s source) Changes(string) bool { return true }

// version never changes: a source without rows is always the same.
const version = "contributed"

// Version lets a synchronisation end before it has read nothing.
func (s source) Version(context.Context, string) (string, error) { return version, nil }

// Read gives a stream in which nothing changed.
func (s source) Read(_ context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	place := slices.IndexFunc(s.datasets, func(d schema.Dataset) bool { return d.Name == request.Dataset })
	if place < 0 {
		return nil, fault.New(fault.NotFound, "system %s has no dataset %s", s.system, request.Dataset)
	}
	columns := s.datasets[place].Project(request.Columns)
	columns.Columns = append(slices.Clone(columns.Columns), schema.Column{Name: connectors.OpColumn, Type: schema.Of(schema.String)})
	return stream{columns.Arrow()}, nil
}

// Close has nothing to give back.
func (s source) Close() error { return nil }

type stream struct{ schema *arrow.Schema }

func (s stream) Schema() *arrow.Schema { return s.schema }

func (s stream) Next(ctx context.Context) (connectors.Batch, error) {
	if err := ctx.Err(); err != nil {
		return connectors.Batch{}, fault.Wrap(err, fault.Canceled, "the read was canceled")
	}
	return connectors.Batch{}, io.EOF
}

func (s stream) Close() error { return nil }
