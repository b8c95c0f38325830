package render_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/render"
)

// records makes a reader of batches that have the columns of build.
func records(t require.TestingT, schema *arrow.Schema, batches int, build func(batch int, into *array.RecordBuilder)) array.RecordReader {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	made := make([]arrow.RecordBatch, batches)
	for i := range made {
		build(i, builder)
		made[i] = builder.NewRecordBatch()
	}
	reader, err := array.NewRecordReader(schema, made)
	require.NoError(t, err)
	return reader
}

func column(kind arrow.DataType) *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{{Name: "a", Type: kind, Nullable: true}}, nil)
}

func workbook(t require.TestingT, reader array.RecordReader) *excelize.File {
	var written bytes.Buffer
	_, err := render.Write(&written, render.XLSX, reader)
	require.NoError(t, err)
	opened, err := excelize.OpenReader(&written)
	require.NoError(t, err)
	return opened
}

// cellOf gives what a cell shows, and whether it is text.
func cellOf(t require.TestingT, book *excelize.File, cell string) (shown string, kind excelize.CellType) {
	shown, err := book.GetCellValue("rows", cell)
	require.NoError(t, err)
	kind, err = book.GetCellType("rows", cell)
	require.NoError(t, err)
	return shown, kind
}

// TestTextsComeBackFromAWorkbook writes any text, control characters and what
// looks like their escapes included.
func TestTextsComeBackFromAWorkbook(t *testing.T) {
	t.Parallel()
	piece := rapid.OneOf(rapid.String(), rapid.StringMatching(`(_x[0-9A-Fa-f]{0,4}_?|[\x00-\x1f]){1,4}`), rapid.SampledFrom([]string{"=1+1", "+1", "-1", "@SUM(A1)", "<&>\"'", "_x", "\ufffe", "\uffff", "  two ", "学", "😀", "]]>", "00123"}))
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.Map(rapid.SliceOfN(piece, 0, 4), func(all []string) string { return strings.ToValidUTF8(strings.Join(all, ""), "?") }), 1, 8).Draw(t, "texts")
		reader := records(t, column(arrow.BinaryTypes.String), 1, func(_ int, into *array.RecordBuilder) {
			into.Field(0).(*array.StringBuilder).AppendValues(texts, nil)
		})
		defer reader.Release()
		book := workbook(t, reader)
		for i, text := range texts {
			shown, kind := cellOf(t, book, fmt.Sprintf("A%d", i+2))
			require.Equal(t, text, shown)
			require.Equal(t, excelize.CellTypeInlineString, kind)
			formula, err := book.GetCellFormula("rows", fmt.Sprintf("A%d", i+2))
			require.NoError(t, err)
			require.Empty(t, formula)
		}
	})
}

// TestNumbersKeepTheirDigits writes decimals and whole numbers of any length: as
// numbers only while a cell shows all digits.
func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		scale := rapid.Int32Range(0, 20).Draw(t, "scale")
		value := rapid.Int64().Draw(t, "value") / rapid.SampledFrom([]int64{1, 1000, 1e9, 1e15}).Draw(t, "divisor")
		decimal, whole := decimal128.FromI64(value), value
		schema := arrow.NewSchema([]arrow.Field{{Name: "d", Type: &arrow.Decimal128Type{Precision: 38, Scale: scale}}, {Name: "i", Type: arrow.PrimitiveTypes.Int64}}, nil)
		reader := records(t, schema, 1, func(_ int, into *array.RecordBuilder) {
			into.Field(0).(*array.Decimal128Builder).Append(decimal)
			into.Field(1).(*array.Int64Builder).Append(whole)
		})
		defer reader.Release()
		book := workbook(t, reader)
		for cell, want := range map[string]string{"A2": decimal.ToString(scale), "B2": fmt.Sprint(whole)} {
			shown, kind := cellOf(t, book, cell)
			require.Equal(t, want, shown)
			digits := strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(want), "0")
			require.Equal(t, len(digits) > 15, kind == excelize.CellTypeInlineString, "%s as %v", want, kind)
		}
	})
}

// TestDatesAreDates reads dates and moments back as what they were.
func TestDatesAreDates(t *testing.T) {
	t.Parallel()
	local, moment := &arrow.TimestampType{Unit: arrow.Microsecond}, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	schema := arrow.NewSchema([]arrow.Field{{Name: "d", Type: arrow.FixedWidthTypes.Date32}, {Name: "l", Type: local}, {Name: "m", Type: moment}}, nil)
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(-3e15, 2e17).Draw(t, "microseconds") / rapid.SampledFrom([]int64{1, 1000, 1e6}).Draw(t, "unit")).UTC()
		at = at.Truncate(rapid.SampledFrom([]time.Duration{time.Microsecond, time.Millisecond, time.Second}).Draw(t, "precision"))
		reader := records(t, schema, 1, func(_ int, into *array.RecordBuilder) {
			into.Field(0).(*array.Date32Builder).Append(arrow.Date32FromTime(at))
			into.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(at.UnixMicro()))
			into.Field(2).(*array.TimestampBuilder).Append(arrow.Timestamp(at.UnixMicro()))
		})
		defer reader.Release()
		book := workbook(t, reader)
		represented := !at.Before(time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)) && at.Year() < 10000
		for cell, layout := range map[string]string{"A2": "2006-01-02", "B2": "2006-01-02 15:04:05.999999", "C2": "2006-01-02 15:04:05.999999Z"} {
			shown, kind := cellOf(t, book, cell)
			asText := !represented || cell != "A2" && at.Nanosecond()%1e6 != 0
			require.Equal(t, asText, kind == excelize.CellTypeInlineString, "%s of %s", cell, at)
			if at.Year() > 9999 {
				continue
			}
			shown = strings.Replace(shown, "T", " ", 1) // as text it is ISO 8601
			if !asText && cell != "A2" && at.Nanosecond() != 0 {
				// excelize shows no fractions of a second: read the number of days itself.
				raw, err := book.GetCellValue("rows", cell, excelize.Options{RawCellValue: true})
				require.NoError(t, err)
				days, err := strconv.ParseFloat(raw, 64)
				require.NoError(t, err)
				millis := int64(math.Round((days - 25569) * 86_400_000)) // 25569 is 1970-01-01
				shown = time.UnixMilli(millis).UTC().Format(layout)
			}
			require.Equal(t, at.Format(layout), shown, cell)
		}
	})
}

