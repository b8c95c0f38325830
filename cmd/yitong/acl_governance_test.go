package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/config"
)

// desk calls commands on one demo home.
type desk struct {
	t    *testing.T
	home string
}

// governed is a small demo home with personnel and campus cards synchronised.
func governed(t *testing.T) desk {
	t.Helper()
	d := desk{t, t.TempDir()}
	d.does("demo", "build", "--scale", "small")
	d.does("sync", "hr", "card")
	return d
}

// says gives what a command writes, after checking its exit status.
func (d desk) says(want int, args ...string) (out, errs string) {
	d.t.Helper()
	status, out, errs := call(d.t, slices.Concat(args, []string{"--home", d.home})...)
	require.Equal(d.t, want, status, "%v: %s%s", args, out, errs)
	if want != exitDone {
		require.Empty(d.t, out, "%v", args)
	}
	return out, errs
}

func (d desk) does(args ...string) string {
	d.t.Helper()
	out, _ := d.says(exitDone, args...)
	return out
}

// refused checks that a command is refused with a text.
func (d desk) refused(status int, says string, args ...string) {
	d.t.Helper()
	_, errs := d.says(status, args...)
	require.Contains(d.t, errs, says, "%v", args)
}

// gives reads the JSON document of a command.
func gives[T any](d desk, args ...string) T {
	d.t.Helper()
	var made T
	require.NoError(d.t, json.Unmarshal([]byte(d.does(with(args, "--json")...)), &made), "%v", args)
	return made
}

// rows are the rows that a read gives, every value as text.
func (d desk) rows(dataset string, args ...string) []map[string]string {
	d.t.Helper()
	answer := gives[struct {
		Rows []map[string]string `json:"rows"`
	}](d, append([]string{"query", dataset}, args...)...)
	return answer.Rows
}

// with is a command with further arguments.
func with(command []string, more ...string) []string { return slices.Concat(command, more) }

// today stands still, so that a midnight among the tests does not matter.
var today = time.Now()

func days(n int) string { return today.AddDate(0, 0, n).Format(time.DateOnly) }

func TestConsentOpensOneRowAndClosesIt(t *testing.T) {
	t.Parallel()
	d := governed(t)
	advice := []string{"--as", "app_library", "--purpose", "reading_advice"}
	require.Empty(t, d.rows("card.account", advice...), "nobody consented")

	require.Contains(t, d.does("acl", "consent", "give", "reading_advice", "--person", "10001", "--recipient", "app_library", "--until", days(30)),
		"10001 consents to reading_advice, for app_library, until "+days(30)+" 24:00.\n")
	seen := d.rows("card.account", advice...)
	require.Len(t, seen, 1)
	require.Equal(t, "10001", seen[0]["holder_no"])
	require.NotEmpty(t, seen[0]["balance"])
	d.refused(exitFailed, "nothing of card.account may be seen", "query", "card.account", "--as", "app_library")
	d.refused(exitFailed, "nothing of card.account may be seen", "query", "card.account", "--as", "app_statistics", "--purpose", "reading_advice")

	record := gives[policystore.ConsentRecord](d, "acl", "consent", "give", "reading_advice", "--person", "10002")
	require.Equal(t, policystore.ConsentGiven, record.State)
	require.Equal(t, policystore.Consent{Purpose: "reading_advice", Person: "10002", By: commandLine}, record.Consent)
	require.Len(t, d.rows("card.account", advice...), 2)

	d.does("acl", "consent", "withdraw", "reading_advice", "--person", "10001", "--recipient", "app_library")
	seen = d.rows("card.account", advice...)
	require.Len(t, seen, 1)
	require.Equal(t, "10002", seen[0]["holder_no"])
	d.does("acl", "consent", "give", "reading_advice", "--person", "10002", "--recipient", "app_library")
	withdraw := []string{"acl", "consent", "withdraw", "reading_advice", "--person", "10002"}
	_, errs := d.says(exitDone, withdraw...)
	require.Contains(t, errs, "note: the consent of 10002 to reading_advice for app_library still counts")
	d.refused(exitFailed, "there is no consent", withdraw...)
	record = gives[policystore.ConsentRecord](d, with(withdraw, "--recipient", "app_library")...)
	require.Equal(t, policystore.ConsentWithdrawn, record.State)
	require.Empty(t, d.rows("card.account", advice...))

	require.Len(t, gives[[]policystore.ConsentRecord](d, "acl", "consent", "list", "--person", "10002"), 2)
	require.Regexp(t, `reading_advice +app_library +withdrawn +20`, d.does("acl", "consent", "list", "--person", "10001"))
	require.Contains(t, d.does("acl", "consent", "list", "--person", "10009"), "never consented")
	require.Regexp(t, `app_library +read +card.account +7 +1 +1 +reading_advice +allowed`, d.does("audit", "list"))

	give := []string{"acl", "consent", "give", "reading_advice", "--person", "10001"}
	d.refused(exitFailed, `there is no purpose "reading_advise"; is reading_advice meant?`, "acl", "consent", "give", "reading_advise", "--person", "10001")
	d.refused(exitFailed, "its legal basis is contract", "acl", "consent", "give", "library_service", "--person", "10001")
	d.refused(exitFailed, "in the future", with(give, "--until", days(-1))...)
	d.refused(exitFailed, `no principal "app_books"`, with(give, "--recipient", "app_books")...)
	d.refused(exitMistake, "--until: \"soon\" is not a time", with(give, "--until", "soon")...)
	d.refused(exitMistake, "--recipient is empty", with(give, "--recipient", "")...)
	d.refused(exitMistake, "--until is empty", with(give, "--until", "")...)
	d.refused(exitMistake, "needs --person", "acl", "consent", "give", "reading_advice")
	d.refused(exitMistake, "needs --person", "acl", "consent", "withdraw", "reading_advice")
	d.refused(exitMistake, "needs --person", "acl", "consent", "list")
	d.refused(exitMistake, "one purpose", "acl", "consent", "give", "--person", "10001")
	d.refused(exitMistake, "did you mean give", "acl", "consent", "giv")
	require.Empty(t, d.rows("card.account", advice...), "what was refused changed nothing")
}

