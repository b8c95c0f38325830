package csvfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Codes of rejects.
const (
	CodeFieldCount    = "field_count"
	CodeQuote         = "unclosed_quote"
	CodeEncoding      = "encoding"
	CodeAnotherTable  = "another_table"
	CodeRecordTooLong = "record_too_long"
)

const (
	// textBlock is how much text is read at once.
	textBlock = 512 << 10
	// maxRecord bounds a record: beyond it a quote was surely left open.
	maxRecord = 4 << 20
)

// replacement is what the decoders put for bytes that they cannot decode.
var replacement = []byte(string(utf8.RuneError))

// reader gives the records of one file one after another.
type reader struct {
	inspected
	splitter *splitter
	repeated string
	file     *os.File
	from     io.Reader

	buffer     []byte
	start, end int
	ended      bool
	// offset is the place in the decoded text of the next record, line its line
	// from 0; other says that another table has begun.
	offset, line int64
	other        bool
}

// newReader opens a file at a place; the zero place is the start of its rows.
func newReader(f inspected, repeated string, at place) (*reader, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, unreadable(f.path, err)
	}
	r := &reader{
		inspected: f, splitter: newSplitter(f.dialect), repeated: repeated, file: file,
		buffer: make([]byte, textBlock), offset: at.offset, line: at.line, other: at.other,
	}
	if r.from, err = decoded(file, f.encoding); err == nil {
		err = r.enter()
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return r, nil
}

// enter goes to the place to begin at: behind the header, or where an earlier
// reading stopped. Decoded text cannot be entered in the middle; it is read over.
func (r *reader) enter() error {
	if r.offset > 0 {
		if r.from == io.Reader(r.file) {
			_, err := r.file.Seek(r.offset, io.SeekStart)
			return err
		}
		_, err := io.CopyN(io.Discard, r.from, r.offset)
		return err
	}
	if err := r.fill(); err != nil {
		return err
	}
	if bytes.HasPrefix(r.buffer[:r.end], []byte(byteOrderMark)) {
		r.advance(len(byteOrderMark), 0)
	}
	for r.line < int64(r.skip+r.header) {
		length, whole := r.lineLength(r.buffer[r.start:r.end])
		if !whole && !r.ended {
			if err := r.fill(); err != nil {
				return err
			}
			continue
		}
		if length == 0 {
			return nil
		}
		r.advance(length, 1)
	}
	return nil
}

func (r *reader) advance(length, lines int) {
	r.start += length
	r.offset += int64(length)
	r.line += int64(lines)
}

// fill reads more text behind what is in the buffer.
func (r *reader) fill() error {
	if r.start > 0 {
		r.end = copy(r.buffer, r.buffer[r.start:r.end])
		r.start = 0
	}
	if r.end == len(r.buffer) {
		r.buffer = append(r.buffer, make([]byte, len(r.buffer))...)
	}
	n, err := r.from.Read(r.buffer[r.end:])
	r.end += n
	if errors.Is(err, io.EOF) {
		r.ended = true
		return nil
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "the file %s cannot be read on", r.path)
	}
	return nil
}

// next gives the fields of the next record, or a reject, or io.EOF. The fields
// are valid until the next call.
func (r *reader) next() ([][]byte, *connectors.Reject, error) {
	for {
		text := r.buffer[r.start:r.end]
		if len(text) == 0 && r.ended {
			return nil, nil, io.EOF
		}
		length, found := 0, more
		if len(text) > 0 {
			length, found = r.splitter.next(text, r.ended)
		}
		switch {
		case found == more && len(text) <= maxRecord:
			if err := r.fill(); err != nil {
				return nil, nil, err
			}
			continue
		case found == more:
			return nil, r.rejectLine(text, CodeRecordTooLong, fmt.Sprintf("the record does not end within %d bytes: a quote or a line end is missing", maxRecord)), nil
		case found == malformed:
			return nil, r.rejectLine(text, CodeQuote, "a quoted field does not end where it should: a quote is missing or too many"), nil
		}
		if fields, reject, skipped := r.judge(text, length); !skipped {
			return fields, reject, nil
		}
	}
}

// rejectLine refuses the first physical line; reading goes on behind it.
func (r *reader) rejectLine(text []byte, code, reason string) *connectors.Reject {
	length, _ := r.lineLength(text)
	reject := r.reject(text[:length], code, reason)
	r.advance(length, 1)
	return reject
}

func (r *reader) reject(raw []byte, code, reason string) *connectors.Reject {
	return &connectors.Reject{Row: r.line + 1, Code: code, Reason: reason, Raw: string(bytes.ToValidUTF8(trimLine(raw), replacement))}
}

// judge looks whether a complete record is a row of the table.
func (r *reader) judge(text []byte, length int) (fields [][]byte, reject *connectors.Reject, skipped bool) {
	fields = r.splitter.fields
	raw := text[:length]
	if r.swallowed() {
		return nil, r.rejectLine(text, CodeQuote, "a quoted field runs over the following rows: its closing quote is missing"), false
	}
	switch {
	case len(fields) == 1 && len(fields[0]) == 0:
		r.advance(length, r.splitter.lines)
		return nil, nil, true
	case !r.other && r.isHeader(fields):
		if r.repeated == "skip" && len(fields) == len(r.names) {
			r.advance(length, r.splitter.lines)
			return nil, nil, true
		}
		r.other = true
		reject = r.reject(raw, CodeAnotherTable, "another header: from here on the file holds another table (repeated_header: skip takes its rows)")
	case r.other:
		reject = r.reject(raw, CodeAnotherTable, "the row belongs to another table in the same file")
	case len(fields) != len(r.names):
		reject = r.reject(raw, CodeFieldCount, fmt.Sprintf("%d fields where the table has %d", len(fields), len(r.names)))
	case r.splitter.strays > 1:
		reject = r.reject(raw, CodeQuote, "a quote stands inside several unquoted fields: a delimiter before a quoted field is missing")
	case r.undecodable(raw):
		reject = r.reject(raw, CodeEncoding, "the row holds bytes that are not "+r.encoding)
	}
	r.advance(length, r.splitter.lines)
	return fields, reject, false
}

func (r *reader) undecodable(raw []byte) bool {
	if r.from == io.Reader(r.file) {
		return !utf8.Valid(raw)
	}
	return bytes.IndexByte(raw, replacement[0]) >= 0 && bytes.Contains(raw, replacement)
}

// isHeader reports whether a record repeats the header: at least two fields,
// and nearly all of them the column's names.
func (r *reader) isHeader(fields [][]byte) bool {
	if r.header == 0 || len(fields) < 2 || len(r.names) < 2 || string(bytes.TrimSpace(fields[0])) != r.names[0] {
		return false
	}
	same := 0
	for i, field := range fields {
		if i < len(r.names) && string(bytes.TrimSpace(field)) == r.names[i] {
			same++
		}
	}
	return same*5 >= min(len(fields), len(r.names))*4
}

// swallowed reports whether a field over several lines holds what looks like
// whole rows. In narrow tables nobody can tell.
func (r *reader) swallowed() bool {
	if r.splitter.spanned == nil || len(r.names) < 3 {
		return false
	}
	for line := range bytes.Lines(r.splitter.spanned) {
		if bytes.Count(line, []byte(r.delimiter)) >= len(r.names)-1 {
			return true
		}
	}
	return false
}

func (r *reader) close() error { return r.file.Close() }
