package body

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/yitong-hub/yitong/internal/fault"
)

// wantedForm is what a JSON body looks like.
const wantedForm = `{"rows": [{"field": value, …}, …]}`

func readJSON(content []byte) ([]Row, error) {
	if err := unicode(content); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	if !opens(decoder, '{') {
		return nil, fault.New(fault.Invalid, "the body is no JSON of the form %s", wantedForm)
	}
	if key, err := decoder.Token(); err != nil || key != "rows" || !opens(decoder, '[') {
		return nil, fault.New(fault.Invalid, "the body has no list of rows, or other keys; it is of the form %s", wantedForm)
	}
	var rows []Row
	values := 0
	for decoder.More() {
		row, err := object(decoder)
		if err != nil {
			return nil, located(err, "row %d", len(rows))
		}
		rows, values = append(rows, row), values+len(row)
		if err := tooMany(len(rows), values); err != nil {
			return nil, err
		}
	}
	for range 2 { // of the list and of the object
		if _, err := decoder.Token(); err != nil || decoder.More() {
			return nil, fault.New(fault.Invalid, "the body does not end as %s does", wantedForm)
		}
	}
	return rows, ends(decoder)
}

func readLines(content []byte) ([]Row, error) {
	if err := unicode(content); err != nil {
		return nil, err
	}
	var rows []Row
	values := 0
	number := 0
	for line := range bytes.Lines(content) {
		number++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(line))
		row, err := object(decoder)
		if err == nil {
			err = ends(decoder)
		}
		if err != nil {
			return nil, located(err, "line %d", number)
		}
		rows, values = append(rows, row), values+len(row)
		if err := tooMany(len(rows), values); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func located(err error, format string, args ...any) error {
	var coded *fault.Error
	if errors.As(err, &coded) {
		return coded.At(format, args...)
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}

// opens reports whether the next token begins an object or a list.
func opens(decoder *json.Decoder, delimiter json.Delim) bool {
	token, err := decoder.Token()
	return err == nil && token == delimiter
}

func ends(decoder *json.Decoder) error {
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "there is something behind the end")
	}
	return nil
}

// object reads one row. A name that comes twice is a mistake: one of the
// values would be lost.
func object(decoder *json.Decoder) (Row, error) {
	if !opens(decoder, '{') {
		return nil, fault.New(fault.Invalid, "a row is a JSON object of field and value")
	}
	row := Row{}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, fault.New(fault.Invalid, "the JSON cannot be read")
		}
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return nil, fault.New(fault.Invalid, "the JSON cannot be read")
		}
		if _, twice := row[name]; twice {
			return nil, fault.New(fault.Invalid, "a field is given twice")
		}
		if row[name], err = valueOf(raw); err != nil {
			return nil, err
		}
		if len(row) > MaxFields {
			return nil, fault.New(fault.Invalid, "a row has more than %d fields", MaxFields)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fault.New(fault.Invalid, "the JSON cannot be read")
	}
	return row, nil
}

func valueOf(raw json.RawMessage) (Value, error) {
	switch raw[0] {
	case 'n':
		return Value{}, nil
	case 't', 'f':
		return Value{Bool, string(raw)}, nil
	case '{', '[':
		return Value{Nested, string(raw)}, nil
	case '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return Value{}, fault.New(fault.Invalid, "the JSON cannot be read")
		}
		return Value{Text, text}, nil
	}
	return Value{Number, string(raw)}, nil
}

// unicode refuses texts of which the decoder would change something without a
// word: bytes that are no UTF-8, and halves of characters written as \uD800.
func unicode(content []byte) error {
	if err := text(content); err != nil {
		return err
	}
	for at := 0; at < len(content); at++ {
		if content[at] != '\\' || at+1 >= len(content) {
			continue
		}
		at++ // an escaped backslash begins no escape
		if content[at] != 'u' {
			continue
		}
		first, ok := escaped(content, at-1)
		if !ok || first < 0xd800 || first > 0xdfff {
			continue
		}
		second, ok := escaped(content, at+5)
		if !ok || first > 0xdbff || second < 0xdc00 || second > 0xdfff {
			return fault.New(fault.Invalid, "the body has half of a character at byte %d; write the character itself, or both halves", at)
		}
		at += 10 // to the last digit of the second half
	}
	return nil
}

// escaped reads \u and four digits.
func escaped(content []byte, at int) (rune, bool) {
	if at+6 > len(content) || content[at] != '\\' || content[at+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, digit := range content[at+2 : at+6] {
		switch {
		case digit >= '0' && digit <= '9':
			digit -= '0'
		case digit >= 'a' && digit <= 'f':
			digit -= 'a' - 10
		case digit >= 'A' && digit <= 'F':
			digit -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, true
}
