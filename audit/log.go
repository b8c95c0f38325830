package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
)

// Record is one read, allowed or refused.
type Record struct {
	Seq       int64     `json:"seq"`
	At        time.Time `json:"at"`
	Principal string    `json:"principal"`
	Action    string    `json:"action"`
	Dataset   string    `json:"dataset"`
	Fields    []string  `json:"fields,omitempty"`
	// Decision is the fingerprint of what was allowed.
	Decision string `json:"decision,omitempty"`
	Outcome  string `json:"outcome"`
}

// Log is the record of reads. It is safe for concurrent use.
type Log struct {
	store *store.Store
	now   func() time.Time
}

// New makes a log over an opened state database.
func New(opened *store.Store, now func() time.Time) *Log { return &Log{opened, now} }

const (
	// appendTries is how often a record is tried when others are added at the
	// same moment: each try of one makes way for the others.
	appendTries = 50
	// appendPause is the longest wait before the second try.
	appendPause = 5 * time.Millisecond
)

// Append adds a record behind the newest. Seq and At are set here.
func (l *Log) Append(ctx context.Context, record Record) error {
	var err error
	for try := range appendTries {
		if err = l.append(ctx, record); err == nil || ctx.Err() != nil {
			break
		}
		time.Sleep(time.Duration(rand.Int64N(int64(appendPause) * int64(try+1))))
	}
	if err != nil {
		return fmt.Errorf("record the read: %w", err)
	}
	return nil
}

func (l *Log) append(ctx context.Context, record Record) error {
	return l.store.InTx(ctx, func(tx *sql.Tx) error {
		var last int64
		var before string
		err := l.store.SQL().Select("seq", "hash").From("audit_record").OrderBy("seq DESC").Limit(1).
			RunWith(tx).QueryRowContext(ctx).Scan(&last, &before)
		if err != nil && err != sql.ErrNoRows { //nolint:errorlint // database/sql gives this very value
			return err
		}
		record.Seq, record.At = last+1, l.now().UTC()
		document, err := json.Marshal(record)
		if err != nil {
			return err
		}
		_, err = l.store.SQL().Insert("audit_record").Columns("seq", "document", "hash").
			Values(record.Seq, string(document), link(before, record.Seq, string(document))).RunWith(tx).ExecContext(ctx)
		if err != nil {
			return err
		}
		return l.head(ctx, tx, record.Seq, link(before, record.Seq, string(document)))
	})
}

// head keeps the newest record's number and hash apart from the records, so
// that records cut off at the end are missed.
func (l *Log) head(ctx context.Context, tx *sql.Tx, seq int64, hash string) error {
	result, err := l.store.SQL().Update("audit_head").Set("seq", seq).Set("hash", hash).RunWith(tx).ExecContext(ctx)
	if err != nil {
		return err
	}
	if rows, err := result.RowsAffected(); err != nil || rows > 0 {
		return err
	}
	_, err = l.store.SQL().Insert("audit_head").Columns("id", "seq", "hash").Values(1, seq, hash).RunWith(tx).ExecContext(ctx)
	return err
}

func link(before string, seq int64, document string) string {
	sum := sha256.Sum256([]byte(before + "\n" + strconv.FormatInt(seq, 10) + "\n" + document))
	return hex.EncodeToString(sum[:])
}

// Verify walks the chain and compares its end with the head that is kept apart.
// A record that was changed or removed is a Conflict fault. Who can write both
// tables can still cut the end off unseen: keep a copy of the head elsewhere.
func (l *Log) Verify(ctx context.Context) error {
	before, next := "", int64(1)
	err := l.each(ctx, func(seq int64, document, hash string) error {
		if seq != next || hash != link(before, seq, document) {
			return fault.New(fault.Conflict, "the record of reads was changed at record %d", next)
		}
		before, next = hash, seq+1
		return nil
	})
	if err != nil {
		return err
	}
	var seq int64
	var hash string
	err = l.store.SQL().Select("seq", "hash").From("audit_head").RunWith(l.store.DB()).QueryRowContext(ctx).Scan(&seq, &hash)
	if errors.Is(err, sql.ErrNoRows) && next == 1 {
		return nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read the head of the record of reads: %w", err)
	}
	if seq != next-1 || hash != before {
		return fault.New(fault.Conflict, "the record of reads ends at record %d where %d were written", next-1, seq)
	}
	return nil
}

// Records gives all records in order.
func (l *Log) Records(ctx context.Context) ([]Record, error) {
	records := []Record{}
	err := l.each(ctx, func(_ int64, document, _ string) error {
		var record Record
		if err := json.Unmarshal([]byte(document), &record); err != nil {
			return fmt.Errorf("decode a record: %w", err)
		}
		records = append(records, record)
		return nil
	})
	return records, err
}

func (l *Log) each(ctx context.Context, use func(seq int64, document, hash string) error) error {
	rows, err := l.store.SQL().Select("seq", "document", "hash").From("audit_record").OrderBy("seq").
		RunWith(l.store.DB()).QueryContext(ctx)
	if err != nil {
		return fmt.Errorf("read the record of reads: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var document, hash string
		if err := rows.Scan(&seq, &document, &hash); err != nil {
			return fmt.Errorf("read the record of reads: %w", err)
		}
		if err := use(seq, document, hash); err != nil {
			return err
		}
	}
	return rows.Err()
}
