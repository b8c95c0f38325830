package demo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/xuri/excelize/v2"
)

// writeWorkbook writes data/<system>/<file>.xlsx. Moments become Excel's dates;
// whole numbers in columns of dates are dates whose style was lost.
func writeWorkbook(ctx context.Context, dir string, s system, fill filler) error {
	for _, t := range s.tables {
		if err := os.MkdirAll(filepath.Join(dir, s.id), 0o750); err != nil {
			return err
		}
		if err := writeSheet(ctx, filepath.Join(dir, s.id, t.name), t, fill); err != nil {
			return err
		}
	}
	return nil
}

func writeSheet(ctx context.Context, path string, t table, fill filler) error {
	book := excelize.NewFile()
	defer book.Close()
	sheet := t.sheet
	if sheet == "" {
		sheet = "Sheet1"
	}
	// The same campus has the same bytes: no moment of writing in the properties.
	err := errors.Join(
		book.SetSheetName("Sheet1", sheet),
		book.SetDocProps(&excelize.DocProperties{Creator: "demo", Created: today.Format(time.RFC3339), Modified: today.Format(time.RFC3339)}),
	)
	if err != nil {
		return err
	}
	date, err := book.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		return err
	}
	out, err := book.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	line := 0
	put := func(values []any) error {
		line++
		cell, err := excelize.CoordinatesToCellName(1, line)
		if err != nil {
			return err
		}
		return errors.Join(out.SetRow(cell, values), ctx.Err())
	}
	for _, text := range t.above {
		if err := put([]any{text}); err != nil {
			return err
		}
	}
	header := []any{}
	for _, name := range columnNames(t) {
		header = append(header, name)
	}
	if err := put(header); err != nil {
		return err
	}
	err = fill(t, func(values ...any) error {
		for i, value := range values {
			if moment, ok := value.(time.Time); ok {
				values[i] = excelize.Cell{StyleID: date, Value: moment}
			}
		}
		return put(values)
	})
	if err != nil {
		return err
	}
	return errors.Join(out.Flush(), book.SaveAs(path))
}
