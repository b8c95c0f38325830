package acl

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/schema"
)

// Access is what a principal gets of a field. The zero value is Denied.
type Access int

// The accesses, from nothing to everything.
const (
	Denied Access = iota
	Statistics
	Masked
	Clear
)

// String gives "denied", "statistics", "masked" or "clear".
func (a Access) String() string {
	switch a {
	case Statistics:
		return "statistics"
	case Masked:
		return "masked"
	case Clear:
		return "clear"
	}
	return "denied"
}

// MarshalText writes the access by its name.
func (a Access) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Limit is how much is shown: an access and, where values are seen masked only,
// the mask. Statistics with a mask are figures over masked values.
type Limit struct {
	Access Access `json:"access"`
	Mask   Mask   `json:"mask,omitzero"`
}

// String gives the access, or the mask.
func (l Limit) String() string {
	switch {
	case l.Mask == Mask{}:
		return l.Access.String()
	case l.Access == Statistics:
		return "statistics of masked values (" + l.Mask.String() + ")"
	}
	return "masked (" + l.Mask.String() + ")"
}

// Compare orders limits by how much they show: negative when l shows less.
// Masks of one kind are ordered by their settings, so that the order is total.
func (l Limit) Compare(other Limit) int {
	return cmp.Or(
		cmp.Compare(l.Access, other.Access),
		-cmp.Compare(min(len(l.Mask.Kind), 1), min(len(other.Mask.Kind), 1)),
		cmp.Compare(slices.Index(revealing, l.Mask.Kind), slices.Index(revealing, other.Mask.Kind)),
		cmp.Compare(l.Mask.Keep, other.Mask.Keep),
		cmp.Compare(l.Mask.String(), other.Mask.String()),
	)
}

// When says on which rows a term counts: on all, or where any of the decision's
// conditions holds. The zero value is no rows.
type When struct {
	Always bool  `json:"always,omitempty"`
	Any    []int `json:"any,omitempty"`
}

// Never reports whether the term counts on no row.
func (w When) Never() bool { return !w.Always && len(w.Any) == 0 }

// Term is a limit and the rows on which it counts.
type Term struct {
	Limit Limit `json:"limit"`
	When  When  `json:"when"`
}

// FieldAccess is what a principal gets of a field, row by row:
//
//   - nothing where Denied counts, or no term of Allows does;
//   - otherwise the most of what the terms of Allows that count leave, each taken
//     down to statistics where Statistics counts and to the mask of each term of
//     Caps that counts; where masks meet that differ, the value is NULL.
//
// A condition of Allows counts where it is true, one of the others where it is
// not false.
type FieldAccess struct {
	Field      Field  `json:"field"`
	Denied     When   `json:"denied,omitzero"`
	Statistics When   `json:"statistics,omitzero"`
	Caps       []Term `json:"caps,omitempty"`
	Allows     []Term `json:"allows,omitempty"`

	allowedBy, deniedBy []int
	// note says why nothing is shown where no policy is the reason.
	note string
}

// Best is the most that is shown on any row.
func (f *FieldAccess) Best() Limit {
	always := func(w When) bool { return w.Always }
	return f.most(always, func(w When) bool { return !w.Never() })
}

// Capped is what is left of a limit under a mask.
func (l Limit) Capped(mask Mask) Limit {
	if l.Access == Denied {
		return l
	}
	if l.Mask != (Mask{}) {
		mask = l.Mask.meet(mask)
	}
	return Limit{Access: min(l.Access, Masked), Mask: mask}
}

// counted is what is left of a limit where no values are shown, only statistics.
func (l Limit) counted() Limit { return Limit{Access: min(l.Access, Statistics), Mask: l.Mask} }

// Whole reports whether the field is shown alike on all rows.
func (f *FieldAccess) Whole() bool {
	if f.Best().Access == Denied {
		return true
	}
	whole := func(w When) bool { return w.Always || w.Never() }
	capped := !slices.ContainsFunc(f.Caps, func(t Term) bool { return !t.When.Always })
	return f.Allows[0].When.Always && whole(f.Denied) && whole(f.Statistics) && capped
}

