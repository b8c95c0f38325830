package slurm_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRealAccounting reads a real cluster's accounting, which has no header:
// every line is a row or a reject.
func TestRealAccounting(t *testing.T) {
	t.Parallel()
	shared := os.Getenv("YITONG_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	dir, err := filepath.Abs(filepath.Join(shared, "xdmod"))
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(dir, "phillips.log"))
	if err != nil {
		t.Skip("xdmod/phillips.log is not in the folder of shared data")
	}
	columns := `{columns: [JobID, JobIDRaw, Cluster, Partition, QOS, Account, Group, GID, User, UID, Submit, Eligible, Start, End, Elapsed, ExitCode, State, NNodes, NCPUS, ReqCPUS, ReqMem, ReqTRES, AllocTRES, Timelimit, NodeList, JobName]}`
	rows, rejects, err := read(t, openSource(t, dir, "phillips.log", columns), "phillips.log")
	require.NoError(t, err)
	lines := 0
	for _, b := range content {
		if b == '\n' {
			lines++
		}
	}
	require.Equal(t, lines, len(rows)+len(rejects))
	require.Empty(t, rejects)
}
