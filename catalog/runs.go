package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	sq "github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
)

// RunFilter chooses runs; empty parts choose all. Limit 0 means no limit.
type RunFilter struct {
	System, Dataset, Batch, Outcome string
	Limit                           int
}

// StartRun records that a run is under way.
func (c *Catalog) StartRun(ctx context.Context, run Run) error {
	return c.store.InTx(ctx, func(tx *sql.Tx) error { return c.putRun(ctx, tx, run) })
}

// FinishRun records how a run ended.
func (c *Catalog) FinishRun(ctx context.Context, run Run) error {
	return c.store.InTx(ctx, func(tx *sql.Tx) error { return c.putRun(ctx, tx, run) })
}

// CloseInterrupted ends the runs that a process left under way when it was
// killed, and gives their number. Only the owner of the home folder may call it,
// before it starts any run.
func (c *Catalog) CloseInterrupted(ctx context.Context, at time.Time) (int, error) {
	runs, err := c.Runs(ctx, RunFilter{Outcome: OutcomeRunning})
	if err != nil {
		return 0, err
	}
	for _, run := range runs {
		run.Outcome, run.Finished = OutcomeFailed, &at
		run.Message = "the process ended in the middle of the run; the next one goes on where it was"
		if err := c.FinishRun(ctx, run); err != nil {
			return 0, err
		}
	}
	return len(runs), nil
}

func (c *Catalog) putRun(ctx context.Context, tx *sql.Tx, run Run) error {
	document, err := encode(run)
	if err != nil {
		return err
	}
	_, err = c.store.SQL().Insert("catalog_run").
		Columns("id", "batch", "system", "dataset", "outcome", "started", "document").
		Values(run.ID, run.Batch, run.System, run.Dataset, run.Outcome, moment(run.Started), document).
		Suffix("ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, document = excluded.document").
		RunWith(tx).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("record run %s: %w", run.ID, err)
	}
	return nil
}

// Runs lists runs, newest first.
func (c *Catalog) Runs(ctx context.Context, filter RunFilter) ([]Run, error) {
	where := sq.Eq{}
	for column, value := range map[string]string{
		"system": filter.System, "dataset": filter.Dataset, "batch": filter.Batch, "outcome": filter.Outcome,
	} {
		if value != "" {
			where[column] = value
		}
	}
	statement := c.store.SQL().Select("document").From("catalog_run").Where(where).OrderBy("started DESC", "id DESC")
	if filter.Limit > 0 {
		statement = statement.Limit(uint64(filter.Limit))
	}
	rows, err := statement.RunWith(c.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	defer rows.Close()
	runs := []Run{}
	for rows.Next() {
		var document string
		if err := rows.Scan(&document); err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		run, err := decode[Run](document)
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, rows.Err()
}

// Run gives one run, or a NotFound fault.
func (c *Catalog) Run(ctx context.Context, id string) (Run, error) {
	var document string
	err := c.store.SQL().Select("document").From("catalog_run").Where(sq.Eq{"id": id}).
		RunWith(c.store.DB()).QueryRowContext(ctx).Scan(&document)
	if isNoRows(err) {
		return Run{}, fault.New(fault.NotFound, "there is no run %q; yitong runs lists them", id)
	}
	if err != nil {
		return Run{}, fmt.Errorf("read run %s: %w", id, err)
	}
	return decode[Run](document)
}

// Publish records a publish with its run, in one transaction. Doing it twice
// changes nothing.
func (c *Catalog) Publish(ctx context.Context, publication Publication) error {
	err := c.store.InTx(ctx, func(tx *sql.Tx) error {
		if err := c.putRun(ctx, tx, publication.Run); err != nil {
			return err
		}
		_, err := c.store.SQL().Update("catalog_dataset").
			Set("version", publication.Version).Set("row_count", publication.Rows).
			Set("quarantined", publication.Quarantine).Set("published_at", moment(publication.At)).
			Where(sq.Eq{"id": publication.Dataset}).RunWith(tx).ExecContext(ctx)
		if err != nil {
			return err
		}
		if err := c.replaceFields(ctx, tx, publication); err != nil {
			return err
		}
		return c.replaceEdges(ctx, tx, publication)
	})
	if err != nil {
		return fmt.Errorf("record the publish of %s: %w", publication.Dataset, err)
	}
	return nil
}

// replaceFields keeps the words of the definition: a publish knows what the
// values are, not what they are called.
func (c *Catalog) replaceFields(ctx context.Context, tx *sql.Tx, publication Publication) error {
	known, err := c.declared(ctx, tx, publication.Dataset)
	if err != nil {
		return err
	}
	if _, err := c.store.SQL().Delete("catalog_field").Where(sq.Eq{"dataset": publication.Dataset}).RunWith(tx).ExecContext(ctx); err != nil {
		return err
	}
	for _, field := range publication.Fields {
		if err := c.putField(ctx, tx, field.wordedAs(known[field.Name])); err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) replaceEdges(ctx context.Context, tx *sql.Tx, publication Publication) error {
	if _, err := c.store.SQL().Delete("catalog_edge").Where(sq.Eq{"dataset": publication.Dataset}).RunWith(tx).ExecContext(ctx); err != nil {
		return err
	}
	for _, edge := range publication.Lineage {
		_, err := c.store.SQL().Insert("catalog_edge").Columns("dataset", "origin", "target", "how", "run").
			Values(publication.Dataset, edge.From, edge.To, edge.How, edge.Run).
			Suffix("ON CONFLICT (dataset, origin, target) DO NOTHING").RunWith(tx).ExecContext(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// declared gives the fields of a dataset by name as they are inside tx.
func (c *Catalog) declared(ctx context.Context, tx *sql.Tx, dataset string) (map[string]Field, error) {
	rows, err := c.store.SQL().Select("document").From("catalog_field").Where(sq.Eq{"dataset": dataset}).RunWith(tx).QueryContext(ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[string]Field{}
	for rows.Next() {
		var document string
		if err := rows.Scan(&document); err != nil {
			return nil, err
		}
		field, err := decode[Field](document)
		if err != nil {
			return nil, err
		}
		known[field.Name] = field
	}
	return known, rows.Err()
}

// wordedAs takes over what f leaves open of a field's meaning.
func (f Field) wordedAs(known Field) Field {
	if f.Title == (definition.Text{}) {
		f.Title = known.Title
	}
	if f.Level == 0 {
		f.Level = known.Level
	}
	if len(f.Tags) == 0 {
		f.Tags = known.Tags
	}
	if f.CodeSet == "" {
		f.CodeSet = known.CodeSet
	}
	return f
}
