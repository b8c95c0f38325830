package plan_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

var staff = catalog.Dataset{
	ID: "hr.staff", Person: "id", Version: 1, Key: []string{"id"},
	Fields: []catalog.Field{
		{Name: "id", Type: schema.Of(schema.String), Level: schema.L2}, {Name: "name", Type: schema.Of(schema.String), Level: schema.L2, Element: "person.name"},
		{Name: "college", Type: schema.Of(schema.String), Level: schema.L1}, {Name: "born", Type: schema.Of(schema.Date), Level: schema.L3},
		{Name: "pay", Type: schema.DecimalOf(10, 2), Level: schema.L4},
	},
}

// rule is a policy about fields of staff, for everybody.
func rule(id string, fields []string, change func(*acl.Policy)) acl.Policy {
	made := acl.Policy{ID: id, Effect: acl.Allow, Subject: acl.Subject{Anyone: true}, Rights: []acl.Right{acl.View}, Resource: acl.Selector{Fields: fields}}
	if change != nil {
		change(&made)
	}
	return made
}

func rows(condition string) func(*acl.Policy) {
	return func(p *acl.Policy) { p.Rows = condition }
}

func mask(kind acl.MaskKind, condition string) func(*acl.Policy) {
	return func(p *acl.Policy) { p.Mask, p.Rows = &acl.Mask{Kind: kind}, condition }
}

func deny(further func(*acl.Policy)) func(*acl.Policy) {
	return func(p *acl.Policy) {
		p.Effect = acl.Deny
		further(p)
	}
}

func aggregate(people int, dimensions ...string) func(*acl.Policy) {
	return func(p *acl.Policy) { p.Aggregate = &acl.Aggregate{MinPeople: people, Dimensions: dimensions} }
}

func decide(t *testing.T, dataset catalog.Dataset, purpose string, policies ...acl.Policy) *acl.Decision {
	t.Helper()
	set, err := acl.NewSet(1, acl.Contents{
		Policies: policies, Purposes: []acl.Purpose{{ID: "offer", Title: "推荐", Basis: acl.BasisConsent}},
		Expressions: []acl.Expression{{Name: "decade", Type: schema.Of(schema.Int32), SQL: "year(value) // 10 * 10"}},
	})
	require.NoError(t, err)
	who := acl.NewPrincipal(acl.Profile{ID: "p1", Kind: acl.KindPerson, Attributes: map[string][]string{"campus_id": {"1"}, "college": {"math", "law"}}})
	decision, err := set.Compile(who, acl.Request{Right: acl.View, Purpose: purpose}, query.ResourceOf(dataset))
	require.NoError(t, err)
	return decision
}

var all = []string{"*"}

// TestPlans writes down the statements of decisions, for whoever reviews a change
// of them. Statements are broken into lines here.
func TestPlans(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		policies []acl.Policy
		purpose  string
		request  plan.Request
	}{
		"clear":        {[]acl.Policy{rule("a", all, nil)}, "", plan.Request{}},
		"some_fields":  {[]acl.Policy{rule("a", []string{"name", "college"}, nil)}, "", plan.Request{Fields: []string{"college", "name"}}},
		"masked":       {[]acl.Policy{rule("a", all, mask(acl.MaskAuto, "")), rule("h", []string{"id"}, mask(acl.MaskHash, ""))}, "", plan.Request{}},
		"expression":   {[]acl.Policy{rule("a", []string{"born"}, func(p *acl.Policy) { p.Mask = &acl.Mask{Kind: acl.MaskExpression, Name: "decade"} })}, "", plan.Request{}},
		"ranges":       {[]acl.Policy{rule("a", []string{"pay"}, func(p *acl.Policy) { p.Mask = &acl.Mask{Kind: acl.MaskRange, Step: "1000"} }), rule("b", []string{"name"}, nil)}, "", plan.Request{}},
		"rows":         {[]acl.Policy{rule("a", all, rows("college = @college"))}, "", plan.Request{}},
		"rows_differ":  {[]acl.Policy{rule("a", []string{"id", "name"}, rows("college = @college")), rule("b", []string{"pay"}, rows("#person = @campus_id"))}, "", plan.Request{}},
		"deny_rows":    {[]acl.Policy{rule("a", all, nil), rule("d", []string{"pay"}, deny(rows("pay > 20000"))), rule("e", []string{"name"}, deny(rows("college = 'law'")))}, "", plan.Request{}},
		"cap_rows":     {[]acl.Policy{rule("a", all, nil), rule("c", []string{"name"}, deny(mask(acl.MaskName, "college = 'law'")))}, "", plan.Request{}},
		"masks_differ": {[]acl.Policy{rule("a", []string{"born"}, mask(acl.MaskYear, "college = 'law'")), rule("b", []string{"born"}, mask(acl.MaskFirst, "")), rule("c", []string{"born"}, rows("#person = @campus_id"))}, "", plan.Request{}},
		"consent":      {[]acl.Policy{rule("a", []string{"id", "name"}, nil)}, "offer", plan.Request{}},
		"as_of":        {[]acl.Policy{rule("a", []string{"name", "college"}, rows("college = 'law'"))}, "", plan.Request{AsOf: &moment}},
		"asked":        {[]acl.Policy{rule("a", all, nil), rule("m", []string{"born"}, deny(mask(acl.MaskYear, "")))}, "", plan.Request{Fields: []string{"name"}, Where: "born >= '2000-01-01' and not (college like '%a_%b' or pay in (1, 2.5))", Sort: []string{"-born", "name", "born"}, Offset: 20}},
		"page":         {[]acl.Policy{rule("a", []string{"name"}, nil)}, "", plan.Request{Sort: []string{"-name"}, Page: &plan.Page{After: []*string{nil, new(string)}, Secret: "secret"}}},
		"figures":      {[]acl.Policy{rule("a", []string{"college", "born"}, nil), rule("p", []string{"pay"}, rows("#person = @campus_id"))}, "", plan.Request{GroupBy: []string{"college"}, Metrics: []plan.Metric{{Function: plan.Count}, {Function: plan.Sum, Field: "pay", As: "total"}, {Function: plan.CountDistinct, Field: "born"}}, Where: "college is not null", Sort: []string{"-total"}}},
		"statistics":   {[]acl.Policy{rule("a", []string{"college"}, nil), rule("n", []string{"name"}, rows("#person = @campus_id")), rule("s", []string{"pay", "born"}, aggregate(5, "college", "born"))}, "", plan.Request{GroupBy: []string{"college"}, Metrics: []plan.Metric{{Function: plan.Count}, {Function: plan.Average, Field: "pay"}}, Where: "born < '2000-01-01'"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.request.Limit = 100
			made, err := plan.New(staff, decide(t, staff, c.purpose, c.policies...), c.request, plan.Means{
				Salt: "salt", Consented: []string{"7"}, Templates: map[string]string{"decade": `(year("` + plan.ValueName + `") // 10) * 10`},
			})
			require.NoError(t, err)
			require.Equal(t, len(made.Args), strings.Count(made.SQL, "?"))
			golden(t, name, written(c.policies, made, name == "asked"))
		})
	}
}

