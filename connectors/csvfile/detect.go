package csvfile

import (
	"bytes"

	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// sampleBytes is how much text the detection looks at.
	sampleBytes = 256 << 10
	// sampleRecords bounds the records that each candidate is tried on.
	sampleRecords = 400
)

// delimiters are the candidates, the likelier first: among equals the first wins.
var delimiters = []string{",", ";", "\t", "|", ", ", "; ", " ", "||", "~", "^", ":", "\x01", "\x1f", "#", "&", "*"}

// tryout is one candidate dialect with how well it fits.
type tryout struct {
	dialect
	score float64
	// quoted counts the quoted fields, escapes the escaped quotes in them.
	quoted, escapes int
}

// detect completes what is not given of a dialect from a sample. ended says
// that the sample is the whole file.
func detect(sample []byte, ended bool, given dialect) dialect {
	given.cr = !bytes.Contains(sample, []byte{'\n'}) && bytes.Contains(sample, []byte{'\r'})
	best := tryout{score: -1}
	usual := map[string]int{} // quoted fields by '"', for each delimiter
	for _, candidate := range candidates(given) {
		tried := try(candidate, sample, ended)
		if candidate.quote == '"' {
			usual[candidate.delimiter] = max(usual[candidate.delimiter], tried.quoted)
		} else if given.quote == unknown && tried.quoted <= usual[candidate.delimiter] {
			continue // another quote needs evidence; a few fields that begin with it are none
		}
		if tried.better(best) {
			best = tried
		}
	}
	return best.dialect
}

// better compares scores; among nearly equal ones of the same delimiter and
// quote, the escape that is used more is the right one.
func (t tryout) better(best tryout) bool {
	if t.delimiter == best.delimiter && t.quote == best.quote && t.escapes != best.escapes && t.score > best.score*0.95 && best.score > t.score*0.95 {
		return t.escapes > best.escapes
	}
	return t.score > best.score*(1+1e-9)
}

func candidates(given dialect) []dialect {
	separators := delimiters
	if given.delimiter != "" {
		separators = []string{given.delimiter}
	}
	quotes := []int{'"', '\''}
	if given.quote != unknown {
		quotes = []int{given.quote}
	}
	var all []dialect
	for _, separator := range separators {
		for _, quote := range quotes {
			for _, escape := range escapesOf(quote, given.escape) {
				all = append(all, dialect{delimiter: separator, quote: quote, escape: escape, cr: given.cr})
			}
		}
	}
	return all
}

func escapesOf(quote, given int) []int {
	switch {
	case quote == none:
		return []int{none}
	case given != unknown:
		return []int{given}
	case quote == '\'':
		return []int{quote, '\\', '"'}
	}
	return []int{quote, '\\'}
}

// smallest keeps candidates without any structure comparable.
const smallest = 1e-3

// try measures a candidate: how alike its records are in length, times how
// many of its cells look like values of some type.
func try(candidate dialect, sample []byte, ended bool) tryout {
	s := newSplitter(candidate)
	lengths := map[int]int{}
	cells, known, records := 0, 0, 0
	for len(sample) > 0 && records < sampleRecords {
		length, found := s.next(sample, ended)
		if found == more {
			break
		}
		if found == malformed {
			line, _ := candidate.lineLength(sample)
			sample = sample[line:]
			lengths[0]++
			records++
			continue
		}
		if candidate.quote == '\'' && candidate.escape != '"' {
			s.escapes -= bytes.Count(sample[:length], []byte(`""`)) // left over: it was an escape
		}
		sample = sample[length:]
		if len(s.fields) == 1 && len(s.fields[0]) == 0 {
			continue // an empty line says nothing
		}
		records++
		lengths[len(s.fields)]++
		for _, field := range s.fields {
			cells++
			if kind := cellKind(field); kind != proseCell {
				known++
			}
		}
	}
	pattern := smallest
	if records > 0 {
		sum := 0.0
		for length, count := range lengths {
			if length > 0 {
				sum += float64(count) * max(smallest, float64(length-1)) / float64(length)
			}
		}
		pattern = sum / float64(len(lengths)) / float64(records)
	}
	typed := smallest
	if cells > 0 {
		typed = max(smallest, float64(known)/float64(cells))
	}
	return tryout{dialect: candidate, score: pattern * typed, quoted: s.quotes, escapes: s.escapes}
}

// layout is where the table of a file is and what its columns are called.
type layout struct {
	dialect
	// skip is the number of lines above the header, header that of its lines.
	skip, header int
	names        []string
	// rulings says of a column what was decided about its name.
	rulings map[string]string
}

// lay finds the table: lines above it, its header, its width.
func lay(sample []byte, ended bool, d dialect, options Options) (layout, error) {
	rows := sampleRows(sample, ended, d)
	l := layout{dialect: d, rulings: map[string]string{}}
	width := usualWidth(rows)
	if options.Skip != nil {
		l.skip = *options.Skip
		for len(rows) > 0 && rows[0].line < l.skip {
			rows = rows[1:]
		}
	} else {
		rows, l.skip = belowPreamble(rows, width)
	}
	if len(rows) == 0 {
		if len(options.Columns) > 0 {
			l.names = options.Columns
			return l, nil
		}
		return l, fault.New(fault.Invalid, "the file holds no table: it is empty, or all its lines are to be skipped")
	}
	headers := headerRows(rows, width)
	if options.Header != nil {
		headers = min(*options.Header, len(rows))
	}
	if headers > 0 {
		l.header = rows[headers-1].line + rows[headers-1].lines - l.skip
		width = usualWidth(rows[headers:])
	}
	l.names = l.columnNames(rows[:headers], width, options.Columns, len(rows) == headers)
	return l, nil
}
