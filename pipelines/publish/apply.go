package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	sq "github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/internal/warehouse"
)

// Load is what a publish writes down beside the rows: the checkpoint.
type Load struct {
	Run     string
	Version int64
	At      time.Time

	SourceRows                     int64
	SourceChecksum, LandedChecksum string

	Token, Position, SourceVersion string
	DefinitionHash                 string
	// SourceSchema is the source's columns as JSON; the next load compares.
	SourceSchema string
	// Record is what the catalog is to be told of the run, as JSON, so that it
	// can be told after a crash too. Publish lets Finish complete it.
	Finish func(Counts) (record string, err error)
	// Within runs at the end of the transaction, for what must be committed
	// together with the rows; its error undoes everything. It is not asked
	// where nothing has changed.
	Within func(*warehouse.Tx, Counts) error
}

// Counts are the numbers of rows of a publish.
type Counts struct {
	Inserted, Updated, Deleted int64
	// Quarantined is the number of rows that this load refused, Open of those in
	// quarantine afterwards.
	Quarantined, Open int64
	// Held is the number of rows that did not come and stay published all the
	// same, because theirs may be among those that could not be read.
	Held int64
	// Rows is the number of published rows afterwards.
	Rows int64
}

// errSame rolls back a publish that would change nothing.
var errSame = errors.New("nothing has changed")

// Publish applies the judged rows in one transaction. When neither rows nor
// quarantine would change, it writes nothing and reports changed as false.
func Publish(ctx context.Context, w *warehouse.Warehouse, plan Plan, load Load) (counts Counts, changed bool, err error) {
	err = w.InTx(ctx, func(tx *warehouse.Tx) error {
		p := &publisher{ctx: ctx, tx: tx, plan: plan, load: load, engine: w.EngineVersion()}
		var err error
		counts, err = p.run()
		return err
	})
	if errors.Is(err, errSame) {
		return counts, false, nil
	}
	if err != nil {
		return Counts{}, false, fmt.Errorf("publish %s: %w", plan.Dataset, err)
	}
	return counts, true, nil
}

type publisher struct {
	ctx    context.Context
	tx     *warehouse.Tx
	plan   Plan
	load   Load
	engine string
}

func (p *publisher) run() (Counts, error) {
	evolved, err := p.evolve()
	if err != nil {
		return Counts{}, err
	}
	var counts Counts
	if evolved.created {
		counts, err = p.first()
	} else {
		counts, err = p.difference()
	}
	if err != nil {
		return Counts{}, err
	}
	refusedAnew, err := p.quarantine(&counts)
	if err != nil {
		return Counts{}, err
	}
	if err := p.tx.Get(p.ctx, "SELECT count(*) FROM "+warehouse.Published(p.plan.Dataset), nil, &counts.Rows); err != nil {
		return Counts{}, err
	}
	moved := counts.Inserted + counts.Updated + counts.Deleted
	if !evolved.any() && moved == 0 && !refusedAnew {
		return counts, errSame
	}
	if err := p.note(counts); err != nil || p.load.Within == nil {
		return counts, err
	}
	return counts, p.load.Within(p.tx, counts)
}

