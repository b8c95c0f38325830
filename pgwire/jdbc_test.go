package pgwire_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fetchTime is for Maven, which fetches the driver the first time.
const fetchTime = 5 * time.Minute

// absent skips a test that needs a client that is not there, or fails it where all
// have to be there.
func absent(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("YITONG_TEST_REQUIRE") == "1" {
		t.Fatal(what + " is not installed")
	}
	t.Skip(what + " is not installed")
}

// jdbcDriver gives the folder with the jars of the driver, which Maven copies once.
func jdbcDriver(t *testing.T) string {
	t.Helper()
	cache, err := filepath.Abs("../.cache/pgjdbc")
	require.NoError(t, err)
	if jars, _ := filepath.Glob(filepath.Join(cache, "postgresql-*.jar")); len(jars) > 0 {
		return cache
	}
	maven, err := exec.LookPath("mvn")
	if err != nil {
		absent(t, "Maven")
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(cache), 0o755))
	aside, err := os.MkdirTemp(filepath.Dir(cache), "pgjdbc-") // moved in one step: another process may do the same
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), fetchTime)
	defer cancel()
	fetch := exec.CommandContext(ctx, maven, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory="+aside)
	fetch.Dir = filepath.Join("testdata", "jdbc")
	output, err := fetch.CombinedOutput()
	require.NoError(t, err, "%s", output)
	_ = os.Rename(aside, cache) // another process was faster otherwise
	return cache
}

// TestJDBC does what BI tools do with PostgreSQL's own driver, and compares what it
// saw with what it is to see.
func TestJDBC(t *testing.T) {
	t.Parallel()
	java, err := exec.LookPath("java")
	if err != nil {
		absent(t, "java")
	}
	s := serve(t)
	command := exec.CommandContext(t.Context(), java, "-Xmx256m", "-Duser.timezone=UTC", "-cp", filepath.Join(jdbcDriver(t), "*"),
		filepath.Join("testdata", "jdbc", "Client.java"), fmt.Sprintf("jdbc:postgresql://127.0.0.1:%d/yitong", s.port), user, password)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	golden(t, filepath.Join("testdata", "jdbc", "golden.txt"), string(output))
}

func golden(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}
