package pipelines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines/drift"
	"github.com/yitong-hub/yitong/pipelines/landing"
	"github.com/yitong-hub/yitong/pipelines/publish"
	"github.com/yitong-hub/yitong/schema"
)

// load brings one dataset up to date.
type load struct {
	engine     *Engine
	system     definition.System
	dataset    definition.Dataset
	id         string
	batch      string
	opened     *opened
	options    Options
	checkpoint checkpoint

	terms          terms
	definitionHash string
	share          *share
	err            error
}

func (l *load) newRun() catalog.Run {
	return catalog.Run{
		ID: l.engine.config.NewID(), Batch: l.batch, System: l.system.ID, Dataset: l.id,
		Outcome: catalog.OutcomeRunning, Started: l.engine.config.Clock().UTC(),
	}
}

// run does the whole load and tells the catalog how it ended.
func (l *load) run(ctx context.Context) catalog.Run {
	run := l.newRun()
	release, err := l.hold(ctx)
	if err != nil {
		l.finish(ctx, &run, err)
		return run
	}
	defer release()
	l.finish(ctx, &run, l.work(ctx, &run))
	return run
}

// hold keeps the dataset. Where applications write it all day, the load waits
// for its turn, and goes by what is published then.
func (l *load) hold(ctx context.Context) (func(), error) {
	if !l.opened.contributed {
		return l.engine.hold(l.id)
	}
	release, err := l.engine.awaitHold(ctx, l.id)
	if err != nil {
		return nil, err
	}
	checkpoints, err := l.engine.checkpointsOf(ctx, l.id)
	if err != nil {
		release()
		return nil, err
	}
	l.checkpoint = checkpoints[l.id]
	return release, nil
}

// finish writes down the outcome, also of a canceled run.
func (l *load) finish(ctx context.Context, run *catalog.Run, err error) {
	now := l.engine.config.Clock().UTC()
	run.Finished = &now
	if err != nil || run.Outcome == catalog.OutcomeRunning {
		run.Outcome = outcomeOf(err)
	}
	if err != nil {
		l.err = err
		run.Message = fault.Public(err)
		l.engine.config.Logger.Error("load ended", "dataset", l.id, "run", run.ID, "outcome", run.Outcome, "error", err)
	}
	if run.Outcome == catalog.OutcomePublished {
		return // the publication told the catalog
	}
	if told := l.engine.config.Catalog.FinishRun(context.WithoutCancel(ctx), *run); told != nil {
		l.engine.config.Logger.Error("the catalog did not take the end of a run", "run", run.ID, "error", told)
		l.err = errors.Join(l.err, told)
	}
}