func TestRequestIsAskedDecidedUsedAndRevoked(t *testing.T) {
	t.Parallel()
	d := governed(t)
	read := []string{"query", "hr.staff", "--as", "app_library", "--purpose", "library_service"}
	d.refused(exitFailed, "nothing of hr.staff may be seen", read...)
	ask := []string{
		"acl", "request", "ask", "--as", "app_library", "--dataset", "hr.staff", "--right", "view,hold", "--purpose", "library_service",
		"--until", days(20), "--reason", "Calling back books",
	}
	asked := gives[access.Case](d, with(ask, "--field", "name,mobile", "--field", "pay,id_number")...)
	require.Equal(t, access.Open, asked.State)
	require.Equal(t, []string{"name", "id_number", "mobile", "pay"}, asked.Fields)
	d.refused(exitFailed, asked.ID+", which is not decided yet", with(ask, "--field", "name")...)
	d.refused(exitFailed, "nothing of hr.staff may be seen", read...)

	for _, who := range []string{"app_library", "teacher", "steward_finance", "administrator"} {
		d.refused(exitFailed, `only a steward of department "hr"`, "acl", "request", "grant", asked.ID, "--as", who)
		d.refused(exitFailed, `only a steward of department "hr"`, "acl", "request", "refuse", asked.ID, "--as", who, "--note", "no")
	}
	for _, who := range []string{"teacher", "steward_finance"} {
		require.Empty(t, gives[[]access.Case](d, "acl", "request", "list", "--as", who))
		d.refused(exitFailed, "there is no request", "acl", "request", "show", asked.ID, "--as", who)
	}
	require.Empty(t, gives[[]access.Case](d, "acl", "request", "list", "--as-steward", "app_library"))
	for _, args := range [][]string{{"--as", "app_library"}, {"--as", "steward_hr"}, {"--as-steward", "steward_hr", "--state", "open"}, {"--requester", "app_library", "--dataset", "hr.staff"}} {
		require.Contains(t, d.does(with([]string{"acl", "request", "list"}, args...)...), asked.ID, "%v", args)
	}
	require.NotContains(t, d.does("acl", "request", "list", "--dataset", "card.account"), asked.ID)
	require.Regexp(t, `(?s)State +open\n.*Reason +Calling back books\n.*app_library +asked`, d.does("acl", "request", "show", asked.ID, "--as", "steward_hr"))

	grant := []string{"acl", "request", "grant", asked.ID, "--as", "steward_hr"}
	d.refused(exitMistake, "--field is empty", with(grant, "--field", "")...)
	d.refused(exitMistake, "--rows is empty", with(grant, "--rows", "")...)
	d.refused(exitMistake, "--until is empty", with(grant, "--until", "")...)
	d.refused(exitFailed, `field "department" was not asked for`, with(grant, "--field", "department")...)
	d.refused(exitFailed, "not longer", with(grant, "--until", days(21))...)
	d.refused(exitFailed, "there is no field nme", with(grant, "--rows", "nme = 'x'")...)
	d.refused(exitFailed, `is phone meant?`, with(grant, "--mask", "mobile=phon")...)
	require.Empty(t, gives[[]access.Case](d, "acl", "request", "list", "--state", "granted"))

	out, errs := d.says(exitDone, with(grant, "--field", "name,mobile,id_number", "--mask", "mobile=phone", "--mask", "name=first:1", "--right", "view",
		"--rows", "staff_no in ('10001', '10002')", "--until", days(10), "--note", "For this term")...)
	require.Contains(t, out, "app_library may view name (first 1), id_number, mobile (phone) of hr.staff for library_service until "+days(10)+" 24:00.\n")
	require.Contains(t, errs, "note: to view id_number stays denied: allowed by grant:"+asked.ID+"/1, limited by sensitive-personal-information",
		"a steward is told what a grant does not bring about")
	seen := d.rows("hr.staff", read[2:]...)
	require.Len(t, seen, 2)
	for _, row := range seen {
		require.Len(t, row, 2)
		require.Regexp(t, `^\p{Han}\*\*\*$`, row["name"])
		require.Regexp(t, `^1\d\d\*{4}\d{4}$`, row["mobile"])
	}
	d.refused(exitFailed, "nothing of hr.staff may be seen", read[:4]...)
	d.refused(exitFailed, "nothing of hr.staff may be held", with(read, "--format", "csv")...)
	require.Regexp(t, `app_library +read +hr.staff +2 +2 +2 +library_service +allowed`, d.does("audit", "list", "--principal", "app_library"))
	require.Regexp(t, `app_library +read +hr.staff +library_service +mobile \(masked\), name \(masked\)\n`, d.does("audit", "person", "10001"))
	require.Contains(t, d.does("acl", "what", "--as", "app_library", "--purpose", "library_service"), "grant:"+asked.ID)

	review := []string{"acl", "review", "--as", "steward_hr"}
	found := gives[[]access.Finding](d, review...)
	require.Len(t, found, 1)
	require.Equal(t, asked.ID, found[0].Case.ID)
	require.Equal(t, []string{access.ReasonEnds}, found[0].Reasons)
	require.EqualValues(t, 1, found[0].Count)
	require.Regexp(t, asked.ID+` +app_library +hr.staff .*24:00 +1 +20`, d.does(review...))
	require.Contains(t, d.does(with(review, "--ends-within", "5d")...), "No grant of the datasets of steward_hr ends within 5d or was unused for 90d.")
	require.Empty(t, gives[[]access.Finding](d, "acl", "review", "--as", "steward_finance"))

	d.refused(exitFailed, "only a steward", "acl", "request", "renew", asked.ID, "--as", "app_library", "--until", days(60))
	d.refused(exitFailed, "already", "acl", "request", "renew", asked.ID, "--as", "steward_hr", "--until", days(5))
	require.Contains(t, d.does("acl", "request", "renew", asked.ID, "--as", "steward_hr", "--until", days(60)), "until "+days(60)+" 24:00.\n")
	require.Empty(t, gives[[]access.Finding](d, review...))
	d.refused(exitFailed, "may end it", "acl", "request", "revoke", asked.ID, "--as", "teacher")
	require.Contains(t, d.does("acl", "request", "revoke", asked.ID, "--as", "steward_hr", "--note", "over"), "is revoked.\n")
	d.refused(exitFailed, "nothing of hr.staff may be seen", read...)
	d.refused(exitFailed, "was revoked by steward_hr", with(grant, "--field", "name")...)

	second := gives[access.Case](d, with(ask, "--field", "name")...)
	d.refused(exitFailed, "only who asked", "acl", "request", "withdraw", second.ID, "--as", "steward_hr")
	require.Contains(t, d.does("acl", "request", "withdraw", second.ID, "--as", "app_library"), "is withdrawn.\n")
	third := gives[access.Case](d, with(ask, "--field", "name")...)
	require.Contains(t, d.does("acl", "request", "refuse", third.ID, "--as", "steward_hr", "--note", "The phone directory has it"), "is refused.\n")
	require.Contains(t, d.does("acl", "request", "show", third.ID, "--as", "app_library"), "The phone directory has it")
	whole := gives[access.Case](d, with(ask, "--field", "name,mobile")...)
	d.does("acl", "request", "grant", whole.ID, "--as", "steward_hr")
	require.Len(t, strings.Split(d.does(with(read, "--format", "csv")...), "\n"), 18+2, "all that was asked for, to hold")
	d.does("acl", "request", "revoke", whole.ID, "--as", "app_library")
	d.refused(exitFailed, "nothing of hr.staff may be seen", read...)
	require.Equal(t, []access.State{access.Revoked, access.Refused, access.Withdrawn, access.Revoked}, states(gives[[]access.Case](d, "acl", "request", "list")))
}

