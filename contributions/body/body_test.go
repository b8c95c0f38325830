package body_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/contributions/body"
	"github.com/yitong-hub/yitong/internal/fault"
)

func text(t string) body.Value   { return body.Value{Kind: body.Text, Text: t} }
func number(t string) body.Value { return body.Value{Kind: body.Number, Text: t} }

func TestRowsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		media, content string
		rows           []body.Row
	}{
		{body.JSON, `{"rows":[{"a":"x","b":1.10,"c":true,"d":null,"e":12345678901234567890.10,"f":[1,{"g":2}]},{}]}`, []body.Row{
			{"a": text("x"), "b": number("1.10"), "c": {Kind: body.Bool, Text: "true"}, "d": {}, "e": number("12345678901234567890.10"), "f": {Kind: body.Nested, Text: `[1,{"g":2}]`}}, {},
		}},
		{body.JSON, ` {"rows" : [ {"a":"\u4e2d\ud83d\ude00\\ud800"} ] } `, []body.Row{{"a": text(`中😀\ud800`)}}},
		{body.NDJSON, "{\"a\":1e3}\n\n{\"a\":\"\"}\r\n{\"b\":\"行\"}", []body.Row{{"a": number("1e3")}, {"a": text("")}, {"b": text("行")}}},
		{body.CSV, "\ufeffa,b\r\n1,\r\n\" x\",\"say \"\"hi\"\"\"\r\n", []body.Row{{"a": text("1"), "b": {}}, {"a": text(" x"), "b": text(`say "hi"`)}}},
	} {
		rows, err := body.Read(c.media, []byte(c.content))
		require.NoError(t, err, c.content)
		require.Equal(t, c.rows, rows, c.content)
	}
}

func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ media, content, has string }{
		{"text/plain", "a", "application/x-ndjson"}, {"", "", "Content-Type"},
		{body.JSON, ``, "no JSON"}, {body.JSON, `[]`, "no JSON"}, {body.JSON, `{"row":[]}`, "other keys"}, {body.JSON, `{"rows":{}}`, "no list"},
		{body.JSON, `{"rows":[]}`, "no rows"}, {body.JSON, `{"rows":[{}],"x":1}`, "does not end"}, {body.JSON, `{"rows":[{}]}{}`, "does not end"}, {body.JSON, `{"rows":[{}]`, "does not end"},
		{body.JSON, `{"rows":[{"a":1},{"a":1,"a":2}]}`, "row 1: a field is given twice"}, {body.JSON, `{"rows":[{"a":1},7]}`, "row 1: a row is a JSON object"},
		{body.JSON, `{"rows":[{"a":}]}`, "row 0"}, {body.JSON, `{"rows":[{"a":01}]}`, "row 0"}, {body.JSON, `{"rows":[{"a":NaN}]}`, "row 0"},
		{body.JSON, "{\"rows\":[{\"a\":\"\xff\"}]}", "UTF-8 at byte 16"}, {body.JSON, `{"rows":[{"a":"\ud83d"}]}`, "half of a character"}, {body.JSON, `{"rows":[{"a":"\ude00\ud83d"}]}`, "half of a character"},
		{body.NDJSON, "{}\n{\"a\":1}{}", "line 2"}, {body.NDJSON, "{}\nx", "line 2"}, {body.NDJSON, "\n\n", "no rows"},
		{body.CSV, "", "first line"}, {body.CSV, "a,b\n1\n", "line 2: the line has another number of cells"}, {body.CSV, "a,a\n1,2\n", "name of an earlier one"}, {body.CSV, "a,\n1,2\n", "field 2 has no name"},
		{body.CSV, "a\n1\n\"2", "line 3: a quote"}, {body.CSV, "a\n\xff\n", "UTF-8 at byte 3"}, {body.CSV, "a\n", "no rows"},
		{body.Arrow, "", "no sound Arrow stream"}, {body.Arrow, strings.Repeat("\xff", 64), "no sound Arrow stream"},
	} {
		rows, err := body.Read(c.media, []byte(c.content))
		require.Nil(t, rows)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), "%q: %v", c.content, err)
		require.Contains(t, fault.Public(err), c.has, "%q", c.content)
	}
}

