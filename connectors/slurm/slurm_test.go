package slurm_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/conntest"
	"github.com/yitong-hub/yitong/connectors/slurm"
	"github.com/yitong-hub/yitong/internal/fault"
)

func openSource(t testing.TB, dir, dataset, options string) connectors.Source {
	t.Helper()
	var connection, nodes yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte("path: "+dir), &connection))
	declared := connectors.DatasetConfig{Source: dataset}
	if options != "" {
		require.NoError(t, yaml.Unmarshal([]byte(options), &nodes))
		declared.Options = *nodes.Content[0]
	}
	source, err := slurm.Driver().Open(connectors.Config{System: "hpc", Connection: *connection.Content[0], Datasets: []connectors.DatasetConfig{declared}})
	require.NoError(t, err)
	return source
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

func TestConformance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var rows []string
	for file := range 2 {
		lines := []string{"JobID|User|Submit|Start|NCPUS"}
		for i := range 4 {
			id := 100*file + i
			lines = append(lines, fmt.Sprintf("%d|u%d|2026-03-01T08:00:%02d|Unknown|%d", id, i, i, 28*i))
			rows = append(rows, fmt.Sprintf("%d|u%d|2026-03-01T00:00:%02dZ|(null)|%d", id, i, i, 28*i))
		}
		write(t, dir, fmt.Sprintf("sacct-%d.txt", file), strings.Join(lines, "\n")+"\n")
	}
	conntest.Run(t, conntest.Case{
		Open:    func(t *testing.T) connectors.Source { return openSource(t, dir, "sacct-*.txt", "") },
		Dataset: "sacct-*.txt", Columns: []string{"JobID string", "User string", "Submit timestamptz", "Start timestamptz", "NCPUS int64"}, Rows: rows,
	})
}

func read(t testing.TB, source connectors.Source, dataset string) (rows []string, rejects []connectors.Reject, err error) {
	t.Helper()
	return conntest.ReadAll(t.Context(), source, connectors.ReadRequest{Dataset: dataset})
}

func TestMalformedLinesAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "a.txt", "JobID|JobName|Submit|NCPUS|\n1|ok|2026-03-01T08:00:00|1|\n2|a|b|2026-03-01T08:00:00|1|\n\n3|x|yesterday|1|\n4|\xff|2026-03-01T08:00:00|1|\n5|cut|2026")
	rows, rejects, err := read(t, openSource(t, dir, "a.txt", ""), "a.txt")
	require.NoError(t, err)
	require.Equal(t, []string{"1|ok|2026-03-01T00:00:00Z|1"}, rows)
	var codes []string
	for _, reject := range rejects {
		codes = append(codes, fmt.Sprintf("%d %s", reject.Row, reject.Code))
	}
	require.Equal(t, []string{"3 field_count", "5 type_mismatch", "6 encoding", "7 truncated"}, codes)
	require.Equal(t, "2|a|b|2026-03-01T08:00:00|1|", rejects[0].Raw)
}

func TestColumnsCanBeNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "a.log", "1;u;2\n2;v;3\n")
	_, _, err := read(t, openSource(t, dir, "a.log", ""), "a.log")
	require.True(t, fault.Is(err, fault.Invalid))
	require.ErrorContains(t, err, "name its columns")
	rows, _, err := read(t, openSource(t, dir, "a.log", `{columns: [JobIDRaw, User, NNodes], delimiter: ";"}`), "a.log")
	require.NoError(t, err)
	require.Equal(t, []string{"1|u|2", "2|v|3"}, rows)
}

func FuzzSacct(f *testing.F) {
	f.Add([]byte("JobID|User\n1|u\n"))
	f.Add([]byte("JobID|Submit\n1|Unknown\n2|2026-03-01T08:00:00\n3|\n|||\n"))
	f.Add([]byte("JobID"))
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		write(t, dir, "a.txt", string(content))
		rows, rejects, err := read(t, openSource(t, dir, "a.txt", ""), "a.txt")
		if err != nil {
			return
		}
		lines := 0
		for i, line := range strings.Split(string(content), "\n") {
			if i > 0 && strings.TrimSpace(line) != "" {
				lines++
			}
		}
		require.Equal(t, lines, len(rows)+len(rejects), "every line is a row or a reject")
	})
}
