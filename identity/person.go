package identity

import (
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// ambiguous is the place of a campus id that several people have.
const ambiguous = -1

// CampusID is the id by which sign-in knows a person: the attribute campus_id,
// or the id of one without it. Of several values the first is meant.
func CampusID(person acl.Principal) string {
	if ids := person.Profile().Attributes[acl.AttributeCampusID]; len(ids) > 0 {
		return ids[0]
	}
	return person.ID()
}

func (l *listing) addPerson(profile acl.Profile) {
	if profile.Kind != acl.KindPerson {
		return
	}
	ids := profile.Attributes[acl.AttributeCampusID]
	if len(ids) == 0 {
		ids = []string{profile.ID}
	}
	for _, id := range ids {
		if other, twice := l.persons[id]; twice && other != len(l.principals) {
			l.persons[id] = ambiguous
			continue
		}
		l.persons[id] = len(l.principals)
	}
}

// Person finds whom a campus id means: the person with that attribute
// campus_id, or the person of that id who has no such attribute. Applications
// never sign in. Nobody is a NotFound fault, several people a Conflict.
func (d *Directory) Person(campusID string) (acl.Principal, error) {
	listed := d.now()
	place, known := listed.persons[campusID]
	switch {
	case !known:
		return acl.Principal{}, fault.New(fault.NotFound, "this server does not know the campus id %q", campusID)
	case place == ambiguous:
		return acl.Principal{}, fault.New(fault.Conflict, "several people of this server have the campus id %q: its operators have to tell them apart", campusID)
	}
	return listed.principals[place], nil
}
