package query_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/schema"
)

// payroll is what statistics are drawn of: dimensions are college, title and
// grade, the rest is about people.
var payroll = acl.NewResource(acl.Resource{Dataset: "hr.pay", Person: "id", Fields: fieldsOf(
	map[string]schema.Type{"pay": schema.Of(schema.Int32), "grade": schema.Of(schema.Int16)}, "id", "name", "college", "title", "grade", "pay")})

// insider is an attacker who sees own rows, of whatever the policies say.
var insider = acl.Profile{ID: "p1", Kind: acl.KindPerson, Attributes: map[string][]string{"campus_id": {"1"}, "college": {"math"}}}

// survey is a payroll with policies, judged row by row after the rule that is
// written down in package plan: the attacker's figures are over these rows.
type survey struct {
	*world
	decision *acl.Decision
	people   int
	split    []string
	judged   []judged
	// crowds are the hidden people of each atom, of all rows and of those that count.
	crowds map[string]map[string]bool
}

// judged is a row as figures see it.
type judged struct {
	row acltest.Row
	// value is what counts of each field, open where it is no more than is shown.
	value        map[string]condition.Value
	open         map[string]bool
	counted      bool
	hidden       bool
	atom, person string
}

func (s *survey) judge(t *testing.T) {
	t.Helper()
	asked := acltest.Asked{Who: insider, Resource: payroll, Right: acl.View, At: s.now}
	var err error
	s.decision, err = s.set.Compile(asked.Principal(), acl.Request{Right: acl.View, At: s.now}, payroll)
	require.NoError(t, err)
	s.people, s.split = s.decision.Grouping().MinPeople, nil
	var unseen []string
	for _, name := range s.decision.Grouping().Dimensions {
		if s.decision.Field(name).Best().Access > acl.Denied {
			s.split = append(s.split, name)
		} else {
			unseen = append(unseen, name)
		}
	}
	// Masks that denies leave are the same for what is shown and what counts.
	uncapped := s.reference()
	uncapped.Policies = slices.DeleteFunc(slices.Clone(s.policies), func(p acl.Policy) bool { return p.Effect == acl.Deny && p.Mask != nil })
	s.judged, s.crowds = nil, map[string]map[string]bool{}
	for _, row := range s.rows {
		one := judged{row: row, value: map[string]condition.Value{}, open: map[string]bool{}, hidden: true, person: row["id"].Text}
		may := false
		for _, field := range payroll.Fields {
			counts := s.reference().Counted(asked, field, row)
			shown := uncapped.Shown(asked, field, row)
			may = may || counts.Access >= acl.Statistics
			one.value[field.Name] = acltest.Shown(row[field.Name], counts, "")
			one.open[field.Name] = shown.Access >= acl.Masked && shown.Mask == uncapped.Counted(asked, field, row).Mask
			one.hidden = one.hidden && shown.Access < acl.Masked
		}
		for _, name := range s.split {
			one.hidden = one.hidden || !one.open[name]
			one.atom += cell(one.value[name])
		}
		for _, name := range unseen {
			one.atom += cell(row[name])
		}
		if may {
			s.judged = append(s.judged, one)
			s.crowd("rows "+one.atom, one.person, one.hidden)
		}
	}
	for i := range s.judged {
		one := &s.judged[i]
		one.counted = !one.hidden || len(s.crowds["rows "+one.atom]) >= s.people
		s.crowd(fmt.Sprint("pay ", one.value["pay"].Valid, one.atom), one.person, one.counted && !one.open["pay"])
	}
}

func (s *survey) crowd(of, person string, counts bool) {
	if s.crowds[of] == nil {
		s.crowds[of] = map[string]bool{}
	}
	if counts {
		s.crowds[of][person] = true
	}
}

// pays reports whether the pay of a row that counts does.
func (s *survey) pays(one judged) bool {
	values, missing := len(s.crowds["pay true"+one.atom]), len(s.crowds["pay false"+one.atom])
	return one.value["pay"].Valid && (one.open["pay"] || values >= s.people && (missing == 0 || missing >= s.people))
}

