package query_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/schema"
)

var (
	own      = acl.Profile{ID: "p1", Kind: acl.KindPerson, Attributes: map[string][]string{"campus_id": {"1"}}}
	allKinds = map[string]schema.Type{
		"born": schema.Of(schema.Date), "pay": schema.DecimalOf(10, 2), "bonus": schema.Of(schema.Int32), "grade": schema.Of(schema.Float32),
		"ratio": schema.Of(schema.Float64), "seen_at": schema.Of(schema.TimestampTZ), "local": schema.Of(schema.Timestamp), "clock": schema.Of(schema.Time),
		"uid": schema.Of(schema.UUID), "flag": schema.Of(schema.Bool), "big": schema.Of(schema.Int64), "small": schema.Of(schema.Uint8), "wide": schema.DecimalOf(38, 0),
	}
	allNames = []string{
		"id", "name", "college", "mobile", "born", "pay", "bonus", "grade", "ratio", "seen_at", "local", "clock", "uid", "flag", "big", "small", "wide", "note",
	}
)

// visibleRows are seen alike in both of a pair of worlds that differ in all that
// is hidden: %s stand for masked or denied values.
var visibleRows = []string{
	"1|张三|math|138%s5678|2000-%s|5000.00|1%s|1.5|0.5|2026-01-01T00:00:00Z|2026-01-01 08:00:00|08:00:00|00000000-0000-0000-0000-000000000001|true|-9223372036854775808|0|1|%s",
	"2|李四|math|139%s5678|1999-%s|%s|2%s|-1|-|2026-01-02T00:00:00Z|-|-|-|false|9223372036854775807|255|-1|%s",
	"3|王五|math|137%s4321|2000-%s|%s|3%s|-|2.5|-|0001-01-01 00:00:00|23:59:59.999999|-|-|0|-|99999999999999999999999999999999999998|%s",
}

func fill(texts ...[]any) []string {
	made := make([]string, len(visibleRows))
	for i, row := range visibleRows {
		made[i] = fmt.Sprintf(row, texts[i]...)
	}
	return made
}

// pair gives two worlds that one principal must not be able to tell apart: they
// differ in masked and denied values, in rows that are not shown, and in history.
func pair(t *testing.T) [2]*world {
	t.Helper()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(allKinds, allNames...)})
	math := "college = 'math'"
	policies := []acl.Policy{
		allow(math, "id", "name", "college", "grade", "ratio", "seen_at", "local", "clock", "uid", "flag", "big", "small", "wide"),
		masked(allow(math, "mobile"), acl.Mask{Kind: acl.MaskPhone}), masked(allow(math, "born"), acl.Mask{Kind: acl.MaskYear}),
		masked(allow(math, "bonus"), acl.Mask{Kind: acl.MaskRange, Step: "1000"}), allow("#person = @campus_id and "+math, "pay"),
	}
	first := fill([]any{"4701", "03-01", "111", "secret-1"}, []any{"4702", "12-31", "777.77", "222", "secret-2"}, []any{"4703", "02-29", "888.88", "333", "secret-3"})
	// What is left out is of a kind that makes casts and sums fail.
	first = append(first,
		"4|secret-4|law|secret-5|5881580-07-10|99999999.99|2147483647|inf|nan|294247-01-10T04:00:54Z|infinity|24:00:00|-|true|9223372036854775807|255|99999999999999999999999999999999999999|secret-6",
		"5|secret-7|-|-|0044-03-15 (BC)|-99999999.99|-2147483648|-inf|-inf|-|0044-03-15 (BC) 00:00:00|-|-|-|-|-|-99999999999999999999999999999999999999|-",
		"1|secret-8|law|-|-|-|-|nan|inf|-|-|-|-|-|-|-|-|secret-9")
	second := fill([]any{"0000", "12-30", "999", "-"}, []any{"1111", "01-01", "-", "000", "x"}, []any{"2222", "07-07", "-", "001", "-"})
	worlds := [2]*world{byHand(t, openWarehouse(t), resource, first, policies...), byHand(t, openWarehouse(t), resource, second, policies...)}
	before := "1|张三|math|138%s5678|2000-%s|4000.00|1%s|1|1|-|-|-|-|-|1|1|1|%s"
	worlds[0].closed(t, fmt.Sprintf(before, "8642", "05-05", "444", "secret-10"), "2026-01-01T00:00:00Z", published)
	worlds[0].closed(t, "7|secret-11|law|-|-|99.99|-|nan|nan|-|-|-|-|-|-|-|-|secret-12", "2026-01-01T00:00:00Z", published)
	worlds[1].closed(t, fmt.Sprintf(before, "8888", "06-06", "555", "-"), "2026-01-01T00:00:00Z", published)
	return worlds
}