func states(cases []access.Case) []access.State {
	made := []access.State{}
	for _, one := range cases {
		made = append(made, one.State)
	}
	return made
}

func TestRequestsThatAreWrong(t *testing.T) {
	t.Parallel()
	d := governed(t)
	ask := func(changes map[string]string) []string {
		args := []string{"acl", "request", "ask"}
		for _, flag := range []struct{ name, value string }{
			{"as", "teacher"}, {"dataset", "hr.staff"}, {"field", "name"}, {"right", "view"}, {"purpose", "statistics"}, {"until", days(5)}, {"reason", "x"}, {"from", days(1)},
		} {
			value, changed := changes[flag.name]
			if !changed {
				value = flag.value
			}
			if value != "-" {
				args = append(args, "--"+flag.name, value)
			}
		}
		return args
	}
	for _, wrong := range []struct {
		flag, value, says string
		status            int
	}{
		{"as", "-", "this command needs --as\n", exitMistake},
		{"dataset", "-", "needs --dataset", exitMistake},
		{"field", "-", "needs --field", exitMistake},
		{"field", "", "needs --field", exitMistake},
		{"right", "-", "needs --right", exitMistake},
		{"purpose", "-", "needs --purpose", exitMistake},
		{"until", "-", "needs --until", exitMistake},
		{"reason", "", "needs --reason", exitMistake},
		{"from", "", "--from is empty", exitMistake},
		{"right", "look", "write view, hold, create or transmit", exitMistake},
		{"until", "2026-13-01", "--until: ", exitMistake},
		{"as", "somebody", `no principal "somebody"`, exitFailed},
		{"dataset", "hr.staf", "is hr.staff meant?", exitFailed},
		{"field", "moble", "is mobile meant?", exitFailed},
		{"purpose", "statistic", `there is no purpose "statistic"; is statistics meant?`, exitFailed},
		{"until", days(-1), "in the past", exitFailed},
		{"until", days(3 * 366), "at most 2 years", exitFailed},
		{"from", days(9), "is empty", exitFailed},
	} {
		d.refused(wrong.status, wrong.says, ask(map[string]string{wrong.flag: wrong.value})...)
	}
	require.Empty(t, gives[[]access.Case](d, "acl", "request", "list"))
	asked := gives[access.Case](d, ask(nil)...)
	until, err := acl.ParseMoment(days(5), true)
	require.NoError(t, err)
	require.True(t, until.Equal(asked.Period.Until), "a day is its end")

	grant := []string{"acl", "request", "grant", asked.ID, "--as", "steward_hr"}
	for mask, says := range map[string]string{
		"mobile": "write it as", "=phone": "write it as", "mobile=": "write it as", "name=first:": "write it as", "name=first:x": "how many characters",
		"name=phone:3": "phone has no setting",
	} {
		d.refused(exitMistake, says, with(grant, "--mask", mask)...)
	}
	d.refused(exitMistake, "a mask already", with(grant, "--mask", "name=name", "--mask", "name=null")...)
	for _, wrong := range [][]string{
		{"acl", "request", "grant", asked.ID}, {"acl", "request", "refuse", asked.ID, "--as", "steward_hr"}, {"acl", "request", "refuse", asked.ID, "--note", "x"},
		{"acl", "request", "withdraw", asked.ID}, {"acl", "request", "renew", asked.ID, "--as", "steward_hr"}, {"acl", "request", "revoke", asked.ID},
		{"acl", "request", "show"}, {"acl", "request", "show", asked.ID, "--as", ""}, {"acl", "request", "list", "x"}, {"acl", "request", "list", "--as", ""},
		{"acl", "request", "list", "--as", "teacher", "--as-steward", "teacher"}, {"acl", "request", "gran"}, {"acl", "review"},
		{"acl", "review", "--as", "steward_hr", "--unused-for", "0d"}, {"acl", "review", "--as", "steward_hr", "--ends-within", "month"},
	} {
		d.says(exitMistake, wrong...)
	}
	d.refused(exitFailed, "is open meant?", "acl", "request", "list", "--state", "opn")
	for _, verb := range [][]string{{"show"}, {"withdraw"}, {"revoke"}, {"grant"}, {"refuse", "--note", "x"}, {"renew", "--until", days(9)}} {
		d.refused(exitFailed, "there is no request", with([]string{"acl", "request", verb[0], "none", "--as", "teacher"}, verb[1:]...)...)
	}
}

