package acl

import (
	"github.com/yitong-hub/yitong/schema"
)

// Right is one of the four rights 四能.
type Right string

// The four rights. Who may hold may view; what may not be viewed may be neither
// held nor transmitted.
const (
	View     Right = "view"     // 看: see values
	Hold     Right = "hold"     // 拥: keep a copy: export, download, bulk read
	Create   Right = "create"   // 造: produce or correct values
	Transmit Right = "transmit" // 传: pass values on to another subject or system
)

// Rights lists the four in the order of 看拥造传.
func Rights() []Right { return []Right{View, Hold, Create, Transmit} }

// Effect says whether a policy gives or takes.
type Effect string

// The effects. Deny wins over allow.
const (
	Allow Effect = "allow"
	Deny  Effect = "deny"
)

// Policy gives or takes rights: who, on what, which rights, on which rows, for
// which purposes, when, and how much is shown.
//
// A policy without Mask and Aggregate is about clear values: it allows them, or
// denies everything. With a Mask an allow shows masked values and a deny leaves
// masked values; with an Aggregate only statistics are shown, or left.
type Policy struct {
	ID          string   `json:"id" yaml:"id"`
	Description string   `json:"description,omitempty" yaml:"description,omitempty"`
	Effect      Effect   `json:"effect" yaml:"effect"`
	Subject     Subject  `json:"subject" yaml:"subject"`
	Resource    Selector `json:"resource" yaml:"resource"`
	Rights      []Right  `json:"rights" yaml:"rights"`
	// Rows is a condition in the language of package condition, over raw values;
	// empty means all rows. An allow counts on rows where it is true, a deny where
	// it is not false.
	Rows      string     `json:"rows,omitempty" yaml:"rows,omitempty"`
	Mask      *Mask      `json:"mask,omitempty" yaml:"mask,omitempty"`
	Aggregate *Aggregate `json:"aggregate,omitempty" yaml:"aggregate,omitempty"`
	// Purposes are those for which the policy counts; empty means any and none.
	Purposes []string `json:"purposes,omitempty" yaml:"purposes,omitempty"`
	Valid    Period   `json:"valid,omitzero" yaml:"valid,omitempty"`
	Hours    *Hours   `json:"hours,omitempty" yaml:"hours,omitempty"`
	// Except are subjects and resources that the policy is not about.
	Except   []Exception `json:"except,omitempty" yaml:"except,omitempty"`
	Disabled bool        `json:"disabled,omitempty" yaml:"disabled,omitempty"`
}

// Subject says whom a policy is about. The principal must be in one of the
// lists, where any is given, and have a value of each attribute that is named.
// An empty subject is nobody; everybody is said by Anyone.
type Subject struct {
	Anyone bool     `json:"anyone,omitempty" yaml:"anyone,omitempty"`
	Roles  []string `json:"roles,omitempty" yaml:"roles,omitempty"`
	Groups []string `json:"groups,omitempty" yaml:"groups,omitempty"`
	// Departments are those of the principal's attribute department.
	Departments  []string `json:"departments,omitempty" yaml:"departments,omitempty"`
	Persons      []string `json:"persons,omitempty" yaml:"persons,omitempty"`
	Applications []string `json:"applications,omitempty" yaml:"applications,omitempty"`
	// Attributes must all be there, each with one of the values.
	Attributes map[string][]string `json:"attributes,omitempty" yaml:"attributes,omitempty"`
}

// Selector says what a policy is about. Each list that is given must fit; "*"
// in a name stands for any text. An empty selector fits nothing.
type Selector struct {
	Datasets []string       `json:"datasets,omitempty" yaml:"datasets,omitempty"`
	Fields   []string       `json:"fields,omitempty" yaml:"fields,omitempty"`
	Elements []string       `json:"elements,omitempty" yaml:"elements,omitempty"`
	Tags     []string       `json:"tags,omitempty" yaml:"tags,omitempty"`
	Levels   []schema.Level `json:"levels,omitempty" yaml:"levels,omitempty"`
	// Departments own the dataset; "@department" stands for the principal's own.
	Departments []string `json:"departments,omitempty" yaml:"departments,omitempty"`
}

// Aggregate shows values in counts, sums and averages over at least MinPeople
// people only.
type Aggregate struct {
	// MinPeople is k, the smallest number of people (rows, where rows are about
	// nobody) behind a figure.
	MinPeople int `json:"min_people" yaml:"min_people"`
	// Dimensions are the fields by which such figures may be grouped and
	// filtered, and no others.
	Dimensions []string `json:"dimensions,omitempty" yaml:"dimensions,omitempty"`
}

// Exception names whom and what a policy is not about. Where both are given,
// both must fit.
type Exception struct {
	Subject  Subject  `json:"subject,omitzero" yaml:"subject,omitempty"`
	Resource Selector `json:"resource,omitzero" yaml:"resource,omitempty"`
}

// Delegation lets one principal act with the rights of another, within limits.
type Delegation struct {
	ID string `json:"id" yaml:"id"`
	// From is whose rights are lent, To who acts.
	From     string   `json:"from" yaml:"from"`
	To       string   `json:"to" yaml:"to"`
	Rights   []Right  `json:"rights" yaml:"rights"`
	Resource Selector `json:"resource" yaml:"resource"`
	Valid    Period   `json:"valid" yaml:"valid"`
	Reason   string   `json:"reason,omitempty" yaml:"reason,omitempty"`
}

// BasisConsent is the legal basis that lives on each person's consent.
const BasisConsent = "consent"

// bases are the legal bases of PIPL (Personal Information Protection Law of the
// PRC, 2021), article 13, in the order of its clauses.
var bases = []string{BasisConsent, "contract", "legal_duty", "emergency", "public_interest", "disclosed", "other_law"}

// Purpose is what data is used for, with the legal basis of PIPL article 13.
type Purpose struct {
	ID          string `json:"id" yaml:"id"`
	Title       string `json:"title" yaml:"title"`
	Basis       string `json:"basis" yaml:"basis"`
	Description string `json:"description,omitempty" yaml:"description,omitempty"`
}

// Expression is a named mask: a scalar expression over value, with the type
// that it gives.
type Expression struct {
	Name string      `json:"name" yaml:"name"`
	Type schema.Type `json:"type" yaml:"type"`
	// SQL is an expression of the engine's scalar functions over the name value.
	SQL string `json:"sql" yaml:"sql"`
}