// fingerprints of decisions are hexadecimal and may have any number in them.
var fingerprints = regexp.MustCompile(`[0-9a-f]{64}`)

// secrets of the first world of a pair.
var secrets = []string{"secret-", "4701", "4702", "4703", "8642", "777.77", "888.88", "02-29", "12-31", "05-05", "77000077"}

// alike asks both worlds and finds no difference, no secret, and no failure that
// came of a value.
func alike(t require.TestingT, outer *testing.T, worlds [2]*world, request query.Request) string {
	first, code := seen(outer, worlds[0], own, request)
	second, _ := seen(outer, worlds[1], own, request)
	require.Equal(t, second, first, "%+v", request)
	require.Contains(t, []fault.Code{"", fault.Invalid, fault.Denied}, code, "%+v: %s", request, first)
	asked, err := json.Marshal(request)
	require.NoError(t, err)
	for _, secret := range secrets {
		if !strings.Contains(string(asked), secret) {
			require.NotContains(t, fingerprints.ReplaceAllString(first, ""), secret, "%+v", request)
		}
	}
	return first
}

// literals are values that some type takes, that none does, or that break casts.
var literals = []string{
	"0", "1", "-1", "255", "256", "2147483648", "9223372036854775807", "9223372036854775808", "18446744073709551616", "0.5", "1.", "1.2.3", "99999999.99", "100000000",
	"340282346638528859811704183484516925440", "999999999999999999999999999999999999999999", strings.Repeat("9", 400), "true", "false", "null", "nan", "infinity", "value",
	"''", "'0'", "'nan'", "'Infinity'", "'-'", "'138****5678'", "'13847015678'", "'1000–2000'", "'张%'", "'%_%_%_%_%_%_%_%_%b'", `'%\'`, `'\_%'`, "'%%%%%%%%%%'", "'a\x00b'",
	"'0000-01-01'", "'0001-01-01'", "'9999-12-31'", "'10000-01-01'", "'2000-02-30'", "'2000-01-01'", "'infinity'", "'-0044-03-15'", "'2000-01-01T00:00:00+14:00'", "'0000-01-01T00:00:00+14:00'",
	"'9999-12-31T23:59:59.999999999-14:00'", "'2026-01-01 08:00:00'", "'24:00:00'", "'23:59:60'", "'23:59:59.9999999999'", "'00000000-0000-0000-0000-000000000001'",
	"'{00000000-0000-0000-0000-000000000001}'", "'urn:uuid:00000000-0000-0000-0000-000000000001'", "'x'' or 1=1 --'", "'; DROP TABLE published; --'", "'$1'", "'?'", "'/*'", "'\uff11'",
}

// TestNothingTellsWhatIsHidden asks a pair of worlds for everything that might
// tell one from the other.
func TestNothingTellsWhatIsHidden(t *testing.T) {
	t.Parallel()
	worlds := pair(t)
	shown := alike(t, t, worlds, query.Request{Sort: []string{"id"}})
	require.Contains(t, shown, "1|张三|math|138****5678|2000-01-01|5000.00|1000–2000|1.5|0.5|")
	require.Contains(t, shown, "3|王五|math|137****4321|2000-01-01|NULL|3000–4000|")
	forms := []string{"%s = %s", "%s >= %s", "%s = %s", "not %s < %s", "%s not in (%s)", "%s contains %s"}
	for i, name := range allNames {
		for j, literal := range literals {
			form := forms[(i+j)%len(forms)]
			if strings.ContainsAny(literal, "%_") {
				form = "%s like %s"
			}
			alike(t, t, worlds, query.Request{Where: fmt.Sprintf(form, name, literal), Sort: []string{"id"}, Fields: []string{"id"}})
		}
	}
	for _, moment := range []string{"0001-01-01T00:00:00Z", "2025-12-31T23:59:59.999999Z", "2026-01-01T00:00:00Z", "2026-01-31T23:59:59.999999Z", published, "9999-12-31T00:00:00Z"} {
		at, err := time.Parse(time.RFC3339Nano, moment)
		require.NoError(t, err)
		alike(t, t, worlds, query.Request{AsOf: &at, Sort: []string{"id"}})
		alike(t, t, worlds, query.Request{AsOf: &at, Metrics: []plan.Metric{{Function: plan.Count}, {Function: plan.Sum, Field: "pay"}}})
	}
}

