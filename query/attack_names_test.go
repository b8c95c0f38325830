package query_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
)

// strangers are names that are no field of the dataset, or look like one.
var strangers = []string{
	"_since", "_until", "_hash", "_run", "_person", "_hidden", "_people", "_d0", "_v0", "_key0", "rowid", "published", "governed", "base", "atoms", "figures", "warehouse", "hr.staff", "hr.pay",
	"information_schema.tables", "duckdb_settings()", "getenv('HOME')", "current_setting('memory_limit')", "read_csv('/etc/passwd')", "glob('*')", "*", "COLUMNS(*)", "COLUMNS('.*')",
	"(SELECT note FROM hr)", "(select 1)", "1", "?", "$1", ":a", "#1", "#person", "@campus_id", `"`, `""`, `note"`, `"note"`, "'", "''", ";", "--", "/*", "note --", "note; DROP TABLE x",
	"NOTE", "Note", "PAY", "Pay", "note ", " note", "note\n", "note\x00", "\x00", "", " ", "ｎｏｔｅ", "no\u200bte", "note\u200b", "\u202enote", "note\u200f", "n\u00adote", "nöte", "no\u0308te", "ñote", "n\u0303ote",
	"nоte", "ⓝote", "noTe", "noıe", "PAYİ", "nullif", "null", "true", "note\xff", "count", "count(*)", "sum(pay)", "-note", "--note", "governed.note", `governed"."note`, strings.Repeat("n", 100_000),
}

// TestDeniedFieldsLookLikeNone holds what filters and orders say of a denied field
// against what they say of names that are none.
func TestDeniedFieldsLookLikeNone(t *testing.T) {
	t.Parallel()
	w := pair(t)[0]
	say := func(name string, request query.Request) string {
		_, err := w.gate().Explain(t.Context(), acl.NewPrincipal(own), request)
		require.True(t, fault.Is(err, fault.Invalid), "%q: %v", name, err)
		read := refusal(t, w, own, request)
		require.Equal(t, fault.Public(err), fault.Public(read))
		return strings.ReplaceAll(fault.Public(err), "field "+name, "field …")
	}
	for _, name := range append(slices.Clone(strangers), "nothing") {
		metrics := []plan.Metric{{Function: plan.Count}}
		for place, request := range map[string]func(string) query.Request{
			"filter": func(name string) query.Request {
				return query.Request{Where: `"` + strings.ReplaceAll(name, `"`, `""`) + `" = 'x'`}
			},
			"type": func(name string) query.Request {
				return query.Request{Where: `"` + strings.ReplaceAll(name, `"`, `""`) + `" > 5`}
			},
			"sort": func(name string) query.Request { return query.Request{Sort: []string{"-" + name}} },
			"filter of figures": func(name string) query.Request {
				return query.Request{Where: `"` + strings.ReplaceAll(name, `"`, `""`) + `" is null`, Metrics: metrics}
			},
			"sort of figures": func(name string) query.Request { return query.Request{Sort: []string{"-" + name}, Metrics: metrics} },
		} {
			denied, asked := request("note"), request(name)
			denied.Dataset, asked.Dataset = w.dataset.ID, w.dataset.ID
			if len(asked.Where) > 16<<10 || strings.Contains(asked.Where, "\xff") {
				require.True(t, fault.Is(refusal(t, w, own, asked), fault.Invalid))
				continue
			}
			if place == "sort of figures" && strings.EqualFold(name, "count") {
				require.Equal(t, []string{"3|"}, rowsSeen(t, w, own, asked), "a figure's own name, as asked for")
				continue
			}
			require.Equal(t, say("note", denied), say(name, asked), "%s by %q", place, name)
		}
		for place, request := range map[string]query.Request{
			"field": {Fields: []string{name}}, "group": {GroupBy: []string{name}}, "figure": {Metrics: []plan.Metric{{Function: plan.Minimum, Field: name, As: "x"}}},
		} {
			text, code := seen(t, w, own, request)
			require.Equal(t, fault.Invalid, code, "%s %q: %s", place, name, text)
		}
	}
	for place, request := range map[string]query.Request{
		"field": {Fields: []string{"note"}}, "group": {GroupBy: []string{"note"}}, "figure": {Metrics: []plan.Metric{{Function: plan.CountDistinct, Field: "note"}}},
	} {
		text, code := seen(t, w, own, request)
		require.Equal(t, fault.Denied, code, place)
		require.NotContains(t, text, "secret")
	}
}

