// Command bench measures what docs/benchmarks.md states: loads of large tables
// and files through the pipelines, and the demo campus as a whole. Each case
// prints its goal, its figure, the parts that the time went to, and the highest
// resident memory of the process so far. Run one case a process for memory:
//
//	go run -tags duckdb_arrow ./bench -case gbk
package main