// protected reports whether a request speaks of a field of which there are
// statistics only; others are answered from what is shown.
func (s *survey) protected(request query.Request) bool {
	spoken := slices.Concat(request.GroupBy, []string{"pay"})
	if request.Where != "" {
		parsed, _ := condition.Parse(request.Where)
		spoken = append(spoken, parsed.Fields()...)
	}
	return slices.ContainsFunc(spoken, func(name string) bool { return s.decision.Field(name).Statistical() })
}

// figure is a group of an answer: the rows that it counts and those whose pay it
// counts, as places in judged.
type figure struct {
	label     string
	rows, pay []int
}

// figures are those that a request is about.
func (s *survey) figures(t require.TestingT, request query.Request) []figure {
	bound := condition.Condition{}
	if request.Where != "" {
		parsed, err := condition.Parse(request.Where)
		require.NoError(t, err)
		bound, err = parsed.Bind(condition.Scope{Field: func(name string) (condition.Field, bool) {
			field, ok := payroll.Field(name)
			return condition.Field{Name: name, Expression: name, Type: field.Type}, ok
		}})
		require.NoError(t, err)
	}
	found := map[string]*figure{}
	if len(request.GroupBy) == 0 {
		found[""] = &figure{}
	}
	for i, one := range s.judged {
		if !one.counted || bound.Holds(func(name string) condition.Value { return one.value[name] }) != condition.True {
			continue
		}
		label := ""
		for _, name := range request.GroupBy {
			label += cell(one.value[name])
		}
		if found[label] == nil {
			found[label] = &figure{label: label}
		}
		found[label].rows = append(found[label].rows, i)
		if s.pays(one) {
			found[label].pay = append(found[label].pay, i)
		}
	}
	var made []figure
	for _, label := range slices.Sorted(maps.Keys(found)) {
		made = append(made, *found[label])
	}
	return made
}

// line writes a figure as the answer to count, count(pay), sum(pay) and avg(pay).
func (s *survey) line(f figure) string {
	sum := 0
	for _, i := range f.pay {
		pay, _ := strconv.Atoi(s.judged[i].value["pay"].Text)
		sum += pay
	}
	if len(f.pay) == 0 {
		return fmt.Sprintf("%s%d|0|NULL|NULL|", f.label, len(f.rows))
	}
	return fmt.Sprintf("%s%d|%d|%d|%s|", f.label, len(f.rows), len(f.pay), sum, strconv.FormatFloat(float64(sum)/float64(len(f.pay)), 'g', 5, 64))
}

// rounded writes averages as line does, whatever digits the engine gives.
func rounded(lines []string) []string {
	var made []string
	for _, line := range lines {
		parts := strings.Split(line, "|")
		if average, err := strconv.ParseFloat(parts[len(parts)-2], 64); err == nil {
			parts[len(parts)-2] = strconv.FormatFloat(average, 'g', 5, 64)
		}
		made = append(made, strings.Join(parts, "|"))
	}
	return made
}

var allFigures = []plan.Metric{{Function: plan.Count}, {Function: plan.Count, Field: "pay"}, {Function: plan.Sum, Field: "pay"}, {Function: plan.Average, Field: "pay"}}

