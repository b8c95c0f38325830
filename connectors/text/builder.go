package text

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/schema"
)

// CodeTypeMismatch is the code of rejects for cells that are not of their type.
const CodeTypeMismatch = "type_mismatch"

// Options say how cells are read.
type Options struct {
	// Location is where the source's wall clocks stand, for instants written
	// without an offset; nil means UTC.
	Location *time.Location
	// Null lists words that mean NULL, beside the empty cell of a column that is
	// not a string.
	Null []string
}

// MismatchError says why a row was not taken.
type MismatchError struct {
	Column string
	Type   schema.Type
}

// Error names the column and what it should hold, never the value.
func (m *MismatchError) Error() string {
	return fmt.Sprintf("the cell of column %s is not a value of type %s", m.Column, m.Type)
}

// Reject makes the connector's reject of a mismatch.
func (m *MismatchError) Reject(row int64, raw string) connectors.Reject {
	return connectors.Reject{Row: row, Code: CodeTypeMismatch, Column: m.Column, Reason: m.Error(), Raw: raw}
}

// CursorText gives what turns a cursor's cell into the text form that
// connectors.FormatCursor has, however the source writes its moments; "" for a
// cell that is not a value, whose row the builder rejects.
func CursorText(t schema.Type, options Options) func(cell []byte) string {
	if t.Kind != schema.Date && t.Kind != schema.Timestamp && t.Kind != schema.TimestampTZ {
		return func(cell []byte) string { return string(cell) }
	}
	if options.Location == nil {
		options.Location = time.UTC
	}
	parse := parserOf(t, options.Location)
	return func(cell []byte) string {
		parsed, ok := parse(cell)
		switch {
		case !ok:
			return ""
		case t.Kind == schema.Date:
			return arrow.Date32(parsed.integer).FormattedString()
		}
		return connectors.FormatMoment(time.UnixMicro(parsed.integer), t.Kind)
	}
}

// Builder gathers rows of text into record batches. It is used by one goroutine.
type Builder struct {
	columns []schema.Column
	parsers []parser
	appends []func(*value)
	texts   []*array.StringBuilder // nil for columns of other kinds
	null    map[string]bool
	record  *array.RecordBuilder
	row     []value
	rows    int
}

// NewBuilder makes a builder for these columns.
func NewBuilder(columns []schema.Column, options Options) *Builder {
	if options.Location == nil {
		options.Location = time.UTC
	}
	b := &Builder{
		columns: columns, row: make([]value, len(columns)),
		record: array.NewRecordBuilder(memory.DefaultAllocator, schema.Dataset{Columns: columns}.Arrow()),
	}
	if len(options.Null) > 0 {
		b.null = make(map[string]bool, len(options.Null))
		for _, word := range options.Null {
			b.null[word] = true
		}
	}
	for i, column := range columns {
		b.parsers = append(b.parsers, parserOf(column.Type, options.Location))
		text, _ := b.record.Field(i).(*array.StringBuilder)
		b.texts = append(b.texts, text)
		b.appends = append(b.appends, appender(b.record.Field(i), column.Type.Kind))
	}
	return b
}

// Schema gives the Arrow schema of the batches.
func (b *Builder) Schema() *arrow.Schema { return b.record.Schema() }

// Rows gives the number of rows since the last batch.
func (b *Builder) Rows() int { return b.rows }

// Append takes one row, a cell for each column: nil is NULL, an empty cell is
// NULL too unless its column is a string. Nothing is taken of a row that has a
// mismatch. The cells may be used again afterwards.
func (b *Builder) Append(cells [][]byte) *MismatchError {
	for i, cell := range cells {
		isText := b.texts[i] != nil
		if cell == nil || len(cell) == 0 && !isText || b.null != nil && b.null[string(cell)] {
			b.row[i].null = true
			continue
		}
		if isText {
			b.row[i].null, b.row[i].bytes = false, cell
			continue
		}
		parsed, ok := b.parsers[i](cell)
		if !ok {
			return &MismatchError{Column: b.columns[i].Name, Type: b.columns[i].Type}
		}
		b.row[i] = parsed
	}
	for i := range b.row {
		switch {
		case b.row[i].null:
			b.record.Field(i).AppendNull()
		case b.texts[i] != nil:
			b.texts[i].BinaryBuilder.Append(b.row[i].bytes)
		default:
			b.appends[i](&b.row[i])
		}
	}
	b.rows++
	return nil
}

// NewBatch gives the rows so far and begins anew. The caller releases it.
func (b *Builder) NewBatch() arrow.RecordBatch {
	b.rows = 0
	return b.record.NewRecordBatch()
}

// Release gives back what the builder holds.
func (b *Builder) Release() { b.record.Release() }

// appender gives what puts a parsed value into a column's builder.
func appender(builder array.Builder, kind schema.Kind) func(*value) {
	switch typed := builder.(type) {
	case *array.StringBuilder:
		return func(v *value) { typed.BinaryBuilder.Append(v.bytes) }
	case *array.BinaryBuilder:
		return func(v *value) { typed.Append(v.bytes) }
	case *array.BooleanBuilder:
		return func(v *value) { typed.Append(v.integer != 0) }
	case *array.Decimal128Builder:
		return func(v *value) { typed.Append(v.decimal) }
	case *array.Float32Builder:
		return func(v *value) { typed.Append(float32(v.float)) }
	case *array.Float64Builder:
		return func(v *value) { typed.Append(v.float) }
	case *array.Date32Builder:
		return func(v *value) { typed.Append(arrow.Date32(v.integer)) }
	case *array.Time64Builder:
		return func(v *value) { typed.Append(arrow.Time64(v.integer)) }
	case *array.TimestampBuilder:
		return func(v *value) { typed.Append(arrow.Timestamp(v.integer)) }
	case *extensions.UUIDBuilder:
		return func(v *value) { typed.AppendBytes([16]byte(v.bytes)) }
	}
	return wholeAppender(builder, kind)
}

// wholeAppender is for the integers, whose range the parser has checked.
func wholeAppender(builder array.Builder, kind schema.Kind) func(*value) {
	switch typed := builder.(type) {
	case *array.Int8Builder:
		return func(v *value) { typed.Append(int8(v.integer)) }
	case *array.Int16Builder:
		return func(v *value) { typed.Append(int16(v.integer)) }
	case *array.Int32Builder:
		return func(v *value) { typed.Append(int32(v.integer)) }
	case *array.Int64Builder:
		return func(v *value) { typed.Append(v.integer) }
	case *array.Uint8Builder:
		return func(v *value) { typed.Append(uint8(v.natural)) }
	case *array.Uint16Builder:
		return func(v *value) { typed.Append(uint16(v.natural)) }
	case *array.Uint32Builder:
		return func(v *value) { typed.Append(uint32(v.natural)) }
	case *array.Uint64Builder:
		return func(v *value) { typed.Append(v.natural) }
	}
	panic("no builder for kind " + string(kind)) // schema.Type.Arrow gives no other
}
