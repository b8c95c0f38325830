package pipelines

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	sq "github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/check"
	"github.com/yitong-hub/yitong/pipelines/landing"
	"github.com/yitong-hub/yitong/pipelines/publish"
	"github.com/yitong-hub/yitong/schema"
)

// Contribute puts an application's rows over what is published of a dataset, by
// the way of all rows: landed and proved, standardised and checked, published
// with history and quarantine. Contributions and loads of one dataset go one
// after the other. A dataset that is read from its source is a Conflict fault.
func (e *Engine) Contribute(ctx context.Context, system definition.System, c Contribution) (ContributionReport, error) {
	chosen, err := choose([]definition.System{system}, Options{Datasets: []string{c.Dataset}})
	if err != nil {
		return ContributionReport{}, err
	}
	if err := e.demandContributed(chosen[0], c.Dataset); err != nil {
		return ContributionReport{}, err
	}
	release, err := e.awaitHold(ctx, c.Dataset)
	if err != nil {
		return ContributionReport{}, err
	}
	defer release()
	l, err := e.contribution(ctx, chosen[0], c)
	if err != nil {
		return ContributionReport{}, err
	}
	defer l.opened.close()
	earlier, err := l.remembered(ctx, c)
	if err != nil {
		return ContributionReport{}, err
	}
	if earlier != nil {
		return *earlier, l.prepare(ctx)
	}
	report, _, err := l.contribute(ctx, c)
	return report, err
}

func (e *Engine) demandContributed(system definition.System, dataset string) error {
	driver, err := e.driver(system.Connector)
	if err == nil && !driver.Contributed {
		err = fault.New(fault.Conflict, "%s is read from its source, system %s: rows are written and corrected there", dataset, system.ID)
	}
	return err
}

// contribution makes the load of a contribution.
func (e *Engine) contribution(ctx context.Context, system definition.System, c Contribution) (*load, error) {
	opened, err := e.open(system)
	if err != nil {
		return nil, err
	}
	l := &load{engine: e, system: system, dataset: system.Datasets[0], id: c.Dataset, batch: e.config.NewID(), opened: opened}
	checkpoints, err := e.checkpointsOf(ctx, c.Dataset)
	if err != nil {
		opened.close()
		return nil, err
	}
	l.checkpoint = checkpoints[c.Dataset]
	return l, nil
}

// contribute does the whole contribution and tells the catalog how it ended. A
// dry run is no run.
func (l *load) contribute(ctx context.Context, c Contribution) (ContributionReport, catalog.Run, error) {
	run := l.newRun()
	report := ContributionReport{Dataset: l.id, Mode: c.Mode, DryRun: c.DryRun, Version: l.checkpoint.version, Rows: int64(len(c.Rows)), Refusals: []RefusedRow{}}
	if !c.DryRun {
		report.Run = run.ID
		if err := l.engine.config.Catalog.StartRun(ctx, run); err != nil {
			return report, run, fmt.Errorf("record the start of the run: %w", err)
		}
	}
	w := &contributing{load: l, asked: c, run: &run, report: &report}
	err := w.work(ctx)
	err = errors.Join(err, l.drop(ctx))
	if !c.DryRun {
		l.finish(ctx, &run, err)
		if err == nil {
			err = l.err
		}
	}
	return report, run, err
}

// contributing is a contribution under way.
type contributing struct {
	*load
	asked  Contribution
	run    *catalog.Run
	report *ContributionReport
	offer  publish.Offer
	done   resolved
	landed landing.Result
	// columns are those of the source, as a synchronisation would find them.
	columns []schema.Column
}

func (w *contributing) work(ctx context.Context) error {
	if err := w.ready(ctx); err != nil {
		return err
	}
	if err := w.land(ctx); err != nil {
		return err
	}
	if err := w.judge(ctx); err != nil {
		return err
	}
	if w.asked.Abort && len(w.report.Refusals) > 0 {
		return w.abort(ctx)
	}
	return w.take(ctx)
}

