package slurm

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Codes of rejects.
const (
	CodeFieldCount = "field_count"
	CodeEncoding   = "encoding"
	CodeTruncated  = "truncated"
)

// maxLine bounds a line; sacct's longest are some kilobytes.
const maxLine = 1 << 20

// lines gives the jobs of one file after another.
type lines struct {
	paths   []string
	options Options
	dataset schema.Dataset
	times   []bool // which columns are moments

	file   *os.File
	reader *bufio.Reader
	// index is the file being read, offset and number the place behind the last
	// line of it.
	index          int
	offset, number int64
	cells          [][]byte
}

// begin opens the first file and takes its header.
func (l *lines) begin(dataset string) error {
	names := l.options.Columns
	if len(names) == 0 {
		header, err := l.header(l.paths[0])
		if err != nil {
			return err
		}
		names = header
	}
	l.dataset = schema.Dataset{Name: dataset, RowEstimate: -1, Columns: columnsOf(names)}
	l.times = make([]bool, len(names))
	for i, column := range l.dataset.Columns {
		l.times[i] = column.Type.Kind == schema.TimestampTZ
	}
	l.cells = make([][]byte, len(names))
	return l.enter(0, 0, 0)
}

func (l *lines) header(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the file %s cannot be read", path)
	}
	defer file.Close()
	line, err := bufio.NewReader(io.LimitReader(file, maxLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Wrap(err, fault.Unavailable, "the file %s cannot be read", path)
	}
	names := strings.Split(strings.TrimSuffix(strings.TrimRight(line, "\r\n"), l.options.Delimiter), l.options.Delimiter)
	if !slices.Contains(names, "JobID") && !slices.Contains(names, "JobIDRaw") {
		return nil, fault.New(fault.Invalid, "%s begins with no header line of sacct (there is no JobID): name its columns in the dataset's options", filepath.Base(path))
	}
	return names, nil
}

// enter opens a file at a place; place zero is behind its header.
func (l *lines) enter(index int, offset, number int64) error {
	if err := l.leave(); err != nil {
		return err
	}
	l.index, l.offset, l.number = index, offset, number
	if index >= len(l.paths) {
		return nil
	}
	path := l.paths[index]
	file, err := os.Open(path)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "the file %s cannot be read", path)
	}
	l.file = file
	if offset == 0 && len(l.options.Columns) == 0 {
		return l.passHeader(path)
	}
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return fault.Wrap(err, fault.Unavailable, "the file %s cannot be read", path)
	}
	l.reader = bufio.NewReaderSize(file, 256<<10)
	return nil
}

func (l *lines) passHeader(path string) error {
	names, err := l.header(path)
	if err != nil {
		return err
	}
	for i, column := range l.dataset.Columns {
		if i >= len(names) || names[i] != column.Name || len(names) != len(l.dataset.Columns) {
			return fault.New(fault.Invalid, "%s has other columns than %s", filepath.Base(path), filepath.Base(l.paths[0]))
		}
	}
	l.reader = bufio.NewReaderSize(l.file, 256<<10)
	line, err := l.reader.ReadSlice('\n')
	l.offset, l.number = int64(len(line)), 1
	if err != nil && !errors.Is(err, io.EOF) {
		return fault.Wrap(err, fault.Invalid, "%s has a header that is too long", filepath.Base(path))
	}
	return nil
}

func (l *lines) leave() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file, l.reader = nil, nil
	return err
}

// Next implements text.Rows.
func (l *lines) Next(context.Context) (text.Row, error) {
	for l.index < len(l.paths) {
		line, whole, err := l.line()
		if err != nil {
			return text.Row{}, err
		}
		if line == nil {
			if err := l.enter(l.index+1, 0, 0); err != nil {
				return text.Row{}, err
			}
			continue
		}
		if len(bytes.TrimSpace(line)) > 0 {
			return l.row(line, whole), nil
		}
	}
	return text.Row{}, io.EOF
}

// line gives the next line, nil at the end of the file; whole is false for a
// last line that does not end or one beyond all bounds.
func (l *lines) line() (line []byte, whole bool, err error) {
	for {
		part, err := l.reader.ReadSlice('\n')
		l.offset += int64(len(part))
		if line == nil && err == nil {
			line = part
		} else if len(line) < maxLine {
			line = append(slices.Clone(line), part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) {
			if len(line) == 0 {
				return nil, false, nil
			}
			l.number++
			return line, false, nil
		}
		if err != nil {
			return nil, false, fault.Wrap(err, fault.Unavailable, "the file %s cannot be read on", l.paths[l.index])
		}
		l.number++
		return bytes.TrimRight(line, "\r\n"), len(line) < maxLine, nil
	}
}

func (l *lines) row(line []byte, whole bool) text.Row {
	row := text.Row{Number: l.number, Cells: l.cells, Raw: func() string { return strings.ToValidUTF8(string(line), string(utf8.RuneError)) }}
	refuse := func(code, reason string) text.Row {
		row.Reject = &connectors.Reject{Row: l.number, Code: code, Reason: reason, Raw: row.Raw()}
		return row
	}
	fields := bytes.Split(line, []byte(l.options.Delimiter))
	if len(fields) == len(l.cells)+1 && len(fields[len(l.cells)]) == 0 {
		fields = fields[:len(l.cells)] // --parsable ends each line with the delimiter
	}
	switch {
	case len(fields) < len(l.cells) && !whole:
		return refuse(CodeTruncated, fmt.Sprintf("the file breaks off in the middle of a line, after %d of %d fields", len(fields), len(l.cells)))
	case len(fields) != len(l.cells):
		return refuse(CodeFieldCount, fmt.Sprintf("%d fields where the header has %d: a value may hold the delimiter, which sacct does not escape", len(fields), len(l.cells)))
	case !utf8.Valid(line):
		return refuse(CodeEncoding, "the line holds bytes that are not UTF-8")
	}
	for i, field := range fields {
		l.cells[i] = field
		if l.times[i] && (string(field) == "Unknown" || string(field) == "None") {
			l.cells[i] = nil
		}
	}
	return row
}

// Token implements text.Rows.
func (l *lines) Token() connectors.Token {
	return connectors.Token(fmt.Sprintf("%d %d %d %s", l.index, l.offset, l.number, l.stamp(l.index)))
}

// stamp changes when a file gets shorter or is replaced; a file that has only
// grown can be read on.
func (l *lines) stamp(index int) string {
	if index >= len(l.paths) {
		return "end"
	}
	return filepath.Base(l.paths[index])
}

func (l *lines) resume(token connectors.Token) (restarted bool, err error) {
	var index int
	var offset, number int64
	var stamp string
	n, err := fmt.Sscanf(string(token), "%d %d %d %s", &index, &offset, &number, &stamp)
	if err != nil || n != 4 || l.stamp(index) != stamp {
		return true, nil //nolint:nilerr // not our token: begin anew
	}
	if index < len(l.paths) {
		info, err := os.Stat(l.paths[index])
		if err != nil || info.Size() < offset {
			return true, nil //nolint:nilerr // the file was replaced: begin anew
		}
	}
	return false, l.enter(index, offset, number)
}

// Close implements text.Rows.
func (l *lines) Close() error { return l.leave() }