// work does the load; run.Outcome stays "running" when it published.
func (l *load) work(ctx context.Context, run *catalog.Run) error {
	if err := l.engine.config.Catalog.StartRun(ctx, *run); err != nil {
		return fmt.Errorf("record the start of the run: %w", err)
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	version, same, err := l.unchanged(ctx)
	if err != nil {
		return err
	}
	if same {
		run.Outcome = catalog.OutcomeUnchanged
		run.Counts.Published = l.checkpoint.rows
		run.Message = l.nothingToFetch()
		return nil
	}
	l.share = &share{of: l.engine.shares}
	if err := l.share.Acquire(ctx); err != nil {
		return err
	}
	defer l.share.Release()
	return l.transfer(ctx, run, version)
}

// prepare looks up what the definition refers to and tells the catalog of a
// publish that it has not heard of, because the process ended in between.
func (l *load) prepare(ctx context.Context) error {
	var err error
	if l.terms, err = l.engine.terms(ctx, l.dataset); err != nil {
		return err
	}
	if l.definitionHash, err = hashOf(l.system, l.dataset, l.terms); err != nil {
		return err
	}
	return l.reconcile(ctx)
}

// unchanged asks a source that can tell whether anything has changed at all.
func (l *load) unchanged(ctx context.Context) (version string, same bool, err error) {
	versioner, can := l.opened.source.(connectors.Versioner)
	if !can {
		return "", false, nil
	}
	version, err = versioner.Version(ctx, l.dataset.Source)
	if err != nil {
		return "", false, err
	}
	same = version != "" && version == l.checkpoint.sourceVersion && l.checkpoint.version > 0 &&
		l.checkpoint.definitionHash == l.definitionHash && !l.options.Force && !l.options.FullRefresh
	return version, same, nil
}

// transfer lands, proves, judges and publishes.
func (l *load) transfer(ctx context.Context, run *catalog.Run, version string) error {
	if err := l.contributable(); err != nil {
		return err
	}
	declared, err := l.describe(ctx)
	if err != nil {
		return err
	}
	request, mode, err := l.request(declared)
	if err != nil {
		return err
	}
	landed, err := l.land(ctx, run, request, declared.RowEstimate)
	if err != nil {
		return err
	}
	columns := withLedger(landed.Columns, declared)
	run.Drift = drift.Compare(l.checkpoint.columns, columns)
	if err := l.guard(ctx, run, mode, landed); err != nil {
		return errors.Join(err, l.drop(ctx))
	}
	err = l.publish(ctx, run, mode, landed, columns, version)
	if err != nil && fault.Is(err, fault.Canceled) {
		// What is landed is used by the next run.
		return errors.Join(err, publish.Discard(context.WithoutCancel(ctx), l.engine.config.Warehouse, l.id))
	}
	return errors.Join(err, l.drop(ctx))
}

func (l *load) drop(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	return errors.Join(
		publish.Discard(ctx, l.engine.config.Warehouse, l.id),
		landing.Drop(ctx, l.engine.config.Warehouse, l.id),
		landing.Drop(ctx, l.engine.config.Warehouse, l.keysName()),
	)
}

func (l *load) keysName() string { return l.id + "/keys" }

// describe finds the dataset among those that the system has.
func (l *load) describe(ctx context.Context) (schema.Dataset, error) {
	datasets, err := l.opened.discover(ctx)
	if err != nil {
		return schema.Dataset{}, err
	}
	names := make([]string, len(datasets))
	for i, dataset := range datasets {
		if dataset.Name == l.dataset.Source {
			return dataset, nil
		}
		names[i] = dataset.Name
	}
	return schema.Dataset{}, fault.New(fault.NotFound, "system %s has no dataset %s%s", l.system.ID, l.dataset.Source, fault.Meant(l.dataset.Source, names))
}

// request decides what to read and what the rows will be of their dataset.
func (l *load) request(declared schema.Dataset) (connectors.ReadRequest, publish.Mode, error) {
	request := connectors.ReadRequest{Dataset: l.dataset.Source, Columns: l.projection(declared), BatchRows: l.engine.config.BatchRows}
	if err := l.givableFields(); err != nil {
		return request, 0, err
	}
	again := l.options.FullRefresh || l.checkpoint.definitionHash != l.definitionHash || l.checkpoint.version == 0
	switch l.dataset.Load {
	case "", definition.LoadFull:
		return request, publish.Full, nil
	case definition.LoadChanges:
		changes, can := l.opened.source.(connectors.ChangeReader)
		if !can || !changes.Changes(l.dataset.Source) {
			return request, 0, fault.New(fault.Invalid, "load changes: connector %s gives no change events for %s", l.system.Connector, l.dataset.Source)
		}
		request.Columns = nil
		request.Resume = connectors.Token(l.checkpoint.token)
		return request, publish.Changes, nil
	case definition.LoadIncremental:
	default:
		return request, 0, fault.New(fault.Invalid, "unknown load %q: write full, incremental or changes", l.dataset.Load)
	}
	if l.dataset.Cursor == nil {
		return request, 0, fault.New(fault.Invalid, "load incremental needs a cursor: name the column that grows with every change")
	}
	request.Cursor = l.dataset.Cursor.Column
	if again || l.checkpoint.position == "" {
		return request, publish.Full, nil
	}
	column, there := declared.Column(request.Cursor)
	if !there {
		return request, 0, fault.New(fault.Invalid, "cursor: %s has no column %s", l.dataset.Source, request.Cursor)
	}
	span, steps, err := lookBack(l.dataset.Cursor.LookBack)
	if err != nil {
		return request, 0, err
	}
	request.Since, err = connectors.LookBack(l.checkpoint.position, column.Type.Kind, span, steps)
	return request, publish.Partial, err
}

func lookBack(text string) (time.Duration, int64, error) {
	if text == "" {
		return 0, 0, nil
	}
	if steps, err := strconv.ParseInt(text, 10, 64); err == nil {
		return 0, steps, nil
	}
	span, err := time.ParseDuration(text)
	if err != nil {
		return 0, 0, fault.New(fault.Invalid, `cursor: look_back %q is neither a duration ("1h") nor a whole number`, text)
	}
	return span, 0, nil
}

// projection leaves out what the definition ignores: such values never enter
// the warehouse.
func (l *load) projection(declared schema.Dataset) []string {
	ignored := map[string]bool{}
	for _, field := range l.dataset.Fields {
		if field.Ignore {
			ignored[fromOf(field)] = true
		}
	}
	if len(ignored) == 0 {
		return nil
	}
	var names []string
	for _, column := range declared.Columns {
		if !ignored[column.Name] {
			names = append(names, column.Name)
		}
	}
	return names
}

// large is the number of rows from which a load's batches are worth collecting
// at once.
const large = 250_000

// land reads the rows, and the keys where deletes are found by comparing them.
func (l *load) land(ctx context.Context, run *catalog.Run, read connectors.ReadRequest, estimate int64) (landing.Result, error) {
	identity, err := json.Marshal([]any{l.definitionHash, read})
	if err != nil {
		return landing.Result{}, err
	}
	request := landing.Request{
		Name: l.id, Run: run.ID, Identity: string(identity), Source: l.opened.source, Read: read,
		ChunkRows: l.engine.config.ChunkRows, StallAfter: l.engine.config.Stall, Permit: l.share, Clock: l.engine.config.Clock,
		Progress: func(rows int64) { l.tell(StageRead, rows, estimate) },
	}
	landed, err := landing.Land(ctx, l.engine.config.Warehouse, request)
	if err != nil {
		return landing.Result{}, err
	}
	run.Counts.Read = landed.Sum.Rows + landed.Rejects
	if landed.Sum.Rows >= large {
		// The batches of the reading are garbage now; what follows needs the memory
		// in the engine, which is outside of the collector's sight.
		debug.FreeOSMemory()
	}
	l.tell(StageProve, landed.Sum.Rows, landed.Sum.Rows)
	return landed, l.prove(ctx, run, l.id, landed)
}

// prove compares what the source gave with what is in the landing file under a name.
func (l *load) prove(ctx context.Context, run *catalog.Run, name string, landed landing.Result) error {
	back, err := landing.Verify(ctx, l.engine.config.Warehouse, name, landed.Columns)
	if err != nil {
		return err
	}
	run.Counts.Landed = back.Rows
	run.Proof = &catalog.Proof{
		SourceRows: landed.Sum.Rows, LandedRows: back.Rows,
		SourceChecksum: landed.Sum.String(), LandedChecksum: back.String(),
	}
	if !run.Proof.Holds() {
		return errors.Join(fault.New(fault.Stopped,
			"the landed rows are not those that the source gave (%d read, %d landed): nothing was published; sync again, and look at the disk if it comes back",
			landed.Sum.Rows, back.Rows), l.drop(ctx))
	}
	return nil
}

func (l *load) tell(stage string, rows, estimate int64) {
	l.engine.emit(Event{System: l.system.ID, Dataset: l.id, Stage: stage, Rows: rows, Estimate: estimate})
}

// guard applies the safeguards that need no judged rows.
func (l *load) guard(_ context.Context, run *catalog.Run, mode publish.Mode, landed landing.Result) error {
	if l.options.Force {
		return nil
	}
	if err := guardColumns(run.Drift, len(l.checkpoint.columns)); err != nil {
		return err
	}
	return guardRows(l.dataset, mode, landed.Sum.Rows, l.checkpoint.rows)
}

// withLedger adds what the source declared of the columns that came.
func withLedger(columns []schema.Column, declared schema.Dataset) []schema.Column {
	full := make([]schema.Column, 0, len(columns))
	for _, column := range columns {
		if known, ok := declared.Column(column.Name); ok {
			known.Type = column.Type
			column = known
		}
		if column.Name != connectors.OpColumn {
			full = append(full, column)
		}
	}
	return full
}
