package access

import (
	"time"

	"github.com/yitong-hub/yitong/acl"
)

// State is what became of a request.
type State string

// The states. Expired is told by the time, never kept.
const (
	Open      State = "open"
	Granted   State = "granted"
	Refused   State = "refused"
	Withdrawn State = "withdrawn" // by the requester, before a decision
	Revoked   State = "revoked"   // granted, and ended before its time
	Expired   State = "expired"   // granted, and over
)

func states() []string {
	return []string{string(Open), string(Granted), string(Refused), string(Withdrawn), string(Revoked), string(Expired)}
}

// Request is what is asked for.
type Request struct {
	Dataset string      `json:"dataset"`
	Fields  []string    `json:"fields"`
	Rights  []acl.Right `json:"rights"`
	Purpose string      `json:"purpose"`
	Period  acl.Period  `json:"period"`
	// Reason says to the steward what the data is needed for.
	Reason string `json:"reason"`
}

// Decision is a steward's answer to a request.
type Decision struct {
	// Grant lists the fields that are granted, some or all of those asked for;
	// none refuses the request.
	Grant []string `json:"grant"`
	// Rights are some or all of those asked for; empty means all.
	Rights []acl.Right `json:"rights,omitempty"`
	// Until ends the grant, not later than was asked for, which is what the zero
	// time means.
	Until time.Time `json:"until,omitzero"`
	// Mask holds the masks of fields that are not to be seen in clear.
	Mask map[string]acl.Mask `json:"mask,omitempty"`
	// Rows is a condition in the language of policies; empty means all rows.
	Rows string `json:"rows,omitempty"`
	Note string `json:"note,omitempty"`
}

// Grant is what was granted.
type Grant struct {
	Fields []string            `json:"fields"`
	Rights []acl.Right         `json:"rights"`
	Period acl.Period          `json:"period"`
	Mask   map[string]acl.Mask `json:"mask,omitempty"`
	Rows   string              `json:"rows,omitempty"`
	// Policies are those that carry the grant out.
	Policies []acl.Policy `json:"policies,omitempty"`
}

// What is done with a request.
const (
	DidAsk      = "asked"
	DidGrant    = "granted"
	DidRefuse   = "refused"
	DidWithdraw = "withdrawn"
	DidRenew    = "renewed"
	DidRevoke   = "revoked"
)

// Event is one thing that was done with a request.
type Event struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Did  string    `json:"did"`
	Note string    `json:"note,omitempty"`
	// Grant is what was granted from then on, without its policies.
	Grant *Grant `json:"grant,omitempty"`
}

// Case is a request with all that was done about it.
type Case struct {
	ID string `json:"id"`
	Request
	Requester string `json:"requester"`
	// Kind is that of the requester: person, application or service.
	Kind string `json:"kind"`
	// Department owns the dataset.
	Department string `json:"department"`
	// Steward is the person who answers for the dataset.
	Steward string    `json:"steward,omitempty"`
	Asked   time.Time `json:"asked"`
	State   State     `json:"state"`
	// Grant is what is or was granted.
	Grant   *Grant  `json:"grant,omitempty"`
	History []Event `json:"history"`
}

// Filter chooses requests; empty parts choose all.
type Filter struct {
	State      State  `json:"state,omitempty"`
	Requester  string `json:"requester,omitempty"`
	Department string `json:"department,omitempty"`
	Dataset    string `json:"dataset,omitempty"`
}

// kept is a case as the state database has it.
type kept struct {
	Case
	// Prepared is a change of policies that was begun; whether it was made is told
	// by the policies.
	Prepared *prepared `json:"prepared,omitempty"`

	revision int64
	// seen is the state in which the case is now, told by the policies and the time.
	seen State
}

// prepared is what a case becomes once its policies are changed: granted with a
// grant, or revoked.
type prepared struct {
	State State  `json:"state"`
	Grant *Grant `json:"grant,omitempty"`
	Event Event  `json:"event"`
}
