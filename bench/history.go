package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/pipelines"
)

// measureHistory loads a table of 20 mixed columns, then a snapshot with 1% of
// the rows changed, then 10,000 changes by cursor.
func measureHistory(ctx context.Context, o options) ([]result, error) {
	source := &generator{rows: o.rows}
	b, err := openBench(ctx, filepath.Join(o.dir, "history"), source.driver())
	if err != nil {
		return nil, err
	}
	defer b.warehouse.Close()
	system := func(load string) definition.System {
		ds := definition.Dataset{Name: "rows", Source: "mixed", Key: []string{"id"}, Load: load}
		if load == definition.LoadIncremental {
			ds.Cursor = &definition.Cursor{Column: "v"}
		}
		return definition.System{ID: "bench", Connector: generatorName, Datasets: []definition.Dataset{ds}}
	}
	name := fmt.Sprintf("%d rows x %d columns", o.rows, len(mixedColumns))
	var results []result
	_, took, err := b.sync(ctx, system(definition.LoadFull))
	if err != nil {
		return nil, err
	}
	results = append(results, result{
		name: name + ", first load", goal: "proof 5 s", figure: fmt.Sprintf("%.1f s, %.0f rows/s", took.Seconds(), float64(o.rows)/took.Seconds()),
		met: b.seconds(pipelines.StageProve) <= 5, parts: b.parts(),
	})
	source.changed = 100
	run, _, err := b.sync(ctx, system(definition.LoadFull))
	if err != nil {
		return nil, err
	}
	spent := b.seconds(pipelines.StageJudge, pipelines.StagePublish)
	results = append(results, result{
		name: fmt.Sprintf("history of a snapshot, %d changed", run.Counts.Updated), goal: "1.5 s", figure: fmt.Sprintf("%.2f s", spent), met: spent <= 1.5, parts: b.parts(),
	})
	// The first incremental load of a new definition reads everything once.
	if _, _, err := b.sync(ctx, system(definition.LoadIncremental)); err != nil {
		return nil, err
	}
	source.recent = 10_000
	run, took, err = b.sync(ctx, system(definition.LoadIncremental))
	if err != nil {
		return nil, err
	}
	return append(results, result{
		name: fmt.Sprintf("%d changed rows by cursor", run.Counts.Updated), goal: "5 s", figure: fmt.Sprintf("%.2f s", took.Seconds()), met: took.Seconds() <= 5, parts: b.parts(),
	}), nil
}
