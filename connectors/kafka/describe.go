package kafka

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// sampleMessages is how many of a partition's oldest and newest messages tell
// the columns.
const sampleMessages = 50

// shape gathers the columns of sampled messages.
type shape struct {
	columns []schema.Column
	key     []string
}

// describe tells the columns of a topic: the operation, the columns of sampled
// messages in their order (of several forms of one, the newest), and declared
// ones that no sampled message has.
func (s *source) describe(ctx context.Context, name string, spans []span) (schema.Dataset, error) {
	dataset := schema.Dataset{Name: name, Key: s.topics[name].config.Key}
	found := &shape{}
	for _, part := range spans {
		dataset.RowEstimate += part.end - part.start
		if err := s.sample(ctx, name, part, found); err != nil {
			return dataset, err
		}
	}
	dataset.Columns = append([]schema.Column{{
		Name: connectors.OpColumn, Type: schema.Of(schema.String), Declared: "operation", Wire: "JSON",
		Comment: "u for a new or changed row, d for a deleted one",
	}}, found.columns...)
	for i, column := range dataset.Columns[1:] {
		if column.Name == connectors.OpColumn {
			return dataset, fault.New(fault.Invalid, "topic %s has a column %s of its own, which is the name of the operation here", name, connectors.OpColumn)
		}
		if declared, ok := s.topics[name].config.Types[column.Name]; ok {
			dataset.Columns[i+1].Type, dataset.Columns[i+1].Ruling = declared, ""
		}
	}
	for _, column := range slices.Sorted(maps.Keys(s.topics[name].config.Types)) {
		if _, known := dataset.Column(column); !known {
			dataset.Columns = append(dataset.Columns, schema.Column{
				Name: column, Type: s.topics[name].config.Types[column], Nullable: true, Declared: "declared", Wire: "JSON",
			})
		}
	}
	if len(dataset.Key) == 0 {
		dataset.Key = slices.DeleteFunc(found.key, func(key string) bool { _, known := dataset.Column(key); return !known })
	}
	return dataset, nil
}

// sample looks at the oldest and then the newest messages of a partition.
func (s *source) sample(ctx context.Context, name string, part span, found *shape) error {
	if part.start == part.end {
		return nil
	}
	newest := max(part.start, part.end-sampleMessages)
	for _, window := range [][2]int64{{part.start, min(newest, part.start+sampleMessages)}, {newest, part.end}} {
		if window[0] >= window[1] {
			continue
		}
		if err := s.look(ctx, name, span{place: part.place, start: window[0], end: window[1]}, found); err != nil {
			return err
		}
	}
	return nil
}

func (s *source) look(ctx context.Context, name string, part span, found *shape) (err error) {
	opened, err := openPartition(ctx, s.dialer, part.place)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.close()) }()
	if err := opened.from(part.start, part.end); err != nil {
		return unavailable(ctx, err, name)
	}
	decoder := s.decoder(name)
	for {
		message, err := opened.next(ctx, name)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		// What cannot be decoded is rejected when it is read.
		if change, _, _ := decoder.decode(message); change != nil {
			found.add(change)
		}
	}
}

func (s *shape) add(change *change) {
	if len(change.key) > 0 {
		s.key = slices.Clone(change.key)
	}
	for _, name := range change.names {
		column := columnOf(name, change.fields)
		place := slices.IndexFunc(s.columns, func(c schema.Column) bool { return c.Name == name })
		switch {
		case place < 0:
			s.columns = append(s.columns, column)
		case column.Wire != wireUnknown:
			s.columns[place] = column
		}
	}
}

// wireUnknown marks a column that no schema describes.
const wireUnknown = "JSON without schema"

func columnOf(name string, fields map[string]field) schema.Column {
	described, known := fields[name]
	if !known {
		return schema.Column{
			Name: name, Type: schema.Of(schema.String), Nullable: true, Declared: "JSON value", Wire: wireUnknown,
			Ruling: "no schema in the message and no declared type: kept as text",
		}
	}
	column := schema.Column{Name: name, Nullable: described.Optional || described.Type == "", Wire: "JSON"}
	column.Type, column.Declared, column.Ruling = typeOf(described)
	return column
}
