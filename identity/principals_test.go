package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

func TestPrincipalsOfBoth(t *testing.T) {
	t.Parallel()
	directory, err := identity.New([]acl.Profile{
		{ID: "dean", Kind: acl.KindPerson, Name: "院长"},
		{ID: "library-site", Kind: acl.KindApplication, Name: "of the file", Roles: []string{"everything"}}, // written after it was registered
	})
	require.NoError(t, err)
	require.True(t, directory.Knows("dean"))
	require.False(t, directory.Knows("canteen"))
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		r := open(t, opened, newHands().now)
		both := identity.NewPrincipals(r, directory)
		list := func() (names []string) {
			t.Helper()
			all, err := both.Principals()
			require.NoError(t, err)
			for _, principal := range all {
				names = append(names, principal.ID()+"/"+principal.Profile().Name)
			}
			return names
		}
		require.Equal(t, []string{"dean/院长", "library-site/of the file"}, list())
		register(t, r, library())
		canteen := library()
		canteen.ID, canteen.Name = "canteen", "食堂"
		register(t, r, canteen)
		require.Equal(t, []string{"canteen/食堂", "library-site/图书馆网站", "dean/院长"}, list())
		found, err := both.Principal("library-site")
		require.NoError(t, err)
		require.Equal(t, []string{"reader"}, found.Profile().Roles)
		require.True(t, found.Has(acl.AttributeDepartment, "图书馆"))
		found, err = both.Principal("dean")
		require.NoError(t, err)
		require.Equal(t, acl.KindPerson, found.Profile().Kind)

		_, err = r.Disable(t.Context(), "admin", "library-site")
		require.NoError(t, err)
		require.Equal(t, []string{"canteen/食堂", "dean/院长"}, list())
		for _, id := range []string{"library-site", "none", ""} {
			_, err = both.Principal(id)
			require.Equal(t, fault.NotFound, fault.CodeOf(err), id)
		}
	})
}
