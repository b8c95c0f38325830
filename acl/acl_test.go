package acl_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

func set(t *testing.T, policies ...acl.Policy) *acl.Set {
	t.Helper()
	made, err := acl.NewSet(1, acl.Contents{Policies: policies, Purposes: acltest.Purposes})
	require.NoError(t, err)
	return made
}

func staff() *acl.Resource {
	return acl.NewResource(acl.Resource{
		Dataset: "hr.staff", Department: "hr", Person: "id",
		Fields: []acl.Field{
			{Name: "id", Level: schema.L2, Type: schema.Of(schema.String), Column: `"id"`},
			{Name: "pay", Level: schema.L4, Type: schema.DecimalOf(10, 2), Column: `"pay"`},
		},
	})
}

func allow(id string) acl.Policy {
	return acl.Policy{ID: id, Effect: acl.Allow, Subject: acl.Subject{Anyone: true}, Resource: acl.Selector{Datasets: []string{"*"}}, Rights: []acl.Right{acl.View}}
}

func person(id string) acl.Principal {
	return acl.NewPrincipal(acl.Profile{ID: id, Kind: acl.KindPerson, Attributes: map[string][]string{"campus_id": {id}}})
}

func TestWhatIsNotSaidIsDenied(t *testing.T) {
	t.Parallel()
	var none *acl.Decision
	for name, decision := range map[string]*acl.Decision{"nil": none, "zero": {}} {
		require.False(t, decision.Allowed(), name)
		require.False(t, decision.Shown(), name)
		require.Nil(t, decision.Field("id"), name)
		require.Empty(t, decision.Fingerprint(), name)
	}
	for name, policies := range map[string]*acl.Set{"no policies": set(t), "an allow": set(t, allow("a"))} {
		decision, err := policies.Compile(acl.Principal{}, acl.Request{Right: acl.View, At: acltest.Base}, staff())
		require.NoError(t, err)
		require.False(t, decision.Allowed(), "nobody gets nothing: %s", name)
	}
	_, err := set(t).Compile(person("1"), acl.Request{Right: acl.View, Purpose: "stady"}, staff())
	require.True(t, fault.Is(err, fault.Invalid))
	require.Contains(t, fault.Public(err), "study")
	decision, err := set(t, allow("a")).Compile(person("1"), acl.Request{Right: "own", At: acltest.Base}, staff())
	require.NoError(t, err)
	require.False(t, decision.Allowed(), "a right that there is not is allowed by nothing")
}

func TestAPrincipalDoesNotChange(t *testing.T) {
	t.Parallel()
	profile := acl.Profile{ID: "1", Kind: acl.KindPerson, Roles: []string{"visitor"}, Attributes: map[string][]string{"college": {"law"}}}
	made := acl.NewPrincipal(profile)
	profile.Roles[0] = "leader"
	profile.Attributes["college"][0] = "math"
	profile.Attributes["campus_id"] = []string{"2"}
	require.False(t, made.HasRole("leader"))
	require.False(t, made.Has("college", "math"))
	require.Empty(t, made.Profile().Attributes["campus_id"])
}

// TestDecisionsAreKeptAsLongAsTheyAreRight moves the clock, the policies and the
// resource behind a decider's back.
func TestDecisionsAreKeptAsLongAsTheyAreRight(t *testing.T) {
	t.Parallel()
	now := acltest.Base
	soon := allow("soon")
	soon.Valid = acl.Period{From: now.Add(time.Hour), Until: now.Add(2 * time.Hour)}
	current := set(t, soon)
	decider := acl.NewDecider(func() *acl.Set { return current }, func() time.Time { return now })
	allowed := func(resource *acl.Resource) bool {
		decision, err := decider.Decide(person("1"), acl.View, "", resource)
		require.NoError(t, err)
		return decision.Allowed()
	}
	resource := staff()
	require.False(t, allowed(resource))
	first, err := decider.Decide(person("1"), acl.View, "", resource)
	require.NoError(t, err)
	again, err := decider.Decide(person("1"), acl.View, "", staff())
	require.NoError(t, err)
	require.Same(t, first, again, "equal principals and resources have one decision")
	now = now.Add(time.Hour)
	require.True(t, allowed(resource), "the period began")
	now = now.Add(time.Hour)
	require.False(t, allowed(resource), "the period ended")
	current = set(t, allow("always"))
	require.True(t, allowed(resource), "the policies changed")
	denied := allow("pay")
	denied.Effect, denied.Resource = acl.Deny, acl.Selector{Levels: []schema.Level{schema.L2}}
	current = set(t, allow("always"), denied)
	decision, err := decider.Decide(person("1"), acl.View, "", resource)
	require.NoError(t, err)
	require.Equal(t, acl.Denied, decision.Field("id").Best().Access)
	changed := *resource
	changed.Fields = append([]acl.Field(nil), resource.Fields...)
	changed.Fields[0].Level = schema.L3
	decision, err = decider.Decide(person("1"), acl.View, "", acl.NewResource(changed))
	require.NoError(t, err)
	require.Equal(t, acl.Clear, decision.Field("id").Best().Access, "the field's level changed")
}