// TestNamesOfFiguresHideNothing gives figures the names of fields and of what the
// statement itself is made of.
func TestNamesOfFiguresHideNothing(t *testing.T) {
	t.Parallel()
	w := pair(t)[0]
	for _, name := range append(slices.Clone(strangers), allNames...) {
		request := query.Request{Dataset: w.dataset.ID, Where: "college = 'math' and big > 0", Metrics: []plan.Metric{{Function: plan.Count, As: name}}, Sort: []string{name}}
		if name == "" {
			request.Sort = []string{"count"}
		}
		result, err := w.gate().Read(t.Context(), acl.NewPrincipal(own), request)
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid), "%q: %v", name, err)
			continue
		}
		require.Equal(t, []string{"1|"}, cells(t, result.Reader), name)
		result.Reader.Release()
	}
	require.Equal(t, []string{"math|1|"}, rowsSeen(t, w, own, query.Request{
		GroupBy: []string{"college"}, Where: "pay > 100", Metrics: []plan.Metric{{Function: plan.Count, As: "pay"}}, Sort: []string{"pay"},
	}), "the filter is about the field")
	for _, twice := range []string{"college", "College", "COLLEGE"} {
		err := refusal(t, w, own, query.Request{GroupBy: []string{"college"}, Metrics: []plan.Metric{{Function: plan.Count, As: twice}}})
		require.True(t, fault.Is(err, fault.Invalid))
	}
}

// TestFieldsOfAnyName publishes a dataset whose names are those of the statement's
// parts, or have marks that SQL knows.
func TestFieldsOfAnyName(t *testing.T) {
	t.Parallel()
	names := []string{
		"id", "college", "base", "governed", "atoms", "figures", "counted", "was", "first_rows", "warehouse", "published", "rows", "select", "order", "value", "people", "salt", "count",
		`a"b`, "a'b", "a?b", "??", "$1", "a%sb", "%d", "a@b", "@", "a;b", "--", "/*", "a b", "a.b", "姓名", "nöte", "{{.}}", `\`,
	}
	resource := acl.NewResource(acl.Resource{Dataset: `hr"; DROP TABLE x; --`, Person: "id", Fields: fieldsOf(nil, names...)})
	var rows []string
	for i := range 4 {
		rows = append(rows, fmt.Sprintf("%d|math%s", i, strings.Repeat(fmt.Sprintf("|v%d", i%2), len(names)-2)))
	}
	math := "college = 'math'"
	w := byHand(t, openWarehouse(t), resource, rows, masked(allow(math, "*"), acl.Mask{Kind: acl.MaskFirst, Keep: 1}),
		allow(math, names[:2]...), counted(allow(math, names[2:]...), 2, names[1:]...))
	at := acltest.Base
	require.Len(t, rowsSeen(t, w, own, query.Request{AsOf: &at}), 4)
	for _, name := range names[2:] {
		quoted := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		request := query.Request{Fields: []string{name}, Where: quoted + " = 'v***'", Sort: []string{"-" + name}}
		require.Equal(t, []string{"v***|", "v***|", "v***|", "v***|"}, rowsSeen(t, w, own, request), name)
		figures := query.Request{GroupBy: []string{name}, Where: quoted + " != 'v2'", Metrics: []plan.Metric{{Function: plan.Count, Field: name, As: "n"}}}
		require.Equal(t, []string{"v0|2|", "v1|2|"}, rowsSeen(t, w, own, figures), "statistics of %s", name)
	}
}

// TestNamesThatAreNone asks for datasets, purposes and rights that are not there.
func TestNamesThatAreNone(t *testing.T) {
	t.Parallel()
	w := pair(t)[0]
	for _, name := range append(slices.Clone(strangers), "HR.STAFF", "hr.staff ", "hr.staff\x00", "hr.ѕtaff") {
		if name == "" || name == w.dataset.ID {
			continue
		}
		err := refusal(t, w, own, query.Request{Dataset: name})
		require.True(t, fault.Is(err, fault.NotFound), "%q: %v", name, err)
		_, err = w.gate().Quarantine(t.Context(), acl.NewPrincipal(own), query.QuarantineRequest{Dataset: name})
		require.True(t, fault.Is(err, fault.NotFound))
		require.True(t, fault.Is(refusal(t, w, own, query.Request{Purpose: name}), fault.Invalid))
		require.True(t, fault.Is(refusal(t, w, own, query.Request{Right: acl.Right(name)}), fault.Denied))
	}
	for right, code := range map[acl.Right]fault.Code{"VIEW": fault.Denied, acl.Hold: fault.Denied, acl.Transmit: fault.Denied, acl.Create: fault.Invalid, acl.View + " ": fault.Denied} {
		require.True(t, fault.Is(refusal(t, w, own, query.Request{Right: right}), code), right)
	}
	err := refusal(t, w, acl.Profile{}, query.Request{Where: "note = 'secret-1'", Purpose: "offer"})
	require.True(t, fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied), "%v", err)
}

