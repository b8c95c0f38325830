package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
)

func TestLimitsComeFromTheEnvironment(t *testing.T) {
	for name, text := range map[string]string{
		"YITONG_MAX_BODY": "1MiB", "YITONG_MAX_ROWS": "5000000", "YITONG_PAGES_RUNNING": "3", "YITONG_PAGES_WAIT": "250ms", "YITONG_COPIES_TIME": "1h",
	} {
		t.Setenv(name, text)
	}
	loaded, err := config.Load(config.Flags{})
	require.NoError(t, err)
	limits := loaded.Limits
	require.EqualValues(t, 1<<20, limits.Body)
	require.EqualValues(t, 5_000_000, limits.Rows)
	require.Equal(t, config.Admission{Running: 3, Waiting: config.DefaultPagesWaiting, Wait: 250 * time.Millisecond, Time: config.DefaultPagesTime}, limits.Pages)
	require.Equal(t, time.Hour, limits.Copies.Time)
	require.Equal(t, config.DefaultStall, limits.Stall)
}

func TestLimitsThatCannotBeAreNamed(t *testing.T) {
	for name, wrong := range map[string]string{
		"YITONG_MAX_BODY": "-1", "YITONG_MAX_HEADER": "0", "YITONG_MAX_ROWS": "1e6", "YITONG_STALL": "30", "YITONG_COPIES_RUNNING": "many", "YITONG_PAGES_TIME": "-1s",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, wrong)
			_, err := config.Load(config.Flags{})
			require.True(t, fault.Is(err, fault.Invalid))
			require.Contains(t, fault.Public(err), name)
			require.Contains(t, fault.Public(err), wrong)
		})
	}
}
