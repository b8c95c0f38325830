package render

import (
	"archive/zip"
	"fmt"
	"io"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/klauspost/compress/flate"

	"github.com/yitong-hub/yitong/internal/fault"
)

// The limits of a worksheet (Excel specifications and limits, Microsoft). The
// first row has the names.
const (
	maxXLSXRows       = 1_048_576 - 1
	maxXLSXColumns    = 16_384
	maxXLSXCharacters = 32_767 // of UTF-16, in one cell
)

// maxCutsListed bounds the list of cells that were cut.
const maxCutsListed = 10_000

// writeXLSX writes a workbook part by part as the rows come: no row is kept, and
// none waits in a file.
func writeXLSX(out io.Writer, reader array.RecordReader) (int64, error) {
	if columns := reader.Schema().NumFields(); columns > maxXLSXColumns {
		return 0, fault.New(fault.Invalid, "a worksheet has at most %d columns, and there are %d: name the fields that are wanted, or take another format", maxXLSXColumns, columns)
	}
	book := &workbook{archive: zip.NewWriter(out)}
	book.archive.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	for _, part := range workbookParts {
		if err := book.part(part.name, part.text); err != nil {
			return 0, err
		}
	}
	count, err := book.rows(reader)
	if err != nil {
		return count, err
	}
	return count, book.finish()
}

// workbook is a workbook as far as it is written.
type workbook struct {
	archive *zip.Writer
	cuts    []cut
	cutMore int64
}

// cut is a text that is longer than a cell can be.
type cut struct {
	cell   string
	length int
}

func (b *workbook) part(name, text string) error {
	part, err := b.archive.Create(name)
	if err != nil {
		return fmt.Errorf("begin %s of the workbook: %w", name, err)
	}
	if _, err := io.WriteString(part, text); err != nil {
		return fmt.Errorf("write %s of the workbook: %w", name, err)
	}
	return nil
}

// rows writes the sheet of the rows.
func (b *workbook) rows(reader array.RecordReader) (int64, error) {
	part, err := b.archive.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return 0, fmt.Errorf("begin the worksheet: %w", err)
	}
	sheet := &sheet{book: b, names: columnNames(reader.Schema().NumFields())}
	sheet.begin(reader.Schema())
	var count int64
	for reader.Next() {
		batch := reader.RecordBatch()
		writers := make([]cellWriter, batch.NumCols())
		for i, column := range batch.Columns() {
			writers[i] = cellsOf(column)
		}
		for row := range int(batch.NumRows()) {
			if count == maxXLSXRows {
				return count, fault.New(fault.Invalid, "a worksheet has at most %d rows: ask for fewer, or take another format", maxXLSXRows)
			}
			sheet.row(writers, row)
			count++
			if _, err := part.Write(sheet.text); err != nil {
				return count, fmt.Errorf("write the worksheet: %w", err)
			}
			sheet.text = sheet.text[:0]
		}
	}
	if err := reader.Err(); err != nil {
		return count, fmt.Errorf("read rows: %w", err)
	}
	sheet.text = append(sheet.text, "</sheetData></worksheet>"...)
	if _, err := part.Write(sheet.text); err != nil {
		return count, fmt.Errorf("write the worksheet: %w", err)
	}
	return count, nil
}

// sheet is the text of rows that were not written yet.
type sheet struct {
	book  *workbook
	names []string
	text  []byte
	line  int64
}

func (s *sheet) begin(schema *arrow.Schema) {
	s.text = append(s.text, sheetHead...)
	if schema.NumFields() > 0 {
		s.text = append(s.text, "<cols>"...)
		for i, field := range schema.Fields() {
			s.text = fmt.Appendf(s.text, `<col min="%d" max="%d" width="%d" customWidth="1"/>`, i+1, i+1, width(field))
		}
		s.text = append(s.text, "</cols>"...)
	}
	s.text = append(s.text, "<sheetData>"...)
	s.next()
	for i, field := range schema.Fields() {
		s.cellText(i, styleHeader, field.Name)
	}
	s.text = append(s.text, "</row>"...)
}

// width is that of a column in characters: dates show as #### where it is too small.
func width(field arrow.Field) int {
	switch field.Type.ID() {
	case arrow.TIMESTAMP:
		return 25
	case arrow.DATE32:
		return 12
	default:
		return min(max(len([]rune(field.Name))*2, 12), 40)
	}
}

func (s *sheet) next() {
	s.line++
	s.text = append(s.text, `<row r="`...)
	s.text = strconv.AppendInt(s.text, s.line, 10)
	s.text = append(s.text, `">`...)
}

func (s *sheet) row(writers []cellWriter, row int) {
	s.next()
	for i, write := range writers {
		write(s, i, row)
	}
	s.text = append(s.text, "</row>"...)
}

// finish lists the cells that were cut and closes the workbook.
func (b *workbook) finish() error {
	book, relations := workbookText(false)
	if len(b.cuts) > 0 {
		book, relations = workbookText(true)
		if err := b.listCuts(); err != nil {
			return err
		}
	}
	if err := b.part("xl/workbook.xml", book); err != nil {
		return err
	}
	if err := b.part("xl/_rels/workbook.xml.rels", relations); err != nil {
		return err
	}
	if err := b.archive.Close(); err != nil {
		return fmt.Errorf("end the workbook: %w", err)
	}
	return nil
}

func (b *workbook) listCuts() error {
	list := &sheet{book: b, names: columnNames(2)}
	list.text = append(list.text, sheetHead...)
	list.text = append(list.text, "<sheetData>"...)
	add := func(style int, first, second string) {
		list.next()
		list.cellText(0, style, first)
		list.cellText(1, style, second)
		list.text = append(list.text, "</row>"...)
	}
	add(styleHeader, "cell", "characters")
	for _, one := range b.cuts {
		add(styleText, one.cell, strconv.Itoa(one.length))
	}
	if b.cutMore > 0 {
		add(styleText, "others", strconv.FormatInt(b.cutMore, 10))
	}
	list.text = append(list.text, "</sheetData></worksheet>"...)
	return b.part("xl/worksheets/sheet2.xml", string(list.text))
}

// columnNames are A, B, … Z, AA, …
func columnNames(count int) []string {
	names := make([]string, count)
	for i := range names {
		name := ""
		for n := i + 1; n > 0; n = (n - 1) / 26 {
			name = string(rune('A'+(n-1)%26)) + name
		}
		names[i] = name
	}
	return names
}
