package ranger

import (
	"cmp"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// ConvertOptions say how policies are carried over.
type ConvertOptions struct {
	// Service names the service that is meant, where an export has those of several.
	Service string
	// Databases are those that Ranger guarded, for which patterns of databases
	// then stand. Without any, patterns fit the whole catalog.
	Databases []string
	// Zone is the time zone of the servers that asked Ranger, in which it reckons
	// recurrences; [acl.DefaultZone] when empty.
	Zone string
}

// Converted are the policies of a service of Hive as policies of Yitong, and
// what these cannot say.
type Converted struct {
	Service string `json:"service"`
	// Databases are those that the options named.
	Databases []string     `json:"databases,omitempty"`
	Policies  []acl.Policy `json:"policies"`
	// Roles are those that the policies name, which the directory must give.
	Roles []Role `json:"roles"`
	// Tags are those that the catalog must give, where a file of them was read.
	Tags  []Tagged `json:"tags,omitempty"`
	Notes []Note   `json:"notes"`
}

// Origin is where the policies are from, for those who keep them.
func (c Converted) Origin() string { return labelPrefix + c.Service }

// labelPrefix begins ids and origins of what is from Ranger.
const labelPrefix = "ranger:"

// Role is a role and who has it in Ranger, by themselves or by other roles.
type Role struct {
	Name   string   `json:"name"`
	Users  []string `json:"users,omitempty"`
	Groups []string `json:"groups,omitempty"`
}

// Tagged is a database, table or column with its tags.
type Tagged struct {
	Of   string   `json:"of"`
	Tags []string `json:"tags"`
}

// Note is something that was not carried over as it is.
type Note struct {
	// Policy is what the ids of the policies made of it begin with, empty for
	// what concerns the whole file.
	Policy      string `json:"policy,omitempty"`
	Name        string `json:"name,omitempty"`
	What        string `json:"what"`
	Why         string `json:"why"`
	Consequence string `json:"consequence"`
	// Shows says whether less is shown than in Ranger because of it.
	Shows string `json:"shows"`
}

// What is shown because of a note, compared with Ranger. More is shown only
// where Ranger has no say: of systems and types of values that it never guarded.
const (
	ShowsLess = "less"
	ShowsSame = "same"
	ShowsMore = "more"
)

// Convert makes policies of those of a service of Hive, or of another whose
// resources are databases, tables and columns. What cannot be said exactly
// shows less than in Ranger, never more: an allow is narrowed or left out, a
// deny, a mask or a row filter counts for more. Each such case has a note.
func Convert(file *File, options ConvertOptions) (Converted, error) {
	given, err := file.complete(options.Service)
	if err != nil {
		return Converted{}, err
	}
	zone, err := time.LoadLocation(cmp.Or(options.Zone, acl.DefaultZone))
	if err != nil || options.Zone == time.Local.String() {
		return Converted{}, fault.New(fault.Invalid, "there is no time zone %q", options.Zone)
	}
	c := &converter{
		options: options, changing: changes(zone), file: given.file, ids: make(map[string]int), noted: make(map[Note]bool), usable: make(map[string]bool),
		made: Converted{Service: given.service, Databases: options.Databases, Policies: []acl.Policy{}, Roles: []Role{}, Notes: []Note{}},
	}
	for _, one := range given.problems {
		c.note(nil, one)
	}
	if err := c.gather(); err != nil {
		return Converted{}, err
	}
	c.noteFile()
	for _, s := range c.sources {
		if s.kind == AccessPolicy {
			c.access(s)
		}
	}
	c.override()
	c.layers(MaskPolicy)
	c.layers(RowFilterPolicy)
	if err := c.emit(); err != nil {
		return Converted{}, err
	}
	c.listRoles()
	c.listTags()
	return c.made, nil
}

// converter makes the policies of one service.
type converter struct {
	options ConvertOptions
	// changing says that clocks change for the summer in the zone of the options.
	changing bool
	file     *File
	sources  []*source
	// zoned are the datasets of security zones.
	zoned []string
	rules []*rule
	// ids counts the policies made of each policy of Ranger.
	ids   map[string]int
	noted map[Note]bool
	// usable keeps which names policies can have.
	usable map[string]bool
	made   Converted
}

// direction says what becomes of what cannot be said exactly.
type direction bool

const (
	// giving leaves it out, so that it shows nothing.
	giving direction = false
	// taking counts for more, so that nothing is shown that it hides.
	taking direction = true
)

// problem is something that could not be said exactly.
type problem struct{ what, why, consequence, shows string }

func less(what, why, consequence string) problem { return problem{what, why, consequence, ShowsLess} }
func same(what, why, consequence string) problem { return problem{what, why, consequence, ShowsSame} }
func more(what, why, consequence string) problem { return problem{what, why, consequence, ShowsMore} }

func (c *converter) note(s *source, found ...problem) {
	for _, one := range found {
		made := Note{What: one.what, Why: one.why, Consequence: one.consequence, Shows: one.shows}
		if s != nil {
			made.Policy, made.Name = s.label, s.policy.Name
		}
		if !c.noted[made] {
			c.noted[made] = true
			c.made.Notes = append(c.made.Notes, made)
		}
	}
}
