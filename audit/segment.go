package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	// segmentEnding is that of the files of the journal; their names are the
	// number of the first record, so that they sort.
	segmentEnding = ".jsonl"
	// maxLine bounds one record, so that reading needs no more memory than this.
	maxLine = 16 << 20
	// readAhead is what is read at a time.
	readAhead = 256 << 10
)

// errUnreadable is a line that this package did not write.
var errUnreadable = errors.New("a line of the record of reads cannot be read")

// errEnough ends a walk early.
var errEnough = errors.New("enough")

// place is a place in the journal: a file and the number of bytes before it.
// The zero value is the beginning.
type place struct {
	segment string
	offset  int64
}

func segmentName(first int64) string { return fmt.Sprintf("%020d%s", first, segmentEnding) }

// firstOf gives the number of the first record of a file.
func firstOf(segment string) (int64, bool) {
	digits, ok := strings.CutSuffix(segment, segmentEnding)
	first, err := strconv.ParseInt(digits, 10, 64)
	return first, ok && err == nil && segmentName(first) == segment
}

// segments lists the files of the journal in order. A folder that does not
// exist has none.
func segments(dir string) ([]string, error) {
	files, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("list the record of reads: %w", err)
	}
	var names []string
	for _, file := range files {
		if _, ok := firstOf(file.Name()); ok {
			names = append(names, file.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// walk reads the journal from a place on. An incomplete last line is left out:
// it is being written, or its writer was stopped.
func walk(dir string, from place, use func(entry) error) error {
	names, err := segments(dir)
	if err != nil {
		return err
	}
	for i, name := range names {
		if name < from.segment {
			continue
		}
		begin := int64(0)
		if name == from.segment {
			begin = from.offset
		}
		whole, err := walkSegment(dir, name, begin, use)
		if err != nil {
			return err
		}
		if !whole && i < len(names)-1 {
			return errUnreadable
		}
	}
	return nil
}

// walkSegment reads one file and tells whether it ended with a whole line.
func walkSegment(dir, name string, begin int64, use func(entry) error) (whole bool, err error) {
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return false, fmt.Errorf("open the record of reads: %w", err)
	}
	defer file.Close()
	if _, err := file.Seek(begin, io.SeekStart); err != nil {
		return false, fmt.Errorf("read the record of reads: %w", err)
	}
	whole = true
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 0, readAhead), maxLine)
	lines.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		if end := bytes.IndexByte(data, '\n'); end >= 0 {
			return end + 1, data[:end], nil
		}
		whole = !atEOF || len(data) == 0
		return 0, nil, nil
	})
	for lines.Scan() {
		found, ok := parseLine(lines.Bytes())
		if !ok {
			return false, errUnreadable
		}
		begin += int64(len(lines.Bytes())) + 1
		found.behind = place{name, begin}
		if err := use(found); err != nil {
			return false, err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return false, errUnreadable
	}
	return whole, lines.Err()
}

// segmentOf is the place to look for a record from: the last file that may hold it.
func segmentOf(dir string, seq int64) (place, error) {
	names, err := segments(dir)
	var found place
	for _, name := range names {
		if first, _ := firstOf(name); first <= seq {
			found.segment = name
		}
	}
	return found, err
}

// ending is the end of a file: its last whole line, if it has one, and how many
// bytes are before the incomplete one.
type ending struct {
	last        entry
	found       bool
	whole, size int64
}

// endOf reads a file from its end. A last line that cannot be read counts as
// none: then the head knows better.
func endOf(path string) (ending, error) {
	file, err := os.Open(path)
	if err != nil {
		return ending{}, fmt.Errorf("open the record of reads: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return ending{}, fmt.Errorf("read the record of reads: %w", err)
	}
	found := ending{size: info.Size()}
	for window := int64(readAhead); ; window *= 4 {
		begin := max(0, found.size-window)
		text := make([]byte, found.size-begin)
		if _, err := file.ReadAt(text, begin); err != nil && !errors.Is(err, io.EOF) {
			return ending{}, fmt.Errorf("read the record of reads: %w", err)
		}
		end := bytes.LastIndexByte(text, '\n')
		line := bytes.LastIndexByte(text[:max(end, 0)], '\n') + 1
		if begin > 0 && (end < 0 || line == 0) {
			continue // the last line begins before the window
		}
		found.whole = begin + int64(end) + 1
		if end > 0 {
			found.last, found.found = parseLine(text[line:end])
		}
		return found, nil
	}
}
