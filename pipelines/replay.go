package pipelines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	sq "github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/landing"
	"github.com/yitong-hub/yitong/pipelines/publish"
	"github.com/yitong-hub/yitong/schema"
)

// QuarantineCount is the number of open rows with one reason.
type QuarantineCount struct {
	Dataset string `json:"dataset"`
	Field   string `json:"field,omitempty"`
	Code    string `json:"code"`
	Rows    int64  `json:"rows"`
}

// QuarantineCounts counts the open rows of a system or dataset, or of all when
// scope is empty.
func (e *Engine) QuarantineCounts(ctx context.Context, scope string) ([]QuarantineCount, error) {
	counting := sq.Select("dataset", "coalesce(field, '')", "code", "count(*)").From("warehouse.quarantine.rows").
		Where(sq.Eq{"state": "open"}).GroupBy("ALL").OrderBy("ALL")
	if scope != "" {
		counting = counting.Where("(dataset = ? OR starts_with(dataset, ? || '.'))", scope, scope)
	}
	query, args, err := counting.ToSql()
	if err != nil {
		return nil, err
	}
	rows, err := e.config.Warehouse.Rows(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("count quarantined rows: %w", err)
	}
	defer rows.Close()
	counts := []QuarantineCount{}
	for rows.Next() {
		var count QuarantineCount
		if err := rows.Scan(&count.Dataset, &count.Field, &count.Code, &count.Rows); err != nil {
			return nil, err
		}
		counts = append(counts, count)
	}
	return counts, rows.Err()
}

// ReplayFilter chooses quarantined rows of one dataset.
type ReplayFilter struct {
	Dataset string
	// IDs and Code narrow the choice; empty means all open rows.
	IDs  []string
	Code string
	// Set gives source columns new values in all chosen rows; nil is NULL.
	Set map[string]*string
}

// Replay runs quarantined rows through the pipeline again, corrected where the
// filter says so, and puts those that pass over what is published. Rows that
// fail once more are quarantined with their new content. A row that the
// connector could not read has no columns; it is tried when Set gives some.
func (e *Engine) Replay(ctx context.Context, systems []definition.System, filter ReplayFilter) (catalog.Run, error) {
	chosen, err := choose(systems, Options{Datasets: []string{filter.Dataset}})
	if err != nil {
		return catalog.Run{}, err
	}
	checkpoints, err := e.checkpoints(ctx)
	if err != nil {
		return catalog.Run{}, err
	}
	release, err := e.hold(filter.Dataset)
	if err != nil {
		return catalog.Run{}, err
	}
	defer release()
	driver, err := e.driver(chosen[0].Connector)
	if err != nil {
		return catalog.Run{}, err
	}
	if driver.Contributed {
		return e.replayContributed(ctx, chosen[0], filter)
	}
	l := &load{
		engine: e, system: chosen[0], dataset: chosen[0].Datasets[0], id: filter.Dataset,
		batch: e.config.NewID(), checkpoint: checkpoints[filter.Dataset],
	}
	run := l.newRun()
	err = l.replay(ctx, &run, filter)
	l.finish(ctx, &run, err)
	return run, err
}

func (l *load) replay(ctx context.Context, run *catalog.Run, filter ReplayFilter) error {
	if l.checkpoint.version == 0 {
		return fault.New(fault.Conflict, "%s was never published: sync it first", l.id)
	}
	if len(l.dataset.Key) == 0 {
		return fault.New(fault.Invalid, "%s has no key, so that a row cannot be put over an earlier one: correct it at the source", l.id)
	}
	if err := l.engine.config.Catalog.StartRun(ctx, *run); err != nil {
		return fmt.Errorf("record the start of the run: %w", err)
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	rows, err := l.held(ctx, filter)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		run.Outcome = catalog.OutcomeUnchanged
		return nil
	}
	return errors.Join(l.replayRows(ctx, run, rows), l.drop(ctx))
}

