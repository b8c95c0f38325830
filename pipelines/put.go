package pipelines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines/check"
	"github.com/yitong-hub/yitong/pipelines/landing"
	"github.com/yitong-hub/yitong/pipelines/publish"
	"github.com/yitong-hub/yitong/schema"
)

// publish judges the landed rows, publishes them and tells the catalog.
func (l *load) publish(ctx context.Context, run *catalog.Run, mode publish.Mode, landed landing.Result, columns []schema.Column, version string) error {
	done, err := l.resolve(ctx, columns)
	if err != nil {
		return err
	}
	plan := &done.plan
	plan.Mode = mode
	if err := l.deletes(ctx, run, plan); err != nil {
		return err
	}
	l.tell(StageJudge, landed.Sum.Rows, landed.Sum.Rows)
	if err := l.judge(ctx, run, &done, landed); err != nil {
		return err
	}
	l.tell(StagePublish, landed.Sum.Rows, landed.Sum.Rows)
	position := landed.Position
	if position == "" {
		position = l.checkpoint.position
	}
	source, err := json.Marshal(columns)
	if err != nil {
		return err
	}
	at := l.moment()
	next := publish.Load{
		Run: run.ID, Version: l.checkpoint.version + 1, At: at,
		SourceRows: landed.Sum.Rows, SourceChecksum: run.Proof.SourceChecksum, LandedChecksum: run.Proof.LandedChecksum,
		Token: string(landed.Token), Position: position, SourceVersion: version,
		DefinitionHash: l.definitionHash, SourceSchema: string(source),
		Finish: func(counts publish.Counts) (string, error) { return record(run, counts, at) },
	}
	return l.commit(ctx, run, done, next)
}

func (l *load) commit(ctx context.Context, run *catalog.Run, done resolved, next publish.Load) error {
	l.engine.publishing.Lock()
	counts, changed, err := publish.Publish(ctx, l.engine.config.Warehouse, done.plan, next)
	l.engine.publishing.Unlock()
	if err != nil {
		return err
	}
	if !changed {
		run.Outcome, run.Message = catalog.OutcomeUnchanged, heldBack(counts)
		run.Counts.Published, run.Counts.Quarantined = counts.Rows, counts.Quarantined
		return l.see(ctx, next.Token, next.Position, next.SourceVersion)
	}
	l.tell(StageProfile, counts.Rows, counts.Rows)
	// The rows are committed: a cancellation from here on must not hide them.
	return l.announce(context.WithoutCancel(ctx), done, announcement{
		Run: *run, Version: next.Version, Rows: counts.Rows, Quarantine: counts.Open, At: next.At,
	})
}

func (l *load) resolve(ctx context.Context, columns []schema.Column) (resolved, error) {
	stored, err := publish.Columns(ctx, l.engine.config.Warehouse, l.id)
	if err != nil {
		return resolved{}, err
	}
	return resolver{
		system: l.system, dataset: l.dataset, id: l.id, columns: columns, terms: l.terms, stored: stored,
	}.resolve(ctx)
}

// moment is the time of the new version: later than that of the last one, also
// when the clock was set back.
func (l *load) moment() time.Time {
	now := l.engine.config.Clock().UTC().Truncate(time.Microsecond)
	if !now.After(l.checkpoint.at) {
		return l.checkpoint.at.UTC().Add(time.Microsecond)
	}
	return now
}

// deletes prepares how rows that are gone will be found.
func (l *load) deletes(ctx context.Context, run *catalog.Run, plan *publish.Plan) error {
	incremental := l.dataset.Load == definition.LoadIncremental
	compare := l.dataset.Deletes.Find == "compare"
	if incremental && !compare {
		plan.KeepMissing = true
	}
	if !incremental || !compare || plan.Mode != publish.Partial {
		return nil
	}
	read := connectors.ReadRequest{Dataset: l.dataset.Source, Columns: plan.KeyColumns, BatchRows: l.engine.config.BatchRows}
	keys, err := landing.Land(ctx, l.engine.config.Warehouse, landing.Request{
		Name: l.keysName(), Run: run.ID + "k", Identity: run.ID, Source: l.opened.source, Read: read,
		ChunkRows: l.engine.config.ChunkRows, StallAfter: l.engine.config.Stall, Permit: l.share, Clock: l.engine.config.Clock,
	})
	if err != nil {
		return fmt.Errorf("read the keys: %w", err)
	}
	if keys.Sum.Rows == 0 && l.checkpoint.rows > 0 && !l.options.Force {
		return fault.New(fault.Stopped, "the source gave no keys where %d rows are published: %s", l.checkpoint.rows, kept)
	}
	plan.HoldDeletes = keys.Rejects > 0
	plan.LiveKeys = l.keysName()
	for _, place := range plan.Key {
		plan.LiveKey = append(plan.LiveKey, plan.Fields[place].Column.Value)
	}
	return nil
}