// TestNoMixOfRequestsTellsWhatIsHidden draws requests of all parts.
func TestNoMixOfRequestsTellsWhatIsHidden(t *testing.T) {
	t.Parallel()
	worlds := pair(t)
	answered := 0
	rapid.Check(t, func(r *rapid.T) {
		names := rapid.SliceOfN(rapid.SampledFrom(allNames[:len(allNames)-1]), 0, 4)
		request := query.Request{Where: drawFilter(r, 2), Sort: names.Draw(r, "sort")}
		for i := range request.Sort {
			request.Sort[i] = rapid.SampledFrom([]string{"", "-"}).Draw(r, "direction") + request.Sort[i]
		}
		if rapid.Bool().Draw(r, "figures") {
			request.GroupBy = rapid.SliceOfNDistinct(rapid.SampledFrom(allNames), 0, 3, rapid.ID).Draw(r, "groups")
			for i := range rapid.IntRange(1, 4).Draw(r, "metrics") {
				function := rapid.SampledFrom([]string{plan.Count, plan.CountDistinct, plan.Sum, plan.Average, plan.Minimum, plan.Maximum}).Draw(r, "function")
				from := allNames[:len(allNames)-1]
				if function == plan.Sum || function == plan.Average {
					from = []string{"pay", "grade", "ratio", "big", "small", "wide"}
				}
				request.Metrics = append(request.Metrics, plan.Metric{Function: function, Field: rapid.SampledFrom(from).Draw(r, "field"), As: fmt.Sprint("pay", i)})
			}
			request.Sort = slices.Concat(request.GroupBy, []string{"pay0"})
		} else {
			request.Fields = append(names.Draw(r, "fields"), "id")
			request.Sort = append(request.Sort, "id")
			request.Offset = rapid.Uint64Range(0, 3).Draw(r, "offset")
		}
		request.Limit = rapid.SampledFrom([]uint64{0, 1, 2, 10_001, query.MaxLimit}).Draw(r, "limit")
		if rapid.IntRange(0, 3).Draw(r, "as of") == 0 {
			at := time.Date(2026, 1, rapid.IntRange(1, 60).Draw(r, "day"), 0, 0, 0, 0, time.UTC)
			request.AsOf = &at
		}
		if !strings.HasPrefix(alike(r, t, worlds, request), string(fault.Invalid)) {
			answered++
		}
	})
	require.Greater(t, answered, 15, "some of the requests are answered")
}

func drawFilter(r *rapid.T, depth int) string {
	if depth > 0 {
		switch rapid.IntRange(0, 4).Draw(r, "shape") {
		case 0:
			return "(" + drawFilter(r, depth-1) + rapid.SampledFrom([]string{" and ", " or "}).Draw(r, "join") + drawFilter(r, depth-1) + ")"
		case 1:
			return "not " + drawFilter(r, depth-1)
		case 2:
			return ""
		}
	}
	name := rapid.SampledFrom(allNames[:len(allNames)-1]).Draw(r, "name")
	if rapid.IntRange(0, 3).Draw(r, "null") == 0 {
		return name + rapid.SampledFrom([]string{" is null", " is not null"}).Draw(r, "null")
	}
	operator := rapid.SampledFrom([]string{" = ", " != ", " < ", " >= "}).Draw(r, "operator")
	if fitting := fitting[name]; len(fitting) > 0 && rapid.IntRange(0, 5).Draw(r, "odd") > 0 {
		return name + operator + rapid.SampledFrom(fitting).Draw(r, "literal")
	}
	return name + operator + rapid.SampledFrom(literals).Draw(r, "literal")
}

