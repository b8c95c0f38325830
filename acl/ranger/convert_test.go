package ranger_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/ranger"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

// campusFile has something of everything that is carried over, and of what is not.
var campusFile = filepath.Join("testdata", "convert", "campus.json")

// TestConvertedPoliciesNeverShowMore asks the policies of each file of Hive, and
// those made of them, the same questions: no answer shows more, and one that
// shows less has a note.
func TestConvertedPoliciesNeverShowMore(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "..", "shared", "ranger")
	if _, err := os.Stat(folder); err != nil {
		t.Log("the folder ../shared/ranger with test files of Apache Ranger is not beside the repository: testdata alone is compared")
	}
	var total ranger.Tally
	compared := 0
	for _, pattern := range []string{filepath.Join(folder, "*.json"), filepath.Join("testdata", "*.json"), filepath.Join("testdata", "convert", "*.json")} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			file := read(t, path)
			made, err := ranger.Convert(file, ranger.ConvertOptions{})
			if err != nil {
				require.True(t, fault.Is(err, fault.Invalid), path)
				require.Contains(t, fault.Public(err), "only services of databases, tables and columns", path)
				continue
			}
			compared++
			for i, at := range moments(file) {
				found := same(t, file, made, at, 60_000/(4*i+1))
				t.Logf("%s at %s: select %+v, update %+v", filepath.Base(path), at.Format(time.DateTime), found.Select, found.Update)
				total = plus(total, found.Select)
			}
		}
	}
	require.GreaterOrEqual(t, compared, 5)
	t.Log(counted(total))
}

// same requires that nothing more is shown, and nothing less without a note.
func same(t *testing.T, file *ranger.File, made ranger.Converted, at time.Time, questions int) ranger.Comparison {
	t.Helper()
	found, err := ranger.Compare(file, made, at, questions)
	require.NoError(t, err)
	require.Zero(t, found.Select.Wider+found.Update.Wider+found.Unnoted, "%+v", found.Differences)
	require.Positive(t, found.Select.Total())
	return found
}

// moments are a working day, and the times of the test cases.
func moments(file *ranger.File) []time.Time {
	zone := time.FixedZone("Asia/Shanghai", 8*60*60)
	found := []time.Time{time.Date(2026, 3, 2, 10, 7, 13, 0, zone)}
	for _, test := range file.Tests {
		if !test.Request.Time.IsZero() {
			found = append(found, test.Request.Time.In(zone))
		}
	}
	return found[:min(len(found), 3)]
}

func plus(a, b ranger.Tally) ranger.Tally {
	return ranger.Tally{Same: a.Same + b.Same, Stricter: a.Stricter + b.Stricter, Wider: a.Wider + b.Wider, Unknown: a.Unknown + b.Unknown}
}

func counted(total ranger.Tally) string {
	return fmt.Sprintf("%d questions for select on a column: %d answered the same, %d more strictly, %d more openly, %d that the engine cannot tell",
		total.Total(), total.Same, total.Stricter, total.Wider, total.Unknown)
}

func TestConvertedCampus(t *testing.T) {
	t.Parallel()
	file := read(t, campusFile)
	require.Equal(t, len(file.Tests), file.Check().Count(ranger.Agrees), file.Check().String())
	made, err := ranger.Convert(file, ranger.ConvertOptions{})
	require.NoError(t, err)
	require.Equal(t, "ranger:campus_hive", made.Origin())
	text, err := json.MarshalIndent(made, "", "  ")
	require.NoError(t, err)
	golden := filepath.Join("testdata", "convert", "campus.golden")
	if *update {
		require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), string(text)+"\n")
}

