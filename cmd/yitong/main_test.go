package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func call(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = execute(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestRunThenLookAround(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	status, out, errs := call(t, "run", "--scale", "small", "--no-serve", "--home", home)
	require.Equal(t, exitDone, status, errs)
	require.Regexp(t, `\d+ systems, \d+ datasets in .*: \d+ published\n`, out)

	status, out, _ = call(t, "catalog", "systems", "--json", "--home", home)
	require.Equal(t, exitDone, status)
	var systems []map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &systems))
	require.Len(t, systems, 40)
	for _, key := range []string{"id", "name", "department", "driver", "datasets", "rows", "quarantined_rows", "last_run"} {
		require.Contains(t, systems[0], key)
	}
	status, out, errs = call(t, "query", "hr.staff", "--as", "teacher", "--fields", "staff_no,department", "--home", home)
	require.Equal(t, exitDone, status, errs)
	require.Regexp(t, `^staff_no +department\n10001 +\p{Han}+学院\n$`, out)
	status, out, errs = call(t, "query", "hr.staff", "--as", "visitor", "--home", home)
	require.Equal(t, exitFailed, status)
	require.Empty(t, out)
	require.Contains(t, errs, "nothing of hr.staff may be seen")
	status, _, _ = call(t, "query", "hr.staff", "--home", home)
	require.Equal(t, exitMistake, status)
	for _, args := range [][]string{
		{"query", "hr.staff", "--as", "leader"}, {"audit", "list"}, {"audit", "verify"}, {"demo", "people"},
		{"quarantine", "list"}, {"quarantine", "list", "hr"}, {"quarantine", "replay", "hr.staff"}, {"catalog", "datasets"}, {"catalog", "fields", "hr.staff"}, {"catalog", "elements"}, {"catalog", "show", "hr"},
		{"catalog", "show", "hr.staff"}, {"catalog", "show", "hr.staff.mobile"}, {"catalog", "show", "person.mobile"},
		{"catalog", "show", "sex"}, {"catalog", "search", "sjh"}, {"lineage", "hr.staff"}, {"runs"}, {"system", "list"}, {"version"},
	} {
		status, out, errs := call(t, append(args, "--home", home)...)
		require.Equal(t, exitDone, status, "%v: %s", args, errs)
		require.NotEmpty(t, out)
		status, out, _ = call(t, append(args, "--json", "--home", home)...)
		require.Equal(t, exitDone, status)
		require.True(t, json.Valid([]byte(out)), "%v gives one JSON document", args)
	}
}

func TestExitStatus(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, test := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"snyc"}, exitMistake, "did you mean sync"},
		{[]string{"catalog", "systems", "--jsn"}, exitMistake, "unknown flag"},
		{[]string{"catalog", "show"}, exitMistake, "one name"},
		{[]string{"sync", "--memory", "much", "--home", home}, exitMistake, "is not a size"},
		{[]string{"sync", "--home", home}, exitFailed, "no definitions"},
		{[]string{"catalog", "show", "nothing_like_it", "--home", home}, exitFailed, "nothing is called"},
		{[]string{"run", "--scale", "huge", "--home", home}, exitFailed, "small, campus or large"},
		{[]string{"catalog", "systems", "--home", home + "/absent"}, exitFailed, "there is nothing in"},
	} {
		status, _, errs := call(t, test.args...)
		require.Equal(t, test.status, status, "%v: %s", test.args, errs)
		require.Contains(t, errs, test.says)
	}
}

