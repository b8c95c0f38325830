package identity_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

func TestApplicationsRefused(t *testing.T) {
	t.Parallel()
	many := strings.Split(strings.Repeat("x,", 100)+"x", ",")
	cases := map[string]struct {
		change func(a *identity.Application)
		says   string
	}{
		"no id":                {func(a *identity.Application) { a.ID = "" }, "1 to 60"},
		"long id":              {func(a *identity.Application) { a.ID = strings.Repeat("a", 61) }, "1 to 60"},
		"id with a dot":        {func(a *identity.Application) { a.ID = "library.site" }, "only the letters"},
		"id with a space":      {func(a *identity.Application) { a.ID = "library site" }, "only the letters"},
		"id of other letters":  {func(a *identity.Application) { a.ID = "图书馆" }, "only the letters"},
		"id with a look-alike": {func(a *identity.Application) { a.ID = "libr\u0430ry" }, "only the letters"},
		"no name":              {func(a *identity.Application) { a.Name = "" }, "name: it is empty"},
		"name with a line":     {func(a *identity.Application) { a.Name = "a\nb" }, "cannot be seen"},
		"no department":        {func(a *identity.Application) { a.Department = "" }, "department: it is empty"},
		"no steward":           {func(a *identity.Application) { a.Steward = " " }, "steward: it is empty"},
		"long contact":         {func(a *identity.Application) { a.Contact = strings.Repeat("好", 201) }, "more than 200"},
		"empty role":           {func(a *identity.Application) { a.Roles = []string{""} }, "roles 1: it is empty"},
		"role twice":           {func(a *identity.Application) { a.Roles = []string{"x", "x"} }, "listed twice"},
		"many groups":          {func(a *identity.Application) { a.Groups = many }, "more than 100"},
		"decomposed group":     {func(a *identity.Application) { a.Groups = []string{"e\u0301"} }, "NFC"},
		"broken text":          {func(a *identity.Application) { a.Groups = []string{"a\xff"} }, "cannot be seen"},
		"department again":     {func(a *identity.Application) { a.Attributes["department"] = []string{"教务处"} }, "cannot be given"},
		"somebody's campus id": {func(a *identity.Application) { a.Attributes["campus_id"] = []string{"1"} }, "cannot be given"},
		"another id":           {func(a *identity.Application) { a.Attributes["id"] = []string{"dean"} }, "cannot be given"},
		"attribute with =":     {func(a *identity.Application) { a.Attributes["a=b"] = []string{"c"} }, "has a ="},
		"empty value":          {func(a *identity.Application) { a.Attributes["a"] = []string{""} }, "attributes, a 1: it is empty"},
		"no network":           {func(a *identity.Application) { a.Networks = []string{"10.0.0.1"} }, "CIDR"},
		"bits behind":          {func(a *identity.Application) { a.Networks = []string{"10.0.0.1/8"} }, "the network is 10.0.0.0/8"},
		"mapped network":       {func(a *identity.Application) { a.Networks = []string{"::ffff:10.0.0.0/104"} }, "IPv4"},
		"network twice":        {func(a *identity.Application) { a.Networks = []string{"10.0.0.0/8", "10.0.0.0/8"} }, "listed twice"},
		"negative rate":        {func(a *identity.Application) { a.RatePerSecond = -1 }, "rate_per_second"},
		"no number":            {func(a *identity.Application) { a.RatePerSecond = math.NaN() }, "rate_per_second"},
		"endless rate":         {func(a *identity.Application) { a.RatePerSecond = math.Inf(1) }, "rate_per_second"},
		"hardly a rate":        {func(a *identity.Application) { a.RatePerSecond = 1e-9 }, "at least 0.001"},
		"negative burst":       {func(a *identity.Application) { a.Burst = -1 }, "burst"},
		"huge quota":           {func(a *identity.Application) { a.DailyReads = math.MaxInt64 }, "daily_reads"},
	}
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		r := open(t, opened, newHands().now)
		for name, refused := range cases {
			application := library()
			refused.change(&application)
			_, err := r.Register(t.Context(), "admin", application)
			require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
			require.Contains(t, fault.Public(err), refused.says, name)
			_, err = r.Update(t.Context(), "admin", application)
			require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
		}
		_, err := r.Register(t.Context(), "", library())
		require.Equal(t, fault.Invalid, fault.CodeOf(err), "nobody registers")
		all, err := r.List(t.Context())
		require.NoError(t, err)
		require.Empty(t, all)
	})
}

func TestIDsBelongToOne(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		r := open(t, opened, newHands().now)
		other := open(t, opened, newHands().now) // another node, which has not looked since
		register(t, r, library())
		for _, id := range []string{"dean", "library-site", "Library-Site"} {
			application := library()
			application.ID = id
			_, err := other.Register(t.Context(), "admin", application)
			require.Equal(t, fault.Conflict, fault.CodeOf(err), id)
		}
		longest := library()
		longest.ID = "A_z-9" + strings.Repeat("0", 55)
		register(t, other, longest)
	})
}

