package pipelines_test

import (
	"fmt"
	"testing"

	"github.com/yitong-hub/yitong/pipelines"
)

// BenchmarkContribute is one small contribution to a dataset that has rows.
func BenchmarkContribute(b *testing.B) {
	for _, size := range []int{100, 10_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			h := newHall(b)
			rows := make([]pipelines.ContributedRow, size)
			for i := range rows {
				rows[i] = given("no", fmt.Sprint(i), "rater", fmt.Sprint(i%999), "score", "3")
			}
			h.send(b, pipelines.Contribution{Mode: pipelines.ContributeUpsert, Rows: rows})
			n := 0
			for b.Loop() {
				n++
				h.send(b, pipelines.Contribution{Mode: pipelines.ContributeUpsert, Key: fmt.Sprint(n), Digest: "a", Rows: []pipelines.ContributedRow{given("no", "1", "score", fmt.Sprint(1+n%5))}})
			}
		})
	}
}