// TestHoursOpenAndClose compares each minute of two weeks with the clock on the wall.
func TestHoursOpenAndClose(t *testing.T) {
	t.Parallel()
	for name, hours := range map[string]acl.Hours{
		"day":            {From: "08:00", Until: "18:00", Days: []string{"mon", "fri"}},
		"over midnight":  {From: "22:00", Until: "06:00", Days: []string{"sun"}},
		"whole days":     {From: "00:00", Until: "24:00", Days: []string{"sat", "sun"}},
		"always":         {From: "00:00", Until: "00:00"},
		"another zone":   {From: "08:30", Until: "09:00", Zone: "America/New_York"},
		"clocks go back": {From: "01:00", Until: "03:00", Zone: "Europe/Berlin"},
	} {
		policy := allow("p")
		policy.Hours = &hours
		policies := set(t, policy)
		begin := time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)
		var valid time.Time
		open := false
		for minute := range 14 * 24 * 60 / 5 {
			at := begin.Add(time.Duration(minute*5) * time.Minute)
			decision, err := policies.Compile(person("1"), acl.Request{Right: acl.View, At: at}, staff())
			require.NoError(t, err)
			if !valid.IsZero() && at.Before(valid) {
				require.Equal(t, open, decision.Allowed(), "%s at %s: a decision says how long it is right", name, at)
			}
			open, valid = decision.Allowed(), decision.Changes()
			require.True(t, valid.After(at), "%s at %s", name, at)
			reference := acltest.Reference{Policies: []acl.Policy{policy}}
			if hours.Until != "24:00" && hours.From != hours.Until {
				want := reference.Shown(acltest.Asked{Who: person("1").Profile(), Resource: staff(), Right: acl.View, At: at}, staff().Fields[0], nil)
				require.Equal(t, want.Access == acl.Clear, decision.Allowed(), "%s at %s", name, at)
			}
		}
	}
}

// TestAClassGetsOneDecision draws worlds and holds every member of a class
// against its first one.
func TestAClassGetsOneDecision(t *testing.T) {
	t.Parallel()
	shared := 0
	for seed := range uint64(300) {
		draw := acltest.NewDraw(seed)
		policies := set(t, draw.Policies(8)...)
		resource := draw.Resource()
		first := map[string]*acl.Decision{}
		for range 60 {
			principal := acl.NewPrincipal(draw.Profile())
			decision, err := policies.Compile(principal, acl.Request{Right: acl.View, At: acltest.Base}, resource)
			require.NoError(t, err)
			known := first[policies.Class(principal)]
			if known == nil {
				first[policies.Class(principal)] = decision
				continue
			}
			shared++
			for _, field := range resource.Fields {
				require.Equal(t, known.Field(field.Name).Best(), decision.Field(field.Name).Best(), "seed %d", seed)
				require.Equal(t, known.Field(field.Name).Whole(), decision.Field(field.Name).Whole(), "seed %d", seed)
				require.Equal(t, known.Summary(field.Name), decision.Summary(field.Name), "seed %d", seed)
			}
		}
	}
	require.Greater(t, shared, 1000)
}