// ready compares the definition with what is published.
func (w *contributing) ready(ctx context.Context) error {
	if err := w.prepare(ctx); err != nil {
		return err
	}
	if err := w.contributable(); err != nil {
		return err
	}
	if w.checkpoint.version == 0 || w.checkpoint.definitionHash != w.definitionHash {
		return fault.New(fault.Conflict, "%s is not yet published as its definition says: synchronise system %s first", w.id, w.system.ID)
	}
	declared, err := w.describe(ctx)
	if err != nil {
		return err
	}
	w.columns = withLedger(declared.Columns, declared)
	if w.done, err = w.resolve(ctx, w.columns); err != nil {
		return err
	}
	plan := w.done.plan
	plan.HoldersKeep = true
	plan.Mode, plan.KeepMissing, plan.Keep, plan.Order, plan.Gone = publish.Changes, true, "", nil, ""
	if w.asked.Mode == ContributeDelete {
		plan.Gone = "true"
	}
	w.offer = publish.Offer{Plan: plan, Staged: w.keysName(), Delete: w.asked.Mode == ContributeDelete}
	names := givable(w.dataset)
	for place, field := range plan.Fields {
		if slices.Contains(names, field.Name) {
			w.offer.Givable = append(w.offer.Givable, place)
		}
	}
	if w.asked.Permits != nil {
		w.offer.Permits = make([]sq.Sqlizer, len(plan.Fields))
		for place, field := range plan.Fields {
			w.offer.Permits[place] = sq.Expr("false")
			if permit, may := w.asked.Permits[field.Name]; may {
				w.offer.Permits[place] = permit
			}
		}
	}
	return w.offer.Prepare()
}

// land brings the rows into the landing file, proves them, and joins them with
// what is published.
func (w *contributing) land(ctx context.Context) error {
	config := w.engine.config
	if err := w.drop(ctx); err != nil {
		return err
	}
	rows, err := newGiven(givable(w.dataset), w.asked.Rows)
	if err != nil {
		return err
	}
	defer rows.Close()
	w.landed, err = landing.Land(ctx, config.Warehouse, landing.Request{
		Name: w.keysName(), Run: w.run.ID, Identity: w.run.ID, Source: rows, Read: connectors.ReadRequest{}, Clock: config.Clock,
	})
	if err != nil {
		return err
	}
	w.run.Counts.Read = w.report.Rows
	if err := w.prove(ctx, w.run, w.keysName(), w.landed); err != nil {
		return err
	}
	return w.offer.Merge(ctx, config.Warehouse)
}

// judge finds the rows that are not taken, and leaves the others and those
// that go to quarantine.
//
// What the row itself is like comes first, so that a row that is put over one
// which may not be written is told the same as a row whose key is new, except
// where the new one would have been taken.
func (w *contributing) judge(ctx context.Context) error {
	opened := w.engine.config.Warehouse
	twice, err := w.offer.Twice(ctx, opened)
	if err != nil {
		return err
	}
	if err := w.refuse(ctx, twice); err != nil {
		return err
	}
	if w.asked.Mode == ContributeInsert {
		there, err := w.offer.Exists(ctx, opened)
		if err != nil {
			return err
		}
		if err := w.refuse(ctx, there); err != nil {
			return err
		}
	}
	// A row that is taken away keeps the unique values that it has, so that the
	// others are judged anew.
	for {
		if _, err := publish.Judge(ctx, opened, w.offer.Plan); err != nil {
			return err
		}
		weighed, err := w.offer.Weigh(ctx, opened, false)
		if err != nil {
			return err
		}
		if len(weighed) == 0 {
			return w.failed(ctx)
		}
		if err := w.refuse(ctx, weighed); err != nil {
			return err
		}
	}
}

// failed reports the rows that checks refuse. They go to quarantine, where one
// that its sender may not write at all is kept as a text: who tries the others
// again must not write it by that.
func (w *contributing) failed(ctx context.Context) error {
	opened := w.engine.config.Warehouse
	failed, err := w.offer.Failed(ctx, opened)
	if err != nil {
		return err
	}
	w.tell(failed)
	if err := w.check(ctx, failed); err != nil {
		return err
	}
	if err := w.unread(ctx); err != nil {
		return err
	}
	slices.SortFunc(w.report.Refusals, func(a, b RefusedRow) int { return cmp.Compare(a.Index, b.Index) })
	w.report.Refused = int64(len(w.report.Refusals))
	out := failed // a deletion that failed is nothing to try again
	if w.asked.Mode != ContributeDelete && len(failed) > 0 {
		if out, err = w.offer.Weigh(ctx, opened, true); err != nil {
			return err
		}
	}
	if err := w.offer.Ignore(ctx, opened, out); err != nil {
		return err
	}
	return w.keepAsText(ctx, out)
}

// keepAsText puts refused rows into quarantine as texts. Deletions are none.
func (w *contributing) keepAsText(ctx context.Context, rows []publish.Refusal) error {
	if w.asked.Mode == ContributeDelete {
		return nil
	}
	var rejects []connectors.Reject
	for _, one := range rows {
		index := int(one.Row - 1)
		raw, err := rawOf(w.asked.Rows[index])
		if err != nil {
			return err
		}
		place := slices.IndexFunc(w.report.Refusals, func(r RefusedRow) bool { return r.Index == index })
		refused := w.report.Refusals[place]
		rejects = append(rejects, connectors.Reject{Row: one.Row, Code: refused.Code, Column: refused.Field, Reason: refused.Reason, Raw: raw})
	}
	return landing.Refuse(ctx, w.engine.config.Warehouse, w.id, rejects)
}