func written(policies []acl.Policy, made plan.Plan, people bool) string {
	var b strings.Builder
	for _, policy := range policies {
		fmt.Fprintf(&b, "-- %s %s", policy.Effect, strings.Join(policy.Resource.Fields, ", "))
		if policy.Mask != nil {
			fmt.Fprintf(&b, ", masked by %s", policy.Mask)
		}
		if policy.Aggregate != nil {
			fmt.Fprintf(&b, ", in statistics of %d people by %s", policy.Aggregate.MinPeople, strings.Join(policy.Aggregate.Dimensions, ", "))
		}
		if policy.Rows != "" {
			fmt.Fprintf(&b, ", where %s", policy.Rows)
		}
		b.WriteString("\n")
	}
	for _, field := range made.Fields {
		fmt.Fprintf(&b, "-- shows %s: %s %s", field.Name, field.Access, field.Type)
		if field.SomeRows {
			b.WriteString(" on some rows")
		}
		b.WriteString("\n")
	}
	for _, withheld := range made.Withheld {
		fmt.Fprintf(&b, "-- withholds %s\n", withheld.Field)
	}
	broken := strings.NewReplacer(" DISTINCT FROM ", " DISTINCT FROM ", " FROM ", "\n  FROM ", " WHERE ", "\n  WHERE ", " GROUP BY ", "\n  GROUP BY ", " ORDER BY ", "\n  ORDER BY ", " UNION ALL ", "\n  UNION ALL ", " JOIN ", "\n  JOIN ",
		", CASE ", ",\n    CASE ", " WHEN ", "\n      WHEN ", " ELSE ", "\n      ELSE ", ", atoms AS ", ",\natoms AS ", " LIMIT ", "\n  LIMIT ", ", count(", ",\n    count(", ", coalesce(", ",\n    coalesce(", ", NOT (", ",\n    NOT (")
	b.WriteString(broken.Replace(made.SQL) + "\n")
	for _, arg := range made.Args {
		fmt.Fprintf(&b, "-- with %v\n", arg)
	}
	if people {
		b.WriteString("\n-- people concerned\n" + broken.Replace(made.Persons.SQL) + "\n")
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".sql")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "write it by -update, and read it")
	require.Equal(t, string(want), got, "read the difference, then -update")
}

// TestPlansNeedADecisionOfTheirDataset tries to plan without one.
func TestPlansNeedADecisionOfTheirDataset(t *testing.T) {
	t.Parallel()
	pay := staff
	pay.ID = "hr.pay"
	open := rule("a", all, nil)
	held, other := decide(t, pay, "", open), decide(t, staff, "", open)
	for name, decision := range map[string]*acl.Decision{
		"none": nil, "the zero value": {}, "no policy": decide(t, staff, ""), "another dataset's": held, "a purpose for which nobody consented to any field": decide(t, catalog.Dataset{ID: "hr.staff"}, "", open),
		"denied": decide(t, staff, "", open, rule("d", all, deny(rows("")))), "no rows can hold": decide(t, staff, "", rule("a", all, rows("nothing = 1"))),
	} {
		for _, request := range []plan.Request{{Limit: 1}, {Limit: 1, Metrics: []plan.Metric{{Function: plan.Count}}}, {Limit: 1, Fields: []string{"name"}}, {Limit: 1, GroupBy: []string{"name"}}} {
			made, err := plan.New(staff, decision, request, plan.Means{})
			require.True(t, fault.Is(err, fault.Denied), "%s: %v", name, err)
			require.Empty(t, made.SQL)
		}
	}
	_, err := plan.New(pay, other, plan.Request{Limit: 1}, plan.Means{})
	require.True(t, fault.Is(err, fault.Denied))
	statistics := decide(t, staff, "", rule("s", []string{"pay"}, aggregate(3)))
	_, err = plan.New(staff, statistics, plan.Request{Limit: 1}, plan.Means{})
	require.True(t, fault.Is(err, fault.Denied), "statistics are no rows")
	expressed := decide(t, staff, "", rule("a", []string{"born"}, func(p *acl.Policy) { p.Mask = &acl.Mask{Kind: acl.MaskExpression, Name: "decade"} }))
	_, err = plan.New(staff, expressed, plan.Request{Limit: 1}, plan.Means{})
	require.True(t, fault.Is(err, fault.Unavailable), "an expression that was not checked")
}