func TestExplainNamesWhatDecidedAndWhatWouldHave(t *testing.T) {
	t.Parallel()
	clear, taken, other, later := allow("clear"), allow("taken"), allow("other"), allow("later")
	taken.Effect, taken.Resource, taken.Mask = acl.Deny, acl.Selector{Levels: []schema.Level{schema.L4}}, &acl.Mask{Kind: acl.MaskRange, Step: "1000"}
	other.Subject = acl.Subject{Roles: []string{"leader"}}
	later.Valid = acl.Period{From: acltest.Base.Add(time.Hour)}
	both := allow("both")
	both.Subject, both.Rights = acl.Subject{Roles: []string{"leader"}}, []acl.Right{acl.Create}
	explained, err := set(t, clear, taken, other, later, both).Explain(person("1"), acl.Request{Right: acl.View, At: acltest.Base}, staff(), "pay")
	require.NoError(t, err)
	require.Len(t, explained.Fields, 1)
	pay := explained.Fields[0]
	require.Equal(t, "masked (range of 1000)", pay.Access)
	found := map[string]string{}
	for _, finding := range pay.Findings {
		found[finding.Policy] = finding.Outcome + " " + finding.Why
	}
	require.Equal(t, "allows ", found["clear"])
	require.Equal(t, "limits ", found["taken"])
	require.Contains(t, found["other"], "would it is about others: role leader")
	require.Contains(t, found["later"], "would it does not count at this time")
	require.NotContains(t, found, "both", "two things would have to be otherwise")
}

func TestWrongPoliciesAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*acl.Policy)
		says   string
	}{
		"no id":             {func(p *acl.Policy) { p.ID = "" }, "a name is empty"},
		"effect":            {func(p *acl.Policy) { p.Effect = "permit" }, "write allow or deny"},
		"no rights":         {func(p *acl.Policy) { p.Rights = nil }, "name at least one of view"},
		"right":             {func(p *acl.Policy) { p.Rights = []acl.Right{"read"} }, `"read" is none of`},
		"nobody":            {func(p *acl.Policy) { p.Subject = acl.Subject{} }, "anyone: true"},
		"nothing":           {func(p *acl.Policy) { p.Resource = acl.Selector{} }, `datasets: ["*"]`},
		"rows":              {func(p *acl.Policy) { p.Rows = "pay >" }, "it ends where a value"},
		"mask":              {func(p *acl.Policy) { p.Mask = &acl.Mask{Kind: "phon"} }, "is phone meant?"},
		"range":             {func(p *acl.Policy) { p.Mask = &acl.Mask{Kind: acl.MaskRange} }, "either step"},
		"falling bounds":    {func(p *acl.Policy) { p.Mask = &acl.Mask{Kind: acl.MaskRange, Bounds: "5,1"} }, "the bounds must rise"},
		"created masked":    {func(p *acl.Policy) { p.Mask, p.Rights = &acl.Mask{Kind: acl.MaskNull}, []acl.Right{acl.Create} }, "neither masked nor aggregated"},
		"one person":        {func(p *acl.Policy) { p.Aggregate = &acl.Aggregate{MinPeople: 1} }, "at least 2"},
		"both":              {func(p *acl.Policy) { p.Aggregate, p.Mask = &acl.Aggregate{MinPeople: 5}, &acl.Mask{Kind: acl.MaskNull} }, "not both"},
		"hours":             {func(p *acl.Policy) { p.Hours = &acl.Hours{From: "8", Until: "18:00"} }, "write it as 08:00"},
		"zone":              {func(p *acl.Policy) { p.Hours = &acl.Hours{From: "08:00", Until: "18:00", Zone: "Mars"} }, "no time zone"},
		"invisible":         {func(p *acl.Policy) { p.Resource.Datasets = []string{"hr.sta\u200bff"} }, "cannot be seen (U+200B)"},
		"another form":      {func(p *acl.Policy) { p.Resource.Fields = []string{"e\u0301"} }, "composed form"},
		"empty exception":   {func(p *acl.Policy) { p.Except = []acl.Exception{{}} }, "name a subject or a resource"},
		"purpose":           {func(p *acl.Policy) { p.Purposes = []string{"stady"} }, "is study meant?"},
		"unknown named":     {func(p *acl.Policy) { p.Mask = &acl.Mask{Kind: acl.MaskExpression, Name: "half"} }, "no mask expression"},
		"invisible in role": {func(p *acl.Policy) { p.Subject = acl.Subject{Roles: []string{"lea\u202eder"}} }, "cannot be seen"},
	} {
		policy := allow("p")
		test.change(&policy)
		_, err := acl.NewSet(1, acl.Contents{Policies: []acl.Policy{policy}, Purposes: acltest.Purposes})
		require.Error(t, err, name)
		require.True(t, fault.Is(err, fault.Invalid), name)
		require.Contains(t, fault.Public(err), test.says, name)
	}
	_, err := acl.NewSet(1, acl.Contents{Policies: []acl.Policy{allow("p"), allow("p")}})
	require.ErrorContains(t, err, "twice")
}
