package ranger_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl/ranger"
)

// TestRangersOwnFiles runs cases of Ranger's own policy-engine tests, which are
// not part of this repository, where they lie beside it.
func TestRangersOwnFiles(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "..", "shared", "ranger")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the folder ../shared/ranger with test files of Apache Ranger is not beside the repository; testdata covers the same ground")
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	require.NoError(t, err)
	known := map[string]int{
		"test_policyengine_hive.json":                   48,
		"test_policyengine_hive_mask_filter.json":       16,
		"test_policyengine_owner.json":                  11,
		"test_policyengine_policylevel_conditions.json": 4,
		"test_policyengine_tag_hive.json":               18,
		"test_policyengine_temporary.json":              8,
		"test_policyengine_with_roles.json":             10,
	}
	cases := 0
	for _, path := range paths {
		name := filepath.Base(path)
		report := read(t, path).Check()
		t.Logf("%s: %s", name, report)
		for _, one := range report.Cases {
			if one.Note != "" {
				t.Logf("%s: %s: %s", name, one.Name, one.Note)
			}
		}
		require.Zero(t, report.Count(ranger.Differs), "%s: %s", name, report)
		if want, ok := known[name]; ok {
			cases += len(report.Cases)
			require.Equal(t, want, report.Count(ranger.Agrees), "%s: %s", name, report)
		}
	}
	t.Logf("%d cases of Ranger's own", cases)
}
