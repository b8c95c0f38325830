package body

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"

	"github.com/yitong-hub/yitong/internal/fault"
)

// readCSV reads a header of field names and rows. An empty cell is NULL: CSV has
// no other way to write it.
func readCSV(content []byte) ([]Row, error) {
	if err := text(content); err != nil {
		return nil, err
	}
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	reader.ReuseRecord = true
	first, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "the body is empty; its first line names the fields")
	}
	if err != nil {
		return nil, unreadable(err)
	}
	header := append([]string(nil), first...)
	if err := fields(header); err != nil {
		return nil, err
	}
	var rows []Row
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, unreadable(err)
		}
		row := make(Row, len(header))
		for i, name := range header {
			row[name] = Value{}
			if record[i] != "" {
				row[name] = Value{Text, record[i]}
			}
		}
		rows = append(rows, row)
		if err := tooMany(len(rows), len(rows)*len(header)); err != nil {
			return nil, err
		}
	}
}

// unreadable says where, and not in the reader's words.
func unreadable(err error) error {
	var wrong *csv.ParseError
	if !errors.As(err, &wrong) {
		return fault.Wrap(err, fault.Invalid, "the CSV cannot be read")
	}
	reason := "a quote is not where it may be; write cells with quotes, commas or line ends in quotes, and a quote in them twice"
	if errors.Is(err, csv.ErrFieldCount) {
		reason = "the line has another number of cells than the header"
	}
	return fault.New(fault.Invalid, "%s", reason).At("line %d", wrong.Line)
}
