package pipelines

import (
	"context"

	sq "github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/audit"
)

// ContributionMode says what a contribution's rows are to do.
type ContributionMode string

// The modes.
const (
	// ContributeInsert adds rows and refuses keys that are there.
	ContributeInsert ContributionMode = "insert"
	// ContributeUpsert adds rows, and of those that are there changes the fields given.
	ContributeUpsert ContributionMode = "upsert"
	// ContributeDelete deletes the rows of the keys given.
	ContributeDelete ContributionMode = "delete"
)

// Contribution is rows that an application writes to a dataset.
type Contribution struct {
	Dataset string
	// By says for people who contributes, as "app_hall for leader".
	By string
	// Sender and Key name the contribution: one with the same names is carried
	// out once. Digest stands for all that was asked; the same names with another
	// digest are a Conflict fault. Without a key nothing is remembered.
	Sender, Key, Digest string

	Mode ContributionMode
	// Abort takes nothing where any row is refused.
	Abort bool
	// DryRun tells what would be, and takes and keeps nothing.
	DryRun bool
	Rows   []ContributedRow
	// Permits gives by the names of fields on which rows each may be written: a
	// condition over the published fields by their names. A row must fulfil those
	// of the fields it gives as it is and as it will be; a deletion those of all
	// fields. A field that is not there may not be written. nil: no limits.
	Permits map[string]sq.Sqlizer
	// Witness is told what is taken, before that is committed; its error leaves
	// everything as it was.
	Witness func(ctx context.Context, taken Taken) error

	// replayed holds the ids of quarantined rows that Rows are, in their order.
	replayed []string
}

// ContributedRow is one row as it was given.
type ContributedRow struct {
	// Values holds what was given by the names of fields, in the text form of
	// their types; nil is NULL. What is not there keeps its value.
	Values map[string]*string
	// Refused says why the row cannot be read; nil where it can.
	Refused *RefusedRow
}

// RefusedRow is a row that was not taken.
type RefusedRow struct {
	// Index is the row's place in the contribution, from 0, and Key its key as it
	// was given, by the names of fields.
	Index int                `json:"index"`
	Key   map[string]*string `json:"key"`
	// Code is that of a check, or one of type_mismatch, duplicate_key, denied,
	// exists, not_found; Field the field at fault, when one is; Reason says what
	// is wrong and what would be right, without a value.
	Code   string `json:"code"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
}

// Outcomes of a contribution.
const (
	ContributionTaken     = "taken"
	ContributionUnchanged = "unchanged"
	ContributionAborted   = "aborted"
)

// ContributionReport tells what became of a contribution.
type ContributionReport struct {
	Dataset string           `json:"dataset"`
	Mode    ContributionMode `json:"mode"`
	// Outcome is taken, unchanged (nothing of the dataset is another now) or
	// aborted (rows were refused, so that none was taken).
	Outcome string `json:"outcome"`
	DryRun  bool   `json:"dry_run"`
	// Run is the id of the run in the catalog; empty for a dry run.
	Run string `json:"run,omitempty"`
	// Version is that of the dataset afterwards.
	Version int64 `json:"version"`
	// Rows is the number of rows given: the sum of the next five.
	Rows      int64        `json:"rows"`
	Inserted  int64        `json:"inserted"`
	Updated   int64        `json:"updated"`
	Unchanged int64        `json:"unchanged"`
	Deleted   int64        `json:"deleted"`
	Refused   int64        `json:"refused"`
	Refusals  []RefusedRow `json:"refusals"`

	// Replayed says that it is the report of an earlier, equal contribution.
	Replayed bool `json:"-"`
}

// MaxConcerned is how many people a contribution names as concerned; where
// there are more, none is named.
const MaxConcerned = audit.MaxPersons

// Taken is what a contribution is about to change.
type Taken struct {
	// Rows is the number of rows that are inserted, updated or deleted.
	Rows int64
	// Persons are the campus ids of the people concerned, ManyPersons says that
	// there are more than MaxConcerned.
	Persons     []string
	ManyPersons bool
}
