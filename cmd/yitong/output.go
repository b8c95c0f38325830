package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
)

// columnGap is the space between two columns of a table.
const columnGap = 2

// document writes value as the command's one JSON document.
func (c *cli) document(value any) error {
	encoder := json.NewEncoder(c.stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// show writes value as JSON when asked for, and otherwise as text.
func (c *cli) show(value any, text func()) error {
	if c.flags.JSON {
		return c.document(value)
	}
	text()
	return nil
}

// table collects rows and writes them aligned, Chinese characters two wide.
type table struct {
	header []string
	rows   [][]string
	right  map[int]bool
}

func newTable(header ...string) *table {
	return &table{header: header, right: map[int]bool{}}
}

// alignRight marks columns that hold numbers.
func (t *table) alignRight(columns ...int) *table {
	for _, column := range columns {
		t.right[column] = true
	}
	return t
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(c *cli) {
	widths := make([]int, len(t.header))
	for _, row := range append([][]string{t.header}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	for _, row := range append([][]string{t.header}, t.rows...) {
		fmt.Fprintln(c.stdout, t.line(row, widths))
	}
}

func (t *table) line(row []string, widths []int) string {
	var line strings.Builder
	for i, cell := range row {
		padding := strings.Repeat(" ", widths[i]-runewidth.StringWidth(cell))
		if t.right[i] {
			line.WriteString(padding + cell)
		} else {
			line.WriteString(cell + padding)
		}
		line.WriteString(strings.Repeat(" ", columnGap))
	}
	return strings.TrimRight(line.String(), " ")
}

// grouped writes a number with thousands separated, as 44,000.
func grouped(n int64) string {
	digits := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, parts...), ",")
}

// clock writes a moment in local time, or a dash.
func clock(moment *time.Time) string {
	if moment == nil || moment.IsZero() {
		return "-"
	}
	return moment.Local().Format(time.DateTime)
}

// seconds writes a duration to a tenth of a second.
func seconds(span time.Duration) string { return fmt.Sprintf("%.1fs", span.Seconds()) }

// plural writes a number with its noun.
func plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + one + "s"
}
