package main

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// scenario is one line of scenarios/reads.yaml.
type scenario struct {
	Name string `yaml:"name"`
	// Verb is query when it is not given.
	Verb   string   `yaml:"verb"`
	Args   []string `yaml:"args"`
	Status int      `yaml:"status"`
	Has    []string `yaml:"has"`
	Hasnt  []string `yaml:"hasnt"`
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "scenarios", "reads.yaml"))
	require.NoError(t, err)
	var scenarios []scenario
	require.NoError(t, yaml.Unmarshal(text, &scenarios))
	require.GreaterOrEqual(t, len(scenarios), 25)
	home := t.TempDir()
	status, _, errs := call(t, "demo", "build", "--scale", "small", "--home", home)
	require.Equal(t, exitDone, status, errs)
	status, _, errs = call(t, "sync", "hr", "card", "--home", home)
	require.Equal(t, exitDone, status, errs)
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			status, out, errs := call(t, append(append([]string{cmp.Or(s.Verb, "query")}, s.Args...), "--home", home)...)
			require.Equal(t, s.Status, status, errs)
			for _, text := range s.Has {
				require.Contains(t, out+errs, text)
			}
			for _, text := range s.Hasnt {
				require.NotContains(t, out+errs, text)
			}
			if s.Status == exitFailed {
				require.Empty(t, out)
			}
		})
	}
	t.Run("formats", func(t *testing.T) {
		for format, begins := range map[string]string{"csv": "staff_no\n10001\n", "ndjson": `{"staff_no":"10001"}` + "\n", "parquet": "PAR1", "arrow": "\xff\xff\xff\xff", "xlsx": "PK\x03\x04"} {
			status, out, errs := call(t, "query", "hr.staff", "--as", "steward_hr", "--fields", "staff_no", "--limit", "1", "--format", format, "--home", home)
			require.Equal(t, exitDone, status, errs)
			require.Greater(t, len(out), len(begins)-1)
			require.Equal(t, begins, out[:len(begins)], format)
		}
		path := filepath.Join(home, "copy.parquet")
		for _, want := range []int{exitDone, exitFailed} {
			status, _, _ := call(t, "query", "hr.staff", "--as", "steward_hr", "--format", "parquet", "--output", path, "--home", home)
			require.Equal(t, want, status, "a file that is there is not written over")
		}
	})
	status, out, _ := call(t, "audit", "verify", "--home", home)
	require.Equal(t, exitDone, status, out)
}