// On gives what is shown on a row, of which truth tells how each condition comes out.
func (f *FieldAccess) On(truth func(condition int) condition.Truth) Limit {
	counts := func(strict bool) func(When) bool {
		return func(w When) bool {
			return w.Always || slices.ContainsFunc(w.Any, func(i int) bool {
				t := truth(i)
				return t == condition.True || !strict && t == condition.Unknown
			})
		}
	}
	return f.most(counts(false), counts(true))
}

// most is the most that is shown where denies and allows count.
func (f *FieldAccess) most(denies, allows func(When) bool) Limit {
	shown := Limit{}
	if denies(f.Denied) {
		return shown
	}
	for _, term := range f.Allows {
		if !allows(term.When) {
			continue
		}
		limit := term.Limit
		if denies(f.Statistics) {
			limit = limit.counted()
		}
		for _, limiting := range f.Caps {
			if denies(limiting.When) {
				limit = limit.Capped(limiting.Limit.Mask)
			}
		}
		if limit.Compare(shown) > 0 {
			shown = limit
		}
	}
	return shown
}

// Statistical reports whether on some row there are statistics of the field and
// no values.
func (f *FieldAccess) Statistical() bool {
	return f.Best().Access > Denied && (!f.Statistics.Never() || f.Allows[len(f.Allows)-1].Limit.Access == Statistics)
}

// Grouping bounds statistics of fields of which nothing else is shown.
type Grouping struct {
	// MinPeople is the smallest number of people behind a figure.
	MinPeople int `json:"min_people"`
	// Dimensions are the fields by which figures may be grouped and filtered.
	Dimensions []string `json:"dimensions,omitempty"`
}

// Consent limits rows to those about people who consented to a purpose, or
// about the principal.
type Consent struct {
	Purpose string `json:"purpose"`
	// Recipient is who gets the data.
	Recipient string   `json:"recipient"`
	Person    string   `json:"person"`
	Own       []string `json:"own,omitempty"`
}

// Decision is what a principal gets of one dataset by one right for one
// purpose. Only [Set.Compile] makes one that allows anything; the zero value
// and nil deny. It does not change, and is safe for concurrent use.
type Decision struct {
	dataset    string
	right      Right
	purpose    string
	version    int64
	fields     []FieldAccess
	place      map[string]int
	conditions []condition.Condition
	// rows holds the conditions as the policies state them.
	rows        []string
	consent     *Consent
	grouping    *Grouping
	expressions map[string]Expression
	masks       []Mask
	fingerprint string
	changes     time.Time
	set         *Set
	who         string
}

// Allowed reports whether anything of any field may be seen, statistics included.
func (d *Decision) Allowed() bool { return d.most() > Denied }

// Shown reports whether any field may be seen on a row.
func (d *Decision) Shown() bool { return d.most() > Statistics }

func (d *Decision) most() Access {
	most := Denied
	if d != nil {
		for i := range d.fields {
			most = max(most, d.fields[i].Best().Access)
		}
	}
	return most
}

// Field gives the access to a field; nil for one that is not there.
func (d *Decision) Field(name string) *FieldAccess {
	if d == nil {
		return nil
	}
	i, ok := d.place[name]
	if !ok {
		return nil
	}
	return &d.fields[i]
}

// Fields gives the access to each field, in the order of the dataset. It must
// not be changed.
func (d *Decision) Fields() []FieldAccess {
	if d == nil {
		return nil
	}
	return d.fields
}

// Conditions gives what [When] counts by. It must not be changed.
func (d *Decision) Conditions() []condition.Condition {
	if d == nil {
		return nil
	}
	return d.conditions
}

// Consent gives the limit by consent, nil for none.
func (d *Decision) Consent() *Consent {
	if d == nil {
		return nil
	}
	return d.consent
}

