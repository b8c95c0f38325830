package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/schema"
)

const generatorName = "generator"

// mixedColumns are 20 columns as departmental tables have them.
var mixedColumns = func() []schema.Column {
	names := []struct {
		name string
		kind schema.Type
	}{
		{"id", schema.Of(schema.Int64)}, {"v", schema.Of(schema.Int64)}, {"name", schema.Of(schema.String)}, {"college", schema.Of(schema.String)},
		{"address", schema.Of(schema.String)}, {"remark", schema.Of(schema.String)}, {"score", schema.DecimalOf(5, 2)}, {"amount", schema.DecimalOf(18, 4)},
		{"total", schema.DecimalOf(30, 6)}, {"at", schema.Of(schema.TimestampTZ)}, {"day", schema.Of(schema.Date)}, {"uuid", schema.Of(schema.UUID)},
		{"flag", schema.Of(schema.Bool)}, {"n1", schema.Of(schema.Int32)}, {"n2", schema.Of(schema.Int32)}, {"f", schema.Of(schema.Float64)},
		{"code", schema.Of(schema.String)}, {"phone", schema.Of(schema.String)}, {"maybe", schema.Of(schema.String)}, {"rare", schema.Of(schema.Int64)},
	}
	columns := make([]schema.Column, len(names))
	for i, n := range names {
		columns[i] = schema.Column{Name: n.name, Type: n.kind, Declared: n.kind.String(), Wire: "Arrow", Nullable: true}
	}
	return columns
}()

// generator is a source inside the process. Every changed-th row has another
// name than at first; the last recent rows have a cursor of their own.
type generator struct {
	rows, changed, recent int64
}

func (g *generator) driver() connectors.Driver {
	return connectors.Driver{Name: generatorName, Open: func(connectors.Config) (connectors.Source, error) { return g, nil }}
}

// Check implements connectors.Source.
func (g *generator) Check(context.Context) error { return nil }

// Close implements connectors.Source.
func (g *generator) Close() error { return nil }

// Discover implements connectors.Source.
func (g *generator) Discover(context.Context) ([]schema.Dataset, error) {
	return []schema.Dataset{{Name: "mixed", Columns: mixedColumns, RowEstimate: g.rows}}, nil
}

// Read implements connectors.Source.
func (g *generator) Read(_ context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	s := &generated{of: g, builder: array.NewRecordBuilder(memory.DefaultAllocator, schema.Dataset{Columns: mixedColumns}.Arrow())}
	if request.Since != "" && g.recent > 0 {
		s.at = g.rows - g.recent
	}
	return s, nil
}

type generated struct {
	of      *generator
	builder *array.RecordBuilder
	at      int64
}

// Schema implements connectors.Stream.
func (s *generated) Schema() *arrow.Schema { return s.builder.Schema() }

// Close implements connectors.Stream.
func (s *generated) Close() error { return nil }

// batchRows is DuckDB's vector times four.
const batchRows = 8192

// Next implements connectors.Stream.
func (s *generated) Next(ctx context.Context) (connectors.Batch, error) {
	if s.at >= s.of.rows || ctx.Err() != nil {
		return connectors.Batch{}, io.EOF
	}
	end := min(s.at+batchRows, s.of.rows)
	for ; s.at < end; s.at++ {
		s.row(s.at)
	}
	position := strconv.FormatInt(s.cursor(end-1), 10)
	return connectors.Batch{Record: s.builder.NewRecordBatch(), Token: connectors.Token(position), Position: position}, nil
}

func (s *generated) cursor(i int64) int64 {
	if s.of.recent > 0 && i >= s.of.rows-s.of.recent {
		return i + 10*s.of.rows
	}
	return i
}

func (s *generated) row(i int64) {
	name := fmt.Sprintf("张三丰%d", i)
	if s.of.changed > 0 && i%s.of.changed == 0 {
		name += "（改名）"
	}
	field := s.builder.Field
	whole := func(place int, value int64) { field(place).(*array.Int64Builder).Append(value) }
	text := func(place int, value string) { field(place).(*array.StringBuilder).Append(value) }
	whole(0, i)
	whole(1, s.cursor(i))
	text(2, name)
	text(3, "计算机科学与技术学院")
	text(4, "湖北省武汉市洪山区珞喻路"+strconv.FormatInt(i%900, 10)+"号")
	text(5, "备注\n第二行，\"引号\"")
	for place, scale := range map[int]int64{6: 50_000, 7: 90_000_000, 8: 1 << 40} {
		field(place).(*array.Decimal128Builder).Append(decimal128.FromI64(i * 7919 % scale))
	}
	field(9).(*array.TimestampBuilder).Append(arrow.Timestamp(1_700_000_000_000_000 + i*1_000_003))
	field(10).(*array.Date32Builder).Append(arrow.Date32(i % 20_000))
	var id [16]byte
	copy(id[:], strconv.FormatInt(i*2_654_435_761, 16)+"0123456789abcdef")
	field(11).(*extensions.UUIDBuilder).AppendBytes(id)
	field(12).(*array.BooleanBuilder).Append(i%3 == 0)
	field(13).(*array.Int32Builder).Append(int32(i % 1_000_000))
	field(14).(*array.Int32Builder).Append(int32(i % 7))
	field(15).(*array.Float64Builder).Append(float64(i) / 3)
	text(16, "K"+strconv.FormatInt(i%5000, 10))
	text(17, "138"+strconv.FormatInt(10_000_000+i%89_999_999, 10))
	if i%4 == 0 {
		field(18).AppendNull()
	} else {
		text(18, "值")
	}
	if i%10 != 0 {
		field(19).AppendNull()
	} else {
		whole(19, i)
	}
}