// check tells the run how many rows failed which check.
func (w *contributing) check(ctx context.Context, failed []publish.Refusal) error {
	soft, err := publish.CountSoft(ctx, w.engine.config.Warehouse, w.offer.Plan, w.done.soft)
	if err != nil {
		return err
	}
	for i, condition := range w.done.soft {
		w.run.Checks = append(w.run.Checks, catalog.Check{Field: condition.Field, Rule: condition.Rule, Severity: check.Soft, Failed: soft[i], Rows: w.report.Rows})
	}
	counts := map[[2]string]int64{}
	for _, one := range failed {
		counts[[2]string{one.Field, one.Code}]++
	}
	for of, rows := range counts {
		w.run.Checks = append(w.run.Checks, catalog.Check{Field: of[0], Rule: of[1], Severity: check.Hard, Failed: rows, Rows: w.report.Rows})
	}
	slices.SortFunc(w.run.Checks, func(a, b catalog.Check) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Rule, b.Rule))
	})
	return nil
}

// unread reports the rows that could not be read, for the quarantine too.
func (w *contributing) unread(ctx context.Context) error {
	var rejects []connectors.Reject
	for index, row := range w.asked.Rows {
		if row.Refused == nil {
			continue
		}
		refused := *row.Refused
		refused.Index, refused.Key = index, keyOf(row, w.dataset.Key)
		w.report.Refusals = append(w.report.Refusals, refused)
		raw, err := rawOf(row)
		if err != nil {
			return err
		}
		rejects = append(rejects, connectors.Reject{Row: int64(index) + 1, Code: refused.Code, Column: refused.Field, Reason: refused.Reason, Raw: raw})
	}
	if w.asked.Mode == ContributeDelete {
		return nil
	}
	return landing.Refuse(ctx, w.engine.config.Warehouse, w.id, rejects)
}

// refuse reports rows and takes them out of the contribution.
func (w *contributing) refuse(ctx context.Context, refused []publish.Refusal) error {
	w.tell(refused)
	return w.offer.Drop(ctx, w.engine.config.Warehouse, refused)
}

func (w *contributing) tell(refused []publish.Refusal) {
	for _, one := range refused {
		index := int(one.Row - 1)
		reason := one.Reason
		switch one.Code {
		case publish.CodeDenied:
			reason = "the row may not be written: the policies let you write other rows of the dataset"
		case publish.CodeExists:
			reason = "there is a row of this key; correct it with mode=upsert"
		case publish.CodeNotFound:
			reason = "there is no row of this key that you may delete"
		}
		w.report.Refusals = append(w.report.Refusals, RefusedRow{
			Index: index, Key: keyOf(w.asked.Rows[index], w.dataset.Key), Code: one.Code, Field: one.Field, Reason: reason,
		})
	}
}

// abort keeps nothing but the report.
func (w *contributing) abort(ctx context.Context) error {
	w.report.Outcome, w.report.Unchanged = ContributionAborted, w.report.Rows-w.report.Refused
	w.run.Outcome = catalog.OutcomeStopped
	w.run.Message = fmt.Sprintf("contributed by %s: %d of %d rows were refused, so that none was taken", w.asked.By, w.report.Refused, w.report.Rows)
	w.run.Counts.Published = w.checkpoint.rows
	return w.nothing(ctx)
}

// nothing is a contribution by which nothing changes.
func (w *contributing) nothing(ctx context.Context) error {
	if err := w.witness(ctx, Taken{}); err != nil || w.asked.DryRun {
		return err
	}
	return w.engine.config.Warehouse.InTx(ctx, func(tx *warehouse.Tx) error { return w.remember(ctx, tx, w.asked, *w.report) })
}

func (w *contributing) witness(ctx context.Context, taken Taken) error {
	if w.asked.Witness == nil {
		return nil
	}
	return w.asked.Witness(ctx, taken)
}

// errTried undoes a dry run.
var errTried = errors.New("this is a dry run")

