package catalog

import (
	"time"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/schema"
)

// System is a departmental system as the catalog shows it.
type System struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Title      definition.Text `json:"title"`
	Department string          `json:"department"`
	Steward    string          `json:"steward,omitempty"`
	Driver     string          `json:"driver"`
	Schedule   string          `json:"schedule,omitempty"`
	File       string          `json:"file,omitempty"`
	Datasets   int             `json:"datasets"`
	Rows       int64           `json:"rows"`
	Quarantine int64           `json:"quarantined_rows"`
	LastRun    *Run            `json:"last_run"`
}

// Dataset is a published dataset.
type Dataset struct {
	// ID is "system.name".
	ID          string          `json:"id"`
	System      string          `json:"system"`
	Name        string          `json:"name"`
	Source      string          `json:"source"`
	Title       definition.Text `json:"title"`
	Description string          `json:"description,omitempty"`
	Department  string          `json:"department"`
	Steward     string          `json:"steward,omitempty"`
	Tags        []string        `json:"tags,omitempty"`
	// Key and Person hold published field names.
	Key    []string `json:"key,omitempty"`
	Person string   `json:"person,omitempty"`
	Load   string   `json:"load"`
	Fields []Field  `json:"fields,omitempty"`
	// Version grows with every publish; 0 means never published.
	Version     int64      `json:"version"`
	Rows        int64      `json:"rows"`
	Quarantine  int64      `json:"quarantined_rows"`
	PublishedAt *time.Time `json:"published_at,omitempty"`
}

// Field states.
const (
	FieldActive  = "active"
	FieldDropped = "dropped" // gone at the source; its past values are kept
)

// Field is a published field with its meaning and type ledger.
type Field struct {
	Dataset  string          `json:"dataset"`
	Name     string          `json:"name"`
	Position int             `json:"position"`
	From     string          `json:"from"`
	Title    definition.Text `json:"title"`
	Element  string          `json:"element,omitempty"`
	CodeSet  string          `json:"code_set,omitempty"`
	Level    schema.Level    `json:"level"`
	Tags     []string        `json:"tags,omitempty"`
	State    string          `json:"state"`
	Type     schema.Type     `json:"type"`
	Ledger   Ledger          `json:"ledger"`
	Profile  *Profile        `json:"profile,omitempty"`
	Proposal *Proposal       `json:"proposal,omitempty"`
}

// Ledger is a column's types from the source to the warehouse.
type Ledger struct {
	Declared string `json:"declared"`
	Wire     string `json:"wire"`
	Arrow    string `json:"arrow"`
	Stored   string `json:"stored"`
	Ruling   string `json:"ruling,omitempty"`
}

// Profile describes the values of a field. Min, Max, Top and Pattern are left
// empty for fields of L3 and above: the catalog shows no sensitive value.
type Profile struct {
	Rows     int64      `json:"rows"`
	Nulls    int64      `json:"nulls"`
	Distinct int64      `json:"distinct"`
	Min      string     `json:"min,omitempty"`
	Max      string     `json:"max,omitempty"`
	Top      []TopValue `json:"top,omitempty"`
	Pattern  string     `json:"pattern,omitempty"`
}

// TopValue is a frequent value and how often it occurs.
type TopValue struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// Proposal is what the detection of sensitive content suggests for a field.
type Proposal struct {
	Element string       `json:"element"`
	Level   schema.Level `json:"level"`
	// Share is the part of the sampled non-empty values that matched, 0 to 1.
	Share float64 `json:"share"`
	Why   string  `json:"why"`
}

// Element is a data element 数据元: one fact with one meaning.
type Element struct {
	ID          string          `json:"id" yaml:"id"`
	Title       definition.Text `json:"title" yaml:"title"`
	Definition  string          `json:"definition" yaml:"definition"`
	Type        schema.Type     `json:"type" yaml:"type"`
	CodeSet     string          `json:"code_set,omitempty" yaml:"code_set"`
	Level       schema.Level    `json:"level" yaml:"level"`
	Tags        []string        `json:"tags,omitempty" yaml:"tags"`
	Standard    string          `json:"standard,omitempty" yaml:"standard"`
	Synonyms    []string        `json:"synonyms,omitempty" yaml:"synonyms"`
	Authorities []Authority     `json:"authorities,omitempty" yaml:"authorities"`
}

// Authority names the authoritative source of an element for a population (一数一源).
type Authority struct {
	Population string `json:"population" yaml:"population"`
	// Source is a field, "system.dataset.field".
	Source string `json:"source" yaml:"source"`
}