func TestGrantForAPurposeOnConsent(t *testing.T) {
	t.Parallel()
	d := governed(t)
	asked := gives[access.Case](d, "acl", "request", "ask", "--as", "app_library", "--dataset", "hr.staff", "--field", "name", "--right", "view",
		"--purpose", "reading_advice", "--until", days(5), "--reason", "x")
	_, errs := d.says(exitDone, "acl", "request", "grant", asked.ID, "--as", "steward_hr")
	require.Contains(t, errs, "only rows about people who consented")
	read := []string{"--as", "app_library", "--purpose", "reading_advice"}
	require.Empty(t, d.rows("hr.staff", read...))
	d.does("acl", "consent", "give", "reading_advice", "--person", "10001")
	require.Len(t, d.rows("hr.staff", read...), 1)
}

func TestDelegationLendsSoMuchAndNoLonger(t *testing.T) {
	t.Parallel()
	d := governed(t)
	behalf := []string{"--as", "assistant", "--on-behalf-of", "leader"}
	read := with([]string{"query", "hr.staff"}, behalf...)
	d.refused(exitFailed, `no delegation lets "assistant" act for "leader"`, read...)
	lend := []string{"acl", "delegate", "--from", "leader", "--to", "assistant"}
	what := []string{"--right", "view", "--dataset", "hr.staff", "--level", "L1,L2"}
	out := d.does(with(with(lend, what...), "--until", days(1), "--reason", "A journey")...)
	require.Contains(t, out, "assistant may act for leader until "+days(1)+" 24:00: view of datasets hr.staff; levels L1, L2.")

	seen := d.rows("hr.staff", with(behalf, "--limit", "100")...)
	require.Len(t, seen, 18)
	require.Contains(t, seen[0], "name")
	for _, field := range []string{"mobile", "birth_date", "id_number", "pay"} {
		require.NotContains(t, seen[0], field)
		d.refused(exitFailed, "may not be seen", with(read, "--fields", field)...)
	}
	require.Contains(t, d.does("query", "hr.staff", "--as", "leader", "--fields", "mobile", "--limit", "1"), "****", "the leader sees more")
	d.refused(exitFailed, "nothing of card.account may be seen", with([]string{"query", "card.account"}, behalf...)...)
	d.refused(exitFailed, "may be held", with(read, "--format", "csv", "--fields", "department")...)
	require.Len(t, d.rows("hr.staff", "--as", "assistant"), 1, "for themselves, the assistant sees the own row")
	d.refused(exitFailed, "no delegation lets", "query", "hr.staff", "--as", "leader", "--on-behalf-of", "assistant")
	d.refused(exitFailed, "no delegation lets", "query", "hr.staff", "--as", "teacher", "--on-behalf-of", "leader")
	require.Regexp(t, `assistant for leader +read +hr.staff +7 +18 +18 +- +allowed`, d.does("audit", "list"))
	require.Regexp(t, `assistant for leader +read +hr.staff`, d.does("audit", "person", "10001"))
	require.Contains(t, d.does("acl", "explain", "--as", "assistant", "--on-behalf-of", "leader", "--dataset", "hr.staff", "--field", "mobile"), "not lent by the delegation of leader")

	records := gives[[]policystore.DelegationRecord](d, "acl", "delegations", "--from", "leader", "--to", "assistant")
	require.Len(t, records, 1)
	require.Equal(t, policystore.DelegationActive, records[0].State)
	require.Equal(t, "A journey", records[0].Reason)
	until, err := acl.ParseMoment(days(1), true)
	require.NoError(t, err)
	require.True(t, until.Equal(records[0].Valid.Until), "a day is its end")
	require.Empty(t, gives[[]policystore.DelegationRecord](d, "acl", "delegations", "--to", "leader"))
	d.refused(exitFailed, "already acts for leader", with(with(lend, what...), "--until", days(1))...)

	d.refused(exitFailed, "only who lent their rights, or an administrator", "acl", "undelegate", records[0].ID, "--by", "assistant")
	d.refused(exitFailed, `no principal "somebody"`, "acl", "undelegate", records[0].ID, "--by", "somebody")
	require.Contains(t, d.does("acl", "undelegate", records[0].ID, "--by", "leader"), "assistant does not act for leader")
	d.refused(exitFailed, `no delegation lets "assistant" act for "leader"`, read...)
	d.refused(exitFailed, "revoked already", "acl", "undelegate", records[0].ID, "--by", "leader")
	require.Regexp(t, records[0].ID+` +leader +assistant +view +datasets hr.staff; levels L1, L2 +`+days(1)+` 24:00 +revoked +A journey`, d.does("acl", "delegations"))

	again := gives[acl.Delegation](d, with(lend, "--right", "view", "--right", "hold", "--dataset", "hr.*", "--field", "department", "--until", days(1))...)
	require.Equal(t, []map[string]string{{"department": d.rows("hr.staff", with(behalf, "--limit", "1")...)[0]["department"]}}, d.rows("hr.staff", with(behalf, "--limit", "1")...))
	ended := gives[policystore.DelegationRecord](d, "acl", "undelegate", again.ID, "--by", "administrator")
	require.Equal(t, policystore.DelegationRevoked, ended.State)
	require.Equal(t, "administrator", ended.RevokedBy)

	whole := with(with(lend, what...), "--until", days(1))
	for _, wrong := range []struct {
		status int
		says   string
		args   []string
	}{
		{exitMistake, "needs --right, --dataset, --until", lend},
		{exitMistake, "needs --from, --to", with([]string{"acl", "delegate"}, with(what, "--until", days(1))...)},
		{exitMistake, "--field is empty", with(whole, "--field", "")},
		{exitMistake, "--level is empty", with(with(lend, "--right", "view", "--dataset", "hr.staff", "--until", days(1)), "--level", "")},
		{exitMistake, "write L1, L2, L3 or L4", with(whole, "--level", "5")},
		{exitMistake, "write view, hold, create or transmit", with(whole, "--right", "all")},
		{exitMistake, "is not a time", with(with(lend, what...), "--until", "tomorrow")},
		{exitFailed, "in the future", with(with(lend, what...), "--until", days(-1))},
		{exitFailed, "at most 1 year", with(with(lend, what...), "--until", days(400))},
		{exitFailed, "is hr.staff meant?", with(whole, "--dataset", "hr.stuff")},
		{exitFailed, "nothing would be lent", with(whole, "--field", "moble")},
		{exitFailed, `no principal "boss"`, with(with([]string{"acl", "delegate", "--from", "boss", "--to", "assistant"}, what...), "--until", days(1))},
		{exitFailed, `no principal "aide"`, with(with([]string{"acl", "delegate", "--from", "leader", "--to", "aide"}, what...), "--until", days(1))},
		{exitFailed, "cannot act for themselves", with(with([]string{"acl", "delegate", "--from", "leader", "--to", "leader"}, what...), "--until", days(1))},
		{exitMistake, "needs --by", []string{"acl", "undelegate", again.ID}},
		{exitMistake, "one delegation", []string{"acl", "undelegate", "--by", "leader"}},
		{exitFailed, "there is no delegation", []string{"acl", "undelegate", "none", "--by", "leader"}},
		{exitMistake, "--from is empty", []string{"acl", "delegations", "--from", ""}},
	} {
		d.refused(wrong.status, wrong.says, wrong.args...)
	}
	require.Len(t, gives[[]policystore.DelegationRecord](d, "acl", "delegations"), 2, "what was refused is not kept")
}

