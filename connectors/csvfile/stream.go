package csvfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// place is where a reading stands: the file, and the record in it.
type place struct {
	file         int
	stamp        string
	offset, line int64
	other        bool
}

func (p place) token() connectors.Token {
	return connectors.Token(fmt.Sprintf("%d %s %d %d %t", p.file, p.stamp, p.offset, p.line, p.other))
}

func placeOf(token connectors.Token) (place, bool) {
	var p place
	n, err := fmt.Sscanf(string(token), "%d %s %d %d %t", &p.file, &p.stamp, &p.offset, &p.line, &p.other)
	return p, err == nil && n == 5
}

const (
	// batchBytes ends a batch early when rows are wide.
	batchBytes = 24 << 20
	// batchRejects ends a batch early in a file full of unreadable rows.
	batchRejects = 1000
)

// stream reads the files of one dataset one after another.
type stream struct {
	request connectors.ReadRequest
	source  *source
	options Options
	files   []inspected
	columns []schema.Column

	builder   *text.Builder
	reader    *reader
	indices   []int
	cells     [][]byte
	at        place
	restarted bool
	bound     *connectors.Bound
	canonical func([]byte) string
}

// Read implements connectors.Source.
func (s *source) Read(_ context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	paths, err := s.files(request.Dataset)
	if err != nil {
		return nil, err
	}
	st := &stream{request: request, source: s, options: s.options[request.Dataset]}
	for _, path := range paths {
		f, err := s.inspect(path, st.options)
		if err != nil {
			return nil, fmt.Errorf("inspect %s: %w", filepath.Base(path), err)
		}
		st.files = append(st.files, f)
	}
	dataset := schema.Dataset{Name: request.Dataset, Columns: st.files[0].columns(s.types[request.Dataset])}
	if st.columns, err = connectors.Project(dataset, request); err != nil {
		return nil, err
	}
	if st.bound, err = connectors.NewBound(dataset, request); err != nil {
		return nil, err
	}
	reading := text.Options{Location: s.zone, Null: st.options.Nulls}
	if cursor, ok := dataset.Column(request.Cursor); ok {
		st.canonical = text.CursorText(cursor.Type, reading)
	}
	st.builder = text.NewBuilder(st.columns, reading)
	st.resume()
	return st, nil
}

// resume goes on where a token says, unless a file has changed since.
func (s *stream) resume() {
	if s.request.Resume == "" {
		return
	}
	at, ok := placeOf(s.request.Resume)
	if !ok || at.file >= len(s.files) || s.files[at.file].stamp != at.stamp {
		s.restarted = true
		return
	}
	s.at = at
}

// Schema implements connectors.Stream.
func (s *stream) Schema() *arrow.Schema { return s.builder.Schema() }

// Close implements connectors.Stream.
func (s *stream) Close() error {
	if s.builder != nil {
		s.builder.Release()
		s.builder = nil
	}
	if s.reader == nil {
		return nil
	}
	err := s.reader.close()
	s.reader = nil
	return err
}

// Next implements connectors.Stream.
func (s *stream) Next(ctx context.Context) (connectors.Batch, error) {
	if err := ctx.Err(); err != nil {
		return connectors.Batch{}, fault.Wrap(err, fault.Canceled, "the reading was canceled")
	}
	wanted := s.request.BatchRows
	if wanted <= 0 {
		wanted = connectors.DefaultBatchRows
	}
	var rejects []connectors.Reject
	size, begun := 0, s.reader != nil
	for s.builder.Rows() < wanted && len(rejects) < batchRejects && size < batchBytes {
		if s.reader == nil {
			opened, err := s.openNext()
			if err != nil {
				return connectors.Batch{}, err
			}
			if !opened {
				break
			}
			begun = true
		}
		before := s.reader.offset
		reject, err := s.row()
		if err != nil {
			return connectors.Batch{}, err
		}
		if reject != nil {
			rejects = append(rejects, *reject)
		}
		if s.reader != nil {
			size += int(s.reader.offset - before)
		}
	}
	if s.builder.Rows() == 0 && len(rejects) == 0 && !begun {
		return connectors.Batch{}, io.EOF
	}
	batch := connectors.Batch{Record: s.builder.NewBatch(), Rejects: rejects, Token: s.where().token(), Restarted: s.restarted}
	s.restarted = false
	if s.bound != nil {
		batch.Position = s.bound.Position()
	}
	return batch, nil
}

// where is the place behind what was read.
func (s *stream) where() place {
	if s.reader == nil {
		if s.at.file < len(s.files) {
			s.at.stamp = s.files[s.at.file].stamp
		}
		return s.at
	}
	return place{file: s.at.file, stamp: s.reader.stamp, offset: s.reader.offset, line: s.reader.line, other: s.reader.other}
}

// openNext opens the next file and finds the wanted columns in it.
func (s *stream) openNext() (bool, error) {
	if s.at.file >= len(s.files) {
		return false, nil
	}
	f := s.files[s.at.file]
	s.indices = s.indices[:0]
	for _, column := range s.columns {
		index := slices.Index(f.names, column.Name)
		if index < 0 || len(f.names) != len(s.files[0].names) {
			return false, fault.New(fault.Invalid, "file %s has the columns %s; those of the dataset are %s",
				filepath.Base(f.path), strings.Join(f.names, ", "), strings.Join(s.files[0].names, ", "))
		}
		s.indices = append(s.indices, index)
	}
	var err error
	s.reader, err = newReader(f, s.options.RepeatedHeader, s.at)
	return err == nil, err
}

// row takes one record into the batch, or gives its reject.
func (s *stream) row() (*connectors.Reject, error) {
	fields, reject, err := s.reader.next()
	if errors.Is(err, io.EOF) {
		err = s.reader.close()
		s.reader, s.at = nil, place{file: s.at.file + 1}
		return nil, err
	}
	if err != nil || reject != nil {
		return reject, err
	}
	s.cells = s.cells[:0]
	for _, index := range s.indices {
		s.cells = append(s.cells, fields[index])
	}
	if s.bound != nil {
		if index := slices.Index(s.reader.names, s.request.Cursor); !s.bound.Admits(s.canonical(fields[index])) {
			return nil, nil
		}
	}
	if mismatch := s.builder.Append(s.cells); mismatch != nil {
		refused := mismatch.Reject(s.reader.line, strings.Join(stringsOf(fields), s.reader.delimiter))
		return &refused, nil
	}
	return nil, nil
}

func stringsOf(fields [][]byte) []string {
	all := make([]string, len(fields))
	for i, field := range fields {
		all[i] = string(field)
	}
	return all
}
