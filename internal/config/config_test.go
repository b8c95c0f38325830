package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
)

func TestParseBytes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"2GiB": 2 << 30, "512MiB": 512 << 20, "1500MB": 1_500_000_000, "1.5g": 3 << 29, "4096": 4096, "8 KiB": 8192,
	} {
		got, err := config.ParseBytes(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "much", "-1MB", "2TiBs", "9e30GB"} {
		_, err := config.ParseBytes(text)
		require.True(t, fault.Is(err, fault.Invalid), text)
	}
}

func TestLoadPrefersFlagsToEnvironment(t *testing.T) {
	t.Setenv("YITONG_HOME", "/from/environment")
	t.Setenv("YITONG_MEMORY", "1GiB")
	loaded, err := config.Load(config.Flags{})
	require.NoError(t, err)
	require.Equal(t, "/from/environment", loaded.Home)
	require.EqualValues(t, 1<<30, loaded.Memory)
	loaded, err = config.Load(config.Flags{Home: "/from/flag", Memory: "512MiB"})
	require.NoError(t, err)
	require.Equal(t, "/from/flag/campus", loaded.Campus)
	require.Equal(t, "/from/flag/state.db", loaded.State)
	_, err = config.Load(config.Flags{Memory: "1MiB"})
	require.True(t, fault.Is(err, fault.Invalid))
}

func TestSecretsComeFromEnvironmentThenFile(t *testing.T) {
	campus := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(campus, "secrets.env"), []byte("HR_TOKEN = from-file\nOTHER=x=y\n"), 0o600))
	loaded := config.Config{Campus: campus}
	value, err := loaded.Secret("HR_TOKEN")
	require.NoError(t, err)
	require.Equal(t, "from-file", value)
	value, err = loaded.Secret("OTHER")
	require.NoError(t, err)
	require.Equal(t, "x=y", value)
	t.Setenv("HR_TOKEN", "from-environment")
	value, err = loaded.Secret("HR_TOKEN")
	require.NoError(t, err)
	require.Equal(t, "from-environment", value)
	_, err = loaded.Secret("ABSENT")
	require.True(t, fault.Is(err, fault.Invalid))
	require.NotContains(t, err.Error(), "from-")
}
