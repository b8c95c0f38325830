package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

const (
	// shipRecords and shipPersons bound what one transaction copies: the larger,
	// the fewer times each page of an index is written, and the longer others who
	// write a SQLite state wait, here up to half a second while much is to be
	// copied and milliseconds otherwise.
	shipRecords = 1024
	shipPersons = 20000
)

// digest is what the copy keeps of a record beside its document.
type digest struct {
	Seq         int64     `json:"seq"`
	At          time.Time `json:"at"`
	Principal   string    `json:"principal"`
	OnBehalfOf  string    `json:"on_behalf_of"`
	Purpose     string    `json:"purpose"`
	Action      string    `json:"action"`
	Dataset     string    `json:"dataset"`
	Persons     []string  `json:"persons"`
	ManyPersons bool      `json:"many_persons"`
	Outcome     string    `json:"outcome"`
	document    string
}

// ship copies what the disk has and the state database has not. Only records
// that a power cut cannot take any more are copied, so that the copy is never
// ahead of the journal.
func (l *Log) ship(ctx context.Context) error {
	l.shipping.Lock()
	defer l.shipping.Unlock()
	return l.shipRest(ctx)
}

func (l *Log) shipRest(ctx context.Context) error {
	for {
		more, err := l.shipBatch(ctx)
		if err != nil {
			return fmt.Errorf("copy the record of reads: %w", err)
		}
		if !more {
			return nil
		}
	}
}

func (l *Log) shipBatch(ctx context.Context) (more bool, err error) {
	l.mutex.Lock()
	of := l.head
	l.mutex.Unlock()
	from, err := l.progress(ctx, of.node)
	if err != nil || from.seq >= of.synced {
		return false, err
	}
	batch, to, err := l.collect(ctx, of, from)
	if err != nil || len(batch) == 0 {
		return false, err
	}
	err = l.store.InTx(ctx, func(tx *sql.Tx) error { return l.saveCopy(ctx, tx, of.node, batch, from, to) })
	return to.seq < of.synced, err
}

// collect reads the next records to copy, and holds their chain to be whole: a
// journal that goes on from another record than the copied one is not copied.
func (l *Log) collect(ctx context.Context, of head, from progress) ([]digest, progress, error) {
	var batch []digest
	persons, to := 0, from
	behind := follow(from.point)
	err := l.after(ctx, of, from, func(found entry) error {
		if found.seq > of.synced || len(batch) == shipRecords || persons >= shipPersons {
			return errEnough
		}
		if err := behind.next(found); err != nil {
			return err
		}
		one := digest{document: string(found.document)}
		if err := json.Unmarshal(found.document, &one); err != nil {
			return fmt.Errorf("decode a record: %w", err)
		}
		one.Seq = found.seq
		batch = append(batch, one)
		persons += len(one.Persons)
		to = progress{found.point, found.behind}
		return nil
	})
	return batch, to, err
}

// Rebuild makes the copy in the state database anew, for when it was damaged.
func (l *Log) Rebuild(ctx context.Context) error {
	if err := l.sync(); err != nil {
		return err
	}
	l.shipping.Lock()
	defer l.shipping.Unlock()
	l.mutex.Lock()
	node := l.head.node
	l.mutex.Unlock()
	if err := l.forgetProgress(ctx, node); err != nil {
		return err
	}
	return l.shipRest(ctx)
}
