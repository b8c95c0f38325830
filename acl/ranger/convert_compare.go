package ranger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/acl"
	conditions "github.com/yitong-hub/yitong/acl/condition"
)

// Comparison says how a file's own policies, and those made of them, answer the
// same questions: each user and group of the file with each column that it
// names, row by row.
type Comparison struct {
	Select Tally `json:"select"`
	Update Tally `json:"update"`
	// Unnoted counts stricter answers about whose policies no note says so.
	Unnoted int `json:"unnoted"`
	// Differences are the first of the answers that show more, or are not noted.
	Differences []Difference `json:"differences"`
}

// Tally counts answers.
type Tally struct {
	Same     int `json:"same"`
	Stricter int `json:"stricter"`
	Wider    int `json:"wider"`
	// Unknown are those of which the engine cannot tell what Ranger would say.
	Unknown int `json:"unknown"`
}

// Total is how many questions were asked.
func (t Tally) Total() int { return t.Same + t.Stricter + t.Wider + t.Unknown }

// Difference is a question with both answers.
type Difference struct {
	User    string   `json:"user"`
	Groups  []string `json:"groups"`
	Roles   []string `json:"roles"`
	Access  string   `json:"access"`
	Dataset string   `json:"dataset"`
	Field   string   `json:"field"`
	Tags    []string `json:"tags"`
	Ranger  string   `json:"ranger"`
	Here    string   `json:"here"`
	Wider   bool     `json:"wider"`
}

// maxDifferences bounds what is listed.
const maxDifferences = 100

// Compare asks the policies of a file, and those made of them, the same
// questions about a moment: all that there are, or about so many of them.
func Compare(file *File, made Converted, at time.Time, questions int) (Comparison, error) {
	given, err := file.complete(made.Service)
	if err != nil {
		return Comparison{}, err
	}
	engine, err := NewEngine(given.file)
	if err != nil {
		return Comparison{}, err
	}
	set, err := acl.NewSet(1, acl.Contents{Policies: made.Policies})
	if err != nil {
		return Comparison{}, err
	}
	c := &comparer{engine: engine, set: set, at: at, noted: map[string]bool{}, out: Comparison{Differences: []Difference{}}}
	for _, note := range made.Notes {
		c.noted[note.Policy] = c.noted[note.Policy] || note.Shows == ShowsLess
	}
	err = c.run(engine.questions(made.Databases, questions), questions)
	return c.out, err
}

type comparer struct {
	engine *Engine
	set    *acl.Set
	at     time.Time
	// noted are the policies about which a note says that less is shown.
	noted map[string]bool
	out   Comparison
}

func (c *comparer) run(all universe, questions int) error {
	for _, where := range all.places(questions) {
		resource := c.resource(all, where)
		for _, who := range all.principals {
			if err := c.compare(all, where, resource, who); err != nil {
				return err
			}
		}
	}
	return nil
}

// resource is a table as policies here see it.
func (c *comparer) resource(all universe, where place) *acl.Resource {
	made := acl.Resource{Dataset: where.database + "." + where.table, Tags: c.tagNames(where, "")}
	for _, column := range all.columns {
		made.Fields = append(made.Fields, acl.Field{Name: column, Column: column, Type: all.types[column], Tags: c.tagNames(where, column)})
	}
	return acl.NewResource(made)
}

// tagNames are the tags of a column, or of the table, that hold now.
func (c *comparer) tagNames(where place, column string) []string {
	given := where.tagsOf(column)
	if c.engine.tagged != nil && len(given) == 0 {
		given = c.engine.tagged.tagsOf(c.engine.newQuery(c.request(where, asker{}, column, accessSelect), AccessPolicy))
	}
	var found []string
	for _, tag := range given {
		schedules, err := tag.schedules()
		if err == nil && tag.Match != MatchDescendant && anyHolds(schedules, c.at) && !slices.Contains(found, tag.Type) {
			found = append(found, tag.Type)
		}
	}
	return found
}

func (c *comparer) request(where place, who asker, column, access string) Request {
	elements := map[string]Element{levelDatabase: One(where.database), levelTable: One(where.table)}
	if column != "" {
		elements[levelColumn] = One(column)
	}
	return Request{
		Resource: Resource{Elements: elements}, AccessType: access, User: who.user, Groups: who.groups, Roles: who.roles,
		Time: Time{c.at}, Tags: where.tagsOf(column),
	}
}

func (c *comparer) compare(all universe, where place, resource *acl.Resource, who asker) error {
	roles := c.engine.rolesOf(c.request(where, who, "", accessSelect))
	principal := acl.NewPrincipal(acl.Profile{ID: who.user, Kind: acl.KindPerson, Roles: roles, Groups: who.groups})
	view, err := c.set.Compile(principal, acl.Request{Right: acl.View, At: c.at}, resource)
	if err != nil {
		return err
	}
	create, err := c.set.Compile(principal, acl.Request{Right: acl.Create, At: c.at}, resource)
	if err != nil {
		return err
	}
	filter := c.engine.RowFilter(c.request(where, who, "", accessSelect))
	kept := all.kept(filter, who)
	for _, column := range all.columns {
		one := question{all: all, where: where, resource: resource, who: who, roles: roles, principal: principal, column: column}
		c.selecting(one, view, filter, kept)
		c.updating(one, create)
	}
	return nil
}

