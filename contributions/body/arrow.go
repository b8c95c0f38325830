package body

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// maxMetadata bounds the description of a batch: what 1,000 columns need.
	maxMetadata = 1 << 20
	// maxDecoded bounds what a stream may be in memory: compressed buffers say
	// themselves how large they are.
	maxDecoded = 64 << 20
)

// readArrow reads an Arrow IPC stream. Nothing of it can be trusted: lengths
// and offsets are the sender's, so that memory is bounded and a panic of the
// decoder is a mistake of the sender.
func readArrow(content []byte) (rows []Row, err error) {
	defer func() {
		if found := recover(); found != nil {
			rows, err = nil, fault.Wrap(fmt.Errorf("decode: %v", found), fault.Invalid, "the body is no sound Arrow stream")
		}
	}()
	if err := verify(content); err != nil {
		return nil, err
	}
	bounded := &boundedMemory{Allocator: memory.NewGoAllocator(), left: maxDecoded}
	messages := ipc.NewMessageReader(bytes.NewReader(content), ipc.WithAllocator(bounded), ipc.WithMetadataSizeLimit(maxMetadata), ipc.WithBodySizeLimit(int64(len(content))))
	reader, err := ipc.NewReaderFromMessageReader(messages, ipc.WithAllocator(bounded))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the body is no sound Arrow stream")
	}
	defer reader.Release()
	columns, err := columnsOf(reader.Schema())
	if err != nil {
		return nil, err
	}
	for reader.Next() {
		batch := reader.RecordBatch()
		if batch.NumRows() > MaxRows {
			return nil, tooMany(MaxRows+1, 0)
		}
		all := len(rows) + int(batch.NumRows())
		if err := tooMany(all, all*len(columns)); err != nil {
			return nil, err
		}
		made, err := rowsOf(batch, columns)
		if err != nil {
			return nil, err
		}
		rows = append(rows, made...)
	}
	if err := reader.Err(); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the body is no sound Arrow stream")
	}
	return rows, nil
}

type column struct {
	name string
	kind Kind
}

// columnsOf refuses columns of types that no field has.
func columnsOf(schema *arrow.Schema) ([]column, error) {
	names := make([]string, schema.NumFields())
	columns := make([]column, schema.NumFields())
	for i, field := range schema.Fields() {
		names[i] = field.Name
		columns[i] = column{field.Name, Text}
		switch field.Type.ID() {
		case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64,
			arrow.FLOAT32, arrow.FLOAT64, arrow.DECIMAL128:
			columns[i].kind = Number
		case arrow.BOOL:
			columns[i].kind = Bool
		case arrow.NULL, arrow.STRING, arrow.LARGE_STRING, arrow.DATE32, arrow.TIME32, arrow.TIME64, arrow.TIMESTAMP:
		default:
			return nil, fault.New(fault.Invalid, "column %d is of the Arrow type %s, which cannot be contributed", i+1, field.Type.Name())
		}
		if zoned, ok := field.Type.(*arrow.TimestampType); ok && zoned.TimeZone != "" && !strings.EqualFold(zoned.TimeZone, "UTC") {
			return nil, fault.New(fault.Invalid, "column %d is of a time zone other than UTC: convert it to UTC", i+1)
		}
		if !utf8.ValidString(field.Name) {
			return nil, fault.New(fault.Invalid, "the name of column %d is not UTF-8", i+1)
		}
	}
	return columns, fields(names)
}

func rowsOf(batch arrow.RecordBatch, columns []column) ([]Row, error) {
	rows := make([]Row, batch.NumRows())
	for i := range rows {
		row := make(Row, len(columns))
		for j, column := range columns {
			values := batch.Column(j)
			row[column.name] = Value{}
			if values.IsNull(i) || values.DataType().ID() == arrow.NULL {
				continue
			}
			// The batch's memory is given back with the next one.
			text := strings.Clone(written(values, i))
			if !utf8.ValidString(text) {
				return nil, fault.New(fault.Invalid, "column %d holds text that is not UTF-8", j+1)
			}
			row[column.name] = Value{column.kind, text}
		}
		rows[i] = row
	}
	return rows, nil
}

// written gives a value's text with all of its digits.
func written(values arrow.Array, row int) string {
	switch typed := values.(type) {
	case *array.Decimal128:
		return typed.Value(row).ToString(typed.DataType().(*arrow.Decimal128Type).Scale)
	case *array.Float32:
		return strconv.FormatFloat(float64(typed.Value(row)), 'f', -1, 32)
	case *array.Float64:
		return strconv.FormatFloat(typed.Value(row), 'f', -1, 64)
	}
	return values.ValueStr(row)
}

// boundedMemory refuses, by a panic, to give more than there is left.
type boundedMemory struct {
	memory.Allocator
	left int
}

func (b *boundedMemory) take(size int) {
	if size < 0 || size > b.left {
		panic("the stream needs too much memory")
	}
	b.left -= size
}

// Allocate implements memory.Allocator.
func (b *boundedMemory) Allocate(size int) []byte {
	b.take(size)
	return b.Allocator.Allocate(size)
}

// Reallocate implements memory.Allocator.
func (b *boundedMemory) Reallocate(size int, given []byte) []byte {
	b.take(max(0, size-len(given)))
	return b.Allocator.Reallocate(size, given)
}