func (p *publisher) exec(name string, with any, args ...any) (int64, error) {
	statement, err := render(name, with)
	if err != nil {
		return 0, err
	}
	rows, err := p.tx.Exec(p.ctx, statement, args...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return rows, nil
}

// first fills a new table straight from the landed rows.
func (p *publisher) first() (Counts, error) {
	var some bool
	err := p.tx.Get(p.ctx, "SELECT coalesce(bool_or(_fail IS NOT NULL OR _gone), false) FROM "+warehouse.Verdicts(p.plan.Dataset), nil, &some)
	if err != nil {
		return Counts{}, err
	}
	rows, err := p.exec("first", struct {
		scope
		ValueNames string
		Some       bool
	}{p.plan.scope(), each(len(p.plan.Fields), "v%d", ", "), some}, p.load.At, p.load.Run)
	return Counts{Inserted: rows}, err
}

// difference finds what has changed and applies it: the closed rows to the
// history, then out of the published ones, then the new rows in.
func (p *publisher) difference() (Counts, error) {
	counts, err := p.delta()
	if err != nil || counts.Inserted+counts.Updated+counts.Deleted == 0 {
		return counts, err
	}
	common := p.plan.scope()
	if counts.Updated+counts.Deleted > 0 {
		if _, err := p.exec("close", common, p.load.At, p.load.Run); err != nil {
			return Counts{}, err
		}
		if _, err := p.exec("remove", common); err != nil {
			return Counts{}, err
		}
	}
	_, err = p.exec("insert", struct {
		scope
		ValueNames string
	}{common, each(len(p.plan.Fields), "v%d", ", ")}, p.load.At, p.load.Run)
	return counts, err
}

func (p *publisher) delta() (Counts, error) {
	full := p.plan.Mode == Full
	find := full && !p.plan.KeepMissing && !p.plan.HoldDeletes
	_, err := p.exec("delta", struct {
		scope
		Full, FindMissing bool
	}{p.plan.scope(), full, find})
	if err != nil {
		return Counts{}, err
	}
	if p.plan.LiveKeys != "" && !p.plan.HoldDeletes {
		if _, err := p.exec("missing", p.plan.scope()); err != nil {
			return Counts{}, err
		}
	}
	held, err := p.held(find)
	if err != nil {
		return Counts{}, err
	}
	if len(p.plan.Key) > 0 {
		// A row in quarantine is not gone: its last good version stays.
		if _, err := p.exec("protect", p.plan.scope()); err != nil {
			return Counts{}, err
		}
	}
	counts := Counts{Held: held}
	err = p.tx.Get(p.ctx, "SELECT count(*) FILTER (kind = 'i'), count(*) FILTER (kind = 'u'), count(*) FILTER (kind = 'd') FROM delta",
		nil, &counts.Inserted, &counts.Updated, &counts.Deleted)
	return counts, err
}

// held counts the rows that would be deleted if every row had been readable.
func (p *publisher) held(find bool) (int64, error) {
	full := p.plan.Mode == Full && !p.plan.KeepMissing
	if !p.plan.HoldDeletes || find || !full && p.plan.LiveKeys == "" {
		return 0, nil
	}
	statement, err := render("held", struct {
		scope
		Full bool
	}{p.plan.scope(), full})
	if err != nil {
		return 0, err
	}
	var count int64
	if err := p.tx.Get(p.ctx, statement, nil, &count); err != nil {
		return 0, fmt.Errorf("held: %w", err)
	}
	return count, nil
}

// quarantine puts refused rows aside and closes those that no longer hold. It
// reports whether the open rows have changed.
func (p *publisher) quarantine(counts *Counts) (bool, error) {
	dataset := p.plan.Dataset
	_, err := p.exec("refused", struct {
		scope
		Raw, Bads, Reasons, Further string
	}{p.plan.scope(), p.plan.raw(), p.plan.bads(), p.plan.reasonRows(), p.plan.further()}, dataset)
	if err != nil {
		return false, err
	}
	replayed, err := p.replayed()
	if err != nil {
		return false, err
	}
	if _, err := p.exec("known", nil, dataset); err != nil {
		return false, err
	}
	closed, err := p.supersede()
	if err != nil {
		return false, err
	}
	added, err := p.exec("quarantine", nil, p.load.Run, dataset, p.load.Run, p.load.At)
	if err != nil {
		return false, err
	}
	if err := p.tx.Get(p.ctx, "SELECT count(*) FROM refused", nil, &counts.Quarantined); err != nil {
		return false, err
	}
	err = p.tx.Get(p.ctx, "SELECT count(*) FROM warehouse.quarantine.rows WHERE dataset = ? AND state = 'open'", []any{dataset}, &counts.Open)
	return closed+added+replayed > 0, err
}

// replayed closes the rows that are tried again: one that fails once more is
// added anew, with its new content and reason.
func (p *publisher) replayed() (int64, error) {
	if len(p.plan.Replayed) == 0 {
		return 0, nil
	}
	query, args, err := sq.Update("warehouse.quarantine.rows").Set("state", "replayed").
		Where(sq.Eq{"dataset": p.plan.Dataset, "state": "open", "id": p.plan.Replayed}).ToSql()
	if err != nil {
		return 0, err
	}
	return p.tx.Exec(p.ctx, query, args...)
}

// supersede closes the open rows that this load answers: all others of a full
// load, those of the same key otherwise.
func (p *publisher) supersede() (int64, error) {
	dataset := p.plan.Dataset
	if p.plan.Mode == Full {
		return p.exec("supersede_all", nil, dataset)
	}
	var open int64
	err := p.tx.Get(p.ctx, "SELECT count(*) FROM warehouse.quarantine.rows WHERE dataset = ? AND state = 'open'", []any{dataset}, &open)
	if err != nil || open == 0 || len(p.plan.KeyColumns) == 0 {
		return 0, err
	}
	matches := make([]string, len(p.plan.KeyColumns))
	for i, column := range p.plan.KeyColumns {
		path := `$."` + strings.ReplaceAll(column, `"`, `\"`) + `"`
		matches[i] = fmt.Sprintf("json_extract_string(q.raw, %s) = CAST(%s AS VARCHAR)", warehouse.Literal(path), warehouse.Ident("l", column))
	}
	return p.exec("supersede_keys", struct {
		scope
		RawKeyMatch string
	}{p.plan.scope(), strings.Join(matches, " AND ")}, dataset, dataset)
}

// reasonRows gives the reasons as rows of constants, numbered as in verdicts.
func (p Plan) reasonRows() string {
	reasons := p.allReasons()
	rows := make([]string, len(reasons))
	for i, reason := range reasons {
		rows[i] = fmt.Sprintf("(%d, %s, %s, %s)", i+1, warehouse.Literal(reason.code), warehouse.Literal(reason.field), warehouse.Literal(reason.text))
	}
	return strings.Join(rows, ", ")
}

// note writes the checkpoint that covers the rows.
func (p *publisher) note(counts Counts) error {
	record := ""
	if p.load.Finish != nil {
		var err error
		if record, err = p.load.Finish(counts); err != nil {
			return err
		}
	}
	query, args, err := sq.Insert("warehouse.meta.loads").SetMap(map[string]any{
		"dataset": p.plan.Dataset, "version": p.load.Version, "run": p.load.Run, `"at"`: p.load.At,
		"rows": counts.Rows, "inserted": counts.Inserted, "updated": counts.Updated, "deleted": counts.Deleted,
		"quarantined": counts.Quarantined, "source_rows": p.load.SourceRows,
		"source_checksum": p.load.SourceChecksum, "landed_checksum": p.load.LandedChecksum,
		"token": p.load.Token, "position": p.load.Position, "source_version": p.load.SourceVersion,
		"definition_hash": p.load.DefinitionHash, "engine_version": p.engine,
		"source_schema": p.load.SourceSchema, "fields": p.plan.HashInput(), "record": record,
	}).ToSql()
	if err != nil {
		return err
	}
	if _, err := p.tx.Exec(p.ctx, query, args...); err != nil {
		return fmt.Errorf("write the checkpoint: %w", err)
	}
	// What was seen without a publish is answered by this one.
	_, err = p.tx.Exec(p.ctx, "DELETE FROM warehouse.meta.seen WHERE dataset = ?", p.plan.Dataset)
	return err
}
