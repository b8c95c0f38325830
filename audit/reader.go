package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/yitong-hub/yitong/internal/store"
)

// Reader answers questions about the record of reads, also while another
// process appends to it. It writes nothing. It is safe for concurrent use.
type Reader struct {
	dir   string
	store *store.Store
}

// View gives a reader of the folder of the record of reads. A folder that is not
// there yet is one without records.
func View(_ context.Context, dir string, opened *store.Store) (*Reader, error) {
	if _, _, err := readHead(dir); err != nil {
		return nil, err
	}
	return &Reader{dir, opened}, nil
}

// progress is how far the journal is copied: the last record, and where the
// next one begins.
type progress struct {
	point
	place
}

// standing gives the head. Where the journal was not begun, the old records in
// the state database are all there is, if no other node continues them.
func (r *Reader) standing(ctx context.Context) (head, error) {
	read, found, err := readHead(r.dir)
	if err != nil || found {
		return read, err
	}
	base, owner, err := r.oldHead(ctx)
	if err != nil || owner != "" {
		return head{}, err
	}
	return head{base: base, last: base, unbegun: true}, nil
}

// oldEnd is the last record of the table that belongs to the chain.
func (h *head) oldEnd() int64 {
	if h.unbegun {
		return math.MaxInt64
	}
	return h.base.seq
}

// after reads the records behind a point in order, those of the table first.
func (r *Reader) after(ctx context.Context, of head, from progress, use func(entry) error) error {
	last := from.seq
	take := func(found entry) error {
		if found.seq <= from.seq {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		last = found.seq
		return use(found)
	}
	err := r.oldRecords(ctx, from.point, of.oldEnd(), take)
	if err == nil {
		begin := from.place
		if begin.segment == "" {
			begin, err = segmentOf(r.dir, from.seq+1)
		}
		if err == nil {
			err = walk(r.dir, begin, take)
		}
	}
	switch {
	case errors.Is(err, errEnough):
		return nil
	case errors.Is(err, errUnreadable):
		return changedAt(last + 1)
	}
	return err
}

// tail gives the records that are not copied yet.
func (r *Reader) tail(ctx context.Context, of head, copied progress, use func(Record)) error {
	return r.after(ctx, of, copied, func(found entry) error {
		record, err := decode(found.document)
		if err != nil {
			return err
		}
		record.Node = of.node
		use(record)
		return nil
	})
}

func decode(document []byte) (Record, error) {
	var record Record
	if err := json.Unmarshal(document, &record); err != nil {
		return Record{}, fmt.Errorf("decode a record: %w", err)
	}
	return record, nil
}
