package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/internal/fault"
)

// insertRows is how many rows one statement inserts: both makes of the state
// database take far more values, and gain nothing by them.
const insertRows = 200

// oldHead gives the end of the older records, which are in a table, and the node
// whose journal continues them.
func (r *Reader) oldHead(ctx context.Context) (base point, owner string, err error) {
	err = r.store.SQL().Select("seq", "hash", "coalesce(node, '')").From("audit_head").
		RunWith(r.store.DB()).QueryRowContext(ctx).Scan(&base.seq, &base.hash, &owner)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return point{}, "", fmt.Errorf("read the head of the older records of reads: %w", err)
	}
	return base, owner, nil
}

// adopt makes the older records the beginning of a node's chain, unless another
// node was first, and gives their end.
func (l *Log) adopt(ctx context.Context, node string) (point, error) {
	claim := l.store.SQL().Update("audit_head").Set("node", node).Where(squirrel.Eq{"node": nil})
	if _, err := claim.RunWith(l.store.DB()).ExecContext(ctx); err != nil {
		return point{}, fmt.Errorf("continue the older records of reads: %w", err)
	}
	base, owner, err := l.oldHead(ctx)
	if err != nil || owner == node {
		return base, err
	}
	var records int64
	err = l.store.SQL().Select("count(*)").From("audit_record").RunWith(l.store.DB()).QueryRowContext(ctx).Scan(&records)
	if err != nil {
		return point{}, fmt.Errorf("read the older records of reads: %w", err)
	}
	if owner == "" && records > 0 {
		return point{}, fault.New(fault.Conflict, "the head of the older records of reads was removed from the state database")
	}
	return point{}, nil
}

// oldRecords reads the older records behind a point, up to a number.
func (r *Reader) oldRecords(ctx context.Context, from point, upTo int64, use func(entry) error) error {
	if from.seq >= upTo {
		return nil
	}
	rows, err := r.store.SQL().Select("seq", "document", "hash").From("audit_record").
		Where(squirrel.Gt{"seq": from.seq}).Where(squirrel.LtOrEq{"seq": upTo}).OrderBy("seq").
		RunWith(r.store.DB()).QueryContext(ctx)
	if err != nil {
		return fmt.Errorf("read the older records of reads: %w", err)
	}
	defer rows.Close()
	prev := from.hash
	for rows.Next() {
		found := entry{prev: prev}
		if err := rows.Scan(&found.seq, &found.document, &found.hash); err != nil {
			return fmt.Errorf("read the older records of reads: %w", err)
		}
		prev = found.hash
		if err := use(found); err != nil {
			return err
		}
	}
	return rows.Err()
}

// progress tells how far a node's journal is copied; the beginning when nothing is.
func (r *Reader) progress(ctx context.Context, node string) (progress, error) {
	var found progress
	err := r.store.SQL().Select("seq", "hash", "segment", "position").From("audit_node").Where(squirrel.Eq{"node": node}).
		RunWith(r.store.DB()).QueryRowContext(ctx).Scan(&found.seq, &found.hash, &found.segment, &found.offset)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return progress{}, fmt.Errorf("read how far the record of reads is copied: %w", err)
	}
	return found, nil
}

func (l *Log) forgetProgress(ctx context.Context, node string) error {
	_, err := l.store.SQL().Delete("audit_node").Where(squirrel.Eq{"node": node}).RunWith(l.store.DB()).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("begin the copy of the record of reads anew: %w", err)
	}
	return nil
}

// openWitness reads the copy of a node's records in order.
func (r *Reader) openWitness(ctx context.Context, node string) (*witness, error) {
	copied, err := r.progress(ctx, node)
	if err != nil || copied.seq == 0 {
		return &witness{}, err
	}
	rows, err := r.store.SQL().Select("seq", "document").From("audit_copy").
		Where(squirrel.Eq{"node": node}).Where(squirrel.LtOrEq{"seq": copied.seq}).OrderBy("seq").
		RunWith(r.store.DB()).QueryContext(ctx) //nolint:rowserrcheck // compare looks at it, row by row
	if err != nil {
		return nil, fmt.Errorf("read the copy of the record of reads: %w", err)
	}
	return &witness{copied, rows}, nil
}

