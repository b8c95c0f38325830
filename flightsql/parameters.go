package flightsql

import (
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/render"
)

// values reads the one row of parameters that a client sends, as texts.
func values(reader flight.MessageReader) (made []*string, err error) {
	defer func() {
		if found := recover(); found != nil { // a column that points outside of itself
			made, err = nil, garbled(fmt.Errorf("%v", found))
		}
	}()
	rows := int64(0)
	for reader.Next() {
		batch := reader.RecordBatch()
		if rows += batch.NumRows(); rows > 1 {
			return nil, fault.New(fault.Invalid, "one row of parameters is taken at a time, and there are more")
		}
		if batch.NumRows() == 0 {
			continue
		}
		for i, column := range batch.Columns() {
			value, err := valueOf(column, i)
			if err != nil {
				return nil, err
			}
			made = append(made, value)
		}
	}
	if err := reader.Err(); err != nil {
		return nil, garbled(err)
	}
	if rows == 0 {
		return nil, fault.New(fault.Invalid, "there is no row of parameters")
	}
	return made, nil
}

func garbled(err error) error {
	return fault.Wrap(err, fault.Invalid, "the parameters cannot be read as Arrow rows")
}

func valueOf(column arrow.Array, place int) (*string, error) {
	if !bindable(column.DataType()) {
		return nil, fault.New(fault.Invalid, "the parameter $%d is of the type %s, which is not taken: send a text, number, boolean, date, time or timestamp", place+1, column.DataType())
	}
	text, null := render.Text(column, 0)
	if null || column.DataType().ID() == arrow.NULL {
		return nil, nil
	}
	if !utf8.ValidString(text) {
		return nil, fault.New(fault.Invalid, "the parameter $%d is no UTF-8 text", place+1)
	}
	return &text, nil
}

// bindable types have a text that the engine reads as the same value.
func bindable(kind arrow.DataType) bool {
	switch kind.ID() {
	case arrow.NULL, arrow.BOOL, arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64,
		arrow.FLOAT32, arrow.FLOAT64, arrow.DECIMAL128, arrow.STRING, arrow.LARGE_STRING, arrow.DATE32, arrow.DATE64, arrow.TIME32, arrow.TIME64, arrow.TIMESTAMP:
		return true
	}
	return false
}
