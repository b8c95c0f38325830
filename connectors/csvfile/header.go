package csvfile

import (
	"fmt"
	"slices"
	"strings"
)

// row is a record of the sample with the line where it begins, from 0.
type row struct {
	cells []string
	kinds []kindOfCell
	line  int
	lines int
}

func sampleRows(sample []byte, ended bool, d dialect) []row {
	s := newSplitter(d)
	var rows []row
	line := 0
	for len(sample) > 0 && len(rows) < sampleRecords {
		length, found := s.next(sample, ended)
		if found == more {
			break
		}
		if found == malformed {
			length, _ = d.lineLength(sample)
			sample = sample[length:]
			line++
			continue
		}
		sample = sample[length:]
		r := row{line: line, lines: s.lines}
		line += s.lines
		for _, field := range s.fields {
			r.cells = append(r.cells, strings.TrimSpace(string(field)))
			r.kinds = append(r.kinds, cellKind(field))
		}
		rows = append(rows, r)
	}
	return rows
}

// usualWidth is the commonest number of fields; among equals the larger.
func usualWidth(rows []row) int {
	counts := map[int]int{}
	best := 0
	for _, r := range rows {
		n := len(r.cells)
		counts[n]++
		if counts[n] > counts[best] || counts[n] == counts[best] && n > best {
			best = n
		}
	}
	return best
}

func (r row) filled() int {
	count := 0
	for _, cell := range r.cells {
		if cell != "" {
			count++
		}
	}
	return count
}

// nameLike reports whether a row could be a header: most cells filled, and none
// looking like data.
func (r row) nameLike() bool {
	for _, kind := range r.kinds {
		if kind.typed() {
			return false
		}
	}
	return r.filled()*2 > len(r.cells)
}

// repeats reports whether a name stands in the row twice.
func (r row) repeats() bool {
	seen := map[string]bool{}
	for _, cell := range r.cells {
		if cell != "" && seen[cell] {
			return true
		}
		seen[cell] = true
	}
	return false
}

// belowPreamble drops titles, notes and empty lines above the table.
func belowPreamble(rows []row, width int) ([]row, int) {
	for i, r := range rows {
		if r.filled() == 0 || width > 2 && r.filled()*2 < min(width, len(r.cells)+1) || width > 2 && len(r.cells)*2 < width {
			continue
		}
		if i == 0 {
			return rows, 0
		}
		return rows[i:], r.line
	}
	return nil, 0
}

// headerRows gives how many of the first rows are names. A row is one of them
// when its cells are not of the kinds that the columns below have.
func headerRows(rows []row, width int) int {
	if !rows[0].nameLike() {
		return 0
	}
	body := rows[1:]
	if len(body) == 0 {
		return 1
	}
	columns := typedColumns(body, width)
	if columns == nil {
		return onlyText(rows)
	}
	count := 0
	for count < len(rows) && count < maxHeaderRows && rows[count].filled() > 0 && len(rows[count].cells) >= width && rows[count].namesOver(columns) {
		count++
	}
	return max(count, 1)
}

const maxHeaderRows = 5

// namesOver reports whether a row says names over typed columns.
func (r row) namesOver(columns []int) bool {
	named := 0
	for _, column := range columns {
		if column >= len(r.kinds) || r.kinds[column].typed() {
			return false
		}
		if r.kinds[column] != emptyCell {
			named++
		}
	}
	return named*3 >= len(columns)*2
}

// typedColumns lists the columns whose cells are mostly numbers or dates.
func typedColumns(rows []row, width int) []int {
	var found []int
	for column := range width {
		typed, filled := 0, 0
		for _, r := range rows {
			if len(r.cells) != width || r.kinds[column] == emptyCell {
				continue
			}
			filled++
			if r.kinds[column].typed() {
				typed++
			}
		}
		if filled > 0 && typed*5 >= filled*4 {
			found = append(found, column)
		}
	}
	return found
}

// onlyText decides for a table without numbers and dates: its first row is a
// header unless its cells come again below as values do.
func onlyText(rows []row) int {
	if rows[0].repeats() {
		return 0
	}
	again := 0
	for column, cell := range rows[0].cells {
		for _, r := range rows[1:] {
			if column < len(r.cells) && r.cells[column] == cell && cell != "" && !slices.Equal(r.cells, rows[0].cells) {
				again++
				break
			}
		}
	}
	if again*2 > len(rows[0].cells) {
		return 0
	}
	return 1
}

// columnNames joins the header's lines, drops an empty name too many, fills in
// missing names and makes them unique.
func (l *layout) columnNames(headers []row, width int, stated []string, only bool) []string {
	if len(stated) > 0 {
		return stated
	}
	var names []string
	switch {
	case len(headers) == 0:
		names = make([]string, width)
	default:
		for _, header := range headers {
			for i, cell := range header.cells {
				if i == len(names) {
					names = append(names, cell)
				} else {
					names[i] = strings.TrimSpace(names[i] + " " + cell)
				}
			}
		}
	}
	if empty := slices.Index(names, ""); !only && len(headers) > 0 && len(names) == width+1 && empty >= 0 && !slices.Contains(names[empty+1:], "") {
		names = slices.Delete(names, empty, empty+1)
	}
	taken := map[string]bool{}
	for i, name := range names {
		unique := name
		if unique == "" {
			unique = fmt.Sprintf("column_%d", i+1)
			l.rulings[unique] = "the file gives no name"
		}
		for n := 2; taken[unique]; n++ {
			unique = fmt.Sprintf("%s_%d", name, n)
			l.rulings[unique] = "the name " + name + " stands in the header more than once"
		}
		taken[unique] = true
		names[i] = unique
	}
	return names
}