// TestGovernanceNeedsNoOwner runs commands beside a process that owns the home.
func TestGovernanceNeedsNoOwner(t *testing.T) {
	t.Parallel()
	d := governed(t)
	owner := &cli{stdout: io.Discard, stderr: io.Discard, flags: config.Flags{Home: d.home}}
	require.NoError(t, owner.withApp(t.Context(), app.Options{}, func(ctx context.Context, opened *app.App) error {
		d.refused(exitFailed, "is at work", "query", "hr.staff", "--as", "leader")
		d.refused(exitFailed, "is at work", "audit", "rebuild")
		d.does("acl", "consent", "give", "reading_advice", "--person", "10001")
		asked := gives[access.Case](d, "acl", "request", "ask", "--as", "teacher", "--dataset", "hr.staff", "--field", "title", "--right", "view",
			"--purpose", "statistics", "--until", days(5), "--reason", "x")
		d.does("acl", "request", "grant", asked.ID, "--as", "steward_hr")
		d.does("acl", "delegate", "--from", "leader", "--to", "assistant", "--right", "view", "--dataset", "hr.*", "--until", days(1))
		d.does("acl", "review", "--as", "steward_hr")

		consented, err := opened.Policies.Consented(ctx, "reading_advice", "app_library")
		require.NoError(t, err)
		require.Equal(t, []string{"10001"}, consented)
		require.NoError(t, opened.Policies.Refresh(ctx))
		_, known := opened.Policies.Current().Policy("grant:" + asked.ID)
		require.True(t, known, "the owner takes up what others decide")
		_, err = opened.Principal(ctx, "assistant", "leader")
		return err
	}))
}

