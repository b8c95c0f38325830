package ranger_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl/ranger"
)

// FuzzReadAndCheck holds that no file, however odd, makes reading or checking panic.
func FuzzReadAndCheck(f *testing.F) {
	for _, pattern := range []string{"*.json", filepath.Join("unknown", "*.json"), "*.tags"} {
		paths, err := filepath.Glob(filepath.Join("testdata", pattern))
		require.NoError(f, err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(f, err)
			f.Add(text, []byte("{}"))
		}
	}
	f.Add([]byte(`{"serviceDef":{"resources":[{"name":"a","parent":"b"},{"name":"b","parent":"a"}]},"policies":[{"resources":{"a":{}}}],"tests":[{"request":{},"result":{}}]}`), []byte(`{"tags":{"1":{}}}`))
	f.Fuzz(func(t *testing.T, text, tags []byte) {
		file, err := ranger.Read(bytes.NewReader(text))
		if err != nil {
			require.Nil(t, file)
			return
		}
		_ = file.ReadTags(bytes.NewReader(tags))
		require.NotEmpty(t, file.Check().String())
	})
}
