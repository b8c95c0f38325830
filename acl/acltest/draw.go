package acltest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/schema"
)

// Draw draws worlds that are small enough for everything to meet everything.
// Equal seeds draw equal worlds.
type Draw struct{ random *rand.Rand }

// NewDraw begins to draw.
func NewDraw(seed uint64) *Draw { return &Draw{rand.New(rand.NewPCG(seed, 1))} }

// Base is the moment around which times are drawn, a Wednesday.
var Base = time.Date(2026, 3, 18, 2, 0, 0, 0, time.UTC)

// Purposes are the purposes of every world.
var Purposes = []acl.Purpose{
	{ID: "study", Title: "统计", Basis: "public_interest"}, {ID: "offer", Title: "推荐", Basis: acl.BasisConsent},
}

var (
	roles       = []string{"leader", "teacher", "student"}
	groups      = []string{"g1", "g2"}
	departments = []string{"hr", "finance"}
	colleges    = []string{"math", "law"}
	people      = []string{"1", "2", "3", "4"}
	applied     = []string{"library", "portal"}
	levels      = []schema.Level{0, schema.L1, schema.L2, schema.L3, schema.L4}
	tags        = []string{"pii", "health"}
	masks       = []acl.Mask{
		{Kind: acl.MaskAuto}, {Kind: acl.MaskNull}, {Kind: acl.MaskConstant, Value: "x"}, {Kind: acl.MaskFirst, Keep: 2}, {Kind: acl.MaskLast},
		{Kind: acl.MaskName}, {Kind: acl.MaskPhone}, {Kind: acl.MaskIDNumber}, {Kind: acl.MaskEmail}, {Kind: acl.MaskBankCard},
		{Kind: acl.MaskYear}, {Kind: acl.MaskRange, Step: "10"}, {Kind: acl.MaskRange, Bounds: "0,50.5"}, {Kind: acl.MaskHash},
	}
	conditions = []string{
		"", "", "", "#person = @campus_id", "college = @college", "#org.college in @college", "pay > 20", "pay is null or college = 'law'",
		"not college = 'math'", "missing = 1", "#person != @campus_id", "name like '张%'", "pay = 'x'",
	}
)

// fields are those of every resource, in part.
var fields = []acl.Field{
	{Name: "person_id", Element: "person.campus_id", Type: schema.Of(schema.String)},
	{Name: "name", Element: "person.name", Type: schema.Of(schema.String)},
	{Name: "mobile", Element: "person.mobile", Type: schema.Of(schema.String)},
	{Name: "college", Element: "org.college", Type: schema.Of(schema.String)},
	{Name: "pay", Type: schema.DecimalOf(10, 2)},
	{Name: "born", Element: "person.birth_date", Type: schema.Of(schema.Date)},
}

var values = map[string][]string{
	"person_id": people, "name": {"张三", "李四", "李", ""}, "mobile": {"13812345678", "010-1", "a@b.cn"}, "college": colleges,
	"pay": {"-0.50", "0.00", "19.99", "20.00", "50.50", "1234.56"}, "born": {"1999-12-31", "2000-01-01", "2004-02-29"},
}

func pick[T any](d *Draw, from []T) T { return from[d.random.IntN(len(from))] }

// Number draws a number below n.
func (d *Draw) Number(n int) int { return d.random.IntN(n) }

func (d *Draw) chance(one int) bool { return d.random.IntN(one) == 0 }

func (d *Draw) some(from []string) []string {
	made := []string{pick(d, from)}
	if d.chance(3) {
		made = append(made, pick(d, from))
	}
	return made
}

// Resource draws a dataset.
func (d *Draw) Resource() *acl.Resource {
	made := acl.Resource{Dataset: pick(d, []string{"hr.staff", "hr.pay", "card.trade"}), Department: pick(d, append(departments, ""))}
	if d.chance(4) {
		made.Tags = []string{pick(d, tags)}
	}
	for _, field := range fields {
		if field.Name != "person_id" && d.chance(3) {
			continue
		}
		field.Level, field.Column = pick(d, levels), strconv.Quote(field.Name)
		if d.chance(4) {
			field.Tags = []string{pick(d, tags)}
		}
		made.Fields = append(made.Fields, field)
	}
	if !d.chance(4) {
		made.Person = "person_id"
	}
	return acl.NewResource(made)
}

