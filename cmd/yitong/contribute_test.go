package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestContribute(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	status, _, errs := call(t, "demo", "build", "--scale", "small", "--home", home)
	require.Equal(t, exitDone, status, errs)
	status, out, errs := call(t, "sync", "hall", "--home", home)
	require.Equal(t, exitDone, status, errs)
	require.Contains(t, out, "1 published")
	status, out, errs = call(t, "sync", "hall", "--home", home)
	require.Equal(t, exitDone, status, errs)
	require.Contains(t, out, "1 unchanged")
	file := filepath.Join(home, "ratings.csv")
	require.NoError(t, os.WriteFile(file, []byte("rating_no,item,rater,score,channel\nR-1,校园卡补办,10001,5,hall\nR-2,成绩单,10002,9,hall\n"), 0o600))
	for _, c := range []struct {
		args   []string
		status int
		has    string
	}{
		{[]string{file}, exitMistake, "who writes"},
		{[]string{file, "--as", "app_hall"}, exitMistake, "--mode"},
		{[]string{home, "--as", "app_hall", "--mode", "upsert"}, exitMistake, ".csv"},
		{[]string{file + ".csv", "--as", "app_hall", "--mode", "upsert"}, exitFailed, "cannot be read"},
		{[]string{file, "--as", "app_hall", "--mode", "upset"}, exitFailed, "insert, upsert or delete"},
		{[]string{file, "--as", "visitor", "--mode", "upsert"}, exitFailed, "may be written"},
		{[]string{file, "--as", "app_hall", "--mode", "upsert", "--dry-run"}, exitDone, "2 rows would be taken: 1 inserted, 0 updated, 0 unchanged, 0 deleted, 1 refused"},
		{[]string{file, "--as", "app_hall", "--mode", "upsert", "--abort"}, exitDone, "2 rows aborted: 0 inserted, 0 updated, 1 unchanged, 0 deleted, 1 refused"},
		{[]string{file, "--as", "app_hall", "--mode", "upsert", "--key", "k"}, exitDone, "2 rows taken: 1 inserted"},
		{[]string{file, "--as", "app_hall", "--mode", "upsert", "--key", "k"}, exitDone, "as it was reported before: 1 inserted"},
		{[]string{file, "--as", "app_hall", "--mode", "upsert", "--key", "l"}, exitDone, "rating_no=R-2  range  score"},
	} {
		status, out, errs := call(t, append([]string{"contribute", "hall.rating", "--home", home}, c.args...)...)
		require.Equal(t, c.status, status, "%v: %s", c.args, errs)
		require.Contains(t, out+errs, c.has, "%v", c.args)
	}
	status, out, errs = call(t, "quarantine", "replay", "hall.rating", "--set", `{"score":"4"}`, "--home", home)
	require.Equal(t, exitDone, status, errs)
	require.Contains(t, out, "1 row tried, 1 published, 0 still in quarantine")
	status, out, errs = call(t, "query", "hall.rating", "--as", "app_hall", "--fields", "rating_no,score", "--sort", "rating_no", "--home", home)
	require.Equal(t, exitDone, status, errs)
	require.Regexp(t, `(?s)R-1 +5.*R-2 +4`, out)
	status, out, errs = call(t, "runs", "--system", "hall", "--json", "--home", home)
	require.Equal(t, exitDone, status, errs)
	require.Contains(t, out, "contributed by app_hall")
	status, out, errs = call(t, "catalog", "show", "hall.rating", "--home", home)
	require.Equal(t, exitDone, status, errs)
	require.Contains(t, out, "rating_no")
	status, out, errs = call(t, "system", "check", filepath.Join(home, "campus", "systems", "hall.yaml"), "--home", home)
	require.Equal(t, exitDone, status, "%s%s", out, errs)
	status, _, errs = call(t, "system", "add", "--id", "other", "--connector", "contributed", "--home", home)
	require.NotEqual(t, exitDone, status)
	require.Contains(t, errs, "declare the datasets")
}
