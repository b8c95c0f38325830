package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/internal/warehouse"
)

// Verdict sums up what [Judge] found.
type Verdict struct {
	// Rows is the number of landed rows, Failed of those to be quarantined.
	Rows, Failed int64
	// Dropped rows are equal to another one or followed by a later version.
	Dropped int64
	// Gone rows say that they were deleted at the source.
	Gone int64
	// NoKey is the number of failed rows whose key cannot be told.
	NoKey int64
	// Reasons counts failed rows by code and field.
	Reasons []ReasonCount
}

// ReasonCount is the number of rows that failed for one reason first.
type ReasonCount struct {
	Code, Field string
	Rows        int64
}

// Judge writes a verdict for each landed row, beside the files: [Discard] ends
// what it made.
func Judge(ctx context.Context, w *warehouse.Warehouse, plan Plan) (Verdict, error) {
	var verdict Verdict
	err := w.InTx(ctx, func(tx *warehouse.Tx) error {
		statements, err := plan.judging(ctx, w)
		if err != nil {
			return err
		}
		if err := statements.run(ctx, tx); err != nil {
			return fmt.Errorf("judge rows of %s: %w", plan.Dataset, err)
		}
		verdict, err = plan.sumUp(ctx, tx)
		return err
	})
	return verdict, err
}

// Discard throws the verdicts of a dataset away.
func Discard(ctx context.Context, w *warehouse.Warehouse, dataset string) error {
	if err := w.Exec(ctx, "DROP TABLE IF EXISTS "+warehouse.Verdicts(dataset)); err != nil {
		return fmt.Errorf("discard the verdicts of %s: %w", dataset, err)
	}
	return nil
}

// judging is what judges rows, in order.
type judging struct {
	first string
	// uniques look for values that must be unique. again says that they look at
	// published rows as well: a row that they refuse keeps the value that it had,
	// so that another one may not take it.
	uniques []string
	again   bool
	// duplicates looks for rows of one key; empty where there is no key.
	duplicates string
}

func (j judging) run(ctx context.Context, tx *warehouse.Tx) error {
	if _, err := tx.Exec(ctx, j.first); err != nil {
		return err
	}
	for more := len(j.uniques) > 0; more; {
		more = false
		for _, statement := range j.uniques {
			refused, err := tx.Exec(ctx, statement)
			if err != nil {
				return err
			}
			more = more || j.again && refused > 0
		}
	}
	if j.duplicates == "" {
		return nil
	}
	_, err := tx.Exec(ctx, j.duplicates)
	return err
}

func (p Plan) judging(ctx context.Context, w *warehouse.Warehouse) (judging, error) {
	first, err := p.verdicts()
	if err != nil {
		return judging{}, err
	}
	statements := judging{first: first}
	key, rest := p.reasons()
	number := len(key) + len(rest)
	if len(p.uniques()) > 0 {
		known, err := Exists(ctx, w, p.Dataset)
		if err != nil {
			return judging{}, err
		}
		statements.again = known && p.Mode != Full
		for i, condition := range p.uniques() {
			number++
			statement, err := render("unique", struct {
				scope
				Number           int
				Column, Field    string
				AgainstPublished bool
				HoldersKeep      bool
			}{p.scope(), number, fmt.Sprintf("u%d", i), warehouse.Ident(condition.Field), statements.again, statements.again && p.HoldersKeep})
			if err != nil {
				return judging{}, err
			}
			statements.uniques = append(statements.uniques, statement)
		}
	}
	if len(p.Key) == 0 {
		return statements, nil
	}
	statements.duplicates, err = p.duplicates(number + 1)
	return statements, err
}

func (p Plan) verdicts() (string, error) {
	var orders, extra strings.Builder
	for i, order := range p.Order {
		expression := strings.TrimSuffix(strings.TrimSuffix(order, descending), ascending)
		fmt.Fprintf(&orders, ", %s AS o%d", expression, i)
		fmt.Fprintf(&extra, ", o%d", i)
	}
	for i, condition := range p.uniques() {
		fmt.Fprintf(&extra, ", v%d AS u%d", p.place(condition.Field), i)
	}
	return render("verdicts", struct {
		scope
		KeyValues, Fail, Bads, Orders, Extra string
	}{p.scope(), p.judgedKey(), p.fail(), p.bads(), orders.String(), extra.String()})
}

// bads gives, as b0, b1 and so on, whether a landed value is none of its field.
func (p Plan) bads() string {
	var b strings.Builder
	for i, field := range p.Fields {
		if field.Column.Bad != "" {
			fmt.Fprintf(&b, ", %s AS b%d", field.Column.Bad, i)
		}
	}
	return b.String()
}

