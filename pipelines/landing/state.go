package landing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	sq "github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/proof"
)

const (
	landings = "landing.meta.landings"
	rejects  = "landing.meta.rejects"
	// rejectsInsert bounds the bound values of one statement.
	rejectsInsert = 200
)

// state is what is committed of a landing.
type state struct {
	chunks   int64
	rejects  int64
	sum      proof.Sum
	token    connectors.Token
	position string
}

// recall finds a broken-off landing with the same identity, or clears the way.
func (l *lander) recall(ctx context.Context) error {
	query, args, err := sq.Select("chunk", "token", "position", "checksum", "request", `"at"`).From(landings).
		Where(sq.Eq{"dataset": l.request.Name}).OrderBy("chunk DESC").Limit(1).ToSql()
	if err != nil {
		return err
	}
	var found state
	var checksum, request string
	var at time.Time
	err = l.w.Get(ctx, query, args, &found.chunks, &found.token, &found.position, &checksum, &request, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Drop(ctx, l.w, l.request.Name)
	}
	if err != nil {
		return err
	}
	fresh := l.request.Clock().Sub(at) < DefaultResumeWithin
	if request != l.request.Identity || !fresh || found.token == "" {
		return Drop(ctx, l.w, l.request.Name)
	}
	if found.sum, err = proof.ParseSum(checksum); err != nil {
		return err
	}
	l.state = found
	l.state.rejects, err = CountRejects(ctx, l.w, l.request.Name)
	return err
}

// fits reports whether the stream's columns are those of the table that a
// broken-off landing left.
func (l *lander) fits(ctx context.Context) bool {
	var columns []string
	rows, err := l.w.Rows(ctx, "SELECT column_name || ' ' || data_type FROM duckdb_columns() WHERE database_name = 'landing' AND schema_name = 'landed' AND table_name = ? ORDER BY column_index", l.request.Name)
	if err != nil {
		return false
	}
	defer rows.Close()
	for rows.Next() {
		var column string
		if rows.Scan(&column) != nil {
			return false
		}
		columns = append(columns, column)
	}
	wanted := make([]string, 0, len(l.columns)+1)
	for _, column := range l.columns {
		wanted = append(wanted, column.Name+" "+storedName(column.Type.SQL()))
	}
	wanted = append(wanted, RowColumn+" BIGINT")
	return rows.Err() == nil && strings.Join(columns, "\n") == strings.Join(wanted, "\n")
}

// storedName is the engine's own name of a type in its catalog.
func storedName(name string) string {
	if name == "TIMESTAMPTZ" {
		return "TIMESTAMP WITH TIME ZONE"
	}
	return name
}

// chunk lands the next rows and commits them with their token.
func (l *lander) chunk(ctx context.Context) error {
	reader := newChunkReader(l)
	next := l.state
	err := l.w.Land(ctx, warehouse.LandRequest{
		Table: warehouse.Landed(l.request.Name), Stream: streamName(l.request.Run), Reader: reader,
		Append: l.state.chunks > 0,
		After: func(ctx context.Context, tx *warehouse.Tx) error {
			next = state{
				chunks: l.state.chunks + 1, rejects: l.state.rejects + int64(len(reader.rejects)),
				sum: reader.hasher.Sum(), token: reader.token, position: reader.position,
			}
			return l.note(ctx, tx, next, reader.rejects)
		},
	})
	if err != nil {
		if reader.err != nil {
			return reader.err // the engine's error only repeats it
		}
		return fmt.Errorf("land rows of %s: %w", l.request.Name, err)
	}
	l.state = next
	return nil
}

// streamName makes a word of a run's id.
func streamName(run string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(run))
}

// Refuse puts rows that could not be read beside a landing.
func Refuse(ctx context.Context, w *warehouse.Warehouse, name string, refused []connectors.Reject) error {
	if len(refused) == 0 {
		return nil
	}
	return w.InTx(ctx, func(tx *warehouse.Tx) error { return refuse(ctx, tx, name, refused) })
}

func refuse(ctx context.Context, tx *warehouse.Tx, name string, refused []connectors.Reject) error {
	for start := 0; start < len(refused); start += rejectsInsert {
		insert := sq.Insert(rejects).Columns("dataset", "row", "code", "field", "reason", "raw")
		for _, reject := range refused[start:min(start+rejectsInsert, len(refused))] {
			insert = insert.Values(name, reject.Row, reject.Code, reject.Column, reject.Reason, strings.ToValidUTF8(reject.Raw, "\uFFFD"))
		}
		if err := exec(ctx, tx, insert); err != nil {
			return err
		}
	}
	return nil
}

func (l *lander) note(ctx context.Context, tx *warehouse.Tx, next state, refused []connectors.Reject) error {
	if err := refuse(ctx, tx, l.request.Name, refused); err != nil {
		return err
	}
	return exec(ctx, tx, sq.Insert(landings).
		Columns("dataset", "run", "chunk", "rows", "token", "position", "checksum", "request", `"at"`).
		Values(l.request.Name, l.request.Run, next.chunks, next.sum.Rows, string(next.token), next.position,
			next.sum.Text(), l.request.Identity, l.request.Clock().UTC()))
}

func exec(ctx context.Context, tx *warehouse.Tx, statement sq.Sqlizer) error {
	query, args, err := statement.ToSql()
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, query, args...)
	return err
}

// CountRejects gives the number of rows that the connector could not read.
func CountRejects(ctx context.Context, w *warehouse.Warehouse, name string) (int64, error) {
	var count int64
	err := w.Get(ctx, "SELECT count(*) FROM "+rejects+" WHERE dataset = ?", []any{name}, &count)
	return count, err
}

// Drop throws a landing away: its rows, rejects and tokens.
func Drop(ctx context.Context, w *warehouse.Warehouse, name string) error {
	return w.InTx(ctx, func(tx *warehouse.Tx) error {
		for _, statement := range []sq.Sqlizer{
			sq.Expr("DROP TABLE IF EXISTS " + warehouse.Landed(name)),
			sq.Delete(landings).Where(sq.Eq{"dataset": name}),
			sq.Delete(rejects).Where(sq.Eq{"dataset": name}),
		} {
			if err := exec(ctx, tx, statement); err != nil {
				return fmt.Errorf("drop the landing of %s: %w", name, err)
			}
		}
		return nil
	})
}