// CodeSet is a list of codes with their meaning, after a cited standard.
type CodeSet struct {
	ID       string          `json:"id" yaml:"id"`
	Title    definition.Text `json:"title" yaml:"title"`
	Standard string          `json:"standard" yaml:"standard"`
	Codes    []Code          `json:"codes" yaml:"codes"`
}

// Code is one code of a code set.
type Code struct {
	Code string `json:"code" yaml:"code"`
	ZH   string `json:"zh" yaml:"zh"`
	EN   string `json:"en,omitempty" yaml:"en"`
}

// Outcomes of a run.
const (
	OutcomeRunning   = "running"
	OutcomePublished = "published"
	OutcomeUnchanged = "unchanged"
	OutcomeStopped   = "stopped" // a safeguard kept the last good version
	OutcomeFailed    = "failed"
	OutcomeCanceled  = "canceled"
)

// Run is one synchronisation of one dataset; System runs group them by Batch.
type Run struct {
	ID       string     `json:"id"`
	Batch    string     `json:"batch"` // all runs of one `yitong sync`
	System   string     `json:"system"`
	Dataset  string     `json:"dataset"`
	Outcome  string     `json:"outcome"`
	Started  time.Time  `json:"started"`
	Finished *time.Time `json:"finished,omitempty"`
	Counts   Counts     `json:"counts"`
	Proof    *Proof     `json:"proof,omitempty"`
	Drift    []Drift    `json:"drift,omitempty"`
	Checks   []Check    `json:"checks,omitempty"`
	// Message is a public sentence: why it failed or stopped.
	Message string `json:"message,omitempty"`
}

// Counts are the numbers of rows of a run.
type Counts struct {
	Read        int64 `json:"read"`
	Landed      int64 `json:"landed"`
	Inserted    int64 `json:"inserted"`
	Updated     int64 `json:"updated"`
	Deleted     int64 `json:"deleted"`
	Quarantined int64 `json:"quarantined"`
	Published   int64 `json:"published"` // rows of the dataset afterwards
}

// Proof is the comparison of what the source gave and what was landed.
type Proof struct {
	SourceRows     int64  `json:"source_rows"`
	LandedRows     int64  `json:"landed_rows"`
	SourceChecksum string `json:"source_checksum"`
	LandedChecksum string `json:"landed_checksum"`
}

// Holds reports whether both sides agree.
func (p Proof) Holds() bool {
	return p.SourceRows == p.LandedRows && p.SourceChecksum == p.LandedChecksum
}

// Kinds of drift.
const (
	DriftColumnAdded   = "column_added"
	DriftColumnDropped = "column_dropped"
	DriftTypeWidened   = "type_widened"
	DriftIncompatible  = "type_incompatible"
)

// Drift is one change of a source's schema.
type Drift struct {
	Kind   string `json:"kind"`
	Column string `json:"column"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
}

// Check is the result of one check of a run.
type Check struct {
	Field    string `json:"field"`
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Failed   int64  `json:"failed"`
	Rows     int64  `json:"rows"`
}

// Publication is what a finished load tells the catalog in one transaction.
type Publication struct {
	Run     Run
	Dataset string
	Version int64
	Rows    int64
	// Quarantine is the number of rows now open in quarantine.
	Quarantine int64
	// Fields replaces the fields of the dataset (ledger, state, profile and
	// proposal included); titles and levels edited by stewards stay.
	Fields []Field
	// Lineage replaces the dataset's edges.
	Lineage []Edge
	At      time.Time
}

// Edge is one step of lineage between named things: "source:hr/T_JZG/xm"
// (a source column), "field:hr.staff.name", "element:person.name".
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	// How names the rules applied on the way, as "trim, halfwidth".
	How string `json:"how,omitempty"`
	Run string `json:"run,omitempty"`
}

// Graph is the lineage around a name.
type Graph struct {
	Root  string   `json:"root"`
	Nodes []string `json:"nodes"`
	Edges []Edge   `json:"edges"`
	// Truncated says that there is more than the graph holds.
	Truncated bool `json:"truncated"`
}

// Hit is one result of a search.
type Hit struct {
	// Kind is system, dataset, field, element, or code_set.
	Kind  string  `json:"kind"`
	ID    string  `json:"id"`
	Title string  `json:"title"`
	Score float64 `json:"score"`
	Why   string  `json:"why"`
}
