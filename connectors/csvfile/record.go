package csvfile

import "bytes"

// Marks of a dialect's quote and escape.
const (
	unknown = 0
	none    = -1
)

// dialect says how a file writes its records.
type dialect struct {
	delimiter string
	// quote and escape are ASCII characters, none, or unknown while detecting.
	quote, escape int
	// cr says that a lone carriage return ends a record; otherwise a line feed
	// does, with or without a carriage return before it.
	cr bool
}

// status says what [splitter.next] found.
type status int

const (
	complete status = iota
	// more text is needed to tell where the record ends.
	more
	// malformed: the record's quotes do not close where they should.
	malformed
)

// splitter cuts text into records. Its fields are parts of the text or of its
// own scratch space, valid until the next call.
type splitter struct {
	dialect
	fields  [][]byte
	scratch []byte
	// quotes and escapes count the quoted fields and the escaped quotes met, lines
	// the line ends in the record.
	quotes  int
	escapes int
	lines   int
	// strays counts the unquoted fields of the record that hold a quote.
	strays int
	// special marks the bytes at which an unquoted field may end or hold a quote.
	special [256]bool
	// spanned holds the longest quoted part of the record that goes over lines.
	spanned []byte
}

func newSplitter(d dialect) *splitter {
	s := &splitter{dialect: d}
	s.special[d.delimiter[0]], s.special['\n'], s.special['\r'] = true, true, true
	if d.quote > 0 {
		s.special[byte(d.quote)] = true
	}
	return s
}

// next reads the record at the start of text and gives its length, line end
// included. With ended, the text's end is a record's end too.
func (s *splitter) next(text []byte, ended bool) (length int, found status) {
	s.fields, s.scratch, s.lines, s.spanned = s.fields[:0], s.scratch[:0], 0, nil
	s.strays = 0
	at := 0
	for {
		if s.quote > 0 && at < len(text) && int(text[at]) == s.quote {
			end, found := s.quoted(text, at, ended)
			if found != complete {
				return 0, found
			}
			at = end
		} else {
			end, ok := s.plain(text, at, ended)
			if !ok {
				return 0, more
			}
			s.fields = append(s.fields, text[at:end:end])
			at = end
		}
		width, last, found := s.behind(text, at, ended)
		switch {
		case found != complete:
			return 0, found
		case last:
			s.lines++
			return at + width, complete
		}
		at += width
	}
}

// plain finds the end of an unquoted field.
func (s *splitter) plain(text []byte, at int, ended bool) (int, bool) {
	first, strays := s.delimiter[0], 0
	for i := at; i < len(text); i++ {
		c := text[i]
		if !s.special[c] {
			continue
		}
		switch {
		case c == first && hasDelimiter(text[i:], s.delimiter):
			s.strays += strays
			return i, true
		case c == first && !ended && len(text)-i < len(s.delimiter):
			return 0, false
		case c == '\n' && !s.cr:
			s.strays += strays
			if i > at && text[i-1] == '\r' {
				return i - 1, true
			}
			return i, true
		case c == '\r' && s.cr:
			s.strays += strays
			return i, true
		case int(c) == s.quote:
			strays = 1
		}
	}
	s.strays += strays
	return len(text), ended
}

func hasDelimiter(text []byte, delimiter string) bool {
	return len(delimiter) == 1 || len(text) >= len(delimiter) && string(text[:len(delimiter)]) == delimiter
}

// quoted reads a quoted field and gives the place behind its closing quote.
func (s *splitter) quoted(text []byte, start int, ended bool) (int, status) {
	at, before := start+1, s.lines
	copied := -1 // where in scratch the field begins, once something was unescaped
	from := at
	for ; at < len(text); at++ {
		c := int(text[at])
		if c != s.quote && c != s.escape {
			if c == '\n' || c == '\r' && s.cr {
				s.lines++
			}
			continue
		}
		if at+1 == len(text) && !ended {
			return 0, more
		}
		if c == s.escape && at+1 < len(text) && s.escapable(int(text[at+1])) {
			if copied < 0 {
				copied = len(s.scratch)
			}
			s.scratch = append(append(s.scratch, text[from:at]...), text[at+1])
			s.escapes++
			at++
			from = at + 1
			continue
		}
		if c != s.quote {
			continue
		}
		field := text[start+1 : at : at]
		if copied >= 0 {
			s.scratch = append(s.scratch, text[from:at]...)
			field = s.scratch[copied:len(s.scratch):len(s.scratch)]
		}
		if s.lines > before && len(field) > len(s.spanned) {
			s.spanned = field
		}
		s.fields = append(s.fields, field)
		s.quotes++
		return at + 1, complete
	}
	if ended {
		return 0, malformed
	}
	return 0, more
}

func (s *splitter) escapable(c int) bool { return c == s.quote || c == s.escape }

// behind looks at what follows a field: a delimiter, a line end, or the end.
func (s *splitter) behind(text []byte, at int, ended bool) (width int, last bool, found status) {
	rest := text[at:]
	switch {
	case len(rest) == 0:
		if ended {
			return 0, true, complete
		}
		return 0, false, more
	case rest[0] == '\n' && !s.cr, rest[0] == '\r' && s.cr:
		return 1, true, complete
	case bytes.HasPrefix(rest, []byte(s.delimiter)):
		return len(s.delimiter), false, complete
	case rest[0] == '\r' && len(rest) > 1 && rest[1] == '\n':
		return 2, true, complete
	case !ended && (len(rest) < len(s.delimiter) || len(rest) == 1 && rest[0] == '\r'):
		return 0, false, more
	case rest[0] == '\r' && len(rest) == 1:
		return 1, true, complete
	}
	return 0, false, malformed
}

// lineLength gives the length of the first physical line, its end included.
func (d dialect) lineLength(text []byte) (int, bool) {
	end := byte('\n')
	if d.cr {
		end = '\r'
	}
	if at := bytes.IndexByte(text, end); at >= 0 {
		return at + 1, true
	}
	return len(text), false
}

func trimLine(line []byte) []byte { return bytes.TrimRight(line, "\r\n") }
