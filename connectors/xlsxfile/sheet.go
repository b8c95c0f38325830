package xlsxfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Codes of rejects.
const (
	CodeCellError     = "cell_error"
	CodeFieldCount    = "field_count"
	CodePrecisionLost = "precision_lost"
)

// sheet gives the rows of one sheet. It walks the sheet twice at once: the
// stored values, and the shown ones, which alone tell a date from a number.
type sheet struct {
	book          *excelize.File
	options       Options
	stored, shown *excelize.Rows
	dataset       schema.Dataset
	date1904      bool
	stamp         string
	at            int64
	cells         [][]byte
}

// headerWithin is how many rows are looked at for the header.
const headerWithin = 30

func (s *sheet) begin(name string, types map[string]schema.Type) error {
	sheetName, err := s.sheetName(name)
	if err != nil {
		return err
	}
	if properties, err := s.book.GetWorkbookProps(); err == nil && properties.Date1904 != nil {
		s.date1904 = *properties.Date1904
	}
	header, names, err := s.findHeader(sheetName)
	if err != nil {
		return err
	}
	if s.stored, err = s.book.Rows(sheetName); err != nil {
		return fault.Wrap(err, fault.Invalid, "sheet %s cannot be read", sheetName)
	}
	if s.shown, err = s.book.Rows(sheetName); err != nil {
		return fault.Wrap(err, fault.Invalid, "sheet %s cannot be read", sheetName)
	}
	for range header {
		if _, _, err := s.line(); err != nil {
			return fault.Wrap(err, fault.Invalid, "sheet %s has no row %d for the header", sheetName, header)
		}
	}
	s.dataset = schema.Dataset{Name: name, RowEstimate: -1, Columns: columnsOf(names, types), Comment: "sheet " + sheetName}
	s.cells = make([][]byte, len(names))
	return nil
}

func (s *sheet) sheetName(file string) (string, error) {
	names := s.book.GetSheetList()
	if s.options.Sheet != "" {
		if !slices.Contains(names, s.options.Sheet) {
			return "", fault.New(fault.Invalid, "%s has no sheet %s: it has %s", file, s.options.Sheet, strings.Join(names, ", "))
		}
		return s.options.Sheet, nil
	}
	for _, name := range names {
		if visible, err := s.book.GetSheetVisible(name); err == nil && visible {
			return name, nil
		}
	}
	return "", fault.New(fault.Invalid, "%s has no visible sheet", file)
}

// findHeader gives the number of the header's row and its names.
func (s *sheet) findHeader(sheetName string) (int, []string, error) {
	rows, err := s.book.Rows(sheetName)
	if err != nil {
		return 0, nil, fault.Wrap(err, fault.Invalid, "sheet %s cannot be read", sheetName)
	}
	defer rows.Close()
	var top [][]string
	width := 0
	for len(top) < max(headerWithin, s.options.HeaderRow) && rows.Next() {
		cells, err := rows.Columns()
		if err != nil {
			return 0, nil, fault.Wrap(err, fault.Invalid, "sheet %s cannot be read", sheetName)
		}
		top = append(top, cells)
		width = max(width, len(cells))
	}
	header := s.options.HeaderRow
	for i := 0; header == 0 && i < len(top); i++ {
		if filled(top[i])*2 > width {
			header = i + 1
		}
	}
	if header == 0 || header > len(top) || filled(top[header-1]) == 0 {
		return 0, nil, fault.New(fault.Invalid, "sheet %s has no header: state header_row in the dataset's options", sheetName)
	}
	return header, top[header-1], nil
}

func filled(cells []string) int {
	count := 0
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			count++
		}
	}
	return count
}

func columnsOf(names []string, types map[string]schema.Type) []schema.Column {
	taken := map[string]bool{}
	columns := make([]schema.Column, len(names))
	for i, name := range names {
		unique, ruling := strings.TrimSpace(name), ""
		if unique == "" {
			unique, ruling = fmt.Sprintf("column_%d", i+1), "the sheet gives no name"
		}
		for n := 2; taken[unique]; n++ {
			unique, ruling = fmt.Sprintf("%s_%d", strings.TrimSpace(name), n), "the name stands in the header more than once"
		}
		taken[unique] = true
		columns[i] = schema.Column{Name: unique, Type: schema.Of(schema.String), Nullable: true, Declared: "cell", Wire: "stored value as text", Ruling: ruling}
		if stated, ok := types[unique]; ok {
			columns[i].Type = stated
		}
	}
	return columns
}

// line gives the next row's stored and shown values.
func (s *sheet) line() (stored, shown []string, err error) {
	if !s.stored.Next() || !s.shown.Next() {
		if err := errors.Join(s.stored.Error(), s.shown.Error()); err != nil {
			return nil, nil, fault.Wrap(err, fault.Invalid, "row %d cannot be read", s.at+1)
		}
		return nil, nil, io.EOF
	}
	s.at++
	if stored, err = s.stored.Columns(excelize.Options{RawCellValue: true}); err == nil {
		shown, err = s.shown.Columns(excelize.Options{RawCellValue: false})
	}
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.Invalid, "row %d cannot be read", s.at)
	}
	return stored, shown, nil
}

