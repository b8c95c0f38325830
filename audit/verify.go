package audit

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Report is what a verified record of reads consists of.
type Report struct {
	Records int64 `json:"records"`
	// First and Last are the times of the oldest and the newest record.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Head is the hash of the newest record. Who keeps it elsewhere can tell
	// later that everything up to it is unchanged.
	Head string `json:"head"`
	// Repairs is how often an opening found an end that a stopped process or
	// machine had left; Lost is how many records a stopped machine lost.
	Repairs int64 `json:"repairs"`
	Lost    int64 `json:"lost"`
	// Copied is the number of the newest record in the state database.
	Copied int64 `json:"copied"`
}

// Verify walks the whole chain and compares it with the head, which is kept
// apart, and with the copy in the state database. A record that was changed or
// removed is a Conflict fault that names it. Who can write the journal, the head
// and the copy can still make up another chain: keep a Report's Head elsewhere.
func (r *Reader) Verify(ctx context.Context) (Report, error) {
	of, err := r.standing(ctx)
	if err != nil {
		return Report{}, err
	}
	beside, err := r.openWitness(ctx, of.node)
	if err != nil {
		return Report{}, err
	}
	defer beside.close()
	walked := &verification{chain: follow(point{}), of: of, witness: beside}
	take := func(found entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return walked.take(found)
	}
	if err := r.oldRecords(ctx, point{}, of.oldEnd(), take); err != nil {
		return Report{}, err
	}
	if walked.last != of.base {
		return Report{}, endsAt(walked.last.seq, of.base.seq)
	}
	err = walk(r.dir, place{}, take)
	if errors.Is(err, errUnreadable) {
		err = changedAt(walked.last.seq + 1)
	}
	if err != nil {
		return Report{}, err
	}
	return walked.report()
}

func endsAt(end, written int64) error {
	if end == written {
		return changedAt(end)
	}
	return fault.New(fault.Conflict, "the record of reads ends at record %d where %d were written", end, written)
}

// verification is a walk along the chain.
type verification struct {
	*chain
	of            head
	witness       *witness
	records       int64
	first, newest []byte
}

func (v *verification) take(found entry) error {
	if err := v.next(found); err != nil {
		return err
	}
	if found.seq == v.of.last.seq && found.hash != v.of.last.hash {
		return changedAt(found.seq)
	}
	if v.records == 0 {
		v.first = bytes.Clone(found.document)
	}
	v.newest = append(v.newest[:0], found.document...)
	v.records++
	return v.witness.compare(found)
}

func (v *verification) report() (Report, error) {
	if v.last.seq < v.of.last.seq {
		return Report{}, endsAt(v.last.seq, v.of.last.seq)
	}
	if err := v.witness.end(v.last.seq); err != nil {
		return Report{}, err
	}
	report := Report{
		Records: v.records, Head: v.last.hash, Repairs: v.repairs, Lost: v.lost, Copied: v.witness.copied.seq,
	}
	if v.records == 0 {
		return report, nil
	}
	first, err := decode(v.first)
	if err != nil {
		return Report{}, err
	}
	newest, err := decode(v.newest)
	report.First, report.Last = first.At, newest.At
	return report, err
}

// witness is the copy in the state database, read beside the journal.
type witness struct {
	copied progress
	rows   *sql.Rows
}

// compare holds a record against its copy, if it has been copied.
func (w *witness) compare(found entry) error {
	if found.seq > w.copied.seq {
		return nil
	}
	if found.seq == w.copied.seq && found.hash != w.copied.hash {
		return changedAt(found.seq)
	}
	var seq int64
	var document string
	if w.rows.Next() {
		if err := w.rows.Scan(&seq, &document); err != nil {
			return fmt.Errorf("read the copy of the record of reads: %w", err)
		}
	}
	if err := w.rows.Err(); err != nil {
		return fmt.Errorf("read the copy of the record of reads: %w", err)
	}
	if seq != found.seq || document != string(found.document) {
		return copyChangedAt(found.seq)
	}
	return nil
}

// end is after the last record: there must be no copy of more.
func (w *witness) end(last int64) error {
	if w.copied.seq > last {
		return endsAt(last, w.copied.seq)
	}
	if w.rows != nil && w.rows.Next() {
		return copyChangedAt(last)
	}
	return nil
}

func copyChangedAt(seq int64) error {
	return fault.New(fault.Conflict, "the copy of the record of reads in the state database was changed at record %d: rebuild it", seq)
}

func (w *witness) close() {
	if w.rows != nil {
		_ = w.rows.Close()
	}
}