// noFewer asserts that nothing that can be worked out of the figures is about
// fewer people than the policies say. All that can be is made of the parts into
// which the figures divide the rows: their sums are known, and no part of them.
func (s *survey) noFewer(t require.TestingT, known []figure) {
	inRows, inPay := make([]string, len(s.judged)), make([]string, len(s.judged))
	for number, f := range known {
		for _, i := range f.rows {
			inRows[i] += fmt.Sprint(number, " ")
		}
		for _, i := range f.pay {
			inPay[i] += fmt.Sprint(number, " ")
		}
	}
	told := map[string]bool{}
	for _, one := range s.judged {
		told[one.atom] = told[one.atom] || s.pays(one) && !one.open["pay"]
	}
	parts := map[string]map[string]bool{}
	put := func(part, person string) {
		if parts[part] == nil {
			parts[part] = map[string]bool{}
		}
		parts[part][person] = true
	}
	for i, one := range s.judged {
		if one.hidden && inRows[i] != "" {
			put("rows "+inRows[i], one.person)
		}
		// Where pay is told, what counts as a row and has no pay lacks it.
		if told[one.atom] && one.counted && !one.open["pay"] && inRows[i] != "" {
			put("rows "+inRows[i]+" pay "+inPay[i], one.person)
		}
		if !one.open["pay"] && inPay[i] != "" {
			put("pay "+inPay[i], one.person)
		}
	}
	for part, people := range parts {
		require.GreaterOrEqual(t, len(people), s.people, "%s of %d figures under %v", part, len(known), s.policies)
	}
}

// fillPayroll publishes drawn rows at once.
func fillPayroll(t *testing.T, opened *warehouse.Warehouse, rows []string) (catalog.Dataset, []acltest.Row) {
	t.Helper()
	dataset := publish(t, opened, payroll, nil)
	var values []string
	var made []acltest.Row
	for _, line := range rows {
		made = append(made, rowOf(payroll, line))
		cells := strings.Split(line, "|")
		for i, value := range cells {
			if cells[i] = warehouse.Literal(value); value == "-" {
				cells[i] = "NULL"
			}
		}
		values = append(values, "("+strings.Join(cells, ", ")+")")
	}
	require.NoError(t, opened.Exec(t.Context(), "INSERT INTO "+warehouse.Published(payroll.Dataset)+" VALUES "+strings.Join(values, ", ")))
	return dataset, made
}

// drawPayroll draws rows in which one person has many, some are about nobody, and
// some dimensions are of few.
func drawPayroll(r *rapid.T) []string {
	var rows []string
	of := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(r, label) }
	missing := rapid.IntRange(2, 20).Draw(r, "missing")
	for i := range rapid.IntRange(60, 120).Draw(r, "rows") {
		person, pay := strconv.Itoa(i), strconv.Itoa(1000+i*7)
		switch rapid.IntRange(0, 9).Draw(r, "person") {
		case 0:
			person = of("same", "1", "2", "3")
		case 1:
			person = of("none", "-", "")
		}
		if rapid.IntRange(0, missing).Draw(r, "pay") == 0 {
			pay = "-"
		}
		rows = append(rows, strings.Join([]string{
			person, "n" + person, of("college", "math", "math", "law", "arts", "m", "-"), of("title", "a", "a", "a", "b", "c", "-"), of("grade", "1", "1", "2", "3", "-"), pay,
		}, "|"))
	}
	return rows
}

// drawRules draws policies that always give statistics of pay, and that otherwise
// show and hide parts of the rest.
func drawRules(r *rapid.T) []acl.Policy {
	people := rapid.IntRange(2, 6).Draw(r, "people")
	rules := []acl.Policy{counted(allow("", "pay"), people, "college", "title", "grade")}
	maybe := func(name string, policies ...acl.Policy) {
		if rapid.IntRange(0, 3).Draw(r, name) == 0 {
			rules = append(rules, policies...)
		}
	}
	if rapid.Bool().Draw(r, "open dimensions") {
		rules = append(rules, allow("", "college", "title", "grade"))
	} else {
		rules = append(rules, counted(allow("", "college", "title", "grade"), 2))
	}
	denied := func(p acl.Policy) acl.Policy {
		p.ID, p.Effect = "deny "+p.ID, acl.Deny
		return p
	}
	maybe("names", allow("", "name"))
	maybe("own name", allow("#person = @campus_id", "name", "id"))
	maybe("own pay", allow("#person = @campus_id", "pay"))
	maybe("college's pay", allow("college = @college", "pay", "name"))
	maybe("masked pay", masked(allow("", "pay"), acl.Mask{Kind: acl.MaskNull}))
	maybe("masked college", masked(allow("", "college"), acl.Mask{Kind: acl.MaskFirst}))
	maybe("some titles", allow("title = 'a' or grade = 1", "title"))
	maybe("no pay of c", denied(allow("title = 'c'", "pay")))
	maybe("no high pay", denied(allow("pay > 1200", "pay")))
	maybe("statistics left", denied(counted(allow("college = 'law'", "pay", "name", "title"), people)))
	maybe("college left masked", denied(masked(allow("grade = 1", "college"), acl.Mask{Kind: acl.MaskFirst})))
	maybe("nothing of arts", denied(allow("college = 'arts'", "*")))
	return rules
}

