package ranger

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// maxFile bounds what is read: the largest services have some ten thousand policies.
const maxFile = 256 << 20

// Read reads a file of policies: one of Ranger's policy-engine test files, what
// Ranger Admin sends to its plugins, or what it exports.
func Read(r io.Reader) (*File, error) {
	text, err := readAll(r)
	if err != nil {
		return nil, err
	}
	var file File
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, invalidJSON(err, text)
	}
	return &file, nil
}

// ReadTags reads a file of tagged resources, as Ranger's tag service gives them
// to plugins, and lets the engine tag requests by it.
func (f *File) ReadTags(r io.Reader) error {
	text, err := readAll(r)
	if err != nil {
		return err
	}
	var tagged TaggedResources
	if err := json.Unmarshal(text, &tagged); err != nil {
		return invalidJSON(err, text)
	}
	f.tagged = &tagged
	return nil
}

func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the file of policies cannot be read")
	}
	if len(text) > maxFile {
		return nil, fault.New(fault.Invalid, "the file of policies is larger than %d bytes", maxFile)
	}
	return plainJSON(text), nil
}

// invalidJSON says where JSON is not what is expected.
func invalidJSON(err error, text []byte) *fault.Error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset := min(max(int(syntax.Offset)-1, 0), len(text))
		line := bytes.Count(text[:offset], []byte{'\n'}) + 1
		column := offset - bytes.LastIndexByte(text[:offset], '\n')
		return fault.New(fault.Invalid, "this is not JSON: %s", syntax.Error()).At("line %d, column %d", line, column)
	}
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) {
		place := strings.ReplaceAll(typed.Field, ".[", "[")
		return fault.New(fault.Invalid, "%s cannot stand here", kindNamed(typed.Value)).At("%s", place)
	}
	return fault.New(fault.Invalid, "this is not JSON of Ranger: %s", err.Error())
}

// kindNamed gives our name for what encoding/json calls a kind of value.
func kindNamed(kind string) string {
	switch kind {
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	default:
		return kind
	}
}

// plainJSON turns the liberties that Ranger's own reader takes into JSON of the
// same length: comments and commas before a closing bracket become spaces.
func plainJSON(text []byte) []byte {
	text = bytes.Clone(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	comma := -1 // the last comma, while nothing but space has followed
	for at := 0; at < len(text); {
		switch c := text[at]; {
		case c == '"':
			at = blankControls(text, at)
			comma = -1
		case c == '/' && at+1 < len(text) && (text[at+1] == '/' || text[at+1] == '*'):
			at = blankComment(text, at)
		case c == ' ' || c == '\n' || c == '\r' || c == '\t':
			at++
		case c == ']' && comma >= 0:
			text[comma] = ' '
			comma = -1
			at++
		case c == ',':
			comma = at
			at++
		default:
			comma = -1
			at++
		}
	}
	return text
}

// blankControls skips a string and makes the raw line breaks and tabs in it spaces.
func blankControls(text []byte, at int) int {
	for at++; at < len(text); at++ {
		switch c := text[at]; {
		case c == '\\':
			at++
		case c == '"':
			return at + 1
		case c < ' ':
			text[at] = ' '
		}
	}
	return len(text)
}

func blankComment(text []byte, at int) int {
	closing, keep := []byte("\n"), 1
	if text[at+1] == '*' {
		closing, keep = []byte("*/"), 0
	}
	stop := len(text)
	if found := bytes.Index(text[at+2:], closing); found >= 0 {
		stop = at + 2 + found + len(closing) - keep
	}
	for i := at; i < stop; i++ {
		if text[i] != '\n' {
			text[i] = ' '
		}
	}
	return stop
}
