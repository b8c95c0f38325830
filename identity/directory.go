package identity

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"

	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Directory knows the principals of a campus. One that [Load] made follows its
// file. It is safe for concurrent use.
type Directory struct {
	current atomic.Pointer[listing]
	file    *followed
}

// listing is everybody at one time.
type listing struct {
	principals []acl.Principal
	places     map[string]int
	// persons finds people by campus id: the place, or ambiguous.
	persons map[string]int
}

// New makes a directory of what is known. Ids that are empty or occur twice,
// and kinds that are unknown, are Invalid faults.
func New(profiles []acl.Profile) (*Directory, error) {
	made, err := listingOf(profiles)
	if err != nil {
		return nil, err
	}
	d := &Directory{}
	d.current.Store(made)
	return d, nil
}

func listingOf(profiles []acl.Profile) (*listing, error) {
	d := &listing{places: make(map[string]int, len(profiles)), persons: make(map[string]int, len(profiles))}
	for _, profile := range profiles {
		if _, twice := d.places[profile.ID]; profile.ID == "" || twice {
			return nil, fault.New(fault.Invalid, "principal %q has no id of its own", profile.ID)
		}
		if !slices.Contains([]string{acl.KindPerson, acl.KindApplication, acl.KindService}, profile.Kind) {
			return nil, fault.New(fault.Invalid, "principal %q: kind %q is none of person, application and service", profile.ID, profile.Kind)
		}
		d.places[profile.ID] = len(d.principals)
		d.addPerson(profile)
		d.principals = append(d.principals, acl.NewPrincipal(profile))
	}
	return d, nil
}

// Load reads principals.yaml, a list of principals, and follows it: when the
// file changes, what it says counts from the next question on. A file that then
// cannot be read leaves everybody as they were, which logger is told.
func Load(path string, logger *slog.Logger) (*Directory, error) {
	state, err := os.Stat(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "the principals of the campus (%s) cannot be read", path)
	}
	read, err := readListing(path)
	if err != nil {
		return nil, err
	}
	d := &Directory{file: &followed{path: path, logger: logger, state: state}}
	d.current.Store(read)
	return d, nil
}

func readListing(path string) (*listing, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "the principals of the campus (%s) cannot be read", path)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var profiles []acl.Profile
	if err := decoder.Decode(&profiles); err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "%v", err).At("%s", path)
	}
	made, err := listingOf(profiles)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s", fault.Public(err)).At("%s", path)
	}
	return made, nil
}

// Principals lists everybody, in the order of the file.
func (d *Directory) Principals() []acl.Principal { return d.now().principals }

// Principal finds one by id, or gives a NotFound fault.
func (d *Directory) Principal(id string) (acl.Principal, error) {
	listed := d.now()
	if place, known := listed.places[id]; known {
		return listed.principals[place], nil
	}
	return acl.Principal{}, fault.New(fault.NotFound, "there is no principal %q; yitong demo people lists them", id)
}

// Knows reports whether an id is that of one of them.
func (d *Directory) Knows(id string) bool {
	_, known := d.now().places[id]
	return known
}