// fitting are literals of the types as which fields are shown.
var fitting = map[string][]string{
	"id": {"'1'", "'3'"}, "name": {"'李四'", "'secret-4'"}, "college": {"'law'", "'math'"}, "mobile": {"'138****5678'", "'13847015678'"}, "born": {"'2000-01-01'", "'2000-02-29'"},
	"pay": {"5000", "777.77", "888.88"}, "bonus": {"'1000–2000'", "'2222'"}, "grade": {"1.5", "-1"}, "ratio": {"0.5"}, "seen_at": {"'2026-01-01T00:00:00Z'"}, "local": {"'2026-01-01 08:00:00'"},
	"clock": {"'08:00:00'"}, "flag": {"true", "false"}, "big": {"0", "9223372036854775807"}, "small": {"255"}, "wide": {"1"},
}

// TestOrdersGroupsAndFiguresSeeMaskedValues looks at fields that are only masked.
func TestOrdersGroupsAndFiguresSeeMaskedValues(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(allKinds, "id", "name", "pay")})
	// By pay the order is c, b, a; by what is shown it is that of the hundreds.
	w := byHand(t, openWarehouse(t), resource, []string{"1|a|199.00", "2|b|150.00", "3|c|101.00", "4|d|250.00", "5|e|-"},
		allow("", "id", "name"), masked(allow("", "pay"), acl.Mask{Kind: acl.MaskRange, Step: "100"}))
	read := func(request query.Request) []string {
		request.Dataset = w.dataset.ID
		result, err := w.gate().Read(t.Context(), acl.NewPrincipal(own), request)
		require.NoError(t, err)
		defer result.Reader.Release()
		return linesOf(t, result.Reader)
	}
	require.Equal(t, []string{"a|", "b|", "c|", "d|", "e|"}, read(query.Request{Fields: []string{"name"}, Sort: []string{"pay", "name"}}))
	require.Equal(t, []string{"d|", "c|", "b|", "a|", "e|"}, read(query.Request{Fields: []string{"name"}, Sort: []string{"-pay", "-name"}}))
	require.Equal(t, []string{"100–200|3|", "200–300|1|", "NULL|1|"}, read(query.Request{GroupBy: []string{"pay"}, Sort: []string{"pay"}}), "the field shows text of ranges")
	require.Equal(t, []string{"100–200|200–300|2|4|"}, read(query.Request{Metrics: []plan.Metric{
		{Function: plan.Minimum, Field: "pay"}, {Function: plan.Maximum, Field: "pay"}, {Function: plan.CountDistinct, Field: "pay"}, {Function: plan.Count, Field: "pay"},
	}}))
	require.Empty(t, read(query.Request{Where: "pay = '101.00'"}))
	for _, request := range []query.Request{{Where: "pay > 100"}, {Metrics: []plan.Metric{{Function: plan.Sum, Field: "pay"}}}} {
		require.True(t, fault.Is(refusal(t, w, own, request), fault.Invalid), "the field is text now")
	}
}

// TestMomentsShowWhatCountsNow reads states at their bounds: rows and masks are as
// for the present.
func TestMomentsShowWhatCountsNow(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(allKinds, "id", "college", "pay", "born")})
	w := byHand(t, openWarehouse(t), resource, []string{"1|math|200.00|2000-05-05", "2|law|300.00|2001-05-05"},
		allow("college = 'math'", "id", "college", "pay"), masked(allow("college = 'math'", "born"), acl.Mask{Kind: acl.MaskYear}))
	w.closed(t, "1|law|100.00|2000-01-02", "2026-01-01T00:00:00Z", "2026-01-15T00:00:00Z")
	w.closed(t, "1|math|150.00|1999-09-09", "2026-01-15T00:00:00Z", published)
	w.closed(t, "2|math|250.00|1998-08-08", "2026-01-01T00:00:00Z", published)
	for moment, want := range map[string][]string{
		"2025-12-31T23:59:59.999999Z": nil, "2026-01-01T00:00:00Z": {"2|math|250.00|1998-01-01|"}, "2026-01-14T23:59:59.999999Z": {"2|math|250.00|1998-01-01|"},
		"2026-01-15T00:00:00Z": {"1|math|150.00|1999-01-01|", "2|math|250.00|1998-01-01|"}, "2026-01-31T23:59:59.999999Z": {"1|math|150.00|1999-01-01|", "2|math|250.00|1998-01-01|"},
		published: {"1|math|200.00|2000-01-01|"}, "2026-02-01T08:00:00+08:00": {"1|math|200.00|2000-01-01|"}, "2100-01-01T00:00:00Z": {"1|math|200.00|2000-01-01|"},
	} {
		at, err := time.Parse(time.RFC3339Nano, moment)
		require.NoError(t, err)
		require.Equal(t, want, rowsSeen(t, w, own, query.Request{AsOf: &at}), moment)
		require.Equal(t, []string{fmt.Sprint(len(want), "|")}, rowsSeen(t, w, own, query.Request{AsOf: &at, Metrics: []plan.Metric{{Function: plan.Count}}}), moment)
	}
}