func TestSystemCheckNamesWhatTheSourceLacks(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	status, _, errs := call(t, "demo", "build", "--scale", "small", "--home", home)
	require.Equal(t, exitDone, status, errs)
	good := filepath.Join(home, "campus", "systems", "hr.yaml")
	status, out, errs := call(t, "system", "check", good, "--home", home)
	require.Equal(t, exitDone, status, out+errs)
	require.Contains(t, out, "is right")

	text, err := os.ReadFile(good)
	require.NoError(t, err)
	bad := filepath.Join(home, "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte(strings.Replace(string(text), "from: SFZJH", "from: SFZH", 1)), 0o600))
	status, out, _ = call(t, "system", "check", bad, "--home", home)
	require.Equal(t, exitFailed, status)
	require.Contains(t, out, "SFZH")
	require.Contains(t, out, "SFZJH", "the near name is offered")
	status, _, _ = call(t, "system", "check", bad, "--offline", "--home", home)
	require.Equal(t, exitDone, status)
}

func TestSystemAdd(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	status, _, errs := call(t, "demo", "build", "--scale", "small", "--home", home)
	require.Equal(t, exitDone, status, errs)
	campus := filepath.Join(home, "campus")
	require.NoError(t, os.Remove(filepath.Join(campus, "systems", "hr.yaml")))

	add := []string{"system", "add", "--home", home, "--id", "hr", "--connector", "sqlite", "--connection", "{path: data/hr.db}"}
	status, out, errs := call(t, append(add, "--dataset", "T_JZG")...)
	require.Equal(t, exitFailed, status, out)
	require.Contains(t, errs, "is T_JZG_JBXX meant?")
	status, out, errs = call(t, add...)
	require.Equal(t, exitDone, status, errs)
	require.Contains(t, out, "yitong sync hr")
	status, _, errs = call(t, add...)
	require.Equal(t, exitFailed, status, "a definition is never written over another")
	require.Contains(t, errs, "hr already")
	drafted := filepath.Join(campus, "systems", "hr.yaml")
	status, out, errs = call(t, "system", "check", drafted, "--home", home)
	require.Equal(t, exitDone, status, out+errs)
	status, _, errs = call(t, "sync", "hr", "--home", home)
	require.Equal(t, exitDone, status, errs)
	status, out, _ = call(t, "query", "hr.t_jzg_jbxx", "--as", "leader", "--home", home)
	require.Equal(t, exitFailed, status, "fields without a level are for nobody yet: %s", out)

	for field, element := range map[string]string{"sfzjh": "person.id_number", "sjh": "person.mobile", "xm": "person.name"} {
		status, out, _ = call(t, "catalog", "show", "hr.t_jzg_jbxx."+field, "--home", home)
		require.Equal(t, exitDone, status)
		require.Contains(t, out, element+" at L", "what the content looks like is proposed")
	}

	status, out, _ = call(t, "catalog", "fields", "--proposed", "--home", home)
	require.Equal(t, exitDone, status)
	require.Regexp(t, `hr\.t_jzg_jbxx\.sfzjh +SFZJH +person\.id_number +L\d +\d+% `, out)

	text, err := os.ReadFile(drafted)
	require.NoError(t, err)
	moved := filepath.Join(home, "new.yaml")
	broken := strings.Replace(string(text), "name: gh, from: GH", "name: gh, from: GHH, elment: x", 1)
	require.NoError(t, os.WriteFile(moved, []byte(broken), 0o600))
	require.NoError(t, os.Remove(drafted))
	status, out, _ = call(t, "system", "add", moved, "--home", home)
	require.Equal(t, exitFailed, status)
	require.Regexp(t, `new\.yaml:\d+: .*there is no key elment; is element meant\?`, out)
	broken = strings.Replace(broken, "elment: x", "element: person.nobody", 1)
	broken = strings.Replace(broken, "from: XM", "from: XMM", 1)
	require.NoError(t, os.WriteFile(moved, []byte(broken), 0o600))
	status, out, _ = call(t, "system", "add", moved, "--home", home)
	require.Equal(t, exitFailed, status)
	require.Regexp(t, `new\.yaml:\d+: dataset t_jzg_jbxx: .*person\.nobody`, out)
	require.Regexp(t, `new\.yaml:\d+: dataset t_jzg_jbxx: .*no column XMM; is XM meant\?`, out, "all faults at once")
	require.NoError(t, os.WriteFile(moved, text, 0o600))
	status, _, errs = call(t, "system", "add", moved, "--home", home)
	require.Equal(t, exitDone, status, errs)

	for _, args := range [][]string{{"system", "add"}, {"system", "add", "a", "b"}} {
		status, _, _ = call(t, append(args, "--home", home)...)
		require.Equal(t, exitMistake, status)
	}
	status, out, _ = call(t, "system", "schema")
	require.Equal(t, exitDone, status)
	require.True(t, json.Valid([]byte(out)))
}

// TestTheExampleOfTheManualIsValid keeps docs/system-definition.md true.
func TestTheExampleOfTheManualIsValid(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../../docs/system-definition.md")
	require.NoError(t, err)
	_, example, found := strings.Cut(string(manual), "```yaml\n")
	require.True(t, found)
	example, _, _ = strings.Cut(example, "```")
	path := filepath.Join(t.TempDir(), "library.yaml")
	require.NoError(t, os.WriteFile(path, []byte(example), 0o600))
	status, out, errs := call(t, "system", "check", path, "--offline")
	require.Equal(t, exitDone, status, out+errs)
}
