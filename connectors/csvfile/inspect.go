package csvfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/yitong-hub/yitong/schema"
)

// inspected is a file whose encoding, dialect and layout are known.
type inspected struct {
	path     string
	encoding string
	layout
	size int64
	// stamp changes when the file does: its size and time of change.
	stamp string
	// rows estimates the number of records.
	rows int64
}

func (s *source) inspect(path string, options Options) (inspected, error) {
	f := inspected{path: path, encoding: options.Encoding}
	file, err := os.Open(path)
	if err != nil {
		return f, unreadable(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return f, unreadable(path, err)
	}
	f.size, f.stamp = info.Size(), fmt.Sprintf("%x.%x", info.Size(), info.ModTime().UnixNano())
	if f.encoding == "" {
		if f.encoding, err = detectEncoding(file, f.size); err != nil {
			return f, err
		}
	}
	sample, ended, err := sampleOf(file, f.encoding)
	if err != nil {
		return f, err
	}
	given, err := options.given(path)
	if err != nil {
		return f, err
	}
	f.layout, err = lay(sample, ended, detect(sample, ended, given), options)
	if err != nil {
		return f, err
	}
	if lines := strings.Count(string(sample), "\n"); lines > 0 {
		f.rows = max(0, f.size*int64(lines)/int64(len(sample))-int64(f.skip+f.header))
	}
	return f, nil
}

// sampleOf reads the first text of a file, up to the last whole line unless it
// is the whole file.
func sampleOf(file io.ReadSeeker, encoding string) ([]byte, bool, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, false, err
	}
	text, err := decoded(file, encoding)
	if err != nil {
		return nil, false, err
	}
	sample := make([]byte, sampleBytes)
	n, err := io.ReadFull(text, sample)
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !ended {
		return nil, false, err
	}
	return []byte(strings.TrimPrefix(string(sample[:n]), byteOrderMark)), ended, nil
}

const byteOrderMark = "\uFEFF"

// columns gives the file's columns with their ledger.
func (f inspected) columns(types map[string]schema.Type) []schema.Column {
	columns := make([]schema.Column, len(f.names))
	for i, name := range f.names {
		columns[i] = schema.Column{
			Name: name, Type: schema.Of(schema.String), Nullable: true,
			Declared: "text", Wire: f.encoding + " text", Ruling: f.rulings[name],
		}
		if stated, ok := types[name]; ok {
			columns[i].Type = stated
		}
	}
	return columns
}

// comment says in words what was detected.
func (f inspected) comment() string {
	words := fmt.Sprintf("%s, delimiter %q", f.encoding, f.delimiter)
	if f.quote > 0 {
		words += fmt.Sprintf(", quote %q", rune(f.quote))
		if f.escape > 0 && f.escape != f.quote {
			words += fmt.Sprintf(", escape %q", rune(f.escape))
		}
	}
	if f.skip > 0 {
		words += fmt.Sprintf(", %d lines above the header", f.skip)
	}
	return words + fmt.Sprintf(", %d header lines", f.header)
}