func TestTooMuch(t *testing.T) {
	t.Parallel()
	rows := func(n int) map[string]string {
		return map[string]string{
			body.JSON:   `{"rows":[` + strings.TrimSuffix(strings.Repeat(`{"a":1},`, n), ",") + `]}`,
			body.NDJSON: strings.Repeat("{\"a\":1}\n", n), body.CSV: "a\n" + strings.Repeat("1\n", n),
			body.Arrow: string(stream(t, arrow.PrimitiveTypes.Int64, strings.Split(strings.TrimSuffix(strings.Repeat("1,", n), ","), ",")...)),
		}
	}
	for media, content := range rows(body.MaxRows) {
		read, err := body.Read(media, []byte(content))
		require.NoError(t, err, media)
		require.Len(t, read, body.MaxRows)
	}
	for media, content := range rows(body.MaxRows + 1) {
		_, err := body.Read(media, []byte(content))
		require.Equal(t, body.TooLarge, fault.CodeOf(err), media)
		require.Contains(t, fault.Public(err), "10000", media)
	}
	many := "{" + strings.TrimSuffix(strings.Repeat(`"%d":1,`, 101), ",") + "}\n"
	names := make([]any, 101)
	for i := range names {
		names[i] = i
	}
	_, err := body.Read(body.NDJSON, []byte(strings.Repeat(fmt.Sprintf(many, names...), 9_950)))
	require.Equal(t, body.TooLarge, fault.CodeOf(err))
	require.Contains(t, fault.Public(err), "1000000 values")
	var wide strings.Builder
	for i := range body.MaxFields + 1 {
		fmt.Fprintf(&wide, `"f%d":1,`, i)
	}
	_, err = body.Read(body.NDJSON, []byte("{"+strings.TrimSuffix(wide.String(), ",")+"}"))
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
}

// stream is an Arrow stream of one column a; "-" is NULL.
func stream(t testing.TB, kind arrow.DataType, values ...string) []byte {
	t.Helper()
	return written(t, kind, nil, values...)
}

func written(t testing.TB, kind arrow.DataType, options []ipc.Option, values ...string) []byte {
	t.Helper()
	builder := array.NewBuilder(memory.DefaultAllocator, kind)
	defer builder.Release()
	for _, value := range values {
		if value == "-" {
			builder.AppendNull()
			continue
		}
		require.NoError(t, builder.AppendValueFromString(value))
	}
	column := builder.NewArray()
	defer column.Release()
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: kind, Nullable: true}}, nil)
	var out bytes.Buffer
	writer := ipc.NewWriter(&out, append(options, ipc.WithSchema(schema))...)
	require.NoError(t, writer.Write(array.NewRecordBatch(schema, []arrow.Array{column}, int64(len(values)))))
	require.NoError(t, writer.Close())
	return out.Bytes()
}