// Grouping gives the bounds of statistics, nil where no field has any.
func (d *Decision) Grouping() *Grouping {
	if d == nil {
		return nil
	}
	return d.grouping
}

// Expression finds a named mask expression.
func (d *Decision) Expression(name string) (Expression, bool) {
	if d == nil {
		return Expression{}, false
	}
	expression, known := d.expressions[name]
	return expression, known
}

// TypeOf is the type of a field as a limit shows it.
func (d *Decision) TypeOf(field Field, limit Limit) schema.Type {
	if limit.Mask != (Mask{}) && d != nil {
		return limit.Mask.typeOf(field, d.expressions)
	}
	return field.Type
}

// Dataset names the dataset that the decision is about.
func (d *Decision) Dataset() string {
	if d == nil {
		return ""
	}
	return d.dataset
}

// Right is the right that was asked for.
func (d *Decision) Right() Right {
	if d == nil {
		return ""
	}
	return d.right
}

// Purpose is what the data is wanted for, "" when that was not said.
func (d *Decision) Purpose() string {
	if d == nil {
		return ""
	}
	return d.purpose
}

// Version is that of the policies.
func (d *Decision) Version() int64 {
	if d == nil {
		return 0
	}
	return d.version
}

// Fingerprint is a hash over all that the decision allows: equal decisions have
// equal ones, so it may key caches.
func (d *Decision) Fingerprint() string {
	if d == nil {
		return ""
	}
	return d.fingerprint
}

// Changes is the moment from which the decision may be another although no
// policy was changed; the zero time is never.
func (d *Decision) Changes() time.Time {
	if d == nil {
		return time.Time{}
	}
	return d.changes
}

// Reason says in a sentence why a field is shown as it is.
func (d *Decision) Reason(name string) string {
	field := d.Field(name)
	if field == nil {
		return ""
	}
	names := func(places []int) string {
		ids := make([]string, len(places))
		for i, place := range places {
			ids[i] = d.set.policies[place].ID
		}
		return strings.Join(ids, ", ")
	}
	if field.note != "" {
		return field.note
	}
	taken := ""
	if len(field.deniedBy) > 0 {
		taken = "limited by " + names(field.deniedBy)
	}
	if len(field.allowedBy) == 0 {
		return cmp.Or(taken, "no policy lets "+d.who+" "+string(d.right)+" it")
	}
	reason := "allowed by " + names(field.allowedBy)
	if field.Best().Access == Statistics {
		reason = "statistics only, " + reason
	}
	if taken != "" {
		reason += ", " + taken
	}
	return reason
}

// Masks lists the masks that the decision may need, each once.
func (d *Decision) Masks() []Mask {
	if d == nil {
		return nil
	}
	return d.masks
}

// Policies lists the ids of the policies that decide about a field.
func (d *Decision) Policies(name string) []string {
	field := d.Field(name)
	if field == nil {
		return nil
	}
	ids := []string{}
	for _, place := range slices.Concat(field.allowedBy, field.deniedBy) {
		ids = append(ids, d.set.policies[place].ID)
	}
	return ids
}

// Summary says in a line what is shown of a field, and on which rows, as
// "clear where college in @college; denied where pay > 20".
func (d *Decision) Summary(name string) string {
	field := d.Field(name)
	if field == nil || field.Best().Access == Denied {
		return Denied.String()
	}
	var parts []string
	say := func(text string, when When) {
		if when.Never() {
			return
		}
		if !when.Always {
			rows := make([]string, len(when.Any))
			for i, place := range when.Any {
				rows[i] = d.rows[place]
			}
			slices.Sort(rows)
			text += " where " + strings.Join(rows, " or ")
		}
		parts = append(parts, text)
	}
	for _, term := range field.Allows {
		say(term.Limit.String(), term.When)
	}
	for _, term := range field.Caps {
		say("no more than "+term.Limit.String(), term.When)
	}
	say("no more than statistics", field.Statistics)
	say("denied", field.Denied)
	return strings.Join(parts, "; ")
}
