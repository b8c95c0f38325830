package pipelines

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Options choose what a sync does.
type Options struct {
	// Systems and Datasets ("system.name") choose; empty means all.
	Systems  []string
	Datasets []string
	// Force reads although nothing seems to have changed, and accepts once what
	// a safeguard would stop.
	Force bool
	// FullRefresh reads incremental datasets from the start.
	FullRefresh bool
}

// Summary is what a sync did: one run per dataset, in order of dataset.
type Summary struct {
	// Batch is the id that all runs share.
	Batch string        `json:"batch"`
	Runs  []catalog.Run `json:"runs"`
	// Took is the time from the start of the first load to the end of the last.
	Took time.Duration `json:"took"`
}

// Count gives the number of runs with an outcome.
func (s Summary) Count(outcome string) int {
	count := 0
	for _, run := range s.Runs {
		if run.Outcome == outcome {
			count++
		}
	}
	return count
}

// Sync brings the chosen datasets up to date. Systems go side by side, the
// datasets of one system one after another; what fails holds up nobody else
// and is told in its run. The error is for what concerns the whole: a choice
// that names nothing, or a cancellation.
func (e *Engine) Sync(ctx context.Context, systems []definition.System, options Options) (Summary, error) {
	chosen, err := choose(systems, options)
	if err != nil {
		return Summary{}, err
	}
	checkpoints, err := e.checkpoints(ctx)
	if err != nil {
		return Summary{}, err
	}
	began := e.config.Clock()
	summary := Summary{Batch: e.config.NewID()}
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, system := range chosen {
		group.Go(func() {
			runs := e.syncSystem(ctx, systemSync{
				system: system, options: options, batch: summary.Batch, checkpoints: checkpoints,
			})
			mu.Lock()
			defer mu.Unlock()
			summary.Runs = append(summary.Runs, runs...)
		})
	}
	group.Wait()
	summary.Took = e.config.Clock().Sub(began)
	slices.SortFunc(summary.Runs, func(a, b catalog.Run) int { return compare(a.Dataset, b.Dataset) })
	if err := ctx.Err(); err != nil {
		return summary, fault.Wrap(err, fault.Canceled, "the synchronisation was canceled; what was published stays, the rest goes on at the next one")
	}
	return summary, nil
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func choose(systems []definition.System, options Options) ([]definition.System, error) {
	var ids, datasets []string
	var chosen []definition.System
	for _, system := range systems {
		ids = append(ids, system.ID)
		kept := system
		kept.Datasets = nil
		for _, dataset := range system.Datasets {
			id := system.ID + "." + dataset.Name
			datasets = append(datasets, id)
			if len(options.Datasets) == 0 || slices.Contains(options.Datasets, id) {
				kept.Datasets = append(kept.Datasets, dataset)
			}
		}
		if len(kept.Datasets) > 0 && (len(options.Systems) == 0 || slices.Contains(options.Systems, system.ID)) {
			chosen = append(chosen, kept)
		}
	}
	for _, wanted := range options.Systems {
		if !slices.Contains(ids, wanted) {
			return nil, fault.New(fault.NotFound, "there is no system %s%s", wanted, fault.Meant(wanted, ids))
		}
	}
	for _, wanted := range options.Datasets {
		if !slices.Contains(datasets, wanted) {
			return nil, fault.New(fault.NotFound, "there is no dataset %s%s", wanted, fault.Meant(wanted, datasets))
		}
	}
	return chosen, nil
}

// systemSync is the work on one system.
type systemSync struct {
	system      definition.System
	options     Options
	batch       string
	checkpoints map[string]checkpoint
}

func (e *Engine) syncSystem(ctx context.Context, work systemSync) []catalog.Run {
	e.emit(Event{System: work.system.ID, Stage: StageConnect, Estimate: -1})
	opened, err := e.open(work.system)
	if err != nil {
		return e.failAll(ctx, work, err)
	}
	defer opened.close()
	runs := make([]catalog.Run, 0, len(work.system.Datasets))
	for _, dataset := range work.system.Datasets {
		id := work.system.ID + "." + dataset.Name
		load := &load{
			engine: e, system: work.system, dataset: dataset, id: id, opened: opened,
			options: work.options, checkpoint: work.checkpoints[id], batch: work.batch,
		}
		run := load.run(ctx)
		e.emitDone(run, load.err)
		runs = append(runs, run)
	}
	return runs
}

// failAll gives every dataset of a system that cannot even be opened its run.
func (e *Engine) failAll(ctx context.Context, work systemSync, err error) []catalog.Run {
	runs := make([]catalog.Run, 0, len(work.system.Datasets))
	for _, dataset := range work.system.Datasets {
		l := &load{engine: e, system: work.system, dataset: dataset, id: work.system.ID + "." + dataset.Name, batch: work.batch}
		run := l.newRun()
		l.finish(ctx, &run, err)
		e.emitDone(run, err)
		runs = append(runs, run)
	}
	return runs
}

func (e *Engine) emitDone(run catalog.Run, err error) {
	e.emit(Event{
		System: run.System, Dataset: run.Dataset, Stage: StageDone, Rows: run.Counts.Read, Estimate: -1,
		Outcome: run.Outcome, Published: run.Counts.Published, Quarantined: run.Counts.Quarantined, Message: run.Message, Err: err,
	})
}

// outcomeOf says how a run with this error ended.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return catalog.OutcomePublished
	case fault.Is(err, fault.Canceled), errors.Is(err, context.Canceled):
		return catalog.OutcomeCanceled
	case fault.Is(err, fault.Stopped):
		return catalog.OutcomeStopped
	}
	return catalog.OutcomeFailed
}

func (e *Engine) sourceConfig(system definition.System) connectors.Config {
	return connectors.Config{
		System: system.ID, Connection: system.Connection, Location: system.Timezone,
		Dir: e.config.CampusDir, Secret: e.config.Secrets,
		Logger: e.config.Logger.With("system", system.ID),
	}
}