// question is one column that one principal asks for.
type question struct {
	all       universe
	where     place
	resource  *acl.Resource
	who       asker
	roles     []string
	principal acl.Principal
	column    string
}

// selecting compares what is shown of a column.
func (c *comparer) selecting(one question, view *acl.Decision, filter Result, kept []conditions.Truth) {
	request := c.request(one.where, one.who, one.column, accessSelect)
	access, mask := c.engine.Access(request), c.engine.Mask(request)
	field := view.Field(one.column)
	theirs := acl.Limit{Access: acl.Denied}
	if access.Allowed {
		theirs = maskedLimit(mask, field.Field)
	}
	outcome := alike
	for at, row := range one.all.rows {
		shown := theirs
		if kept[at] != conditions.True {
			shown = acl.Limit{}
		}
		value := func(name string) conditions.Value { return row[name] }
		ours := field.On(func(i int) conditions.Truth { return view.Conditions()[i].Holds(value) })
		outcome = max(outcome, against(ours, shown))
	}
	doubts := slices.Concat(access.Unevaluated, mask.Unevaluated, filter.Unevaluated)
	count(&c.out.Select, outcome, len(doubts) > 0)
	if outcome == alike || len(doubts) > 0 && outcome != wider {
		return
	}
	c.differs(one, acl.View, outcome, []Result{access, mask, filter}, func() (string, string) {
		text := theirs.String()
		if filter.Filter != nil && access.Allowed {
			text += " where " + *filter.Filter
		}
		return text, view.Summary(one.column)
	})
}

// updating compares whether values of a column may be made.
func (c *comparer) updating(one question, create *acl.Decision) {
	access := c.engine.Access(c.request(one.where, one.who, one.column, accessUpdate))
	ours := create.Field(one.column).Best().Access == acl.Clear
	outcome := alike
	switch {
	case ours && !access.Allowed:
		outcome = wider
	case !ours && access.Allowed:
		outcome = stricter
	}
	count(&c.out.Update, outcome, len(access.Unevaluated) > 0)
	if outcome == alike || len(access.Unevaluated) > 0 && outcome != wider {
		return
	}
	c.differs(one, acl.Create, outcome, []Result{access}, func() (string, string) {
		return fmt.Sprintf("allowed %v", access.Allowed), fmt.Sprintf("allowed %v", ours)
	})
}

// verdict says how an answer lies to Ranger's, the worse the larger.
type verdict int

const (
	alike verdict = iota
	stricter
	wider
)

func count(to *Tally, outcome verdict, doubt bool) {
	switch {
	case outcome == wider:
		to.Wider++
	case doubt:
		to.Unknown++
	case outcome == stricter:
		to.Stricter++
	default:
		to.Same++
	}
}

// maskedLimit is what Ranger shows of a field that it allows.
func maskedLimit(mask Result, field acl.Field) acl.Limit {
	if !mask.Allowed || mask.MaskType == "" {
		return acl.Limit{Access: acl.Clear}
	}
	as, _ := maskOf(MaskInfo{Type: mask.MaskType, Value: mask.MaskValue})
	if as == nil {
		return acl.Limit{Access: acl.Clear}
	}
	return acl.Limit{Access: acl.Masked, Mask: as.For(field)}
}

// against holds what is shown here against what Ranger shows.
func against(ours, theirs acl.Limit) verdict {
	hides := ours.Access == acl.Denied || ours.Mask.Kind == acl.MaskNull || ours.Mask.Kind == acl.MaskConstant
	switch {
	case ours == theirs:
		return alike
	case ours.Access == acl.Denied, theirs.Access == acl.Clear, theirs.Access == acl.Masked && hides:
		return stricter
	}
	return wider
}

// differs lists an answer that shows more, or less without a note.
func (c *comparer) differs(one question, right acl.Right, outcome verdict, theirs []Result, texts func() (string, string)) {
	if outcome == stricter {
		if c.explained(one, right, theirs) {
			return
		}
		c.out.Unnoted++
	}
	if len(c.out.Differences) >= maxDifferences {
		return
	}
	made := Difference{
		User: one.who.user, Groups: one.who.groups, Roles: one.roles, Access: accessSelect, Dataset: one.resource.Dataset, Field: one.column,
		Tags: slices.Concat(c.tagNames(one.where, one.column), c.tagNames(one.where, "")), Wider: outcome == wider,
	}
	if right == acl.Create {
		made.Access = accessUpdate
	}
	made.Ranger, made.Here = texts()
	c.out.Differences = append(c.out.Differences, made)
}

// explained tells whether a note says why less is shown: one about the policies
// that decided in Ranger, about those that decided here, or about everything.
func (c *comparer) explained(one question, right acl.Right, theirs []Result) bool {
	for _, result := range theirs {
		if super := result.Allowed && result.PolicyID == noPolicy; super && c.noted[""] {
			return true
		}
		for _, label := range []string{labelPrefix, labelPrefix + tagLevel + ":"} {
			if result.PolicyID != noPolicy && c.noted[fmt.Sprintf("%s%d", label, result.PolicyID)] {
				return true
			}
		}
	}
	said, err := c.set.Explain(one.principal, acl.Request{Right: right, At: c.at}, one.resource, one.column)
	if err != nil {
		return false
	}
	for _, field := range said.Fields {
		for _, finding := range field.Findings {
			label, _, _ := strings.Cut(finding.Policy, "/")
			if finding.Outcome == acl.FindingLimits && c.noted[label] {
				return true
			}
		}
	}
	return false
}