// turning changes the policies while a read is under way.
type turning struct {
	*world
	next *acl.Set
}

func (w *turning) Salt(context.Context) (string, error) {
	w.set = w.next
	return "secret", nil
}

// TestAReadIsOfOneDecision changes the policies between plan and run.
func TestAReadIsOfOneDecision(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(nil, "id", "name")})
	hashed := masked(allow("", "name"), acl.Mask{Kind: acl.MaskHash})
	w := byHand(t, openWarehouse(t), resource, []string{"1|a", "2|b"}, allow("", "id"), hashed)
	first := w.set
	w.enact(t, allow("", "id"))
	changed := &turning{world: w, next: w.set}
	w.set = first
	gate := query.New(query.Config{Warehouse: w.warehouse, Catalog: w, Policies: changed, Recorder: w, Now: func() time.Time { return w.now }})
	result, err := gate.Read(t.Context(), acl.NewPrincipal(own), query.Request{Dataset: "hr.staff"})
	require.NoError(t, err)
	require.Len(t, result.Fields, 2)
	require.Equal(t, []int64{1, 1}, []int64{result.PolicyVersion, w.records[len(w.records)-1].PolicyVersion})
	require.Equal(t, result.Decision, w.records[len(w.records)-1].Decision)
	for _, line := range cells(t, result.Reader) {
		require.Len(t, line, len("1|")+32+len("|"), "the hash of the decision that was made")
	}
	result.Reader.Release()
	result, err = gate.Read(t.Context(), acl.NewPrincipal(own), query.Request{Dataset: "hr.staff"})
	require.NoError(t, err)
	require.Equal(t, []string{"1|", "2|"}, cells(t, result.Reader), "the next read is of the new policies")
	result.Reader.Release()
	w.enact(t)
	changed.next = w.set
	_, err = gate.Read(t.Context(), acl.NewPrincipal(own), query.Request{Dataset: "hr.staff"})
	require.True(t, fault.Is(err, fault.Denied))
}

// TestCopiesNeedTheirRight views and holds by policies for one or the other.
func TestCopiesNeedTheirRight(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(nil, "id", "name", "note")})
	held := allow("", "name")
	held.Rights = []acl.Right{acl.Hold}
	written := allow("", "*")
	written.ID, written.Rights = "write", []acl.Right{acl.Create, acl.Transmit}
	deny := allow("id = '2'", "*")
	deny.ID, deny.Effect = "deny", acl.Deny
	w := byHand(t, openWarehouse(t), resource, []string{"1|a|secret", "2|b|secret", "-|c|secret"}, allow("", "id"), held, written, deny)
	require.Equal(t, []string{"1|a|"}, rowsSeen(t, w, own, query.Request{}), "a deny counts where its condition is not false")
	require.Equal(t, []string{"a|"}, rowsSeen(t, w, own, query.Request{Right: acl.Hold}))
	require.True(t, fault.Is(refusal(t, w, own, query.Request{Right: acl.Hold, Fields: []string{"id"}}), fault.Denied))
	require.True(t, fault.Is(refusal(t, w, own, query.Request{Right: acl.Create}), fault.Invalid), "who may write does not read by that")
	require.Equal(t, []string{"1|a|secret|"}, rowsSeen(t, w, own, query.Request{Right: acl.Transmit}), "what may not be viewed may not be passed on")
}

