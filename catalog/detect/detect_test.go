package detect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/catalog/detect"
)

func many(n int, format func(i int) string) []string {
	values := make([]string, n)
	for i := range values {
		values[i] = format(i)
	}
	return values
}

// idNumber makes the number with the right check digit for a serial.
func idNumber(serial int) string {
	body := fmt.Sprintf("42010619900%d%02d%03d", 1+serial%9, 1+serial%28, serial%1000)
	for _, check := range "0123456789X" {
		if detect.IsIDNumber(body + string(check)) {
			return body + string(check)
		}
	}
	return ""
}

func fullWidth(r rune) rune { return r - '0' + '０' }

func TestFind(t *testing.T) {
	t.Parallel()
	names := []string{"王芳", "李建国", "张伟", "刘洋", "陈静", "欧阳修远", "司马光"}
	for _, test := range []struct {
		about, column string
		values        []string
		want          string
	}{
		{"ID numbers", "c7", many(50, idNumber), "person.id_number"},
		{"some with mistakes", "c7", append(many(40, idNumber), many(20, func(i int) string { return idNumber(i)[:17] + "?" })...), "person.id_number"},
		{"in full-width digits", "c7", many(5, func(i int) string { return strings.Map(fullWidth, idNumber(i)) }), "person.id_number"},
		{"wrong check digits", "c7", many(50, func(i int) string { return idNumber(i)[:17] + "0" }), ""},
		{"mobile numbers", "c3", many(40, func(i int) string { return fmt.Sprintf("138%08d", i*7919) }), "person.mobile"},
		{"with a country's prefix", "SJHM", []string{"+86 138-0000-0000", "13900000000"}, "person.mobile"},
		{"serial numbers", "id", many(40, func(i int) string { return fmt.Sprintf("20260%06d", i) }), ""},
		{"bank cards", "c4", []string{"6222021234567890128", "4111111111111111", "5500005555555559", "6011111111111117", "4012888888881881"}, "person.bank_card"},
		{"numbers of that length", "c4", many(60, func(i int) string { return fmt.Sprintf("622202%010d", i) }), ""},
		{"e-mail", "c5", []string{"a@b.cn", "c.d@x.edu.cn", "", "none"}, "person.email"},
		{"passports", "c6", []string{"E12345678", "EA1234567", "G12345678", "E87654321", "E11111111"}, "person.passport_number"},
		{"addresses", "c8", []string{"湖北省武汉市洪山区珞喻路1037号", "北京市海淀区中关村大街1号", "上海市徐汇区华山路1954号", "广州市天河区五山路381号", "某市某区某镇某村"}, "person.address"},
		{"names by the column's name", "XM", names, "person.name"},
		{"few words that look like names", "c9", names, ""},
		{"many names", "c9", many(60, func(i int) string { return names[i%5][:3] + string(rune('一'+i)) }), "person.name"},
		{"colleges", "xy", many(60, func(i int) string { return fmt.Sprintf("第%d学院", i) }), ""},
		{"nothing", "XM", []string{"", " "}, ""},
	} {
		found := detect.Find(test.column, test.values)
		if test.want == "" {
			require.Nil(t, found, test.about)
			continue
		}
		require.NotNil(t, found, test.about)
		require.Equal(t, test.want, found.Element, test.about)
		require.LessOrEqual(t, found.Share, 1.0)
	}
}

func TestOneWrongPlaceIsNoticed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		right := idNumber(rapid.IntRange(0, 100_000).Draw(t, "serial"))
		require.True(t, detect.IsIDNumber(right))
		place, digit := rapid.IntRange(0, 16).Draw(t, "place"), rapid.ByteRange('0', '9').Draw(t, "digit")
		wrong := []byte(right)
		wrong[place] = digit
		require.Equal(t, string(wrong) == right, detect.IsIDNumber(string(wrong)))
	})
}
