package csvfile_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// wantedShare is the part of the files that must load to exactly the clean
// table, or quarantine what differs.
const wantedShare = 0.97

// TestPollock reads the polluted files of the Pollock benchmark (Vitagliano et
// al., "Pollock: A Data Loading Benchmark", PVLDB 16(8), 2023) by detection
// alone. A file counts when every row that is taken stands in the clean table
// and all others are rejected with a reason; no file may give a row that does not.
func TestPollock(t *testing.T) {
	t.Parallel()
	dir := pollockDir(t)
	files, err := filepath.Glob(filepath.Join(dir, "csv", "*.csv"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	good, exact := 0, 0
	for _, path := range files {
		name := filepath.Base(path)
		whole, problem := againstClean(t, dir, name)
		if problem == "" {
			good++
		} else {
			t.Log(name + ": " + problem)
		}
		if whole {
			exact++
		}
		require.NotContains(t, problem, "in silence", name)
	}
	t.Logf("%d of %d files exact or with what differs quarantined; %d without any quarantine", good, len(files), exact)
	require.GreaterOrEqual(t, float64(good), wantedShare*float64(len(files)))
}

func pollockDir(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("YITONG_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(shared, "pollock")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the polluted files of Pollock are not at %s; set YITONG_SHARED to the folder that holds pollock/", dir)
	}
	return dir
}

func againstClean(t *testing.T, dir, name string) (whole bool, problem string) {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, "clean", name))
	require.NoError(t, err)
	defer file.Close()
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = -1
	clean, err := reader.ReadAll()
	require.NoError(t, err)
	got, err := loadFile(t, filepath.Join(dir, "csv"), name, "")
	if err != nil {
		if len(clean) == 0 {
			return true, "" // no table: the error says so
		}
		return false, "not read: " + err.Error()
	}
	if slices.Equal(got.names, clean[0]) {
		clean = clean[1:]
	} else if !strings.HasPrefix(got.names[0], "column_") {
		return false, fmt.Sprintf("names %v", got.names)
	}
	left := map[string]int{}
	for _, row := range clean {
		left[strings.Join(row, "\x00")]++
	}
	for _, row := range got.rows {
		key := strings.Join(row, "\x00")
		if left[key] == 0 {
			return false, fmt.Sprintf("a row in silence that is not in the clean table: %q", row)
		}
		left[key]--
	}
	missing := len(clean) - len(got.rows)
	if missing > len(got.rejects) {
		return false, fmt.Sprintf("%d rows lost in silence", missing-len(got.rejects))
	}
	return missing == 0 && len(got.rejects) == 0, ""
}
