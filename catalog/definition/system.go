package definition

import (
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/schema"
)

// System is one departmental system as its YAML file declares it.
type System struct {
	// ID is the system's short name, as "hr": lower case, digits, underscore.
	ID    string `yaml:"system"`
	Title Text   `yaml:"title"`
	// Department is the id of the owning department, as "hr"; Steward the id of
	// the person who answers for the data.
	Department  string `yaml:"department"`
	Steward     string `yaml:"steward"`
	Description string `yaml:"description"`
	// Connector is the name of a driver; Connection is that driver's own mapping.
	Connector  string    `yaml:"connector"`
	Connection yaml.Node `yaml:"connection"`
	// Timezone is the IANA zone of wall clocks in the system.
	Timezone string `yaml:"timezone"`
	// Schedule is a five-field cron line; empty means only when asked.
	Schedule string    `yaml:"schedule"`
	Datasets []Dataset `yaml:"datasets"`

	// File is where the definition was read; Line of a node is in the YAML nodes.
	File string `yaml:"-"`
}

// Text is a name in Chinese and English.
type Text struct {
	ZH string `yaml:"zh" json:"zh"`
	EN string `yaml:"en" json:"en"`
}

// Load modes.
const (
	// LoadFull reads everything each time; a key that is gone was deleted.
	LoadFull = "full"
	// LoadIncremental reads what Cursor says has changed.
	LoadIncremental = "incremental"
	// LoadChanges applies a stream of change events (Kafka).
	LoadChanges = "changes"
)

// Dataset declares one dataset of a system; its id is "system.name".
type Dataset struct {
	// Name is the published name, as "staff".
	Name        string   `yaml:"name"`
	Title       Text     `yaml:"title"`
	Description string   `yaml:"description"`
	Tags        []string `yaml:"tags"`
	// Source is what the system calls it: table, file, sheet, path, topic.
	Source  string    `yaml:"source"`
	Options yaml.Node `yaml:"options"`
	// Key holds source column names. Without one, whole rows are compared.
	Key  []string `yaml:"key"`
	Load string   `yaml:"load"`
	// Cursor is for LoadIncremental.
	Cursor  *Cursor `yaml:"cursor"`
	Deletes Deletes `yaml:"deletes"`
	// Duplicates says which of several rows with one key stays; the others go
	// to quarantine with the reason "duplicate_key".
	Duplicates Duplicates `yaml:"duplicates"`
	// Person names the field whose value is the campus id of the person the
	// row is about, for row filters and the record of reads.
	Person string  `yaml:"person"`
	Fields []Field `yaml:"fields"`
	// MinRows stops a publish whose source suddenly has fewer rows than this.
	MinRows int64 `yaml:"min_rows"`
	// MaxQuarantine is the share of quarantined rows (0 to 1) above which the
	// last good version stays published; 0 means DefaultMaxQuarantine.
	MaxQuarantine float64 `yaml:"max_quarantine"`

	// Line is where the dataset begins in its file, from 1; 0 when not read from one.
	Line int `yaml:"-"`
}

// DefaultMaxQuarantine lets a dirty source through but not a broken one: above
// a tenth, something is wrong with the source or its definition.
const DefaultMaxQuarantine = 0.10

// Cursor declares the column that grows with every change of a row.
type Cursor struct {
	Column string `yaml:"column"`
	// LookBack is how far before the last position to read again, for rows that
	// commit late: a duration ("1h") for moments, a number for integers.
	LookBack string `yaml:"look_back"`
}

// Deletes says how deleted rows are found.
type Deletes struct {
	// Find is "compare" (the default of full loads: keys that are gone),
	// "soft" (Column holds one of Values), or "none".
	Find   string   `yaml:"find"`
	Column string   `yaml:"column"`
	Values []string `yaml:"values"`
}

// Duplicates is the rule for rows with one key: the first by OrderBy
// ("-column" for descending) stays; "keep: last" without OrderBy keeps the one
// that the source gave last.
type Duplicates struct {
	Keep    string   `yaml:"keep"` // first | last | reject_all
	OrderBy []string `yaml:"order_by"`
}

// Field maps a source column to a published field.
type Field struct {
	// Name is the published name; From the source column (default: Name).
	Name        string `yaml:"name"`
	From        string `yaml:"from"`
	Title       Text   `yaml:"title"`
	Description string `yaml:"description"`
	// Element is the id of the data element, as "person.mobile".
	Element string `yaml:"element"`
	// Type is the published type; nil: the element's, or else the source's.
	Type *schema.Type `yaml:"type"`
	// Rules are named text rules in order (see pipelines/standard): trim,
	// halfwidth, upper, digits, date, null_if_empty ... Nil: the defaults.
	Rules []string `yaml:"rules"`
	// Codes maps the source's code values to those of the element's code set.
	Codes map[string]string `yaml:"codes"`
	Level schema.Level      `yaml:"level"`
	Tags  []string          `yaml:"tags"`
	// Checks are applied to the standardised value.
	Checks []Check `yaml:"checks"`
	// Ignore leaves the column out of the catalog and the warehouse.
	Ignore bool `yaml:"ignore"`

	// Line is where the field stands in its file, from 1.
	Line int `yaml:"-"`
}

// Check is one rule on a field. Hard checks quarantine the row; soft ones are
// counted and shown.
type Check struct {
	// Rule is not_null, unique, in_code_set, id_number, luhn, pattern, range,
	// length, date_range.
	Rule    string `yaml:"rule"`
	Pattern string `yaml:"pattern"`
	Min     string `yaml:"min"`
	Max     string `yaml:"max"`
	// Severity is "hard" (default) or "soft".
	Severity string `yaml:"severity"`
}