// copies answers a question from the copy, a node's own up to a number: what is
// behind is read from its journal.
func (r *Reader) copies(ctx context.Context, asked question, node string, upTo int64) ([]Record, error) {
	statement := r.store.SQL().Select("c.node", "c.document").From("audit_copy c").
		Where("NOT (c.node = ? AND c.seq > ?)", node, upTo)
	for _, equal := range [][2]string{{"c.principal", asked.Principal}, {"c.dataset", asked.Dataset}, {"c.outcome", asked.Outcome}} {
		if equal[1] != "" {
			statement = statement.Where(squirrel.Eq{equal[0]: column(equal[1])})
		}
	}
	at := "c.at"
	if asked.Person != "" {
		at = "p.at" // the order of the index that finds the person
		statement = statement.Join("audit_person p ON p.node = c.node AND p.seq = c.seq").Where(squirrel.Eq{"p.person": column(asked.Person)})
	}
	if asked.bulk {
		statement = statement.Where("c.many_persons").Where(squirrel.Eq{"c.dataset": columns(asked.datasets)})
	}
	if !asked.Since.IsZero() {
		statement = statement.Where(squirrel.GtOrEq{at: asked.Since.UnixNano()})
	}
	if !asked.Until.IsZero() {
		statement = statement.Where(squirrel.Lt{at: asked.Until.UnixNano()})
	}
	order := ""
	if asked.Newest {
		order = " DESC"
	}
	statement = statement.OrderBy(at+order, "c.node"+order, "c.seq"+order)
	if asked.Limit > 0 {
		statement = statement.Limit(uint64(asked.Limit))
	}
	return r.decodeCopies(ctx, asked, statement)
}

// decodeCopies looks at each record again: a column holds only the beginning of
// a long text.
func (r *Reader) decodeCopies(ctx context.Context, asked question, statement squirrel.SelectBuilder) ([]Record, error) {
	rows, err := statement.RunWith(r.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask for records of reads: %w", err)
	}
	defer rows.Close()
	records := []Record{}
	for rows.Next() {
		var node string
		var document []byte
		if err := rows.Scan(&node, &document); err != nil {
			return nil, fmt.Errorf("ask for records of reads: %w", err)
		}
		record, err := decode(document)
		if err != nil {
			return nil, err
		}
		if record.Node = node; asked.matches(record) {
			records = append(records, record)
		}
	}
	return records, rows.Err()
}

func columns(texts []string) []string {
	clipped := make([]string, len(texts))
	for i, text := range texts {
		clipped[i] = column(text)
	}
	return clipped
}

// copiedUsage gives the usage and, of the same moment, how far it is counted.
func (r *Reader) copiedUsage(ctx context.Context, node, principal, dataset string) (Usage, progress, error) {
	sums := squirrel.Select("CAST(coalesce(sum(reads), 0) AS BIGINT) AS reads", "coalesce(max(last_at), 0) AS last_at").From("audit_usage").
		Where(squirrel.Eq{"principal": column(principal), "dataset": column(dataset)})
	var used Usage
	var copied progress
	var last int64
	err := r.store.SQL().Select("u.reads", "u.last_at", "coalesce(n.seq, 0)", "coalesce(n.hash, '')", "coalesce(n.segment, '')", "coalesce(n.position, 0)").
		FromSelect(sums, "u").LeftJoin("audit_node n ON n.node = ?", node).
		RunWith(r.store.DB()).QueryRowContext(ctx).Scan(&used.Count, &last, &copied.seq, &copied.hash, &copied.segment, &copied.offset)
	if err != nil {
		return Usage{}, progress{}, fmt.Errorf("ask for the usage of %s: %w", dataset, err)
	}
	if last > 0 {
		used.Last = time.Unix(0, last).UTC()
	}
	return used, copied, nil
}