// take publishes the rows together with the report.
func (w *contributing) take(ctx context.Context) error {
	source, err := json.Marshal(w.columns)
	if err != nil {
		return err
	}
	taken, err := w.concerned(ctx)
	if err != nil {
		return err
	}
	plan, at, last := w.offer.Plan, w.moment(), w.checkpoint
	plan.Replayed = w.stillReplayed()
	w.done.plan = plan
	next := publish.Load{
		Run: w.run.ID, Version: last.version + 1, At: at, SourceRows: w.landed.Sum.Rows,
		SourceChecksum: w.run.Proof.SourceChecksum, LandedChecksum: w.run.Proof.LandedChecksum,
		Token: last.token, Position: last.position, SourceVersion: last.sourceVersion,
		DefinitionHash: w.definitionHash, SourceSchema: string(source),
		Finish: func(counts publish.Counts) (string, error) {
			return recordSaying(w.run, counts, at, "contributed by "+w.asked.By)
		},
		Within: func(tx *warehouse.Tx, counts publish.Counts) error {
			w.count(counts, true)
			if w.asked.DryRun {
				return errTried
			}
			taken.Rows = counts.Inserted + counts.Updated + counts.Deleted
			if err := w.witness(ctx, taken); err != nil {
				return err
			}
			return w.remember(ctx, tx, w.asked, *w.report)
		},
	}
	return w.publish(ctx, next)
}

func (w *contributing) publish(ctx context.Context, next publish.Load) error {
	w.engine.publishing.Lock()
	counts, changed, err := publish.Publish(ctx, w.engine.config.Warehouse, w.done.plan, next)
	w.engine.publishing.Unlock()
	switch {
	case errors.Is(err, errTried):
		return w.witness(ctx, Taken{})
	case err != nil:
		return err
	case !changed:
		w.count(counts, false)
		w.run.Outcome, w.run.Message = catalog.OutcomeUnchanged, "contributed by "+w.asked.By
		w.run.Counts.Published, w.run.Counts.Quarantined = counts.Rows, counts.Quarantined
		return w.nothing(ctx)
	}
	// The rows are committed: a cancellation from here on must not hide them.
	return w.announce(context.WithoutCancel(ctx), w.done, announcement{
		Run: *w.run, Version: next.Version, Rows: counts.Rows, Quarantine: counts.Open, At: next.At,
	})
}

// count fills in what was done.
func (w *contributing) count(counts publish.Counts, changed bool) {
	r := w.report
	r.Outcome = ContributionUnchanged
	r.Inserted, r.Updated, r.Deleted = counts.Inserted, counts.Updated, counts.Deleted
	r.Unchanged = r.Rows - r.Inserted - r.Updated - r.Deleted - r.Refused
	if counts.Inserted+counts.Updated+counts.Deleted > 0 {
		r.Outcome = ContributionTaken
	}
	r.Version = w.checkpoint.version
	if changed {
		r.Version++
	}
}

// concerned lists whom the rows are about.
func (w *contributing) concerned(ctx context.Context) (Taken, error) {
	persons, err := w.offer.Concerned(ctx, w.engine.config.Warehouse, w.dataset.Person, MaxConcerned+1)
	if len(persons) > MaxConcerned {
		return Taken{ManyPersons: true}, err
	}
	slices.Sort(persons)
	return Taken{Persons: persons}, err
}

// stillReplayed lists the quarantined rows that are tried again: what was not
// let in stays in quarantine as it is.
func (w *contributing) stillReplayed() []string {
	if w.asked.replayed == nil {
		return nil
	}
	var ids []string
	for index, id := range w.asked.replayed {
		out := slices.ContainsFunc(w.report.Refusals, func(r RefusedRow) bool { return r.Index == index && r.Code == publish.CodeDuplicateKey })
		if !out {
			ids = append(ids, id)
		}
	}
	return ids
}

// replayContributed tries quarantined rows of a contribution again. It is the
// operator's doing, whom policies do not limit.
func (e *Engine) replayContributed(ctx context.Context, system definition.System, filter ReplayFilter) (catalog.Run, error) {
	c := Contribution{Dataset: filter.Dataset, By: "the operator, from quarantine", Mode: ContributeUpsert}
	l, err := e.contribution(ctx, system, c)
	if err != nil {
		return catalog.Run{}, err
	}
	defer l.opened.close()
	held, err := l.held(ctx, filter)
	if err != nil {
		return catalog.Run{}, err
	}
	fields := givable(l.dataset)
	c.replayed = []string{}
	for _, row := range held {
		maps.DeleteFunc(row.raw, func(name string, _ *string) bool { return !slices.Contains(fields, name) })
		c.Rows, c.replayed = append(c.Rows, ContributedRow{Values: row.raw}), append(c.replayed, row.id)
	}
	_, run, err := l.contribute(ctx, c)
	return run, err
}
