package pipelines

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines/publish"
	"github.com/yitong-hub/yitong/schema"
)

// nothingToFetch is what a synchronisation of contributed rows says.
func (l *load) nothingToFetch() string {
	if !l.opened.contributed {
		return ""
	}
	return "there is nothing to fetch: applications write the rows"
}

// contributable refuses what a definition of contributed rows cannot mean. A
// load that compares all rows would take those that do not come for deleted.
func (l *load) contributable() error {
	if !l.opened.contributed {
		return nil
	}
	if l.dataset.Load != definition.LoadChanges {
		return fault.New(fault.Invalid, "contributed rows arrive as changes: write load: changes")
	}
	if len(l.dataset.Key) == 0 {
		return fault.New(fault.Invalid, "contributed rows need a key: name the fields that tell rows apart")
	}
	return l.givableFields()
}

// givableFields refuses fields that a contribution could not give.
func (l *load) givableFields() error {
	if !l.opened.contributed {
		return nil
	}
	for _, field := range l.dataset.Fields {
		if field.From != "" && field.From != field.Name {
			return fault.New(fault.Invalid, "field %s: applications write a contributed field by its own name: leave from out", field.Name)
		}
		if field.Type != nil && field.Type.Kind == schema.Binary || l.terms.elements[field.Element].Type.Kind == schema.Binary {
			return fault.New(fault.Invalid, "field %s: binary values cannot be contributed", field.Name)
		}
	}
	return nil
}

// givable lists the fields that a contribution may give.
func givable(dataset definition.Dataset) []string {
	var names []string
	for _, field := range dataset.Fields {
		if !field.Ignore {
			names = append(names, field.Name)
		}
	}
	return names
}

// given is a contribution's rows as a source: what lands and is proved as the
// rows of any other.
type given struct {
	schema *arrow.Schema
	record arrow.RecordBatch
}

// newGiven makes one Arrow batch of the rows that could be read.
func newGiven(fields []string, rows []ContributedRow) (*given, error) {
	var columns []arrow.Field
	for _, name := range fields {
		columns = append(columns, arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true},
			arrow.Field{Name: publish.StagedGiven(name), Type: arrow.FixedWidthTypes.Boolean})
	}
	columns = append(columns, arrow.Field{Name: publish.StagedIndex, Type: arrow.PrimitiveTypes.Int64}, arrow.Field{Name: publish.StagedRaw, Type: arrow.BinaryTypes.String})
	made := &given{schema: arrow.NewSchema(columns, nil)}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, made.schema)
	defer builder.Release()
	for index, row := range rows {
		if row.Refused != nil {
			continue
		}
		for i, name := range fields {
			value, there := row.Values[name]
			text := builder.Field(2 * i).(*array.StringBuilder)
			if value == nil {
				text.AppendNull()
			} else {
				text.Append(*value)
			}
			builder.Field(2*i + 1).(*array.BooleanBuilder).Append(there)
		}
		raw, err := rawOf(row)
		if err != nil {
			return nil, err
		}
		builder.Field(2 * len(fields)).(*array.Int64Builder).Append(int64(index))
		builder.Field(2*len(fields) + 1).(*array.StringBuilder).Append(raw)
	}
	made.record = builder.NewRecordBatch()
	return made, nil
}

// rawOf is a row as the quarantine keeps it: only what was given.
func rawOf(row ContributedRow) (string, error) {
	text, err := json.Marshal(row.Values)
	if err != nil {
		return "", fmt.Errorf("write a contributed row: %w", err)
	}
	return string(text), nil
}

// keyOf is a row's key as it was given.
func keyOf(row ContributedRow, key []string) map[string]*string {
	found := map[string]*string{}
	for name, value := range maps.All(row.Values) {
		if slices.Contains(key, name) {
			found[name] = value
		}
	}
	return found
}

// Check, Discover, Read and Close implement connectors.Source.
func (g *given) Check(context.Context) error { return nil }

// Discover lists nothing: the rows are there already.
func (g *given) Discover(context.Context) ([]schema.Dataset, error) { return nil, nil }

// Read gives the rows.
func (g *given) Read(context.Context, connectors.ReadRequest) (connectors.Stream, error) {
	g.record.Retain()
	return &givenStream{schema: g.schema, record: g.record}, nil
}

// Close gives the rows back.
func (g *given) Close() error {
	g.record.Release()
	return nil
}

type givenStream struct {
	schema *arrow.Schema
	record arrow.RecordBatch
}

func (s *givenStream) Schema() *arrow.Schema { return s.schema }

func (s *givenStream) Next(ctx context.Context) (connectors.Batch, error) {
	if err := ctx.Err(); err != nil {
		return connectors.Batch{}, fault.Wrap(err, fault.Canceled, "the contribution was canceled")
	}
	if s.record == nil {
		return connectors.Batch{}, io.EOF
	}
	batch := connectors.Batch{Record: s.record}
	s.record = nil
	return batch, nil
}

func (s *givenStream) Close() error {
	if s.record != nil {
		s.record.Release()
		s.record = nil
	}
	return nil
}
