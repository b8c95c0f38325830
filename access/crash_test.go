package access_test

import (
	"testing"
	"time"

	"github.com/Masterminds/squirrel"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// kept is a request's row in the state database.
type kept struct {
	state, document string
	revision        int64
}

func (c *campus) row(id string) (row kept) {
	c.t.Helper()
	err := c.opened.SQL().Select("state", "revision", "document").From("access_request").Where(squirrel.Eq{"id": id}).
		RunWith(c.opened.DB()).QueryRowContext(c.t.Context()).Scan(&row.state, &row.revision, &row.document)
	require.NoError(c.t, err)
	return row
}

func (c *campus) putRow(id string, row kept) {
	c.t.Helper()
	_, err := c.opened.SQL().Update("access_request").Set("state", row.state).Set("revision", row.revision).Set("document", row.document).
		Where(squirrel.Eq{"id": id}).RunWith(c.opened.DB()).ExecContext(c.t.Context())
	require.NoError(c.t, err)
}

// crashBefore does something and dies inside the transaction that changes the
// policies, which is then rolled back.
func (c *campus) crashBefore(do func() error) {
	c.t.Helper()
	c.written = func() { panic("power cut") }
	require.Panics(c.t, func() { _ = do() })
	c.written = func() {}
}

// crashAfter does something and puts the request back as it was at the moment
// at which the policies had been changed and the request not yet.
func (c *campus) crashAfter(id string, do func() error) {
	c.t.Helper()
	var middle kept
	c.written = func() { middle = c.row(id) }
	require.NoError(c.t, do())
	c.written = func() {}
	require.NotEmpty(c.t, middle.document)
	require.NotEqual(c.t, middle, c.row(id))
	c.putRow(id, middle)
}

// anew is the desk of another process.
func (c *campus) anew() {
	c.desk = access.New(c.policies, c.catalog, c.usage, c.opened, c.clock.now)
}

func TestCrashBeforeThePoliciesAreChangedChangesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.ask(teacher)
		decide := func() error {
			_, err := c.desk.Decide(t.Context(), steward, made.ID, access.Decision{Grant: made.Fields})
			return err
		}
		c.crashBefore(decide)
		c.anew()
		require.Contains(t, c.row(made.ID).document, `"prepared"`)
		require.Equal(t, access.Open, c.state(made.ID))
		require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.View))
		_, err := c.desk.Ask(t.Context(), teacher, c.wanted())
		c.refused(err, fault.Conflict, "not decided yet")
		// It might still be under way elsewhere.
		c.refused(decide(), fault.Conflict, "in a minute")
		_, err = c.desk.Withdraw(t.Context(), teacher, made.ID)
		c.refused(err, fault.Conflict, "in a minute")
		c.clock.move(time.Minute)
		require.NoError(t, decide())
		require.NotEmpty(t, c.sees(teacher, "hr.staff", "teaching", acl.View))

		revoke := func() error {
			_, err := c.desk.Revoke(t.Context(), steward, made.ID, "")
			return err
		}
		renew := func() error {
			_, err := c.desk.Renew(t.Context(), steward, made.ID, c.clock.now().AddDate(2, 0, 0), "")
			return err
		}
		for _, do := range []func() error{renew, revoke} {
			c.crashBefore(do)
			c.anew()
			found, err := c.desk.Request(t.Context(), made.ID)
			require.NoError(t, err)
			require.Equal(t, access.Granted, found.State)
			require.Equal(t, made.Period.Until, found.Grant.Period.Until)
			require.Len(t, found.History, 2, "what did not happen is not told")
			require.NotEmpty(t, c.sees(teacher, "hr.staff", "teaching", acl.View))
			c.clock.move(time.Minute)
		}
		require.NoError(t, revoke())
		require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.View))
	})
}

func TestCrashAfterThePoliciesAreChangedLosesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *campus) {
		made := c.ask(teacher)
		c.crashAfter(made.ID, func() error {
			_, err := c.desk.Decide(t.Context(), steward, made.ID, access.Decision{Grant: made.Fields, Note: "同意"})
			return err
		})
		c.anew()
		require.Equal(t, "open", c.row(made.ID).state, "as the crash left it")
		require.NotEmpty(t, c.sees(teacher, "hr.staff", "teaching", acl.View))
		found, err := c.desk.Request(t.Context(), made.ID)
		require.NoError(t, err)
		require.Equal(t, access.Granted, found.State)
		require.Equal(t, "同意", found.History[1].Note)
		listed, err := c.desk.Requests(t.Context(), access.Filter{State: access.Granted})
		require.NoError(t, err)
		require.Len(t, listed, 1)
		findings, err := c.desk.Review(t.Context(), steward, access.ReviewOptions{EndsWithin: 500 * day})
		require.NoError(t, err)
		require.Len(t, findings, 1)
		_, err = c.desk.Decide(t.Context(), steward, made.ID, access.Decision{})
		c.refused(err, fault.Conflict, "was granted by wang")
		c.ask(teacher) // nothing is open
		require.Equal(t, "granted", c.row(made.ID).state)

		c.crashAfter(made.ID, func() error {
			_, err := c.desk.Renew(t.Context(), steward, made.ID, c.clock.now().AddDate(2, 0, 0), "")
			return err
		})
		c.anew()
		found, err = c.desk.Request(t.Context(), made.ID)
		require.NoError(t, err)
		require.Equal(t, c.clock.now().AddDate(2, 0, 0), found.Grant.Period.Until)
		require.Len(t, found.History, 3)

		c.crashAfter(made.ID, func() error {
			_, err := c.desk.Revoke(t.Context(), teacher, made.ID, "不再需要")
			return err
		})
		c.anew()
		require.Empty(t, c.sees(teacher, "hr.staff", "teaching", acl.View))
		found, err = c.desk.Request(t.Context(), made.ID)
		require.NoError(t, err)
		require.Equal(t, access.Revoked, found.State)
		require.Equal(t, "不再需要", found.History[3].Note)
		_, err = c.desk.Renew(t.Context(), steward, made.ID, c.clock.now().AddDate(2, 0, 0), "")
		c.refused(err, fault.Conflict, "was revoked by 1001")
	})
}
