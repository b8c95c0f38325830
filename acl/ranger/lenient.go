package ranger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Ranger's files are written by several programs and by hand: numbers and yes
// and no come as such or as text, a list of one comes as its element. The types
// here read all these forms.

// Text is a text that may be written as a number or as true or false.
type Text string

// UnmarshalJSON reads a text, a number, true, false or null.
func (t *Text) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		return json.Unmarshal(data, (*string)(t))
	case '{', '[':
		return wrongType(data, *t)
	case 'n':
		*t = ""
	default:
		*t = Text(data)
	}
	return nil
}

// Texts is a list of texts that may be written as one text.
type Texts []string

// UnmarshalJSON reads a list, a text or null.
func (t *Texts) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '{':
		return wrongType(data, *t)
	case 'n':
		*t = nil
		return nil
	case '[':
		var texts []Text
		if err := json.Unmarshal(data, &texts); err != nil {
			return err
		}
		*t = make(Texts, len(texts))
		for i, text := range texts {
			(*t)[i] = string(text)
		}
		return nil
	default:
		var one Text
		err := one.UnmarshalJSON(data)
		*t = Texts{string(one)}
		return err
	}
}

// Flag is a yes or no; the zero value says that nothing is given.
type Flag string

const (
	yes Flag = "true"
	no  Flag = "false"
)

// Or gives the flag's value, or otherwise when none is given.
func (f Flag) Or(otherwise bool) bool {
	if f == "" {
		return otherwise
	}
	return f == yes
}

// UnmarshalJSON reads true, false, null or the first two as text.
func (f *Flag) UnmarshalJSON(data []byte) error {
	var text Text
	if err := text.UnmarshalJSON(data); err != nil {
		return wrongType(data, *f)
	}
	switch {
	case strings.EqualFold(string(text), string(yes)):
		*f = yes
	case text == "":
		*f = ""
	case data[0] == '"', text == "false":
		*f = no
	default:
		return wrongType(data, *f)
	}
	return nil
}

// Number is a whole number that may be written as text.
type Number int64

// UnmarshalJSON reads a number, a number as text, or null.
func (n *Number) UnmarshalJSON(data []byte) error {
	var text Text
	if err := text.UnmarshalJSON(data); err != nil {
		return wrongType(data, *n)
	}
	if text == "" {
		*n = 0
		return nil
	}
	parsed, err := strconv.ParseInt(strings.TrimSuffix(string(text), ".0"), 10, 64)
	if err != nil {
		return wrongType(data, *n)
	}
	*n = Number(parsed)
	return nil
}

// Options maps names to texts; other simple values are taken as text.
type Options map[string]string

// UnmarshalJSON reads an object or null.
func (o *Options) UnmarshalJSON(data []byte) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		return err
	}
	if values == nil {
		return nil
	}
	*o = make(Options, len(values))
	for name, value := range values {
		var text Text
		if text.UnmarshalJSON(value) != nil {
			text = Text(value)
		}
		(*o)[name] = string(text)
	}
	return nil
}

// Entries is a list whose errors name the entry.
type Entries[T any] []T

// UnmarshalJSON reads a list or null; entries that are null are left out.
func (e *Entries[T]) UnmarshalJSON(data []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return wrongType(data, *e)
	}
	*e = nil
	for i, one := range raw {
		if string(one) == "null" {
			continue
		}
		var entry T
		if err := json.Unmarshal(one, &entry); err != nil {
			return within(err, fmt.Sprintf("[%d]", i))
		}
		*e = append(*e, entry)
	}
	return nil
}

// Time is a point in time as Ranger's files write it.
type Time struct{ time.Time }

// UnmarshalJSON reads Ranger's form, RFC 3339, milliseconds since 1970, or null.
func (t *Time) UnmarshalJSON(data []byte) error {
	var text Text
	if err := text.UnmarshalJSON(data); err != nil {
		return wrongType(data, *t)
	}
	if text == "" {
		*t = Time{}
		return nil
	}
	if millis, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		*t = Time{time.UnixMilli(millis).UTC()}
		return nil
	}
	for _, layout := range []string{"20060102-15:04:05.000-0700", "20060102-15:04:05-0700", time.RFC3339Nano} {
		if parsed, err := time.Parse(layout, string(text)); err == nil {
			*t = Time{parsed}
			return nil
		}
	}
	return wrongType(data, *t)
}

// wrongType is the error that encoding/json completes with the path of the field.
func wrongType(data []byte, wanted any) error {
	shown := string(bytes.TrimSpace(data))
	if len(shown) > maxShown || strings.ContainsAny(shown, "{[") {
		kinds := map[byte]string{'{': "object", '[': "array", '"': "string"}
		if shown = kinds[data[0]]; shown == "" {
			shown = "a long number"
		}
	}
	return &json.UnmarshalTypeError{Value: shown, Type: reflect.TypeOf(wanted)}
}

// maxShown is how much of a wrong value an error repeats.
const maxShown = 40

// within puts a step in front of the path in err.
func within(err error, step string) error {
	typed, ok := err.(*json.UnmarshalTypeError) //nolint:errorlint // encoding/json returns it unwrapped and completes it in place
	if !ok {
		return err
	}
	if typed.Field != "" {
		step += "." + typed.Field
	}
	typed.Field = step
	return typed
}