func (p Plan) judgedKey() string {
	if len(p.Key) == 0 {
		return "_hash AS k0, row_number() OVER (PARTITION BY _fail IS NULL, _hash ORDER BY _row) AS k1"
	}
	parts := make([]string, len(p.Key))
	for i, place := range p.Key {
		parts[i] = fmt.Sprintf("v%d AS k%d", place, i)
	}
	return strings.Join(parts, ", ")
}

// fail is the expression that gives the number of the first reason to fail.
func (p Plan) fail() string {
	key, rest := p.reasons()
	if len(key)+len(rest) == 0 {
		return "NULL"
	}
	var b strings.Builder
	b.WriteString("CASE")
	for i, reason := range key {
		fmt.Fprintf(&b, " WHEN %s THEN %d", reason.when, i+1)
	}
	b.WriteString(" WHEN _gone THEN NULL")
	for i, reason := range rest {
		fmt.Fprintf(&b, " WHEN %s THEN %d", reason.when, len(key)+i+1)
	}
	b.WriteString(" END")
	return b.String()
}

// further gives the reasons to refuse a row behind its first one, so that all
// can be mended at once.
func (p Plan) further() string {
	key, rest := p.reasons()
	var b strings.Builder
	for i, reason := range slices.Concat(key, rest) {
		only := ""
		if i >= len(key) {
			only = "NOT _gone AND "
		}
		// A value that cannot be read is not empty as well.
		if place := p.place(reason.field); reason.code != CodeTypeMismatch && place >= 0 && p.Fields[place].Column.Bad != "" {
			only += fmt.Sprintf("NOT b%d AND ", place)
		}
		fmt.Fprintf(&b, ", CASE WHEN a.fail < %d AND %s(%s) THEN %s END", i+1, only, reason.when, warehouse.Literal(reason.field+": "+reason.text))
	}
	return b.String()
}

const (
	ascending  = " ASC"
	descending = " DESC"
)

func (p Plan) duplicates(number int) (string, error) {
	keep := p.Keep
	if keep == "" || p.Mode == Changes {
		keep = KeepFirst
		if p.Mode != Full {
			keep = KeepLast
		}
	}
	return render("duplicates", struct {
		scope
		Number             int
		Keep, Quiet, Order string
	}{p.scope(), number, keep, fmt.Sprint(p.Mode == Changes || p.Mode == Partial && p.Keep == ""), p.order(keep)})
}

func (p Plan) order(keep string) string {
	var parts []string
	for i, order := range p.Order {
		downwards := strings.HasSuffix(order, descending)
		parts = append(parts, fmt.Sprintf("o%d%s NULLS LAST", i, direction(downwards)))
	}
	// The stream's order decides among equals; with an order given, "last" means
	// last of that order.
	if keep == KeepLast {
		for i, order := range p.Order {
			parts[i] = fmt.Sprintf("o%d%s NULLS LAST", i, direction(!strings.HasSuffix(order, descending)))
		}
		return strings.Join(append(parts, "_row DESC"), ", ")
	}
	return strings.Join(append(parts, "_row"), ", ")
}

func direction(downwards bool) string {
	if downwards {
		return descending
	}
	return ascending
}

func (p Plan) sumUp(ctx context.Context, tx *warehouse.Tx) (Verdict, error) {
	noKey := "false"
	if len(p.Key) > 0 {
		noKey = "(" + each(len(p.Key), "k%d IS NULL", " OR ") + ")"
	}
	rows, err := tx.Rows(ctx, fmt.Sprintf("SELECT coalesce(_fail, 0), _gone, count(*), count(*) FILTER (%s) FROM %s GROUP BY ALL ORDER BY ALL",
		noKey, warehouse.Verdicts(p.Dataset)))
	if err != nil {
		return Verdict{}, fmt.Errorf("sum up the verdicts: %w", err)
	}
	defer rows.Close()
	var verdict Verdict
	reasons := p.allReasons()
	for rows.Next() {
		var fail, count, noKey int64
		var gone bool
		if err := rows.Scan(&fail, &gone, &count, &noKey); err != nil {
			return Verdict{}, err
		}
		verdict.Rows += count
		switch {
		case fail > 0:
			verdict.Failed += count
			verdict.NoKey += noKey
			verdict.Reasons = append(verdict.Reasons, ReasonCount{Code: reasons[fail-1].code, Field: reasons[fail-1].field, Rows: count})
		case fail < 0:
			verdict.Dropped += count
		case gone:
			verdict.Gone += count
		}
	}
	return verdict, rows.Err()
}