func TestArrowValuesKeepTheirDigits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind arrow.DataType
		in   string
		out  body.Value
	}{
		{arrow.PrimitiveTypes.Int64, "-9223372036854775808", number("-9223372036854775808")},
		{arrow.PrimitiveTypes.Uint64, "18446744073709551615", number("18446744073709551615")},
		{arrow.PrimitiveTypes.Float64, "1e21", number("1000000000000000000000")},
		{arrow.PrimitiveTypes.Float64, "0.1", number("0.1")},
		{&arrow.Decimal128Type{Precision: 10, Scale: 2}, "10.50", number("10.50")},
		{arrow.BinaryTypes.String, "张三", text("张三")}, {arrow.BinaryTypes.LargeString, "x", text("x")},
		{arrow.FixedWidthTypes.Boolean, "true", body.Value{Kind: body.Bool, Text: "true"}},
		{arrow.FixedWidthTypes.Date32, "2026-03-01", text("2026-03-01")},
		{&arrow.TimestampType{Unit: arrow.Microsecond}, "2026-03-01 08:00:00.5", text("2026-03-01T08:00:00.5")},
		{&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, "2026-03-01T08:00:00Z", text("2026-03-01T08:00:00Z")},
		{arrow.PrimitiveTypes.Int8, "-", body.Value{}}, {arrow.Null, "-", body.Value{}},
	} {
		for _, options := range [][]ipc.Option{nil, {ipc.WithZstd()}, {ipc.WithLZ4()}} {
			rows, err := body.Read(body.Arrow, written(t, c.kind, options, c.in))
			require.NoError(t, err, c.kind)
			require.Equal(t, []body.Row{{"a": c.out}}, rows, c.kind)
		}
	}
	for _, kind := range []arrow.DataType{arrow.ListOf(arrow.PrimitiveTypes.Int64), arrow.BinaryTypes.Binary, arrow.StructOf(), &arrow.TimestampType{Unit: arrow.Second, TimeZone: "Asia/Shanghai"}} {
		_, err := body.Read(body.Arrow, written(t, kind, nil, "-"))
		require.Equal(t, fault.Invalid, fault.CodeOf(err), kind)
		require.Contains(t, fault.Public(err), "column 1", kind)
	}
}

// TestAnArrowStreamIsAsLargeAsItMayBe sends few bytes that become many.
func TestAnArrowStreamIsAsLargeAsItMayBe(t *testing.T) {
	t.Parallel()
	large := written(t, arrow.BinaryTypes.String, []ipc.Option{ipc.WithZstd()}, strings.Repeat("a", 100<<20))
	require.Less(t, len(large), 1<<20)
	_, err := body.Read(body.Arrow, large)
	require.Equal(t, fault.Invalid, fault.CodeOf(err), "%v", err)
}

// FuzzRead looks for bodies that break the readers, and holds what is read of
// JSON against the standard library.
func FuzzRead(f *testing.F) {
	medias := []string{body.JSON, body.NDJSON, body.CSV, body.Arrow}
	for i, content := range []string{`{"rows":[{"a":1,"b":"x"},{"a":null}]}`, "{\"a\":1}\n{\"b\":[2]}", "a,b\n1,\"2\"\n", ""} {
		f.Add(uint8(i), []byte(content))
	}
	f.Add(uint8(3), stream(f, arrow.BinaryTypes.String, "x", "-"))
	f.Add(uint8(3), stream(f, &arrow.Decimal128Type{Precision: 10, Scale: 2}, "1.50"))
	f.Add(uint8(3), written(f, arrow.PrimitiveTypes.Int64, []ipc.Option{ipc.WithZstd()}, strings.Split(strings.Repeat("7,", 99)+"7", ",")...))
	f.Fuzz(func(t *testing.T, media uint8, content []byte) {
		rows, err := body.Read(medias[int(media)%len(medias)], content)
		if err != nil {
			require.Contains(t, []fault.Code{fault.Invalid, body.TooLarge}, fault.CodeOf(err))
			return
		}
		require.NotEmpty(t, rows)
		require.LessOrEqual(t, len(rows), body.MaxRows)
		if int(media)%len(medias) == 0 {
			same(t, content, rows)
		}
	})
}

func same(t *testing.T, content []byte, rows []body.Row) {
	t.Helper()
	var decoded struct{ Rows []map[string]any }
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&decoded))
	require.Len(t, rows, len(decoded.Rows))
	for i, row := range rows {
		require.Len(t, row, len(decoded.Rows[i]))
		for name, wanted := range decoded.Rows[i] {
			got := row[name]
			switch wanted := wanted.(type) {
			case nil:
				require.Equal(t, body.Value{}, got)
			case string:
				require.Equal(t, text(wanted), got)
			case json.Number:
				require.Equal(t, number(wanted.String()), got)
			case bool:
				require.Equal(t, body.Value{Kind: body.Bool, Text: fmt.Sprint(wanted)}, got)
			default:
				require.Equal(t, body.Nested, got.Kind)
			}
		}
	}
}
