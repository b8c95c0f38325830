package plan_test

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/query/render"
	"github.com/yitong-hub/yitong/schema"
)

// shelf is a warehouse in which one field of one type is tried under masks.
type shelf struct {
	*testing.T
	warehouse *warehouse.Warehouse
}

func newShelf(t *testing.T) shelf {
	t.Helper()
	opened, err := warehouse.Open(t.Context(), warehouse.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return shelf{t, opened}
}

// put publishes values, "-" for NULL, each in a row with its number.
func (s shelf) put(dataset string, kind schema.Type, values ...string) catalog.Dataset {
	s.Helper()
	table := warehouse.Published(dataset)
	require.NoError(s, s.warehouse.Exec(s.Context(), "CREATE OR REPLACE TABLE "+table+" (n INTEGER, v "+kind.SQL()+")"))
	rows := make([]string, len(values))
	for i, value := range values {
		rows[i] = fmt.Sprintf("(%d, CAST(%s AS %s))", i, warehouse.Literal(value), kind.SQL())
		if value == "-" {
			rows[i] = fmt.Sprintf("(%d, NULL)", i)
		}
	}
	require.NoError(s, s.warehouse.Exec(s.Context(), "INSERT INTO "+table+" VALUES "+strings.Join(rows, ", ")))
	return catalog.Dataset{ID: dataset, Version: 1, Fields: []catalog.Field{{Name: "n", Type: schema.Of(schema.Int32)}, {Name: "v", Type: kind}}}
}

// under plans and reads a dataset with its field under a mask.
func (s shelf) under(dataset catalog.Dataset, mask acl.Mask, salt string) ([]condition.Value, arrow.DataType, plan.Field) {
	s.Helper()
	made := s.planned(dataset, mask, salt)
	field := made.Fields[1]
	reader, err := s.warehouse.Query(s.Context(), made.SQL, made.Args...)
	require.NoError(s, err, "%s of %s", mask, field.Type)
	defer reader.Release()
	var shown []condition.Value
	for reader.Next() {
		for row := range int(reader.RecordBatch().NumRows()) {
			text, null := render.Text(reader.RecordBatch().Column(1), row)
			shown = append(shown, condition.Value{Text: text, Valid: !null})
		}
	}
	require.NoError(s, reader.Err())
	return shown, reader.Schema().Field(1).Type, field
}

func (s shelf) planned(dataset catalog.Dataset, mask acl.Mask, salt string) plan.Plan {
	s.Helper()
	resource := query.ResourceOf(dataset)
	anyone := acl.Policy{Effect: acl.Allow, Subject: acl.Subject{Anyone: true}, Rights: []acl.Right{acl.View}}
	number, value := anyone, anyone
	number.ID, number.Resource = "n", acl.Selector{Fields: []string{"n"}}
	value.ID, value.Resource, value.Mask = "v", acl.Selector{Fields: []string{"v"}}, &mask
	set, err := acl.NewSet(1, acl.Contents{Policies: []acl.Policy{number, value}})
	require.NoError(s, err)
	decision, err := set.Compile(acl.NewPrincipal(acl.Profile{ID: "p"}), acl.Request{Right: acl.View}, resource)
	require.NoError(s, err)
	made, err := plan.New(dataset, decision, plan.Request{Sort: []string{"n"}, Limit: 100}, plan.Means{Salt: salt})
	require.NoError(s, err)
	return made
}

var everyMask = []acl.Mask{
	{Kind: acl.MaskAuto}, {Kind: acl.MaskNull}, {Kind: acl.MaskConstant, Value: "已隐藏'?"}, {Kind: acl.MaskConstant}, {Kind: acl.MaskFirst}, {Kind: acl.MaskFirst, Keep: 3}, {Kind: acl.MaskLast}, {Kind: acl.MaskLast, Keep: 4},
	{Kind: acl.MaskName}, {Kind: acl.MaskPhone}, {Kind: acl.MaskIDNumber}, {Kind: acl.MaskEmail}, {Kind: acl.MaskBankCard}, {Kind: acl.MaskYear}, {Kind: acl.MaskHash},
	{Kind: acl.MaskRange, Step: "1000"}, {Kind: acl.MaskRange, Step: "0.5"}, {Kind: acl.MaskRange, Step: "7"}, {Kind: acl.MaskRange, Bounds: "0,100.5,1000"}, {Kind: acl.MaskRange, Bounds: "-5"},
}

var everyKind = map[schema.Type][]string{
	schema.Of(schema.Bool):        {"true", "false", "-"},
	schema.Of(schema.Int8):        {"-128", "-1", "0", "127", "-"},
	schema.Of(schema.Int16):       {"-32768", "-1000", "-999", "0", "999", "1000", "32767", "-"},
	schema.Of(schema.Int32):       {"-2147483648", "-1001", "100", "101", "2147483647", "-"},
	schema.Of(schema.Int64):       {"-9223372036854775808", "-7", "6", "9223372036854775807", "-"},
	schema.Of(schema.Uint8):       {"0", "255", "-"},
	schema.Of(schema.Uint16):      {"0", "65535", "-"},
	schema.Of(schema.Uint32):      {"0", "4294967295", "-"},
	schema.Of(schema.Uint64):      {"0", "18446744073709551615", "-"},
	schema.Of(schema.Float32):     {"-0.5", "0", "0.25", "99.5", "100.5", "1000", "-1000.5", "-"},
	schema.Of(schema.Float64):     {"-0.5", "0", "0.1", "100.5", "999.999999", "123456789.125", "-"},
	schema.DecimalOf(10, 2):       {"-0.01", "0.00", "0.49", "0.50", "100.49", "100.50", "999.99", "1000.00", "99999999.99", "-99999999.99", "-"},
	schema.DecimalOf(38, 10):      {"-1234567890.0123456789", "0.5000000000", "0.4999999999", "-"},
	schema.Of(schema.String):      {"", "a", "ab", "张", "张三", "欧阳娜娜", "𠮷野家", "e\u0301te\u0301", "👩‍👩‍👧", "13812345678", "010-12345678", "110101199003070018", "a@b.cn", "@b", "zhang.san@example.edu.cn", "6222021234567890", "x\ny", "-"},
	schema.Of(schema.Binary):      {"abc", "-"},
	schema.Of(schema.Date):        {"1999-12-31", "2000-01-01", "2000-02-29", "0001-01-01", "9999-12-31", "-"},
	schema.Of(schema.Time):        {"00:00:00", "23:59:59.999999", "-"},
	schema.Of(schema.Timestamp):   {"1999-12-31 23:59:59.999999", "2000-02-29 08:00:00", "-"},
	schema.Of(schema.TimestampTZ): {"1999-12-31T23:59:59+08:00", "2000-01-01T07:59:59+08:00", "2000-01-01T08:00:00+08:00", "-"},
	schema.Of(schema.UUID):        {"00000000-0000-0000-0000-00000000000a", "-"},
}

// TestEveryMaskOfEveryType holds what the engine shows against the plain meaning
// of masks, and its types against those that plans declare.
func TestEveryMaskOfEveryType(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	for kind, values := range everyKind {
		dataset := s.put("hr.staff", kind, values...)
		raw := s.texts(dataset)
		for _, mask := range everyMask {
			shown, delivered, field := s.under(dataset, mask, "salt")
			settled := mask.For(acl.Field{Name: "v", Type: kind})
			require.Equal(t, settled.String(), field.Mask)
			require.Equal(t, "masked", field.Access)
			require.Equal(t, deliveredAs(field.Type), delivered.String(), "%s of %s", mask, kind)
			for i, value := range raw {
				want := acltest.Shown(value, acl.Limit{Access: acl.Masked, Mask: settled}, "salt")
				if settled.Kind == acl.MaskYear && value.Valid && kind.Kind != schema.Date {
					want.Text = value.Text[:4] + "-01-01T00:00:00" + map[schema.Kind]string{schema.TimestampTZ: "Z"}[kind.Kind]
				}
				if beyond(value, settled) {
					want = condition.Value{}
				}
				require.Equal(t, want, shown[i], "%s of %s %q", mask, kind, value.Text)
			}
		}
	}
}

// beyond reports whether a number is too many steps away from 0 to be counted: it
// is not shown.
func beyond(value condition.Value, mask acl.Mask) bool {
	if !value.Valid || mask.Step == "" {
		return false
	}
	number, _ := new(big.Rat).SetString(value.Text)
	step, _ := new(big.Rat).SetString(mask.Step)
	return new(big.Rat).Quo(number.Abs(number), step).Cmp(new(big.Rat).SetInt64(math.MaxInt64)) > 0
}

// deliveredAs is the Arrow type in which values of a type come. The engine gives
// UUIDs as text.
func deliveredAs(kind schema.Type) string {
	if kind.Kind == schema.UUID {
		kind = schema.Of(schema.String)
	}
	return kind.Arrow().String()
}

// texts are the values as the engine writes them.
func (s shelf) texts(dataset catalog.Dataset) []condition.Value {
	s.Helper()
	reader, err := s.warehouse.Query(s.Context(), "SELECT CASE WHEN typeof(v) = 'BLOB' THEN 'x' ELSE CAST(v AS VARCHAR) END FROM "+warehouse.Published(dataset.ID)+" ORDER BY n")
	require.NoError(s, err)
	defer reader.Release()
	var made []condition.Value
	for reader.Next() {
		for row := range int(reader.RecordBatch().NumRows()) {
			text, null := render.Text(reader.RecordBatch().Column(0), row)
			made = append(made, condition.Value{Text: text, Valid: !null})
		}
	}
	return made
}

// TestMasksByHand writes down what people will read.
func TestMasksByHand(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	thousands, halves, bounds := acl.Mask{Kind: acl.MaskRange, Step: "1000"}, acl.Mask{Kind: acl.MaskRange, Step: "0.5"}, acl.Mask{Kind: acl.MaskRange, Bounds: "0, 100.5,1000"}
	for _, c := range []struct {
		kind  schema.Type
		mask  acl.Mask
		shown map[string]string
	}{
		{schema.Of(schema.String), acl.Mask{Kind: acl.MaskName}, map[string]string{"张三": "张**", "欧阳娜娜": "欧**", "𠮷野": "𠮷**", "李": "**", "": "**", "-": "-"}},
		{schema.Of(schema.String), acl.Mask{Kind: acl.MaskPhone}, map[string]string{"13812345678": "138****5678", "+8613812345678": "+86****5678", "1381234567": "***", "一二三四五六七八九十甲乙": "一二三****九十甲乙", "-": "-"}},
		{schema.Of(schema.String), acl.Mask{Kind: acl.MaskIDNumber}, map[string]string{"11010119900307001X": "110***********1X", "12345678": "***"}},
		{schema.Of(schema.String), acl.Mask{Kind: acl.MaskBankCard}, map[string]string{"6222021234567890": "**** **** 7890", "62220212345": "***"}},
		{schema.Of(schema.String), acl.Mask{Kind: acl.MaskEmail}, map[string]string{"张三@x.cn": "张***@x.cn", "@x.cn": "***", "x": "***", "a@b@c": "a***@b@c"}},
		{schema.Of(schema.String), acl.Mask{Kind: acl.MaskFirst, Keep: 2}, map[string]string{"abc": "ab***", "ab": "***", "a": "***", "": "***", "𠮷野家": "𠮷野***", "-": "-"}},
		{schema.Of(schema.String), acl.Mask{Kind: acl.MaskLast, Keep: 2}, map[string]string{"abc": "***bc", "ab": "***", "𠮷野𠮷": "***野𠮷"}},
		{schema.Of(schema.Int64), acl.Mask{Kind: acl.MaskFirst}, map[string]string{"-12": "-***", "7": "***"}},
		{schema.Of(schema.String), acl.Mask{Kind: acl.MaskConstant, Value: "x"}, map[string]string{"a": "x", "-": "x"}},
		{schema.Of(schema.Binary), acl.Mask{Kind: acl.MaskConstant, Value: "x"}, map[string]string{"a": "x", "-": "x"}},
		{schema.Of(schema.Int32), thousands, map[string]string{"-2147483648": "-2147484000–-2147483000", "-1001": "-2000–-1000", "-1000": "-1000–0", "-1": "-1000–0", "0": "0–1000", "999": "0–1000", "1000": "1000–2000", "-": "-"}},
		{schema.DecimalOf(10, 2), halves, map[string]string{"-0.51": "-1.0–-0.5", "-0.50": "-0.5–0.0", "-0.01": "-0.5–0.0", "0.00": "0.0–0.5", "0.49": "0.0–0.5", "0.50": "0.5–1.0"}},
		{schema.DecimalOf(10, 2), bounds, map[string]string{"-0.01": "< 0", "0.00": "0–100.5", "100.49": "0–100.5", "100.50": "100.5–1000", "999.99": "100.5–1000", "1000.00": "≥ 1000", "-": "-"}},
		{schema.Of(schema.Float64), bounds, map[string]string{"inf": "≥ 1000", "-inf": "< 0", "nan": "≥ 1000", "1e300": "≥ 1000", "100.5": "100.5–1000"}},
		{schema.Of(schema.Date), acl.Mask{Kind: acl.MaskYear}, map[string]string{"2000-02-29": "2000-01-01", "1999-12-31": "1999-01-01", "9999-12-31": "9999-01-01", "-": "-"}},
		{schema.Of(schema.Timestamp), acl.Mask{Kind: acl.MaskYear}, map[string]string{"1999-12-31 23:59:59.999999": "1999-01-01T00:00:00"}},
		// Moments are kept and shown in UTC.
		{schema.Of(schema.TimestampTZ), acl.Mask{Kind: acl.MaskYear}, map[string]string{"2000-01-01T07:59:59+08:00": "1999-01-01T00:00:00Z", "2000-01-01T08:00:00+08:00": "2000-01-01T00:00:00Z"}},
		{schema.Of(schema.Time), acl.Mask{Kind: acl.MaskYear}, map[string]string{"08:00:00": "-"}}, {schema.Of(schema.String), thousands, map[string]string{"5": "-"}}, {schema.Of(schema.Bool), bounds, map[string]string{"true": "-"}},
		// What cannot be worked out is not shown, and hinders nobody.
		{schema.Of(schema.Float64), thousands, map[string]string{"inf": "-", "nan": "-", "1e300": "-", "-1.5": "-1000–0"}},
		{schema.Of(schema.Int64), halves, map[string]string{"9223372036854775807": "-", "1": "1.0–1.5"}},
		{schema.DecimalOf(38, 0), acl.Mask{Kind: acl.MaskRange, Bounds: "0.5"}, map[string]string{"99999999999999999999999999999999999999": "-", "0": "< 0.5", "1": "≥ 0.5"}},
		{schema.Of(schema.Int64), acl.Mask{Kind: acl.MaskRange, Bounds: "0.00000000000000000000000001"}, map[string]string{"9223372036854775807": "-", "0": "< 0.00000000000000000000000001"}},
		{schema.Of(schema.Date), acl.Mask{Kind: acl.MaskYear}, map[string]string{"5881580-07-10": "5881580-01-01", "2000-05-05": "2000-01-01"}},
		{schema.Of(schema.Timestamp), acl.Mask{Kind: acl.MaskYear}, map[string]string{"290309-12-22 (BC) 00:00:00": "-", "2000-05-05": "2000-01-01T00:00:00"}},
	} {
		values := slices.Sorted(maps.Keys(c.shown))
		shown, _, _ := s.under(s.put("hr.staff", c.kind, values...), c.mask, "salt")
		for i, value := range values {
			want := condition.Value{}
			if text := c.shown[value]; text != "-" {
				want = condition.Value{Text: text, Valid: true}
			}
			require.Equal(t, want, shown[i], "%s of %s %q", c.mask, c.kind, value)
		}
	}
}

// TestHashesAreOfOnePurpose joins what was read for one purpose, and nothing else.
func TestHashesAreOfOnePurpose(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	// One number, kept as text in one dataset and as a number in the other.
	staff, cards := s.put("hr.staff", schema.Of(schema.String), "20260001", "20260002", "-"), s.put("card.trade", schema.Of(schema.Int64), "20260001", "7", "-")
	hash := acl.Mask{Kind: acl.MaskHash}
	read := func(dataset catalog.Dataset, purpose, principal string) []condition.Value {
		shown, _, _ := s.under(dataset, hash, query.SaltOf("secret", purpose, principal))
		return shown
	}
	first := read(staff, "study", "p1")
	require.Len(t, first[0].Text, 32)
	require.Equal(t, condition.Value{}, first[2])
	require.NotEqual(t, first[0], first[1])
	require.Equal(t, first[0], read(cards, "study", "p1")[0], "datasets join")
	require.Equal(t, first, read(staff, "study", "p2"), "and so do people, by the purpose")
	seen := map[string]bool{}
	for _, salt := range [][2]string{{"study", "p1"}, {"offer", "p1"}, {"", "p1"}, {"", "p2"}, {"", "study"}, {"p1", "p1"}, {"", ""}, {"purpose:study", ""}} {
		shown := read(staff, salt[0], salt[1])[0].Text
		require.False(t, seen[shown], "%q", salt)
		seen[shown] = true
	}
	require.NotEqual(t, query.SaltOf("secret", "study", "p1"), query.SaltOf("other", "study", "p1"))
}

// TestFailuresOfHiddenRowsStayHidden keeps values that masks cannot be worked out
// of in rows that are not shown: the engine's knowledge of the column as a whole
// must not fail either.
func TestFailuresOfHiddenRowsStayHidden(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	for kind, values := range map[schema.Type][]string{
		schema.Of(schema.Date): {"2000-05-05", "5881580-07-10", "5877642-06-25 (BC)"}, schema.Of(schema.Timestamp): {"2000-05-05", "290309-12-22 (BC) 00:00:00", "infinity"},
		schema.Of(schema.TimestampTZ): {"2000-05-05T00:00:00Z", "294247-01-10T04:00:54Z", "290309-12-22 (BC) 00:00:00Z"}, schema.Of(schema.Int64): {"5", "9223372036854775807", "-9223372036854775808"},
		schema.Of(schema.Uint64): {"5", "18446744073709551615"}, schema.DecimalOf(38, 0): {"5", "99999999999999999999999999999999999999", "-99999999999999999999999999999999999999"},
		schema.DecimalOf(38, 18): {"5", "99999999999999999999.999999999999999999"}, schema.Of(schema.Float64): {"5", "inf", "-inf", "nan", "1e308"}, schema.Of(schema.Float32): {"5", "inf", "3e38"}, schema.Of(schema.Int8): {"5", "-128", "127"},
	} {
		dataset := s.put("hr.staff", kind, values...)
		for _, mask := range append(slices.Clone(everyMask), acl.Mask{Kind: acl.MaskRange, Bounds: "0.00000000000000000000000001,1"}, acl.Mask{Kind: acl.MaskRange, Step: "0.000000000001"}, acl.Mask{Kind: acl.MaskRange, Step: "1000000000000000000000"}) {
			made := s.planned(dataset, mask, "salt")
			for _, where := range []string{"n = 0", "n < 9", "v IS NOT NULL AND n = 0"} {
				reader, err := s.warehouse.Query(t.Context(), "SELECT count(*), max(v) FROM ("+made.SQL+") WHERE "+where, made.Args...)
				require.NoError(t, err, "%s of %s", mask, kind)
				reader.Release()
			}
		}
	}
}
