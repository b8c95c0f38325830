package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// restartToken marks batches of a read that cannot be resumed in the middle:
// a table without a stable order is read again from the start.
const restartToken connectors.Token = "row:"

// stream turns database rows into batches.
type stream struct {
	rows     *sql.Rows
	columns  []schema.Column
	cursor   int
	schema   *arrow.Schema
	builder  *array.RecordBuilder
	batch    int
	values   []any
	targets  []any
	row      int64
	position string
	restart  bool
}

func newStream(rows *sql.Rows, dataset schema.Dataset, cursor int, request connectors.ReadRequest) *stream {
	s := &stream{
		rows: rows, columns: dataset.Columns, cursor: cursor, schema: dataset.Arrow(),
		batch: request.BatchRows, restart: request.Resume != "", position: request.Since,
	}
	if s.batch <= 0 {
		s.batch = connectors.DefaultBatchRows
	}
	width := len(s.columns)
	if cursor >= 0 {
		width++
	}
	s.builder = array.NewRecordBuilder(memory.DefaultAllocator, s.schema)
	s.values, s.targets = make([]any, width), make([]any, width)
	for i := range s.values {
		s.targets[i] = &s.values[i]
	}
	return s
}

func (s *stream) Schema() *arrow.Schema { return s.schema }

func (s *stream) Close() error {
	if s.builder != nil {
		s.builder.Release()
		s.builder = nil
	}
	return s.rows.Close()
}

func (s *stream) Next(ctx context.Context) (connectors.Batch, error) {
	if s.builder == nil {
		return connectors.Batch{}, io.EOF
	}
	var rejects []connectors.Reject
	count := 0
	for ; count < s.batch && s.rows.Next(); count++ {
		if err := s.rows.Scan(s.targets...); err != nil {
			return connectors.Batch{}, fmt.Errorf("scan row %d: %w", s.row+1, err)
		}
		s.row++
		if reject := s.appendRow(); reject != nil {
			rejects = append(rejects, *reject)
		}
	}
	if err := s.rows.Err(); err != nil {
		if ctx.Err() != nil {
			return connectors.Batch{}, ctx.Err()
		}
		return connectors.Batch{}, fault.Wrap(err, fault.Unavailable, "reading broke off after row %d", s.row)
	}
	if count == 0 {
		return connectors.Batch{}, io.EOF
	}
	batch := connectors.Batch{
		Record: s.builder.NewRecordBatch(), Rejects: rejects, Position: s.position,
		Token: restartToken + connectors.Token(strconv.FormatInt(s.row, 10)), Restarted: s.restart,
	}
	s.restart = false
	return batch, nil
}

// appendRow checks the whole row before it appends any of it.
func (s *stream) appendRow() *connectors.Reject {
	for i, column := range s.columns {
		if code, reason := fits(s.values[i], column); code != "" {
			return &connectors.Reject{Row: s.row, Code: code, Column: column.Name, Reason: reason, Raw: s.raw()}
		}
	}
	for i := range s.columns {
		appendValue(s.builder.Field(i), s.values[i], s.columns[i].Type)
	}
	if s.cursor >= 0 {
		if text, ok := s.values[s.cursor].(string); ok {
			s.position = text
		}
	}
	return nil
}

// fits says why a value is not of its column's type, or "".
func fits(value any, column schema.Column) (code, reason string) {
	switch typed := value.(type) {
	case nil:
		return "", ""
	case string:
		if !utf8.ValidString(typed) {
			return "encoding", "the text is not UTF-8"
		}
	}
	ok := false
	switch column.Type.Kind {
	case schema.String:
		switch value.(type) {
		case string, int64, float64:
			ok = true
		}
	case schema.Int64:
		_, ok = value.(int64)
	case schema.Float64:
		switch value.(type) {
		case float64, int64:
			ok = true
		}
	case schema.Binary:
		switch value.(type) {
		case []byte, string:
			ok = true
		}
	case schema.Decimal:
		_, err := parseDecimal(value, column.Type)
		ok = err == nil
	}
	if ok {
		return "", ""
	}
	return "type_mismatch", fmt.Sprintf("the value is not %s, which the column declares as %s", column.Type, column.Declared)
}

func parseDecimal(value any, target schema.Type) (decimal128.Num, error) {
	text := ""
	switch typed := value.(type) {
	case int64:
		text = strconv.FormatInt(typed, 10)
	case float64:
		text = strconv.FormatFloat(typed, 'f', -1, 64)
	case string:
		text = typed
	default:
		return decimal128.Num{}, fault.New(fault.Invalid, "not a number")
	}
	number, err := decimal128.FromString(text, schema.MaxPrecision, target.Scale)
	if err != nil {
		return decimal128.Num{}, err
	}
	// FromString rounds what has more digits behind the point: refuse that.
	if wide, err := decimal128.FromString(text, schema.MaxPrecision, min(target.Scale+1, schema.MaxPrecision)); err == nil &&
		target.Scale < schema.MaxPrecision && number.Mul(decimal128.FromI64(10)) != wide {
		return decimal128.Num{}, fault.New(fault.Invalid, "more than %d digits behind the point", target.Scale)
	}
	if !number.FitsInPrecision(target.Precision) {
		return decimal128.Num{}, fault.New(fault.Invalid, "more than %d digits", target.Precision)
	}
	return number, nil
}

func appendValue(builder array.Builder, value any, target schema.Type) {
	if value == nil {
		builder.AppendNull()
		return
	}
	switch typed := builder.(type) {
	case *array.StringBuilder:
		typed.Append(asText(value))
	case *array.Int64Builder:
		typed.Append(value.(int64))
	case *array.Float64Builder:
		if whole, isInt := value.(int64); isInt {
			typed.Append(float64(whole))
			return
		}
		typed.Append(value.(float64))
	case *array.BinaryBuilder:
		if text, isText := value.(string); isText {
			typed.AppendString(text)
			return
		}
		typed.Append(value.([]byte))
	case *array.Decimal128Builder:
		number, _ := parseDecimal(value, target) // fits has parsed it before
		typed.Append(number)
	}
}

func asText(value any) string {
	switch typed := value.(type) {
	case string:
		return typed
	case int64:
		return strconv.FormatInt(typed, 10)
	case float64:
		return strconv.FormatFloat(typed, 'f', -1, 64)
	}
	return ""
}

// raw is the row as JSON, column to text, for the quarantine.
func (s *stream) raw() string {
	row := make(map[string]*string, len(s.columns))
	for i, column := range s.columns {
		if s.values[i] == nil {
			row[column.Name] = nil
			continue
		}
		text := asText(s.values[i])
		if bytes, isBinary := s.values[i].([]byte); isBinary {
			text = fmt.Sprintf("%x", bytes)
		}
		row[column.Name] = &text
	}
	text, err := json.Marshal(row)
	if err != nil {
		return "{}"
	}
	return string(text)
}