func (l *load) replayRows(ctx context.Context, run *catalog.Run, rows []heldRow) error {
	ids, err := l.landHeld(ctx, rows)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return fault.New(fault.Invalid, "none of the %d rows has values that fit the source's columns: correct them with new values", len(rows))
	}
	run.Counts.Read, run.Counts.Landed = int64(len(ids)), int64(len(ids))
	done, err := l.resolve(ctx, l.checkpoint.columns)
	if err != nil {
		return err
	}
	done.plan.Replayed = ids
	done.plan.Mode, done.plan.KeepMissing = publish.Partial, true
	if l.dataset.Load == definition.LoadChanges {
		done.plan.Gone = ""
	}
	verdict, err := publish.Judge(ctx, l.engine.config.Warehouse, done.plan)
	if err != nil {
		return err
	}
	for _, reason := range verdict.Reasons {
		run.Checks = append(run.Checks, catalog.Check{Field: reason.Field, Rule: reason.Code, Severity: "hard", Failed: reason.Rows, Rows: verdict.Rows})
	}
	source, err := json.Marshal(l.checkpoint.columns)
	if err != nil {
		return err
	}
	last, at := l.checkpoint, l.moment()
	return l.commit(ctx, run, done, publish.Load{
		Run: run.ID, Version: last.version + 1, At: at, SourceRows: int64(len(ids)),
		Token: last.token, Position: last.position, SourceVersion: last.sourceVersion,
		DefinitionHash: last.definitionHash, SourceSchema: string(source),
		Finish: func(counts publish.Counts) (string, error) { return record(run, counts, at) },
	})
}

type heldRow struct {
	id  string
	row int64
	raw map[string]*string
}

func (l *load) held(ctx context.Context, filter ReplayFilter) ([]heldRow, error) {
	for column := range filter.Set {
		if _, there := (schema.Dataset{Columns: l.checkpoint.columns}).Column(column); !there {
			return nil, fault.New(fault.Invalid, "%s has no column %s", l.dataset.Source, column)
		}
	}
	where := sq.Eq{"dataset": l.id, "state": "open"}
	if len(filter.IDs) > 0 {
		where["id"] = filter.IDs
	}
	if filter.Code != "" {
		where["code"] = filter.Code
	}
	query, args, err := sq.Select("id", "coalesce(row, 0)", "raw").From("warehouse.quarantine.rows").Where(where).OrderBy("row", "id").ToSql()
	if err != nil {
		return nil, err
	}
	rows, err := l.engine.config.Warehouse.Rows(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read quarantined rows: %w", err)
	}
	defer rows.Close()
	var held []heldRow
	for rows.Next() {
		var row heldRow
		var raw string
		if err := rows.Scan(&row.id, &row.row, &raw); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(raw), &row.raw); err != nil {
			return nil, fmt.Errorf("read the raw content of quarantined row %s: %w", row.id, err)
		}
		maps.Copy(row.raw, filter.Set)
		delete(row.raw, "_raw")
		if len(row.raw) > 0 {
			held = append(held, row)
		}
	}
	return held, rows.Err()
}

// landHeld makes landed rows of quarantined ones, and gives the ids of those
// whose values fit the source's types.
func (l *load) landHeld(ctx context.Context, held []heldRow) ([]string, error) {
	if err := l.drop(ctx); err != nil {
		return nil, err
	}
	var values, fits []string
	for _, column := range l.checkpoint.columns {
		path := `$."` + strings.ReplaceAll(column.Name, `"`, `\"`) + `"`
		text := fmt.Sprintf("json_extract_string(raw, %s)", warehouse.Literal(path))
		cast := fmt.Sprintf("TRY_CAST(%s AS %s)", text, column.Type.SQL())
		values = append(values, cast+" AS "+warehouse.Ident(column.Name))
		fits = append(fits, fmt.Sprintf("(%s IS NULL OR %s IS NOT NULL)", text, cast))
	}
	staged, landed := warehouse.Landed(l.keysName()), warehouse.Landed(l.id)
	fitting := strings.Join(fits, " AND ")
	var ids []string
	err := l.engine.config.Warehouse.InTx(ctx, func(tx *warehouse.Tx) error {
		if _, err := tx.Exec(ctx, "CREATE TABLE "+staged+" (id VARCHAR, row BIGINT, raw VARCHAR)"); err != nil {
			return err
		}
		for _, row := range held {
			raw, err := json.Marshal(row.raw)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "INSERT INTO "+staged+" VALUES (?, ?, ?)", row.id, row.row, string(raw)); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, fmt.Sprintf("CREATE TABLE %s AS SELECT %s, row AS %s FROM %s WHERE %s",
			landed, strings.Join(values, ", "), warehouse.Ident(landing.RowColumn), staged, fitting))
		if err != nil {
			return err
		}
		return tx.Get(ctx, fmt.Sprintf("SELECT coalesce(string_agg(id, chr(10)), '') FROM %s WHERE %s", staged, fitting), nil, (*lines)(&ids))
	})
	if err != nil {
		return nil, fmt.Errorf("land quarantined rows of %s: %w", l.id, err)
	}
	return ids, nil
}

// lines scans a text of lines.
type lines []string

// Scan implements sql.Scanner.
func (s *lines) Scan(value any) error {
	if text, ok := value.(string); ok && text != "" {
		*s = strings.Split(text, "\n")
	}
	return nil
}