// Next implements text.Rows. Empty rows are passed over.
func (s *sheet) Next(context.Context) (text.Row, error) {
	for {
		stored, shown, err := s.line()
		if err != nil {
			return text.Row{}, err
		}
		if filled(stored) > 0 {
			return s.row(stored, shown), nil
		}
	}
}

func (s *sheet) row(stored, shown []string) text.Row {
	row := text.Row{Number: s.at, Cells: s.cells, Raw: func() string { return strings.Join(stored, "\t") }}
	refuse := func(column, code, reason string) text.Row {
		row.Reject = &connectors.Reject{Row: s.at, Code: code, Column: column, Reason: reason, Raw: row.Raw()}
		return row
	}
	for i, value := range stored {
		if i >= len(s.cells) {
			if strings.TrimSpace(value) != "" {
				return refuse("", CodeFieldCount, fmt.Sprintf("the row has a value in column %d where the table has %d columns", i+1, len(s.cells)))
			}
			continue
		}
		display := ""
		if i < len(shown) {
			display = shown[i]
		}
		cell, code := s.value(value, display)
		switch code {
		case CodeCellError:
			return refuse(s.dataset.Columns[i].Name, code, "the cell holds an error of Excel")
		case CodePrecisionLost:
			return refuse(s.dataset.Columns[i].Name, code, "a whole number of more than 15 digits has lost digits in Excel: the column must be text")
		}
		s.cells[i] = cell
	}
	for i := len(stored); i < len(s.cells); i++ {
		s.cells[i] = nil
	}
	return row
}

var (
	cellError = regexp.MustCompile(`^#(N/A|NAME\?|DIV/0!|REF!|VALUE!|NUM!|NULL!|SPILL!|CALC!)$`)
	dateShown = regexp.MustCompile(`\d\s*[-/年月:.]\s*\d|[A-Za-z]{3}[- ]\d`)
)

const exactIntegers = 1e15

// value gives a cell's text: nil for an empty one, a date for a number that is
// shown as one, otherwise what is stored.
func (s *sheet) value(stored, shown string) (cell []byte, code string) {
	if stored == "" {
		return nil, ""
	}
	if cellError.MatchString(stored) {
		return nil, CodeCellError
	}
	number, err := strconv.ParseFloat(stored, 64)
	if err != nil {
		return []byte(stored), ""
	}
	switch {
	case stored == shown:
	case shown == "TRUE" || shown == "FALSE":
		return []byte(strings.ToLower(shown)), ""
	case number >= 0 && number < 2_958_466 && dateShown.MatchString(shown) && !numberShown(shown):
		if moment, err := excelize.ExcelDateToTime(number, s.date1904); err == nil {
			layout := "2006-01-02"
			if number != math.Trunc(number) {
				layout = "2006-01-02 15:04:05"
			}
			return []byte(moment.Format(layout)), ""
		}
	}
	if math.Abs(number) >= exactIntegers && number == math.Trunc(number) && (stored != shown || digitsLost(stored)) {
		return nil, CodePrecisionLost
	}
	if strings.ContainsAny(stored, "eE") {
		return []byte(strconv.FormatFloat(number, 'f', -1, 64)), ""
	}
	return []byte(stored), ""
}

// keptDigits is how many digits of a number Excel keeps.
const keptDigits = 15

// digitsLost reports whether a long number looks like one that Excel has cut:
// zeros behind its fifteenth digit. The same digits in a cell of text cannot be
// told apart here, so two zeros at least are asked for.
func digitsLost(stored string) bool {
	digits := strings.TrimLeft(stored, "-")
	if strings.ContainsAny(stored, "eE") {
		return true
	}
	return len(digits) >= keptDigits+2 && strings.Trim(digits[keptDigits:], "0") == ""
}

// numberShown reports whether a display is that of a number: 1.50, 12.3%.
func numberShown(shown string) bool {
	_, err := strconv.ParseFloat(strings.TrimRight(strings.ReplaceAll(shown, ",", ""), "% "), 64)
	return err == nil
}

// Token implements text.Rows.
func (s *sheet) Token() connectors.Token {
	return connectors.Token(fmt.Sprintf("%s %d", s.stamp, s.at))
}

// resume goes to the row that a token names; another file cannot be continued.
func (s *sheet) resume(token connectors.Token) (restarted bool, err error) {
	var stamp string
	var at int64
	if n, err := fmt.Sscanf(string(token), "%s %d", &stamp, &at); err != nil || n != 2 || stamp != s.stamp {
		return true, nil //nolint:nilerr // not our token: begin anew
	}
	for s.at < at {
		if _, _, err := s.line(); errors.Is(err, io.EOF) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return false, nil
}

// Close implements text.Rows.
func (s *sheet) Close() error {
	var err error
	for _, rows := range []*excelize.Rows{s.stored, s.shown} {
		if rows != nil {
			err = errors.Join(err, rows.Close())
		}
	}
	return errors.Join(err, s.book.Close())
}
