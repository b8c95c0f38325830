package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCommandsReachTheServer calls commands on a home folder that a server owns,
// as another process would: each opens nothing itself.
func TestCommandsReachTheServer(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	status, _, errs := call(t, "demo", "build", "--scale", "small", "--home", home)
	require.Equal(t, exitDone, status, errs)
	ctx, stop := context.WithCancel(t.Context())
	var out, said bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, []string{"serve", "--demo", "--listen", "127.0.0.1:0", "--home", home}, &out, &said)
	}()
	require.Eventually(t, func() bool { _, err := os.Stat(filepath.Join(home, "owner.sock")); return err == nil }, time.Minute, 10*time.Millisecond)

	status, text, errs := call(t, "sync", "hr", "--json", "--home", home)
	require.Equal(t, exitDone, status, errs)
	var summary map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &summary))
	status, text, errs = call(t, "query", "hr.staff", "--as", "teacher", "--fields", "staff_no", "--home", home)
	require.Equal(t, exitDone, status, errs)
	require.Contains(t, text, "10001")
	status, _, errs = call(t, "query", "hr.staff", "--as", "visitor", "--home", home)
	require.Equal(t, exitFailed, status)
	require.Contains(t, errs, "nothing of hr.staff may be seen")
	status, _, errs = call(t, "query", "hr.staff", "--home", home)
	require.Equal(t, exitMistake, status, errs)
	copied := filepath.Join(t.TempDir(), "staff.csv")
	status, _, errs = call(t, "query", "hr.staff", "--as", "steward_hr", "--format", "csv", "--output", copied, "--home", home)
	require.Equal(t, exitDone, status, errs)
	written, err := os.ReadFile(copied)
	require.NoError(t, err)
	require.Contains(t, string(written), "10001,")
	status, _, errs = call(t, "serve", "--home", home, "--listen", "127.0.0.1:0")
	require.Equal(t, exitMistake, status)
	require.Contains(t, errs, "serves this home folder already")
	info, err := os.Stat(filepath.Join(home, "owner.sock"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	stop()
	require.Equal(t, exitDone, <-ended, said.String())
	status, _, errs = call(t, "query", "hr.staff", "--as", "teacher", "--fields", "staff_no", "--home", home)
	require.Equal(t, exitDone, status, errs, "the folder is free again")
}