// TestRefusedRowsAreForWhoCorrectsAll looks into the quarantine with less and less.
func TestRefusedRowsAreForWhoCorrectsAll(t *testing.T) {
	t.Parallel()
	resource := acl.NewResource(acl.Resource{Dataset: "hr.staff", Person: "id", Fields: fieldsOf(allKinds, "id", "name", "born", "year", "gone")})
	w := byHand(t, openWarehouse(t), resource, []string{"1|a|2000-01-01|2000|x"})
	for i, from := range []string{"ID", "NAME", "BIRTH", "BIRTH", "GONE"} {
		w.dataset.Fields[i].From = from
	}
	w.dataset.Fields[4].State = catalog.FieldDropped
	for _, row := range []struct{ id, dataset, code, state, raw string }{
		{"q1", "hr.staff", "not_null", "open", `{"ID":"secret-id","NAME":"secret-name","BIRTH":"secret-birth","GONE":"secret-gone","OTHER":"secret-other"}`},
		{"q2", "hr.staff", "type_mismatch", "open", `{"_raw":"secret-line"}`},
		{"q3", "hr.staff", "not_null", "replayed", `{"ID":"secret-old"}`}, {"q4", "hr.pay", "not_null", "open", `{"ID":"secret-elsewhere"}`},
	} {
		require.NoError(t, w.warehouse.Exec(t.Context(), `INSERT INTO warehouse.quarantine.rows (id, dataset, run, row, code, field, reason, raw, state, "at") VALUES (?, ?, 'r', 1, ?, 'name', 'it is empty', ?, ?, now())`,
			row.id, row.dataset, row.code, row.raw, row.state))
	}
	see := func(code string, policies ...acl.Policy) (string, error) {
		for i := range policies {
			if policies[i].Mask == nil && policies[i].Aggregate == nil && policies[i].Effect == acl.Allow {
				policies[i].Rights = []acl.Right{acl.View, acl.Create}
			}
		}
		w.enact(t, policies...)
		rows, err := w.gate().Quarantine(t.Context(), acl.NewPrincipal(own), query.QuarantineRequest{Dataset: "hr.staff", Code: code})
		if err != nil {
			require.NotContains(t, fault.Public(err), "secret")
		}
		text, marshalErr := json.Marshal(rows)
		require.NoError(t, marshalErr)
		return string(text), err
	}
	deny := allow("id = '9'", "name")
	deny.ID, deny.Effect = "deny", acl.Deny
	only := allow("", "name", "born", "year")
	only.ID, only.Rights = "view", []acl.Right{acl.View}
	for name, policies := range map[string][]acl.Policy{
		"nothing": nil, "some rows": {allow("id = '1'", "*")}, "own rows": {allow("#person = @campus_id", "*")}, "masked": {masked(allow("", "*"), acl.Mask{Kind: acl.MaskFirst})},
		"statistics": {counted(allow("", "*"), 5)}, "one of the column's fields": {allow("", "born")}, "denied on rows": {allow("", "name"), deny}, "a dropped field": {allow("", "gone")},
	} {
		text, err := see("", policies...)
		require.True(t, fault.Is(err, fault.Denied), "%s: %s", name, text)
	}
	text, err := see("", allow("", "name"))
	require.NoError(t, err)
	require.Contains(t, text, "secret-name")
	for _, secret := range []string{"secret-id", "secret-birth", "secret-gone", "secret-other", "secret-line", "secret-old", "secret-elsewhere"} {
		require.NotContains(t, text, secret)
	}
	text, err = see("", allow("", "id", "name", "born", "year"))
	require.NoError(t, err)
	require.Contains(t, text, "secret-birth")
	require.NotContains(t, text, "secret-line", "the line has the dropped field's values too")
	text, err = see("", allow("", "*"))
	require.NoError(t, err)
	require.Contains(t, text, "secret-line")
	require.NotContains(t, text, "secret-other")
	for _, code := range []string{"' OR 1=1 --", "%", "not_null\x00", "NOT_NULL"} {
		text, err = see(code, allow("", "*"))
		require.NoError(t, err)
		require.Equal(t, "[]", text, code)
	}
	text, err = see("not_null", allow("", "*"))
	require.NoError(t, err)
	require.NotContains(t, text, "secret-old")
	w.enact(t, only)
	_, err = w.gate().Quarantine(t.Context(), acl.NewPrincipal(own), query.QuarantineRequest{Dataset: "hr.staff"})
	require.True(t, fault.Is(err, fault.Denied), "who may not correct")
}