// judge gives every row its verdict and stops a load that is mostly bad.
func (l *load) judge(ctx context.Context, run *catalog.Run, done *resolved, landed landing.Result) error {
	verdict, err := publish.Judge(ctx, l.engine.config.Warehouse, done.plan)
	if err != nil {
		return err
	}
	if len(done.plan.Key) > 0 && (landed.Rejects > 0 || verdict.NoKey > 0) {
		done.plan.HoldDeletes = true
	}
	soft, err := publish.CountSoft(ctx, l.engine.config.Warehouse, done.plan, done.soft)
	if err != nil {
		return err
	}
	for _, reason := range verdict.Reasons {
		run.Checks = append(run.Checks, catalog.Check{Field: reason.Field, Rule: reason.Code, Severity: check.Hard, Failed: reason.Rows, Rows: verdict.Rows})
	}
	for i, condition := range done.soft {
		run.Checks = append(run.Checks, catalog.Check{Field: condition.Field, Rule: condition.Rule, Severity: check.Soft, Failed: soft[i], Rows: verdict.Rows})
	}
	if l.options.Force {
		return nil
	}
	return guardQuarantine(l.dataset, done.plan.Mode, verdict.Failed+landed.Rejects, verdict.Rows+landed.Rejects, l.checkpoint.rows)
}

// announcement is what the catalog is told of a publish. It is stored with the
// rows, so that the catalog can be told after a crash as well.
type announcement struct {
	Run        catalog.Run `json:"run"`
	Version    int64       `json:"version"`
	Rows       int64       `json:"rows"`
	Quarantine int64       `json:"quarantine"`
	At         time.Time   `json:"at"`
}

func record(run *catalog.Run, counts publish.Counts, at time.Time) (string, error) {
	return recordSaying(run, counts, at, heldBack(counts))
}

func recordSaying(run *catalog.Run, counts publish.Counts, at time.Time, message string) (string, error) {
	run.Outcome, run.Message = catalog.OutcomePublished, message
	run.Finished = &at
	run.Counts.Inserted, run.Counts.Updated, run.Counts.Deleted = counts.Inserted, counts.Updated, counts.Deleted
	run.Counts.Quarantined, run.Counts.Published = counts.Quarantined, counts.Rows
	text, err := json.Marshal(announcement{Run: *run, Rows: counts.Rows, Quarantine: counts.Open, At: at})
	return string(text), err
}

// heldBack says that deletes wait, empty when none does.
func heldBack(counts publish.Counts) string {
	if counts.Held == 0 {
		return ""
	}
	return fmt.Sprintf("%d rows did not come and stay published: some rows could not be read or have no key, and theirs may be among them; mend these at the source", counts.Held)
}

// reconcile tells the catalog of the last publish if it has not heard of it.
func (l *load) reconcile(ctx context.Context) error {
	if l.checkpoint.version == 0 {
		return nil
	}
	known, err := l.engine.config.Catalog.Dataset(ctx, l.id)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return fmt.Errorf("ask the catalog for %s: %w", l.id, err)
	}
	if known.Version >= l.checkpoint.version || l.checkpoint.record == "" {
		return nil
	}
	var told announcement
	if err := json.Unmarshal([]byte(l.checkpoint.record), &told); err != nil {
		return fmt.Errorf("read the record of the last publish: %w", err)
	}
	told.Version = l.checkpoint.version
	done, err := l.resolve(ctx, l.checkpoint.columns)
	if err != nil {
		return err
	}
	l.engine.config.Logger.Info("the catalog is told of an earlier publish", "dataset", l.id, "run", told.Run.ID)
	return errors.Join(l.announce(ctx, done, told))
}