// Row draws a row of a resource.
func (d *Draw) Row(resource *acl.Resource) Row {
	row := Row{}
	for _, field := range resource.Fields {
		if !d.chance(6) {
			row[field.Name] = condition.Value{Text: pick(d, values[field.Name]), Valid: true}
		}
	}
	return row
}

// Profile draws who asks.
func (d *Draw) Profile() acl.Profile {
	made := acl.Profile{ID: pick(d, people), Kind: acl.KindPerson, Attributes: map[string][]string{}}
	if d.chance(4) {
		made.ID, made.Kind = pick(d, applied), acl.KindApplication
	}
	if !d.chance(3) {
		made.Roles = d.some(roles)
	}
	if d.chance(3) {
		made.Groups = d.some(groups)
	}
	if d.chance(2) {
		made.Attributes["department"] = d.some(departments)
	}
	if d.chance(2) {
		made.Attributes["college"] = d.some(colleges)
	}
	if !d.chance(3) {
		made.Attributes["campus_id"] = []string{pick(d, people)}
	}
	return made
}

func (d *Draw) subject() acl.Subject {
	made := acl.Subject{}
	switch d.random.IntN(8) {
	case 0, 1:
		made.Anyone = true
	case 2:
		made.Persons = d.some(people)
	case 3:
		made.Applications = d.some(applied)
	case 4:
		made.Groups = d.some(groups)
	case 5:
		made.Departments = d.some(departments)
	default:
		made.Roles = d.some(roles)
	}
	if d.chance(6) {
		made.Attributes = map[string][]string{"college": d.some(colleges)}
	}
	if d.chance(8) {
		made.Roles = d.some(roles)
	}
	return made
}

func (d *Draw) selector() acl.Selector {
	made := acl.Selector{}
	switch d.random.IntN(9) {
	case 0, 1:
		made.Datasets = []string{pick(d, []string{"*", "hr.*", "hr.staff", "card.trade", "*.pay", "h*.*f"})}
	case 2:
		made.Fields = []string{pick(d, []string{"name", "pay", "*o*", "m*"})}
	case 3:
		made.Elements = []string{pick(d, []string{"person.*", "person.mobile", "org.college"})}
	case 4:
		made.Tags = []string{pick(d, []string{"pii", "health", "*"})}
	case 5:
		made.Departments = []string{pick(d, []string{"@department", "hr", "*"})}
	case 6, 7:
		made.Levels = []schema.Level{pick(d, levels[1:]), pick(d, levels[1:])}
	default:
		made.Datasets = []string{"*"}
	}
	if d.chance(5) {
		made.Levels = []schema.Level{pick(d, levels[1:]), pick(d, levels[1:])}
	}
	return made
}

func (d *Draw) rights() []acl.Right {
	if d.chance(2) {
		return []acl.Right{acl.View}
	}
	return []acl.Right{pick(d, acl.Rights()), pick(d, acl.Rights())}
}

func (d *Draw) period() acl.Period {
	days := func() time.Time { return Base.Add(time.Duration(d.random.IntN(5)-2) * 24 * time.Hour) }
	made := acl.Period{}
	if d.chance(2) {
		made.From = days()
	}
	if d.chance(2) {
		made.Until = days()
	}
	return made
}

func (d *Draw) hours() *acl.Hours {
	made := &acl.Hours{From: pick(d, []string{"08:00", "00:00", "22:00"}), Until: pick(d, []string{"18:00", "06:00", "10:30"})}
	if d.chance(2) {
		made.Days = []string{"mon", "wed", pick(d, []string{"thu", "tue"})}
	}
	if d.chance(3) {
		made.Zone = "UTC"
	}
	return made
}

