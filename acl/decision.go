package acl

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/schema"
)

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
