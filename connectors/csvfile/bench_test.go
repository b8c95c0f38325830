package csvfile_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/schema"
)

// BenchmarkReadGBK reads 20 mixed columns in GBK into record batches.
func BenchmarkReadGBK(b *testing.B) {
	var text strings.Builder
	text.WriteString("学号,姓名,学院")
	for i := range 17 {
		fmt.Fprintf(&text, ",列%d", i)
	}
	text.WriteString("\n")
	for i := range 100_000 {
		fmt.Fprintf(&text, "%d,张三%d,计算机学院,%d.%02d,2026-03-01 08:00:00,%d,\"地址,第%d号\",是,,1,2,3,4,5,6,7,备注,a@b.cn,13800000000,完\n", 2022000000+i, i, i, i%100, i*7, i)
	}
	encoded, err := simplifiedchinese.GB18030.NewEncoder().String(text.String())
	require.NoError(b, err)
	dir := b.TempDir()
	write(b, dir, "x.csv", encoded)
	source := openSource(b, dir, "x.csv", "", map[string]schema.Type{"列0": schema.DecimalOf(18, 2), "列1": schema.Of(schema.Timestamp)})
	b.SetBytes(int64(len(encoded)))
	for b.Loop() {
		stream, err := source.Read(b.Context(), connectors.ReadRequest{Dataset: "x.csv"})
		require.NoError(b, err)
		for {
			batch, err := stream.Next(b.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(b, err)
			batch.Record.Release()
		}
		require.NoError(b, stream.Close())
	}
}