// Policies draws up to a number of policies.
func (d *Draw) Policies(most int) []acl.Policy {
	made := make([]acl.Policy, 0, most)
	for i := range d.random.IntN(most + 1) {
		made = append(made, d.policy(fmt.Sprintf("p%d", i)))
	}
	return made
}

// Wide draws a policy that lets everybody see something of everything.
func (d *Draw) Wide(id string) acl.Policy {
	made := d.policy(id)
	made.Effect, made.Subject, made.Resource = acl.Allow, acl.Subject{Anyone: true}, acl.Selector{Datasets: []string{"*"}}
	made.Rights, made.Valid, made.Hours, made.Purposes, made.Except, made.Disabled = []acl.Right{acl.View, acl.Hold}, acl.Period{}, nil, nil, nil, false
	return made
}

func (d *Draw) policy(id string) acl.Policy {
	made := acl.Policy{ID: id, Effect: acl.Allow, Subject: d.subject(), Resource: d.selector(), Rights: d.rights(), Rows: pick(d, conditions)}
	if d.chance(4) {
		made.Effect = acl.Deny
	}
	if plain := !slices.Contains(made.Rights, acl.Create); plain && d.chance(3) {
		mask := pick(d, masks)
		made.Mask = &mask
	} else if plain && d.chance(6) {
		made.Aggregate = &acl.Aggregate{MinPeople: 2 + d.random.IntN(3), Dimensions: []string{"college"}}
	}
	if d.chance(6) {
		made.Purposes = []string{pick(d, Purposes).ID}
	}
	if d.chance(6) {
		made.Valid = d.period()
	}
	if d.chance(8) {
		made.Hours = d.hours()
	}
	if d.chance(6) {
		made.Except = []acl.Exception{{Subject: d.subject()}}
		if d.chance(2) {
			made.Except[0].Resource = d.selector()
		}
	}
	made.Disabled = d.chance(20)
	return made
}

// Delegation draws what a lender lends.
func (d *Draw) Delegation(from, to string) acl.Delegation {
	return acl.Delegation{
		ID: "d", From: from, To: to, Rights: d.rights(), Resource: d.selector(),
		Valid: acl.Period{From: Base.Add(-time.Hour), Until: Base.Add(time.Duration(d.random.IntN(48)) * time.Hour)},
	}
}

// Asked draws a question about a resource.
func (d *Draw) Asked(resource *acl.Resource) Asked {
	made := Asked{Who: d.Profile(), Resource: resource, Right: pick(d, acl.Rights()), At: Base.Add(time.Duration(d.random.IntN(96)-48) * 37 * time.Minute)}
	if d.chance(2) {
		made.Right = acl.View
	}
	if d.chance(3) {
		made.Purpose = pick(d, Purposes).ID
	}
	if d.chance(6) {
		actor := d.Profile()
		delegation := d.Delegation(made.Who.ID, actor.ID)
		made.Actor, made.Delegation = &actor, &delegation
	}
	return made
}

// Consented draws who consented.
func (d *Draw) Consented() []string { return d.some(people) }

// Principal makes the principal of a question.
func (a Asked) Principal() acl.Principal {
	made := acl.NewPrincipal(a.Who)
	if a.Actor == nil {
		return made
	}
	return made.ActedBy(acl.NewPrincipal(*a.Actor), *a.Delegation)
}

// Candidates lists the limits that policies can lead to for a field, from most
// to least.
func Candidates(policies []acl.Policy, field acl.Field) []acl.Limit {
	made := []acl.Limit{{Access: acl.Clear}, {Access: acl.Statistics}, {Access: acl.Masked, Mask: acl.Mask{Kind: acl.MaskNull}}, {Access: acl.Statistics, Mask: acl.Mask{Kind: acl.MaskNull}}}
	for _, policy := range policies {
		if policy.Mask != nil {
			mask := policy.Mask.For(field)
			made = append(made, acl.Limit{Access: acl.Masked, Mask: mask}, acl.Limit{Access: acl.Statistics, Mask: mask})
		}
	}
	slices.SortFunc(made, func(a, b acl.Limit) int { return b.Compare(a) })
	return slices.Compact(made)
}