// TestAttributesAreTextAndNothingElse gives principals attributes that would be
// SQL, patterns or lists.
func TestAttributesAreTextAndNothingElse(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(allKinds, "id", "college", "pay")})
	w := byHand(t, openWarehouse(t), resource, []string{"1|math|1.00", "2|law|2.00", "3|-|3.00", "4||4.00", "5|ma|5.00"}, allow("college = @college and pay > 0", "id", "college"))
	for _, value := range []string{
		"x' OR 1=1 --", "math'; DROP TABLE x; --", "%", "_", "*", "", " math", "math ", "MATH", "Math", "mａth", "math\x00", "ma\x00th", "math\xff", "\xff", "math\u200b", "mat\u0068\u0301",
		"math,law", "[math]", "{math}", "math|law", "NULL", "null", "@college", "?", "$1", strings.Repeat("math", 10_000),
	} {
		who := acl.Profile{ID: "p1", Kind: acl.KindPerson, Attributes: map[string][]string{"college": {value}}}
		result, err := w.gate().Read(t.Context(), acl.NewPrincipal(who), query.Request{Dataset: w.dataset.ID})
		if err != nil {
			require.True(t, fault.Is(err, fault.Denied), "%q: %v", value, err)
			continue
		}
		want := []string(nil)
		if value == "" {
			want = []string{"4||"} // a college whose name is the empty text
		}
		require.Equal(t, want, cells(t, result.Reader), "%q", value)
		result.Reader.Release()
	}
	many := acl.Profile{ID: "p1", Kind: acl.KindPerson, Attributes: map[string][]string{"college": {"law"}}}
	for i := range 20_000 {
		many.Attributes["college"] = append(many.Attributes["college"], strconv.Itoa(i))
	}
	require.Equal(t, []string{"2|law|"}, rowsSeen(t, w, many, query.Request{}))
}

// TestConsentIsOfWholeIDs names people by ids that look like lists of people.
func TestConsentIsOfWholeIDs(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(nil, "id", "name")})
	w := byHand(t, openWarehouse(t), resource, []string{"1|a", "2|b", "NULL|c", "-|d", "|e", "1, 2|f", `"1"|g`}, allow("", "*"))
	for _, ids := range [][]string{{"1, 2"}, {"[1]"}, {"'1'"}, {`"1"`}, {"NULL"}, {}, {"1", "2"}, {""}, {"%"}, {"1\x00"}, {"ⅰ"}} {
		for _, who := range []struct {
			consented []string
			profile   acl.Profile
		}{
			{ids, acl.Profile{ID: "p", Kind: acl.KindPerson}}, {nil, acl.Profile{ID: "p", Kind: acl.KindPerson, Attributes: map[string][]string{"campus_id": ids}}},
		} {
			w.consented = who.consented
			for _, line := range rowsSeen(t, w, who.profile, query.Request{Purpose: "offer"}) {
				id, _, _ := strings.Cut(line, "|")
				require.Contains(t, ids, id)
			}
		}
	}
	w.consented = []string{"1", "2"}
	require.Equal(t, []string{"1|a|", "2|b|"}, rowsSeen(t, w, acl.Profile{ID: "p"}, query.Request{Purpose: "offer"}))
	application := acl.Profile{ID: "a", Kind: acl.KindApplication, Attributes: map[string][]string{"campus_id": {`"1"`}}}
	require.Equal(t, []string{"1|a|", "2|b|"}, rowsSeen(t, w, application, query.Request{Purpose: "offer"}), "nothing is about an application")
}

