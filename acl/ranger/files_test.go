package ranger_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl/ranger"
)

func read(t *testing.T, path string) *ranger.File {
	t.Helper()
	source, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, source.Close()) }()
	file, err := ranger.Read(source)
	require.NoError(t, err)
	if tags := file.TagsFile(); tags != "" {
		beside, err := os.Open(filepath.Join(filepath.Dir(path), filepath.Base(tags)))
		if err == nil {
			defer func() { require.NoError(t, beside.Close()) }()
			require.NoError(t, file.ReadTags(beside))
		}
	}
	return file
}

// TestOwnFiles runs the cases in testdata, each of which shows one thing. What
// is in testdata/unknown is what cannot be evaluated.
func TestOwnFiles(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			for _, one := range read(t, path).Check().Cases {
				require.Equal(t, ranger.Agrees, one.State, "%s: expected %s, got %s; %s", one.Name, one.Expected, one.Got, one.Reason)
				require.Empty(t, one.Note, one.Name)
			}
		})
	}
}

// TestUnknown runs cases that turn on what is not here: each says why.
func TestUnknown(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("testdata", "unknown", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		for _, one := range read(t, path).Check().Cases {
			require.Equal(t, ranger.NotApplicable, one.State, "%s: %s", path, one.Name)
			require.NotEmpty(t, one.Reason, one.Name)
		}
	}
}
