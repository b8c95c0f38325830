package telemetry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/telemetry"
)

func TestCausesKeepTheirWordsAndLoseTheirValues(t *testing.T) {
	t.Parallel()
	for cause, want := range map[string]string{
		`Conversion Error: Could not convert string '张三''s' to INT32`:          `Conversion Error: Could not convert string … to INT32`,
		`invalid input syntax for type integer: "13812345678"`:                 `invalid input syntax for type integer: …`,
		`duplicate key: Key (id, name)=(10001, 李四) already exists`:             `duplicate key: Key (id, name)… already exists`,
		`value 13812345678 out of range`:                                       `value … out of range`,
		`date field value out of range: 1990-01-31`:                            `date field value out of range: …`,
		`write tcp: i/o timeout`:                                               `write tcp: i/o timeout`,
		`Out of Memory Error: failed to allocate data of size 16 KiB (1/2 MB)`: `Out of Memory Error: failed to allocate data of size 16 KiB (1/2 MB)`,
	} {
		require.Equal(t, want, telemetry.Redact(cause))
	}
}