// TestRequestsHaveBounds asks for more than anybody needs.
func TestRequestsHaveBounds(t *testing.T) {
	t.Parallel()
	w := pair(t)[0]
	patient, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ask := func(request query.Request) error {
		request.Dataset = w.dataset.ID
		result, err := w.gate().Read(patient, acl.NewPrincipal(own), request)
		if err == nil {
			defer result.Reader.Release()
			_ = linesOf(t, result.Reader)
		}
		return err
	}
	figures := func(n int) []plan.Metric {
		made := make([]plan.Metric, n)
		for i := range made {
			made[i] = plan.Metric{Function: plan.CountDistinct, Field: "name", As: fmt.Sprint("n", i)}
		}
		return made
	}
	many := func(name string, n int) []string { return slices.Repeat([]string{name}, n) }
	for name, request := range map[string]query.Request{
		"long filter": {Where: "name = '" + strings.Repeat("x", 1<<20) + "'"}, "deep brackets": {Where: strings.Repeat("(", 5000) + "name = 'x'" + strings.Repeat(")", 5000)},
		"deep nots": {Where: strings.Repeat("not ", 2000) + "name = 'x'"}, "many parts": {Where: strings.Repeat("name = 'x' or ", 1000) + "name = 'x'"},
		"many wild": {Where: "name like '" + strings.Repeat("%_", 51) + "'"}, "long list": {Where: "big in (" + strings.Repeat("1,", 1000) + "1)"},
		"many fields": {Fields: many("name", 1001)}, "many orders": {Sort: many("name", 1_000_000)}, "many groups": {GroupBy: many("name", 1001)}, "many figures": {Metrics: figures(101)},
		"offset": {Offset: math.MaxInt64 + 1}, "largest offset": {Offset: math.MaxUint64}, "limit": {Limit: query.MaxLimit + 1}, "largest limit": {Limit: math.MaxUint64},
		"offset of figures": {Offset: math.MaxUint64, Metrics: figures(1)},
	} {
		require.True(t, fault.Is(ask(request), fault.Invalid), name)
	}
	for name, request := range map[string]query.Request{
		"deep brackets": {Where: strings.Repeat("(", 50) + "name = 'x'" + strings.Repeat(")", 50)}, "many parts": {Where: strings.Repeat("name = 'x' or ", 400) + "name = 'x'"},
		"all wild": {Where: "name like '" + strings.Repeat("%_", 50) + "'"}, "wild over a long text": {Where: "name like '" + strings.Repeat("%_a", 33) + "%_b'"},
		"many fields": {Fields: many("name", 1000)}, "many orders": {Sort: many("name", 1000)}, "many figures": {Metrics: figures(100)}, "offset": {Offset: math.MaxInt64},
		"stream": {Limit: query.MaxLimit, Offset: math.MaxInt64},
	} {
		require.NoError(t, ask(request), name)
	}
}

// TestPatternsEnd matches patterns that fit in very many ways.
func TestPatternsEnd(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Fields: fieldsOf(nil, "id", "name")})
	w := byHand(t, openWarehouse(t), resource, []string{"1|" + strings.Repeat("a", 400), "2|a\n张.b", "3|-", "4|a.c", "5|ab张c"}, allow("", "*"))
	for pattern, want := range map[string][]string{
		strings.Repeat("%_a", 20) + "%b": nil, strings.Repeat("%a", 40) + "%b": nil, strings.Repeat("%_", 40): {"1|"}, "%_张%": {"2|", "5|"}, "%_.b%": {"2|"}, "_%.%_": {"2|", "4|"},
		`%\_%`: nil, "%(_%": nil, "%_%^$%": nil, "a%_%c": {"4|", "5|"},
	} {
		require.Equal(t, want, rowsSeen(t, w, own, query.Request{Fields: []string{"id"}, Where: "name like '" + pattern + "'"}), pattern)
	}
}
