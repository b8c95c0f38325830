package pipelines

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
)

// RememberFor is how long the report of a contribution is kept for one that is
// sent again: a client that was cut off over a long holiday still gets it.
const RememberFor = 8 * 24 * time.Hour

// remembered finds the report of an earlier contribution of the same names.
func (l *load) remembered(ctx context.Context, c Contribution) (*ContributionReport, error) {
	if c.Key == "" {
		return nil, nil
	}
	var digest, text string
	err := l.engine.config.Warehouse.Get(ctx, `SELECT digest, report FROM warehouse.meta.contributions
		WHERE dataset = ? AND sender = ? AND key = ? AND "at" > ?`,
		[]any{l.id, c.Sender, c.Key, l.engine.config.Clock().UTC().Add(-RememberFor)}, &digest, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for an earlier contribution: %w", err)
	}
	if digest != c.Digest {
		return nil, fault.New(fault.Conflict, "the idempotency key was used for another request to %s; choose a new one for each request", l.id)
	}
	var report ContributionReport
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		return nil, fmt.Errorf("read the report of an earlier contribution: %w", err)
	}
	report.Replayed = true
	return &report, nil
}

// remember keeps the report, and forgets what is older than RememberFor.
func (l *load) remember(ctx context.Context, tx *warehouse.Tx, c Contribution, report ContributionReport) error {
	if c.Key == "" {
		return nil
	}
	text, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	now := l.engine.config.Clock().UTC()
	_, err = tx.Exec(ctx, `DELETE FROM warehouse.meta.contributions WHERE dataset = ? AND "at" <= ?`, l.id, now.Add(-RememberFor))
	if err != nil {
		return fmt.Errorf("forget old contributions: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO warehouse.meta.contributions (dataset, sender, key, digest, run, report, "at") VALUES (?, ?, ?, ?, ?, ?, ?)`,
		l.id, c.Sender, c.Key, c.Digest, report.Run, string(text), now)
	if err != nil {
		return fmt.Errorf("remember the contribution: %w", err)
	}
	return nil
}