func TestOtherKindsInAWorkbook(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "b", Type: arrow.FixedWidthTypes.Boolean, Nullable: true}, {Name: "f", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "u", Type: arrow.PrimitiveTypes.Uint64, Nullable: true}, {Name: "t", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	reader := records(t, schema, 2, func(batch int, into *array.RecordBuilder) {
		into.Field(0).(*array.BooleanBuilder).Append(batch == 0)
		into.Field(1).(*array.Float64Builder).Append([]float64{0.1, math.Inf(1)}[batch])
		into.Field(2).(*array.Uint64Builder).Append([]uint64{7, math.MaxUint64}[batch])
		if batch == 0 {
			into.Field(3).AppendNull()
		} else {
			into.Field(3).(*array.StringBuilder).Append("")
		}
	})
	defer reader.Release()
	book := workbook(t, reader)
	for cell, want := range map[string]struct {
		shown string
		kind  excelize.CellType
	}{
		"A2": {"TRUE", excelize.CellTypeBool}, "A3": {"FALSE", excelize.CellTypeBool}, "B2": {"0.1", excelize.CellTypeUnset}, "B3": {"+Inf", excelize.CellTypeInlineString},
		"C2": {"7", excelize.CellTypeUnset}, "C3": {"18446744073709551615", excelize.CellTypeInlineString}, "D2": {"", excelize.CellTypeUnset}, "D3": {"", excelize.CellTypeInlineString},
	} {
		shown, kind := cellOf(t, book, cell)
		require.Equal(t, want.shown, shown, cell)
		require.Equal(t, want.kind, kind, cell)
	}
	panes, err := book.GetPanes("rows")
	require.NoError(t, err)
	require.True(t, panes.Freeze)
	require.Equal(t, 1, panes.YSplit)
	require.Equal(t, []string{"rows"}, book.GetSheetList())
}

// TestATextThatIsTooLongIsCutAndListed writes one that no cell can hold.
func TestATextThatIsTooLongIsCutAndListed(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"plain": strings.Repeat("a", 40_000), "pairs": "a" + strings.Repeat("😀", 20_000)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			full := strings.Repeat("学", 32_767)
			reader := records(t, column(arrow.BinaryTypes.String), 1, func(_ int, into *array.RecordBuilder) {
				into.Field(0).(*array.StringBuilder).AppendValues([]string{full, text}, nil)
			})
			defer reader.Release()
			book := workbook(t, reader)
			shown, _ := cellOf(t, book, "A2")
			require.Equal(t, full, shown, "what just fits is whole")
			shown, _ = cellOf(t, book, "A3")
			before, note, found := strings.Cut(shown, "…")
			require.True(t, found)
			require.True(t, strings.HasPrefix(text, before))
			require.Contains(t, note, "[cut: 4000")
			listed, err := book.GetRows("cut")
			require.NoError(t, err)
			require.Len(t, listed, 2)
			require.Equal(t, "A3", listed[1][0])
		})
	}
}

// TestEveryPartIsWellFormed reads the parts with a parser that forgives nothing.
func TestEveryPartIsWellFormed(t *testing.T) {
	t.Parallel()
	reader := records(t, column(arrow.BinaryTypes.String), 1, func(_ int, into *array.RecordBuilder) {
		into.Field(0).(*array.StringBuilder).AppendValues([]string{"<&>\x00\x1f\r\n\t", strings.Repeat("a", 33_000)}, nil)
	})
	defer reader.Release()
	var written bytes.Buffer
	_, err := render.Write(&written, render.XLSX, reader)
	require.NoError(t, err)
	archive, err := zip.NewReader(bytes.NewReader(written.Bytes()), int64(written.Len()))
	require.NoError(t, err)
	require.Equal(t, "[Content_Types].xml", archive.File[0].Name, "programs know a workbook by it")
	require.Len(t, archive.File, 7)
	for _, part := range archive.File {
		opened, err := part.Open()
		require.NoError(t, err)
		decoder := xml.NewDecoder(opened)
		for {
			if _, err = decoder.Token(); err != nil {
				break
			}
		}
		require.ErrorIs(t, err, io.EOF, part.Name)
	}
}

// TestAWorkbookThatIsTooLargeIsRefused asks for more than a worksheet has.
func TestAWorkbookThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	require.NoError(t, render.CheckRows(render.XLSX, 1_048_575))
	require.NoError(t, render.CheckRows(render.CSV, 1<<40))
	require.True(t, fault.Is(render.CheckRows(render.XLSX, 1_048_576), fault.Invalid))
	fields := make([]arrow.Field, 16_385)
	for i := range fields {
		fields[i] = arrow.Field{Name: fmt.Sprint(i), Type: arrow.FixedWidthTypes.Boolean, Nullable: true}
	}
	reader := records(t, arrow.NewSchema(fields, nil), 0, nil)
	defer reader.Release()
	var written bytes.Buffer
	_, err := render.Write(&written, render.XLSX, reader)
	require.True(t, fault.Is(err, fault.Invalid))
	require.Empty(t, written.Bytes(), "refused before anything is written")
}