func TestCopyOfTheRecordIsRebuilt(t *testing.T) {
	t.Parallel()
	d := governed(t)
	d.does("query", "hr.staff", "--as", "leader", "--limit", "1")
	before := gives[map[string]any](d, "audit", "verify")
	require.Equal(t, map[string]bool{"rebuilt": true}, gives[map[string]bool](d, "audit", "rebuild"))
	require.Contains(t, d.does("audit", "rebuild"), "made anew")
	require.Equal(t, before["records"], gives[map[string]any](d, "audit", "verify")["records"])
	require.Regexp(t, `leader +read +hr.staff`, d.does("audit", "list"))
	d.refused(exitMistake, "no arguments", "audit", "rebuild", "x")
}

func TestCommandsOfPoliciesExplainThemselves(t *testing.T) {
	t.Parallel()
	found, _, err := (&cli{}).root().Find([]string{"acl"})
	require.NoError(t, err)
	var walk func(command *cobra.Command)
	walk = func(command *cobra.Command) {
		require.NotEmpty(t, command.Short, command.CommandPath())
		require.True(t, command.HasSubCommands() || command.Example != "", command.CommandPath())
		for _, one := range command.Commands() {
			walk(one)
		}
	}
	walk(found)
}

// TestCommandsOfTheManual keeps the commands of docs/policies.md true.
func TestCommandsOfTheManual(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../../docs/policies.md")
	require.NoError(t, err)
	found := 0
	for line := range strings.Lines(string(manual)) {
		text, _, _ := strings.Cut(line, "#")
		words := strings.Fields(text)
		if len(words) == 0 || words[0] != "yitong" {
			continue
		}
		found++
		command, rest, err := (&cli{}).root().Find(words[1:])
		require.NoError(t, err, line)
		require.False(t, command.HasSubCommands(), line)
		require.NoError(t, command.ParseFlags(rest), line)
	}
	require.Greater(t, found, 25)
}
