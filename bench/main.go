package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// options size the cases.
type options struct {
	rows  int64
	bytes int64
	dir   string
	// exportRows is the size of the table that the API exports; rate and length are
	// those of reads of one person.
	exportRows int64
	rate       int
	length     time.Duration
}

// result is one measured figure.
type result struct {
	name, goal, figure string
	met                bool
	parts              []string
}

var cases = map[string]func(context.Context, options) ([]result, error){
	"history": measureHistory, "gbk": measureGBK, "campus": measureCampus,
	"decisions": measureDecisions, "questions": measureQuestions, "gate": measureGate, "api": measureAPI,
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	which := flag.String("case", "all", "campus, history, gbk, decisions, questions, gate, api or all (but api)")
	var o options
	flag.Int64Var(&o.rows, "rows", 2_000_000, "rows of the table in the case history")
	flag.Int64Var(&o.bytes, "bytes", 1_000_000_000, "size of the file in the case gbk")
	flag.Int64Var(&o.exportRows, "export-rows", 10_000_000, "rows of the table in the case api")
	flag.IntVar(&o.rate, "rate", 500, "requests a second in the case api")
	flag.DurationVar(&o.length, "for", 20*time.Second, "how long the requests of the case api come")
	served := flag.String("serve", "", "be the server of the case api on this home folder")
	floor := flag.Int64("floor", 0, "rows of the engine's own result that the server of the case api gives")
	flag.Parse()
	if *served != "" {
		return serveAPI(context.Background(), *served, *floor)
	}
	if o.rate < 1 || o.rate > 10_000 || o.exportRows < 1 || o.length > 10*time.Minute {
		return fmt.Errorf("the case api takes 1 to 10,000 requests a second for at most 10m, and at least one row")
	}
	dir, err := os.MkdirTemp("", "yitong-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.dir = dir
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	names := []string{"campus", "history", "gbk", "decisions", "questions", "gate"}
	if *which != "all" {
		if cases[*which] == nil {
			return fmt.Errorf("there is no case %q: the cases are %s", *which, strings.Join(names, ", "))
		}
		names = []string{*which}
	}
	for _, name := range slices.Clone(names) {
		results, err := cases[name](ctx, o)
		if err != nil {
			return fmt.Errorf("case %s: %w", name, err)
		}
		for _, r := range results {
			verdict := "met"
			if !r.met {
				verdict = "MISSED"
			}
			fmt.Fprintf(os.Stdout, "%-46s goal %-18s %-22s %-7s %s\n", r.name, r.goal, r.figure, verdict, strings.Join(r.parts, ", "))
		}
	}
	fmt.Fprintf(os.Stdout, "highest resident memory of this process: %s\n", peak())
	return nil
}

// peak reads the highest resident memory from the kernel.
func peak() string {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
