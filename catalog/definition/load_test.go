package definition_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

const personnel = `system: hr
title: {zh: 人事信息系统, en: Personnel}
department: hr
connector: sqlite
connection: {path: data/hr.db}
datasets:
  - name: staff
    source: T_JZG
    key: [GH]
    load: full
    person: staff_no
    fields:
      - {name: staff_no, from: GH, element: staff.number}
      - {name: pay, from: GZ, type: "decimal(10,2)", level: L4, checks: [{rule: range, min: "0"}]}
`

func TestParse(t *testing.T) {
	t.Parallel()
	system, err := definition.Parse("hr.yaml", []byte(personnel))
	require.NoError(t, err)
	require.Equal(t, "人事信息系统", system.Title.ZH)
	pay := system.Datasets[0].Fields[1]
	require.Equal(t, schema.DecimalOf(10, 2), *pay.Type)
	require.Equal(t, schema.L4, pay.Level)
	require.Equal(t, "range", pay.Checks[0].Rule)
}

func TestParseNamesTheMistake(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"", "hr.yaml: the definition is empty"},
		{"system: hr\nconector: x\n", "line 2: field conector not found"},
		{"system: HR\nconnector: x\n", "lower-case"},
		{"system: hr\n", "names no connector"},
		{"system: hr\nconnector: x\ndatasets: [{name: a, load: sometimes}]\n", "full, incremental or changes"},
		{"system: hr\nconnector: x\ndatasets: [{name: a, load: incremental}]\n", "names no cursor"},
		{"system: hr\nconnector: x\ndatasets: [{name: a, load: full}, {name: a, load: full}]\n", "occurs twice"},
		{"system: hr\nconnector: x\ndatasets: [{name: a, load: full, fields: [{name: b, type: money}]}]\n", "unknown type"},
		{"system: hr\nconnector: x\ndatasets: [{name: a, load: full, person: c}]\n", "which is not there"},
		{"system: hr\nconnector: x\nsystem: hr\n", "already defined"},
		{personnel + "---\nsystem: two\n", "one system only"},
	} {
		_, err := definition.Parse("hr.yaml", []byte(test.text))
		require.True(t, fault.Is(err, fault.Invalid), test.text)
		require.Contains(t, fault.Public(err), test.want)
		require.Contains(t, fault.Public(err), "hr.yaml")
	}
}

func TestLoadDirRefusesTwins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(personnel), 0o600))
	systems, err := definition.LoadDir(dir)
	require.NoError(t, err)
	require.Len(t, systems, 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.yaml"), []byte(personnel), 0o600))
	_, err = definition.LoadDir(dir)
	require.True(t, fault.Is(err, fault.Invalid))
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(personnel))
	f.Add([]byte("system: [\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		system, err := definition.Parse("fuzz.yaml", text)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.CodeOf(err))
			return
		}
		require.NotEmpty(t, system.ID)
	})
}
