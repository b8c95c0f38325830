package identity_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
)

func person(id string, campusIDs ...string) acl.Profile {
	profile := acl.Profile{ID: id, Name: id, Kind: acl.KindPerson}
	if len(campusIDs) > 0 {
		profile.Attributes = map[string][]string{acl.AttributeCampusID: campusIDs}
	}
	return profile
}

func TestPeopleAreFoundByCampusID(t *testing.T) {
	t.Parallel()
	directory, err := identity.New([]acl.Profile{
		person("10007"), person("teacher", "10001"), person("moved", "10002", "10003"), person("twice", "10004", "10004"),
		person("one", "10005"), person("other", "10005"), person("10006"), person("same", "10006"),
		{ID: "lib_app", Kind: acl.KindApplication}, {ID: "svc", Kind: acl.KindService, Attributes: map[string][]string{acl.AttributeCampusID: {"10008"}}},
	})
	require.NoError(t, err)
	for campusID, id := range map[string]string{"10007": "10007", "10001": "teacher", "10002": "moved", "10003": "moved", "10004": "twice"} {
		found, err := directory.Person(campusID)
		require.NoError(t, err)
		require.Equal(t, id, found.ID())
	}
	for name, campusID := range map[string]string{"an id beside a campus id": "teacher", "an application": "lib_app", "a service": "10008", "nobody": "1", "empty": ""} {
		found, err := directory.Person(campusID)
		require.True(t, fault.Is(err, fault.NotFound), name)
		require.Empty(t, found.ID())
	}
	for _, several := range []string{"10005", "10006"} {
		_, err := directory.Person(several)
		require.True(t, fault.Is(err, fault.Conflict), several)
	}
	found, err := directory.Principal("moved")
	require.NoError(t, err)
	require.Equal(t, "10002", identity.CampusID(found))
	found, err = directory.Principal("10007")
	require.NoError(t, err)
	require.Equal(t, "10007", identity.CampusID(found))
}

func TestTheDirectoryFollowsItsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "principals.yaml")
	write := func(text string) {
		t.Helper()
		next := path + ".next"
		require.NoError(t, os.WriteFile(next, []byte(text), 0o600))
		require.NoError(t, os.Rename(next, path))
	}
	write("- {id: a, kind: person, roles: [leader]}\n- {id: b, kind: person, roles: []}\n")
	directory, err := identity.Load(path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	found, err := directory.Person("a")
	require.NoError(t, err)
	require.True(t, found.HasRole("leader"))

	write("- {id: a, kind: person, roles: [teacher]}\n")
	found, err = directory.Person("a")
	require.NoError(t, err)
	require.False(t, found.HasRole("leader"))
	require.False(t, directory.Knows("b"))
	require.Len(t, directory.Principals(), 1)

	for name, text := range map[string]string{"no YAML": "- {id: a", "a wrong kind": "- {id: b, kind: thing}", "an id twice": "- {id: b, kind: person}\n- {id: b, kind: person}"} {
		write(text)
		require.True(t, directory.Knows("a"), name)
		require.False(t, directory.Knows("b"), name)
	}
	require.NoError(t, os.Remove(path))
	require.True(t, directory.Knows("a"))
	write("- {id: c, kind: person, roles: []}\n")
	require.False(t, directory.Knows("a"))
	require.True(t, directory.Knows("c"))

	path = filepath.Join(t.TempDir(), "principals.yaml")
	_, err = identity.Load(path, slog.New(slog.DiscardHandler))
	require.True(t, fault.Is(err, fault.NotFound))
	directory = identity.Await(path, slog.New(slog.DiscardHandler))
	require.Empty(t, directory.Principals())
	_, err = directory.Person("a")
	require.True(t, fault.Is(err, fault.NotFound))
	write("- {id: a, kind: person, roles: [administrator]}\n")
	_, err = directory.Person("a")
	require.NoError(t, err)
}
