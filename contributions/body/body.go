package body

import (
	"strings"
	"unicode/utf8"

	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// MaxRows bounds the rows of one body: what is judged and reported at once.
	MaxRows = 10_000
	// MaxValues bounds the values of one body, and with them the memory that it takes.
	MaxValues = 1_000_000
	// MaxFields bounds the fields of a row, far above those of any dataset.
	MaxFields = 1_000
)

// TooLarge is the code of a body with too many rows.
const TooLarge fault.Code = "too_large"

// Kind says what a value was written as.
type Kind int

// The kinds of values.
const (
	Null Kind = iota
	Text
	Number
	Bool
	// Nested is a list or an object, which no field holds.
	Nested
)

// Value is one value as it was written: a number keeps its digits.
type Value struct {
	Kind Kind
	Text string
}

// Row holds the values that were given by the names of fields.
type Row map[string]Value

// The media types that are read.
const (
	JSON   = "application/json"
	NDJSON = "application/x-ndjson"
	CSV    = "text/csv"
	Arrow  = "application/vnd.apache.arrow.stream"
)

// Read reads the rows of a body of a media type. What is wrong with it as a
// whole is an Invalid fault that says where, more than MaxRows rows are a
// TooLarge one.
func Read(media string, content []byte) ([]Row, error) {
	var rows []Row
	var err error
	switch media {
	case JSON:
		rows, err = readJSON(content)
	case NDJSON:
		rows, err = readLines(content)
	case CSV:
		rows, err = readCSV(content)
	case Arrow:
		rows, err = readArrow(content)
	default:
		return nil, fault.New(fault.Invalid, "rows are sent as %s; the header Content-Type says which", strings.Join([]string{JSON, NDJSON, CSV, Arrow}, ", "))
	}
	if err == nil && len(rows) == 0 {
		err = fault.New(fault.Invalid, "the body has no rows")
	}
	return rows, err
}

func tooMany(rows, values int) error {
	if values > MaxValues {
		return fault.New(TooLarge, "one request takes at most %d values; send fewer rows at once", MaxValues)
	}
	if rows <= MaxRows {
		return nil
	}
	return fault.New(TooLarge, "one request takes at most %d rows; send the others in further ones", MaxRows)
}

// text refuses bytes that are no UTF-8: nobody could say what was meant.
func text(content []byte) error {
	if utf8.Valid(content) {
		return nil
	}
	at := 0
	for at < len(content) {
		r, size := utf8.DecodeRune(content[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return fault.New(fault.Invalid, "the body is not UTF-8 at byte %d; encode it as UTF-8", at+1)
}

// fields checks the names of a header.
func fields(names []string) error {
	if len(names) > MaxFields {
		return fault.New(fault.Invalid, "the body has more than %d fields", MaxFields)
	}
	seen := map[string]bool{}
	for i, name := range names {
		if name == "" {
			return fault.New(fault.Invalid, "field %d has no name", i+1)
		}
		if seen[name] {
			return fault.New(fault.Invalid, "field %d has the name of an earlier one", i+1)
		}
		seen[name] = true
	}
	return nil
}
