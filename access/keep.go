package access

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/internal/fault"
)

// errMoved is the answer to the slower one of two.
func errMoved() error {
	return fault.New(fault.Conflict, "somebody else changed this request at this moment: look at it again")
}

// isOpenLike selects the request that is kept as open for the same requester,
// dataset and purpose; there is one at most.
func isOpenLike(c *Case) squirrel.Eq {
	return squirrel.Eq{"requester": c.Requester, "dataset": c.Dataset, "purpose": c.Purpose, "state": string(Open)}
}

// insert keeps a new request, unless an open one is like it.
func (d *Desk) insert(ctx context.Context, k *kept) error {
	document, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("encode a request: %w", err)
	}
	done, err := d.store.SQL().Insert("access_request").
		Columns("id", "requester", "dataset", "purpose", "state", "revision", "document").
		Values(k.ID, k.Requester, k.Dataset, k.Purpose, string(k.State), k.revision, string(document)).
		Suffix("ON CONFLICT (requester, dataset, purpose) WHERE state = 'open' DO NOTHING").
		RunWith(d.store.DB()).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("keep a request: %w", err)
	}
	rows, err := done.RowsAffected()
	if err == nil && rows == 0 {
		return fault.New(fault.Conflict, "%s asked for %s and this purpose at this moment already", k.Requester, k.Dataset)
	}
	return err
}

// save writes a case as long as nobody else did since it was read.
func (d *Desk) save(ctx context.Context, k *kept) error {
	document, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("encode a request: %w", err)
	}
	done, err := d.store.SQL().Update("access_request").
		Set("state", string(k.State)).Set("revision", k.revision+1).Set("document", string(document)).
		Where(squirrel.Eq{"id": k.ID, "revision": k.revision}).RunWith(d.store.DB()).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("keep a request: %w", err)
	}
	rows, err := done.RowsAffected()
	if err != nil {
		return err
	}
	if rows == 0 {
		return errMoved()
	}
	k.revision++
	return nil
}

// read gives cases as the policies say that they are.
func (d *Desk) read(ctx context.Context, where squirrel.Sqlizer) ([]*kept, error) {
	found, err := d.rows(ctx, where)
	if err != nil {
		return nil, err
	}
	// After the rows: policies that are older would tell of changes that had not
	// been made yet.
	if err := d.policies.Refresh(ctx); err != nil {
		return nil, err
	}
	set, now := d.policies.Current(), d.now()
	for _, k := range found {
		k.settle(set)
		k.look(set, now)
	}
	return found, nil
}

func (d *Desk) rows(ctx context.Context, where squirrel.Sqlizer) ([]*kept, error) {
	rows, err := d.store.SQL().Select("revision", "document").From("access_request").Where(where).
		OrderBy("id DESC").RunWith(d.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("read requests: %w", err)
	}
	defer rows.Close()
	var found []*kept
	for rows.Next() {
		k, document := &kept{}, ""
		if err := rows.Scan(&k.revision, &document); err != nil {
			return nil, fmt.Errorf("read requests: %w", err)
		}
		if err := json.Unmarshal([]byte(document), k); err != nil {
			return nil, fmt.Errorf("decode a request: %w", err)
		}
		found = append(found, k)
	}
	return found, rows.Err()
}

// find reads one case.
func (d *Desk) find(ctx context.Context, id string) (*kept, error) {
	found, err := d.read(ctx, squirrel.Eq{"id": id})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.New(fault.NotFound, "there is no request %q", id)
	}
	return found[0], nil
}