// saveCopy adds records to the copy and moves the progress with them.
func (l *Log) saveCopy(ctx context.Context, tx *sql.Tx, node string, batch []digest, from, to progress) error {
	if err := l.advance(ctx, tx, node, from, to); err != nil {
		return err
	}
	records := l.store.SQL().Insert("audit_copy").
		Columns("node", "seq", "at", "principal", "on_behalf_of", "purpose", "dataset", "outcome", "many_persons", "document")
	var rows [][]any
	for _, one := range batch {
		rows = append(rows, []any{
			node, one.Seq, one.At.UnixNano(), column(one.Principal), column(one.OnBehalfOf), column(one.Purpose), column(one.Dataset),
			column(one.Outcome), one.ManyPersons, one.document,
		})
	}
	if err := insert(ctx, tx, records, rows); err != nil {
		return err
	}
	if err := l.savePersons(ctx, tx, node, batch); err != nil {
		return err
	}
	return l.saveUsage(ctx, tx, node, batch)
}

// savePersons adds who is named, in the order of the table: it is many times
// larger than what is added, and each part of it should be visited once.
func (l *Log) savePersons(ctx context.Context, tx *sql.Tx, node string, batch []digest) error {
	type mention struct {
		person string
		of     *digest
	}
	var mentions []mention
	for i := range batch {
		for _, person := range batch[i].Persons {
			mentions = append(mentions, mention{column(person), &batch[i]})
		}
	}
	slices.SortStableFunc(mentions, func(a, b mention) int { return strings.Compare(a.person, b.person) })
	rows := make([][]any, len(mentions))
	for i, one := range mentions {
		rows[i] = []any{one.person, one.of.At.UnixNano(), node, one.of.Seq}
	}
	into := l.store.SQL().Insert("audit_person").Columns("person", "at", "node", "seq").Suffix("ON CONFLICT DO NOTHING")
	return insert(ctx, tx, into, rows)
}

func (l *Log) saveUsage(ctx context.Context, tx *sql.Tx, node string, batch []digest) error {
	used := map[[2]string]*Usage{}
	for _, one := range batch {
		if one.Outcome != Allowed {
			continue
		}
		key := [2]string{column(one.Principal), column(one.Dataset)}
		if used[key] == nil {
			used[key] = &Usage{}
		}
		used[key].count(1, one.At)
	}
	var rows [][]any
	for key, usage := range used {
		rows = append(rows, []any{key[0], key[1], node, usage.Count, usage.Last.UnixNano()})
	}
	into := l.store.SQL().Insert("audit_usage").Columns("principal", "dataset", "node", "reads", "last_at").
		Suffix("ON CONFLICT (principal, dataset, node) DO UPDATE SET reads = audit_usage.reads + excluded.reads, " +
			"last_at = CASE WHEN excluded.last_at > audit_usage.last_at THEN excluded.last_at ELSE audit_usage.last_at END")
	return insert(ctx, tx, into, rows)
}

func insert(ctx context.Context, tx *sql.Tx, into squirrel.InsertBuilder, rows [][]any) error {
	for chunk := range slices.Chunk(rows, insertRows) {
		statement := into
		for _, row := range chunk {
			statement = statement.Values(row...)
		}
		if _, err := statement.RunWith(tx).ExecContext(ctx); err != nil {
			return err
		}
	}
	return nil
}

// advance moves the progress of a node, from nothing after removing what may be
// left of an earlier copy.
func (l *Log) advance(ctx context.Context, tx *sql.Tx, node string, from, to progress) error {
	if from.seq == 0 {
		for _, table := range []string{"audit_copy", "audit_person", "audit_usage"} {
			if _, err := l.store.SQL().Delete(table).Where(squirrel.Eq{"node": node}).RunWith(tx).ExecContext(ctx); err != nil {
				return err
			}
		}
		_, err := l.store.SQL().Insert("audit_node").Columns("node", "seq", "hash", "segment", "position").
			Values(node, to.seq, to.hash, to.segment, to.offset).RunWith(tx).ExecContext(ctx)
		return err
	}
	result, err := l.store.SQL().Update("audit_node").
		Set("seq", to.seq).Set("hash", to.hash).Set("segment", to.segment).Set("position", to.offset).
		Where(squirrel.Eq{"node": node, "seq": from.seq}).RunWith(tx).ExecContext(ctx)
	if err != nil {
		return err
	}
	if moved, err := result.RowsAffected(); err != nil || moved == 1 {
		return err
	}
	return fmt.Errorf("the copy of node %s was moved on by somebody else", node)
}