func drawFigures(r *rapid.T) query.Request {
	dimensions := []string{"college", "title", "grade"}
	request := query.Request{Metrics: allFigures, GroupBy: rapid.SliceOfNDistinct(rapid.SampledFrom(dimensions), 0, 3, rapid.ID).Draw(r, "groups"), Limit: 1000}
	if rapid.IntRange(0, 3).Draw(r, "filter") > 0 {
		request.Where = drawPart(r, 2)
	}
	return request
}

func drawPart(r *rapid.T, depth int) string {
	if depth > 0 {
		switch rapid.IntRange(0, 3).Draw(r, "shape") {
		case 0:
			return "(" + drawPart(r, depth-1) + rapid.SampledFrom([]string{" and ", " or "}).Draw(r, "join") + drawPart(r, depth-1) + ")"
		case 1:
			return "not " + drawPart(r, depth-1)
		}
	}
	return rapid.SampledFrom([]string{
		"college = 'math'", "college != 'law'", "college in ('law', 'arts', 'none')", "college is null", "college like '%m%'", "title = 'c'", "title not in ('a')", "title is not null",
		"title >= 'b'", "grade = 1", "grade < 3", "grade is null", "college contains 'a'",
	}).Draw(r, "part")
}

// TestNoFiguresTellOfFew lets an attacker combine figures that were answered, of
// drawn payrolls under drawn policies, and checks each figure against the rows.
func TestNoFiguresTellOfFew(t *testing.T) {
	t.Parallel()
	opened := openWarehouse(t)
	rapid.Check(t, func(r *rapid.T) {
		s := &survey{world: &world{warehouse: opened, resource: payroll, now: acltest.Base, policies: drawRules(r)}}
		s.dataset, s.rows = fillPayroll(t, opened, drawPayroll(r))
		s.enact(t, s.policies...)
		s.judge(t)
		var known []figure
		for range rapid.IntRange(2, 4).Draw(r, "requests") {
			request := drawFigures(r)
			request.Dataset = payroll.Dataset
			if !s.answerable(request) {
				continue
			}
			result, err := s.gate().Read(t.Context(), acl.NewPrincipal(insider), request)
			require.NoError(r, err, "%+v under %v", request, s.policies)
			got := rounded(cells(t, result.Reader))
			result.Reader.Release()
			var want []string
			figures := s.figures(r, request)
			for _, f := range figures {
				want = append(want, s.line(f))
			}
			slices.Sort(want)
			require.Equal(r, want, got, "%+v under %v", request, s.policies)
			known = append(known, figures...)
		}
		s.noFewer(r, known)
	})
}

// answerable reports whether a request is one for statistics: pay is never seen by
// everybody, and dimensions that are nowhere shown are none.
func (s *survey) answerable(request query.Request) bool {
	if s.decision.Field("pay").Best().Access == acl.Denied || !s.protected(request) {
		return false
	}
	spoken := slices.Clone(request.GroupBy)
	if parsed, err := condition.Parse(request.Where); err == nil {
		spoken = append(spoken, parsed.Fields()...)
	}
	return !slices.ContainsFunc(spoken, func(name string) bool { return !slices.Contains(s.split, name) })
}
