package render

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Formats.
const (
	Table   = "table"
	JSON    = "json"
	NDJSON  = "ndjson"
	CSV     = "csv"
	Arrow   = "arrow"
	Parquet = "parquet"
	XLSX    = "xlsx"
)

// IsCopy reports whether a format is a copy, which needs the right to hold; an
// unknown format is an Invalid fault.
func IsCopy(format string) (bool, error) {
	switch format {
	case Table, JSON:
		return false, nil
	case NDJSON, CSV, Arrow, Parquet, XLSX:
		return true, nil
	}
	return false, fault.New(fault.Invalid, "unknown format %q: write table, json, ndjson, csv, arrow, parquet or xlsx", format)
}

// MaxRows is the number of rows that a copy of a format can have.
func MaxRows(format string) uint64 {
	if format == XLSX {
		return maxXLSXRows
	}
	return math.MaxInt64
}

// CheckRows refuses to begin a copy of more rows than its format can have.
func CheckRows(format string, rows uint64) error {
	if most := MaxRows(format); rows > most {
		return fault.New(fault.Invalid, "%s has at most %d rows: ask for fewer, or take another format", format, most)
	}
	return nil
}

// Write writes all rows of reader as a copy and gives their number.
func Write(out io.Writer, format string, reader array.RecordReader) (int64, error) {
	switch format {
	case CSV:
		return writeCSV(out, reader)
	case NDJSON:
		return writeLines(out, reader)
	case Arrow:
		return writeArrow(out, reader)
	case Parquet:
		return writeParquet(out, reader)
	case XLSX:
		return writeXLSX(out, reader)
	}
	return 0, fault.New(fault.Invalid, "format %s is not a copy", format)
}

// Text gives a value as text: decimals with all digits of their scale, moments
// in ISO 8601. null is true for NULL.
func Text(column arrow.Array, row int) (text string, null bool) {
	if column.IsNull(row) {
		return "", true
	}
	if decimal, ok := column.(*array.Decimal128); ok {
		return decimal.Value(row).ToString(decimal.DataType().(*arrow.Decimal128Type).Scale), false
	}
	// A batch's memory is given back with the next one.
	return strings.Clone(column.ValueStr(row)), false
}

func each(reader array.RecordReader, row func(batch arrow.RecordBatch, row int) error) (int64, error) {
	var count int64
	for reader.Next() {
		batch := reader.RecordBatch()
		for i := range int(batch.NumRows()) {
			if err := row(batch, i); err != nil {
				return count, err
			}
			count++
		}
	}
	if err := reader.Err(); err != nil {
		return count, fmt.Errorf("read rows: %w", err)
	}
	return count, nil
}

// writeCSV writes NULL and the empty text alike: CSV has no other way.
func writeCSV(out io.Writer, reader array.RecordReader) (int64, error) {
	writer := csv.NewWriter(out)
	record := names(reader)
	if err := writer.Write(record); err != nil {
		return 0, err
	}
	count, err := each(reader, func(batch arrow.RecordBatch, row int) error {
		for i, column := range batch.Columns() {
			record[i], _ = Text(column, row)
		}
		if len(record) == 1 && record[0] == "" {
			// An empty line would be no row to most readers.
			writer.Flush()
			_, err := io.WriteString(out, "\"\"\n")
			return errors.Join(writer.Error(), err)
		}
		return writer.Write(record)
	})
	if err != nil {
		return count, err
	}
	writer.Flush()
	return count, writer.Error()
}

func writeLines(out io.Writer, reader array.RecordReader) (int64, error) {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	header := names(reader)
	return each(reader, func(batch arrow.RecordBatch, row int) error {
		line := make(map[string]*string, len(header))
		for i, column := range batch.Columns() {
			line[header[i]] = nil
			if text, null := Text(column, row); !null {
				line[header[i]] = &text
			}
		}
		return encoder.Encode(line)
	})
}

func writeArrow(out io.Writer, reader array.RecordReader) (int64, error) {
	writer := ipc.NewWriter(out, ipc.WithSchema(reader.Schema()))
	count, err := batches(reader, writer.Write)
	if err != nil {
		return count, err
	}
	return count, writer.Close()
}

// rowGroup is the number of rows that a Parquet file has in one piece, and so of
// those that are held until it is written: what DuckDB writes and reads at once.
const rowGroup = 122_880

func writeParquet(out io.Writer, reader array.RecordReader) (int64, error) {
	properties := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy), parquet.WithMaxRowGroupLength(rowGroup))
	writer, err := pqarrow.NewFileWriter(reader.Schema(), plain{out}, properties, pqarrow.DefaultWriterProps())
	if err != nil {
		return 0, fmt.Errorf("begin the Parquet file: %w", err)
	}
	count, err := batches(reader, writer.WriteBuffered)
	if err != nil {
		return count, err
	}
	return count, writer.Close()
}

// plain hides Close, which the Parquet writer would call on the caller's output.
type plain struct{ io.Writer }

func batches(reader array.RecordReader, write func(arrow.RecordBatch) error) (int64, error) {
	var count int64
	for reader.Next() {
		if err := write(reader.RecordBatch()); err != nil {
			return count, err
		}
		count += reader.RecordBatch().NumRows()
	}
	if err := reader.Err(); err != nil {
		return count, fmt.Errorf("read rows: %w", err)
	}
	return count, nil
}

func names(reader array.RecordReader) []string {
	fields := reader.Schema().Fields()
	all := make([]string, len(fields))
	for i, field := range fields {
		all[i] = field.Name
	}
	return all
}