// TestConvertedDecisions says by hand what the policies of the campus must come to.
func TestConvertedDecisions(t *testing.T) {
	t.Parallel()
	made, err := ranger.Convert(read(t, campusFile), ranger.ConvertOptions{})
	require.NoError(t, err)
	set, err := acl.NewSet(1, acl.Contents{Policies: made.Policies})
	require.NoError(t, err)
	day, night := time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("", 8*60*60)), time.Date(2026, 3, 2, 20, 0, 0, 0, time.FixedZone("", 8*60*60))
	for _, one := range []struct {
		who            string
		groups, roles  []string
		field, tag     string
		right          acl.Right
		at             time.Time
		shown, summary string
	}{
		{who: "zhao", groups: []string{"hr"}, field: "hr.staff.name", shown: "clear"},
		{who: "zhao", groups: []string{"hr"}, field: "hr.staff.name", right: acl.Hold, shown: "clear"},
		{who: "zhao", groups: []string{"hr"}, field: "hr.staff.name", right: acl.Transmit, shown: "denied"},
		{who: "zhao", groups: []string{"hr"}, field: "hr.staff.name", right: acl.Create, shown: "clear"},
		{who: "trainee", groups: []string{"hr"}, field: "hr.staff.name", right: acl.Create, shown: "denied"},
		{who: "zhao", groups: []string{"hr", "contractors"}, field: "hr.staff.name", shown: "denied"},
		{who: "zhao", groups: []string{"hr"}, field: "hr.staff.name", tag: "SEALED", shown: "denied"},
		{who: "zhao", groups: []string{"hr"}, field: "hr.staff.name", tag: "EXPIRES", shown: "denied"},
		{who: "zhao", groups: []string{"hr"}, field: "hr.staff.name", tag: "BIRTHDAY", shown: "masked (null)"}, // no date
		{who: "zhao", groups: []string{"hr"}, field: "hr.staff.phone", shown: `masked (constant "xxxx")`},
		{who: "zhao", groups: []string{"hr"}, field: "hr.pay.amount", shown: "denied"},
		{who: "li", roles: []string{"board"}, field: "hr.pay.amount", shown: "clear"},
		{who: "wang", roles: []string{"board"}, field: "hr.pay.amount", shown: "denied"},
		{who: "auditor", field: "hr.pay.amount", shown: "clear"},
		{who: "auditor", field: "hr.pay.bonus", shown: "denied"},
		{who: "wang", field: "hr.staff.name", shown: "masked (null)", summary: "not (college = 'maths' and left is null)"},
		{who: "nobody", field: "lib.open_data.title", shown: "clear"},
		{who: "nobody", field: "lib.open_data.secret_note", shown: "denied"},
		{who: "nobody", field: "lib.news1.title", shown: "denied"}, // ? cannot be said
		{who: "nobody", field: "other.open_data.title", shown: "denied"},
		{who: "guest", groups: []string{"guests"}, field: "lib.loans.title", at: day, shown: "clear"},
		{who: "guest", groups: []string{"guests"}, field: "lib.loans.title", at: night, shown: "denied"},
		{who: "guest", groups: []string{"guests"}, field: "lib.loans.reader", at: day, shown: "denied"},
		{who: "clerk", groups: []string{"staff"}, field: "lib.loans.title", shown: "denied"}, // turns on an address
		{who: "clerk", groups: []string{"librarians"}, field: "lib.loans.title", shown: "clear"},
	} {
		dataset, field := one.field[:strings.LastIndex(one.field, ".")], one.field[strings.LastIndex(one.field, ".")+1:]
		resource := acl.Resource{Dataset: dataset}
		for _, name := range []string{field, "college", "left"} {
			made := acl.Field{Name: name, Column: name, Type: schema.Of(schema.String)}
			if one.tag != "" {
				made.Tags = []string{one.tag}
			}
			resource.Fields = append(resource.Fields, made)
		}
		request := acl.Request{Right: acl.View, At: day}
		if one.right != "" {
			request.Right = one.right
		}
		if !one.at.IsZero() {
			request.At = one.at
		}
		who := acl.NewPrincipal(acl.Profile{ID: one.who, Kind: acl.KindPerson, Groups: one.groups, Roles: one.roles})
		decision, err := set.Compile(who, request, acl.NewResource(resource))
		require.NoError(t, err)
		require.Equal(t, one.shown, decision.Field(field).Best().String(), "%+v: %s", one, decision.Reason(field))
		require.Contains(t, decision.Summary(field), one.summary)
	}
}

// TestCompareSeesWhatShowsMore takes policies away that hide something.
func TestCompareSeesWhatShowsMore(t *testing.T) {
	t.Parallel()
	file := hive(t, everybody,
		`{"id": 2, `+onColumns+`, "denyPolicyItems": [{"accesses": [{"type": "select"}], "users": ["eve"]}]}`,
		`{"id": 3, `+onColumns+`, "isDenyAllElse": true, "policyItems": [{"accesses": [{"type": "select"}], "groups": ["hr"]}]}`,
		`{"id": 4, "policyType": 1, `+onColumns+`, "dataMaskPolicyItems": [{`+selectItem+`, "dataMaskInfo": {"dataMaskType": "MASK_HASH"}}]}`,
		`{"id": 5, "policyType": 2, `+onTable+`, "rowFilterPolicyItems": [{`+selectItem+`, "rowFilterInfo": {"filterExpr": "a > 3"}}]}`,
		`{"id": 6, `+onColumns+`, "policyItems": [{"accesses": [{"type": "update"}], "users": ["eve"]}]}`)
	made, err := ranger.Convert(file, ranger.ConvertOptions{})
	require.NoError(t, err)
	at := moments(file)[0]
	same(t, file, made, at, 10_000)
	for _, id := range []string{"ranger:2/deny/1", "ranger:3/deny/1", "ranger:3/deny/2", "ranger:4/mask/1", "ranger:5/filter/1"} {
		without := made
		without.Policies = slices.DeleteFunc(slices.Clone(made.Policies), func(p acl.Policy) bool { return p.ID == id })
		require.Len(t, without.Policies, len(made.Policies)-1, id)
		found, err := ranger.Compare(file, without, at, 10_000)
		require.NoError(t, err)
		require.Positive(t, found.Select.Wider+found.Update.Wider, id)
		require.True(t, found.Differences[0].Wider, id)
	}
	nothing, err := ranger.Convert(hive(t), ranger.ConvertOptions{})
	require.NoError(t, err)
	found, err := ranger.Compare(hive(t, everybody), nothing, at, 10_000)
	require.NoError(t, err)
	require.Zero(t, found.Select.Wider+found.Update.Wider)
	require.Positive(t, found.Unnoted, "no note says why less is shown")
}
