package connectors

import (
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// The text forms of cursor values that are moments.
const (
	wallClockLayout = "2006-01-02T15:04:05.999999"
	instantLayout   = "2006-01-02T15:04:05.999999Z07:00"
)

// FormatCursor gives the text form of a cursor value: digits for integers and
// decimals, 2006-01-02 for dates, 2006-01-02T15:04:05.999999 for wall clocks,
// the same with Z for instants, text as it is. NULL gives "".
func FormatCursor(values arrow.Array, row int) string {
	if values.IsNull(row) {
		return ""
	}
	switch typed := values.(type) {
	case *array.Timestamp:
		kind := schema.Timestamp
		if typed.DataType().(*arrow.TimestampType).TimeZone != "" {
			kind = schema.TimestampTZ
		}
		return FormatMoment(typed.Value(row).ToTime(arrow.Microsecond), kind)
	case *array.Date32:
		return typed.Value(row).FormattedString()
	}
	return values.ValueStr(row)
}

// FormatMoment gives the text form of a cursor value of kind Timestamp or
// TimestampTZ.
func FormatMoment(moment time.Time, kind schema.Kind) string {
	if kind == schema.TimestampTZ {
		return moment.UTC().Format(instantLayout)
	}
	return moment.UTC().Format(wallClockLayout)
}

// LookBack moves a cursor's text form back: by span for moments and dates (a
// date by whole days), by steps for integers. Text cursors do not move.
func LookBack(position string, kind schema.Kind, span time.Duration, steps int64) (string, error) {
	if position == "" || (span == 0 && steps == 0) {
		return position, nil
	}
	layout := map[schema.Kind]string{
		schema.Date: time.DateOnly, schema.Timestamp: wallClockLayout, schema.TimestampTZ: instantLayout,
	}[kind]
	switch {
	case layout != "":
		moment, err := time.Parse(layout, position)
		if err != nil {
			return "", fault.Wrap(err, fault.Invalid, "the cursor position is not of type %s", kind)
		}
		return moment.Add(-span).Format(layout), nil
	case kind == schema.String:
		return position, nil
	}
	number, err := strconv.ParseInt(position, 10, 64)
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "the cursor position is not a whole number")
	}
	return strconv.FormatInt(number-steps, 10), nil
}
