package app_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/pipelines"
)

var update = flag.Bool("update", false, "write the golden files anew")

// outcome is what the golden file keeps of a dataset.
type outcome struct {
	Read       int64                       `json:"read"`
	Published  int64                       `json:"published"`
	Quarantine []pipelines.QuarantineCount `json:"quarantine,omitempty"`
	Drift      []catalog.Drift             `json:"drift,omitempty"`
	Message    string                      `json:"message,omitempty"`
}

// golden compares a sync of the whole small campus with the golden file: rows,
// reasons in quarantine, drift.
func golden(t *testing.T, with config.Config, summary pipelines.Summary) {
	t.Helper()
	opened, err := app.New(t.Context(), with, app.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	got := map[string]outcome{}
	for _, run := range summary.Runs {
		counts, err := opened.Pipelines.QuarantineCounts(t.Context(), run.Dataset)
		require.NoError(t, err)
		if len(counts) == 0 {
			counts = nil
		}
		got[run.Dataset] = outcome{Read: run.Counts.Read, Published: run.Counts.Published, Quarantine: counts, Drift: run.Drift, Message: run.Message}
	}
	text, err := json.MarshalIndent(got, "", "  ")
	require.NoError(t, err)
	path := filepath.Join("testdata", t.Name()+".json")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(path, append(text, '\n'), 0o600))
	}
	wanted, err := os.ReadFile(path)
	require.NoError(t, err)
	require.JSONEq(t, string(wanted), string(text))
}
