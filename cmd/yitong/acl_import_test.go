package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl/ranger"
)

// rangerDefinition is a small definition of Hive.
const rangerDefinition = `"serviceName": "lake", "serviceDef": {"name": "hive",
	"resources": [{"name": "database"}, {"name": "table", "parent": "database"}, {"name": "column", "parent": "table"}],
	"accessTypes": [{"name": "select"}, {"name": "update"}, {"name": "drop"}], "policyConditions": [{"name": "ip", "evaluator": "RangerIpMatcher"}],
	"dataMaskDef": {"resources": [{"name": "database"}, {"name": "table"}, {"name": "column"}]},
	"rowFilterDef": {"resources": [{"name": "database"}, {"name": "table"}]}}`

// rangerFile writes a file of Ranger's with policies and, after them, more.
func rangerFile(t *testing.T, policies, more string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hive.json")
	require.NoError(t, os.WriteFile(path, []byte(`{`+rangerDefinition+`, "policies": [`+policies+`]`+more+`}`), 0o600))
	return path
}

const (
	rangerStaff = `{"id": 1, "name": "staff", "resources": {"database": {"values": ["*"]}, "table": {"values": ["STAFF"]}, "column": {"values": ["*"]}},
		"policyItems": [{"accesses": [{"type": "select"}, {"type": "drop"}], "users": ["visitor"], "roles": ["guest"]}]}`
	rangerMask = `{"id": 2, "name": "phones", "policyType": 1, "resources": {"database": {"values": ["hr"]}, "table": {"values": ["staff"]}, "column": {"values": ["mobile"]}},
		"dataMaskPolicyItems": [{"accesses": [{"type": "select"}], "groups": ["public"], "dataMaskInfo": {"dataMaskType": "MASK_SHOW_LAST_4"}}]}`
	rangerFilter = `{"id": 3, "name": "one", "policyType": 2, "resources": {"database": {"values": ["hr"]}, "table": {"values": ["staff"]}},
		"rowFilterPolicyItems": [{"accesses": [{"type": "select"}], "users": ["visitor"], "rowFilterInfo": {"filterExpr": "staff_no = '10001'"}}]}`
	rangerCondition = `{"id": 4, "name": "campus", "resources": {"database": {"values": ["hr"]}, "table": {"values": ["*"]}, "column": {"values": ["*"]}},
		"policyItems": [{"accesses": [{"type": "select"}], "groups": ["public"], "conditions": [{"type": "ip", "values": ["10.*"]}]}]}`
)

func TestImportFromRanger(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, args := range [][]string{{"demo", "build", "--scale", "small"}, {"sync", "hr"}} {
		status, _, errs := call(t, append(args, "--home", home)...)
		require.Equal(t, exitDone, status, errs)
	}
	read := []string{"query", "hr.staff", "--as", "visitor", "--fields", "staff_no,mobile", "--home", home}
	status, _, _ := call(t, read...)
	require.Equal(t, exitFailed, status)

	first := rangerFile(t, strings.Join([]string{rangerStaff, rangerMask, rangerFilter, rangerCondition}, ","), "")
	status, out, errs := call(t, "acl", "import", "ranger", first, "--dry-run")
	require.Equal(t, exitDone, status, errs)
	require.Regexp(t, `ranger:1/allow/1 +allow +.*visitor.* +datasets \*\.staff +view, hold +clear`, out)
	require.Regexp(t, `ranger:2/mask/1 +deny +anyone +.*mask last 4`, out)
	require.Regexp(t, `ranger:3/filter/1 .*not \(staff_no = '10001'\)`, out)
	require.NotContains(t, out, "ranger:4/", "an allow with a condition is left out")
	require.Regexp(t, `ranger:4 +the condition ip \(10\.\*\) +.*left out +less`, out)
	require.Regexp(t, `ranger:1 +the databases \* .*--database.* +more`, out)
	require.Regexp(t, `ROLE +USERS +GROUPS\nguest +- +-\n`, out)
	require.Contains(t, out, "Nothing was applied: 3 policies would count as ranger:lake.")
	status, _, _ = call(t, read...)
	require.Equal(t, exitFailed, status, "nothing was applied")

	importing := []string{"acl", "import", "ranger", first, "--database", "hr", "--home", home}
	status, out, errs = call(t, importing...)
	require.Equal(t, exitDone, status, errs)
	require.Regexp(t, `Version \d+ of the policies counts now: 3 policies of it from ranger:lake\.`, out)
	require.NotContains(t, out, "the databases *")
	status, out, errs = call(t, read...)
	require.Equal(t, exitDone, status, errs)
	require.Regexp(t, `^staff_no +mobile\n10001 +\*\*\*\d{4}\n$`, out, "masked, and one row")
	status, out, _ = call(t, importing...)
	require.Equal(t, exitDone, status)
	require.Contains(t, out, "Nothing changed")

	status, out, errs = call(t, "acl", "import", "ranger", rangerFile(t, rangerStaff+","+rangerFilter, ""), "--home", home, "--json")
	require.Equal(t, exitDone, status, errs)
	var made struct {
		Origin   string
		Applied  bool
		Changed  bool
		Version  int64
		Policies []struct{ ID string }
		Notes    []ranger.Note
		Hints    []string
	}
	require.NoError(t, json.Unmarshal([]byte(out), &made))
	require.True(t, made.Applied && made.Changed && made.Version > 0)
	require.Equal(t, "ranger:lake", made.Origin)
	require.Len(t, made.Policies, 2)
	require.NotEmpty(t, made.Notes)
	require.Empty(t, made.Hints)
	status, out, _ = call(t, read...)
	require.Equal(t, exitDone, status)
	require.Regexp(t, `^staff_no +mobile\n10001 +\d{11}\n$`, out, "the second import replaced the first")

	status, _, errs = call(t, "acl", "import", "ranger", rangerFile(t, strings.ReplaceAll(rangerStaff, "STAFF", "nowhere"), ""), "--home", home)
	require.Equal(t, exitDone, status)
	require.Contains(t, errs, "note: policy ranger:1/allow/1 is about datasets *.nowhere, which fits no field of the catalog")
	status, _, _ = call(t, read...)
	require.Equal(t, exitFailed, status)
	status, out, _ = call(t, "acl", "list", "--home", home)
	require.Equal(t, exitDone, status)
	require.Contains(t, out, "own-record", "policies from elsewhere stay")
	require.NotContains(t, out, "ranger:3/filter/1")
}

