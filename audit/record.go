package audit

import (
	"encoding/json"
	"strings"
	"time"
)

// MaxPersons is how many persons a record names. A read that concerns more is
// a bulk read: who asks about a person is shown it by its dataset.
const MaxPersons = 1000

// Record is one read, allowed or refused.
type Record struct {
	Seq       int64     `json:"seq"`
	At        time.Time `json:"at"`
	Principal string    `json:"principal"`
	// OnBehalfOf is the person for whom an application asked.
	OnBehalfOf string `json:"on_behalf_of,omitempty"`
	Purpose    string `json:"purpose,omitempty"`
	// Action is read, hold, aggregate, quarantine, create or transmit; sign_in or
	// sign_out, of no dataset; or repair for what the log says of itself.
	Action  string        `json:"action"`
	Dataset string        `json:"dataset"`
	Fields  []FieldAccess `json:"fields,omitempty"`
	// Rows is how many rows were given.
	Rows int64 `json:"rows"`
	// Persons are the ids of the persons concerned, ManyPersons says that there
	// were more than MaxPersons, none of which is named.
	Persons     []string `json:"persons,omitempty"`
	ManyPersons bool     `json:"many_persons,omitempty"`
	// Query is the text of what was asked.
	Query         string `json:"query,omitempty"`
	PolicyVersion int64  `json:"policy_version,omitempty"`
	// Decision is the fingerprint of what was allowed.
	Decision string `json:"decision,omitempty"`
	// Outcome is Allowed, or the code of the fault.
	Outcome string `json:"outcome"`
	// Node is the home folder whose record it is; Seq counts within it. It is
	// set on reading.
	Node string `json:"node,omitempty"`
}

const (
	// Allowed is the outcome of what was given.
	Allowed = "allowed"
	// actionRepair is what the log says of itself, with these outcomes.
	actionRepair = "repair"
	outcomeTorn  = "torn"
	outcomeLost  = "lost"
)

// FieldAccess is one field of a read and how it was shown.
type FieldAccess struct {
	Name   string `json:"name"`
	Access string `json:"access"`
	Mask   string `json:"mask,omitempty"`
}

// UnmarshalJSON also takes a bare name, as old records have them.
func (f *FieldAccess) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, &f.Name)
	}
	type plain FieldAccess
	return json.Unmarshal(text, (*plain)(f))
}

// Filter chooses records; what is empty does not matter.
type Filter struct {
	Principal, Dataset, Person, Outcome string
	// Since is the first moment, Until the first that is not meant any more.
	Since, Until time.Time
	// Limit is the number of records, all when 0.
	Limit int
	// Newest gives the newest first, instead of the oldest.
	Newest bool
}

// PersonView is who read about one person, the newest first.
type PersonView struct {
	// Named are the reads that name the person.
	Named []Record `json:"named"`
	// Bulk are the reads of more than MaxPersons persons in the datasets asked for.
	Bulk []Record `json:"bulk"`
}

// Usage says how often a principal read a dataset.
type Usage struct {
	Count int64 `json:"count"`
	// Last is the newest read, zero when there was none.
	Last time.Time `json:"last,omitzero"`
}

// longestColumn is how much of a text is kept in a column, in bytes: what was
// asked for is on record as it was, however long, and an index has its limits.
const longestColumn = 500

// column gives text as the copy's columns hold it. PostgreSQL refuses zeros.
func column(text string) string {
	if len(text) > longestColumn {
		text = text[:longestColumn]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}