func TestApplicationsAndTheirHistory(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		clock := newHands()
		r := open(t, opened, clock.now)
		given := library()
		given.Disabled, given.Revision, given.MadeBy, given.Made = true, 7, "somebody", began.AddDate(-1, 0, 0)
		first := register(t, r, given)
		require.False(t, first.Disabled)
		require.Equal(t, int64(1), first.Revision)
		require.Equal(t, []any{"admin", began, "admin", began}, []any{first.MadeBy, first.Made, first.ChangedBy, first.Changed})

		clock.move(time.Hour)
		second := first
		second.Roles, second.Networks, second.RatePerSecond, second.Disabled = nil, []string{"10.0.0.0/8"}, 2.5, true
		second, err := r.Update(t.Context(), "steward", second)
		require.NoError(t, err)
		require.False(t, second.Disabled, "an update does not disable")
		require.Equal(t, []any{int64(2), "admin", began, "steward", began.Add(time.Hour)},
			[]any{second.Revision, second.MadeBy, second.Made, second.ChangedBy, second.Changed})
		_, err = r.Update(t.Context(), "admin", first)
		require.Equal(t, fault.Conflict, fault.CodeOf(err), "it was changed meanwhile")
		_, err = r.Enable(t.Context(), "admin", first.ID)
		require.Equal(t, fault.Conflict, fault.CodeOf(err))
		disabled, err := r.Disable(t.Context(), "admin", first.ID)
		require.NoError(t, err)
		require.True(t, disabled.Disabled)
		_, err = r.Disable(t.Context(), "admin", first.ID)
		require.Equal(t, fault.Conflict, fault.CodeOf(err))
		enabled, err := r.Enable(t.Context(), "dean", first.ID)
		require.NoError(t, err)

		for _, node := range []*identity.Registry{r, open(t, opened, clock.now)} {
			found, err := node.Get(t.Context(), first.ID)
			require.NoError(t, err)
			require.Equal(t, enabled, found)
			all, err := node.List(t.Context())
			require.NoError(t, err)
			require.Equal(t, []identity.Application{enabled}, all)
		}
		history, err := r.Changes(t.Context(), first.ID)
		require.NoError(t, err)
		var told [][2]string
		for i, change := range history {
			require.Equal(t, int64(len(history)-i), change.Version)
			told = append(told, [2]string{change.Action, change.By})
		}
		require.Equal(t, [][2]string{{"enable", "dean"}, {"disable", "admin"}, {"update", "steward"}, {"register", "admin"}}, told)
		require.Equal(t, &first, history[3].After)
		require.Equal(t, &second, history[2].After)
		require.Equal(t, began.Add(time.Hour), history[2].At)
	})
}

func TestNoSuchApplication(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		r := open(t, opened, newHands().now)
		for name, call := range map[string]func() error{
			"get":     func() error { _, err := r.Get(t.Context(), "none"); return err },
			"disable": func() error { _, err := r.Disable(t.Context(), "admin", "none"); return err },
			"enable":  func() error { _, err := r.Enable(t.Context(), "admin", "none"); return err },
			"issue":   func() error { _, err := r.Issue(t.Context(), "admin", "none"); return err },
			"rotate":  func() error { _, err := r.Rotate(t.Context(), "admin", "none", 0); return err },
			"revoke":  func() error { _, err := r.Revoke(t.Context(), "admin", "none"); return err },
			"keys":    func() error { _, err := r.Keys(t.Context(), "none"); return err },
			"changes": func() error { _, err := r.Changes(t.Context(), "none"); return err },
			"update": func() error {
				application := library()
				application.ID = "none"
				_, err := r.Update(t.Context(), "admin", application)
				return err
			},
		} {
			require.Equal(t, fault.NotFound, fault.CodeOf(call()), name)
		}
	})
}

// What is given out is the caller's: changing it changes nobody else's.
func TestApplicationsAreCopies(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		r := open(t, opened, newHands().now)
		made := register(t, r, library())
		key := issue(t, r, made.ID)
		spoil := func(a identity.Application) {
			a.Roles[0], a.Groups[0], a.Attributes["campus"][0] = "x", "x", "x"
			a.Attributes["more"] = []string{"x"}
		}
		spoil(made)
		found, err := r.Get(t.Context(), made.ID)
		require.NoError(t, err)
		spoil(found)
		_, sender, err := r.Authenticate(t.Context(), key.Text, somewhere)
		require.NoError(t, err)
		spoil(sender)
		principal, found, err := r.Authenticate(t.Context(), key.Text, somewhere)
		require.NoError(t, err)
		want := library()
		want.Revision, want.Made, want.MadeBy, want.Changed, want.ChangedBy = 1, began, "admin", began, "admin"
		require.Equal(t, want, found)
		require.Equal(t, acl.Profile{
			ID: want.ID, Name: want.Name, Kind: acl.KindApplication, Roles: want.Roles, Groups: want.Groups,
			Attributes: map[string][]string{"campus": {"north", "south"}, "department": {"图书馆"}},
		}, principal.Profile())
	})
}
