package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/pipelines/pipetest"
)

// bench is one warehouse with an engine that keeps the time of each stage.
type bench struct {
	warehouse *warehouse.Warehouse
	engine    *pipelines.Engine
	// server is the address of the source, when it is a server.
	server string

	mu     sync.Mutex
	stage  string
	since  time.Time
	stages map[string]time.Duration
}

func openBench(ctx context.Context, dir string, drivers ...connectors.Driver) (*bench, error) {
	w, err := warehouse.Open(ctx, warehouse.Config{Dir: dir})
	if err != nil {
		return nil, err
	}
	b := &bench{warehouse: w}
	b.engine = pipelines.New(pipelines.Config{Warehouse: w, Catalog: pipetest.NewCatalog(nil, nil), Drivers: drivers, CampusDir: dir, Secrets: b.address, Progress: b.note, Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))})
	return b, nil
}

func (b *bench) note(event pipelines.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if event.Stage == b.stage {
		return
	}
	now := time.Now()
	if b.stage != "" {
		b.stages[b.stage] += now.Sub(b.since)
	}
	b.stage, b.since = event.Stage, now
}

// sync runs one load and gives the time of the whole and of its stages.
func (b *bench) sync(ctx context.Context, system definition.System) (catalog.Run, time.Duration, error) {
	b.stages, b.stage = map[string]time.Duration{}, ""
	began := time.Now()
	summary, err := b.engine.Sync(ctx, []definition.System{system}, pipelines.Options{})
	took := time.Since(began)
	if err != nil {
		return catalog.Run{}, took, err
	}
	run := summary.Runs[0]
	if run.Outcome != catalog.OutcomePublished && run.Outcome != catalog.OutcomeUnchanged {
		return run, took, fmt.Errorf("%s: %s", run.Outcome, run.Message)
	}
	return run, took, nil
}

// parts lists the stages' times in their order.
func (b *bench) parts() []string {
	var all []string
	for _, stage := range []string{pipelines.StageRead, pipelines.StageProve, pipelines.StageJudge, pipelines.StagePublish, pipelines.StageProfile} {
		all = append(all, fmt.Sprintf("%s %.2f s", stage, b.stages[stage].Seconds()))
	}
	return all
}

func (b *bench) seconds(stages ...string) float64 {
	var sum time.Duration
	for _, stage := range stages {
		sum += b.stages[stage]
	}
	return sum.Seconds()
}

// address is the only secret of a bench.
func (b *bench) address(string) (string, error) { return b.server, nil }
