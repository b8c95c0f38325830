package query_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestZZProbe(t *testing.T) {
	opened := openWarehouse(t)
	text, err := os.ReadFile("/tmp/probe/sql.txt")
	require.NoError(t, err)
	for _, s := range strings.Split(string(text), "\n") {
		if strings.TrimSpace(s) == "" {
			continue
		}
		parts := strings.Split(s, "\t")
		args := []any{}
		for _, p := range parts[1:] {
			args = append(args, strings.NewReplacer(`\0`, "\x00", `\xff`, "\xff").Replace(p))
		}
		start := time.Now()
		reader, err := opened.Query(t.Context(), parts[0], args...)
		if err != nil {
			fmt.Printf("%-90s ERR %v\n", s, strings.SplitN(err.Error(), "\n", 2)[0])
			continue
		}
		lines := cells(t, reader)
		typ := reader.Schema().Field(0).Type.String()
		reader.Release()
		if len(lines) > 3 {
			lines = lines[:3]
		}
		out := fmt.Sprint(lines)
		if len(out) > 300 { out = out[:300] }
		fmt.Printf("%-90s %s %v %v\n", s, typ, out, time.Since(start).Round(time.Millisecond))
	}
}