func TestCheckOfRangerFiles(t *testing.T) {
	t.Parallel()
	request := `"request": {"resource": {"elements": {"database": "hr", "table": "staff", "column": "name"}}, "accessType": "select", "user": "visitor"}`
	agrees := `{"name": "the visitor", ` + request + `, "result": {"isAllowed": true, "isAudited": true, "policyId": 1}}`
	differs := `{"name": "the visitor, wrongly", ` + request + `, "result": {"isAllowed": false, "isAudited": true}}`
	nothing := `{"name": "a case of nothing", ` + request + `}`
	good := rangerFile(t, rangerStaff+","+rangerCondition, `, "tests": [`+agrees+`,`+nothing+`]`)
	status, out, errs := call(t, "acl", "import", "ranger", good, "--check", "--home", filepath.Join(t.TempDir(), "absent"))
	require.Equal(t, exitDone, status, errs)
	require.Contains(t, out, "1 of 2 cases agree.\nnot applicable: a case of nothing: the case expects nothing\n")
	require.Regexp(t, `ACCESS +COLUMNS ASKED FOR +THE SAME +STRICTER +MORE OPEN +CANNOT BE TOLD\nselect +\d+ +\d+ +\d+ +0 +0\n`, out)

	bad := rangerFile(t, rangerStaff, `, "tests": [`+agrees+`,`+differs+`]`)
	status, out, errs = call(t, "acl", "import", "ranger", bad, "--check")
	require.Equal(t, exitFailed, status)
	require.Contains(t, out, "1 of 2 cases agree.\ndiffers: the visitor, wrongly: expected denied and audited, got allowed and audited\n")
	require.Contains(t, errs, "otherwise than the file expects: 1")
	status, out, _ = call(t, "acl", "import", "ranger", bad, "--check", "--json")
	require.Equal(t, exitFailed, status)
	var made checked
	require.NoError(t, json.Unmarshal([]byte(out), &made))
	require.Equal(t, []int{1, 1, 0}, []int{made.Agree, made.Differ, made.NotApplicable})
	require.Equal(t, ranger.Differs, made.Cases[1].State)
	require.Positive(t, made.Comparison.Select.Same)

	status, out, _ = call(t, "acl", "import", "ranger", rangerFile(t, rangerStaff, ""), "--check")
	require.Equal(t, exitDone, status)
	require.Contains(t, out, "The file has no cases of its own.")
	other := filepath.Join(t.TempDir(), "hdfs.json")
	require.NoError(t, os.WriteFile(other, []byte(`{"serviceName": "f", "serviceDef": {"name": "hdfs", "resources": [{"name": "path"}]}}`), 0o600))
	status, out, _ = call(t, "acl", "import", "ranger", other, "--check")
	require.Equal(t, exitDone, status)
	require.Contains(t, out, "cannot be carried over: serviceDef: only services of databases, tables and columns")
}

func TestImportFromRangerRefuses(t *testing.T) {
	t.Parallel()
	good := rangerFile(t, rangerStaff, "")
	broken := filepath.Join(t.TempDir(), "broken.json")
	require.NoError(t, os.WriteFile(broken, []byte("{\n]"), 0o600))
	for _, one := range []struct {
		status int
		says   string
		args   []string
	}{
		{exitMistake, "one file of Ranger's", nil},
		{exitMistake, "exclude one another", []string{good, "--check", "--dry-run"}},
		{exitMistake, "no such time zone", []string{good, "--zone", "Campus"}},
		{exitMistake, "the name of one database", []string{good, "--database", "h*"}},
		{exitFailed, "cannot be read", []string{good + ".absent"}},
		{exitFailed, "cannot be read", []string{good, "--tags", good + ".absent"}},
		{exitFailed, "broken.json: line 2, column 1: this is not JSON", []string{broken, "--check"}},
		{exitFailed, "broken.json: line 2", []string{good, "--tags", broken, "--dry-run"}},
		{exitFailed, "there is nothing in", []string{good, "--home", filepath.Join(t.TempDir(), "absent")}},
	} {
		status, out, errs := call(t, append([]string{"acl", "import", "ranger"}, one.args...)...)
		require.Equal(t, one.status, status, "%v: %s", one.args, errs)
		require.Contains(t, errs, one.says, "%v", one.args)
		require.Empty(t, out)
	}
	status, _, errs := call(t, "acl", "import", "rangr")
	require.Equal(t, exitMistake, status)
	require.Contains(t, errs, "did you mean ranger")
}
