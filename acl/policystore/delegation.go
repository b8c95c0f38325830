package policystore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/Masterminds/squirrel"
	"github.com/google/uuid"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// delegationYears bounds how far ahead a delegation may end: offices are handed
// over within a year, and what nobody renews must not outlive its reason.
const delegationYears = 1

// States of delegations.
const (
	DelegationPlanned = "planned" // it begins later
	DelegationActive  = "active"
	DelegationEnded   = "ended"
	DelegationRevoked = "revoked"
)

// DelegationRecord is a delegation with what became of it.
type DelegationRecord struct {
	acl.Delegation
	State string    `json:"state"`
	Given time.Time `json:"given"`
	// Revoked and RevokedBy say when it was ended before its time, and by whom.
	Revoked   time.Time `json:"revoked,omitzero"`
	RevokedBy string    `json:"revoked_by,omitempty"`
}

// DelegationFilter chooses delegations; empty parts choose all.
type DelegationFilter struct {
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Delegate lends rights of d.From, who must be the one that asks, acting for
// nobody else: what is held by delegation cannot be lent on. It gives the
// delegation with its id. Between two principals one delegation counts at a
// time, so that it is plain under which of them is acted.
func (s *Store) Delegate(ctx context.Context, d acl.Delegation) (acl.Delegation, error) {
	now := s.now().UTC()
	if d.Valid.From.Before(now) {
		d.Valid.From = now
	}
	d.Valid.From, d.Valid.Until = d.Valid.From.UTC(), d.Valid.Until.UTC()
	if err := checkDelegation(d, now); err != nil {
		return acl.Delegation{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return acl.Delegation{}, fmt.Errorf("keep a delegation: %w", err)
	}
	d.ID = id.String()
	document, err := json.Marshal(d)
	if err != nil {
		return acl.Delegation{}, fmt.Errorf("encode a delegation: %w", err)
	}
	err = s.store.InTx(ctx, func(tx *sql.Tx) error {
		if err := s.refuseSecond(ctx, tx, d); err != nil {
			return err
		}
		_, err := s.store.SQL().Insert("acl_delegation").Columns("id", "lender", "actor", "given", "document", "revoked", "revoked_by").
			Values(d.ID, d.From, d.To, moment(now), string(document), "", "").RunWith(tx).ExecContext(ctx)
		return err
	})
	if err != nil {
		return acl.Delegation{}, fmt.Errorf("keep a delegation: %w", err)
	}
	return d, nil
}

func checkDelegation(d acl.Delegation, now time.Time) error {
	if !d.Valid.Until.IsZero() && !d.Valid.Until.After(now) {
		return fault.New(fault.Invalid, "delegation: it would end before it begins; its end must be in the future")
	}
	if err := d.Check(); err != nil {
		return err
	}
	// The day more is for ends written as a day, which is in the period as a whole.
	if d.Valid.Until.After(now.AddDate(delegationYears, 0, 1)) {
		return fault.New(fault.Invalid, "delegation: it may end at most %d year ahead; renew it then", delegationYears)
	}
	return nil
}

// refuseSecond refuses a delegation while another between the same two counts.
func (s *Store) refuseSecond(ctx context.Context, tx squirrel.BaseRunner, d acl.Delegation) error {
	known, err := s.delegations(ctx, tx, squirrel.Eq{"lender": d.From, "actor": d.To, "revoked": ""})
	if err != nil {
		return err
	}
	for _, other := range known {
		if other.Valid.From.Before(d.Valid.Until) && d.Valid.From.Before(other.Valid.Until) {
			return fault.New(fault.Conflict, "%s already acts for %s by delegation %s, until %s: revoke it first, or begin after it",
				d.To, d.From, other.ID, other.Valid.Until.Format(time.RFC3339))
		}
	}
	return nil
}

// Revoke ends a delegation before its time, at once. The lender may, and an
// administrator, which the caller says.
func (s *Store) Revoke(ctx context.Context, id, by string, administrator bool) error {
	found, err := s.delegations(ctx, s.store.DB(), squirrel.Eq{"id": id})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fault.New(fault.NotFound, "there is no delegation %q", id)
	}
	if by == "" || by != found[0].From && !administrator {
		return fault.New(fault.Denied, "only who lent their rights, or an administrator, may revoke a delegation")
	}
	switch found[0].State {
	case DelegationRevoked:
		return fault.New(fault.Conflict, "the delegation was revoked already, at %s by %s", found[0].Revoked.Format(time.RFC3339), found[0].RevokedBy)
	case DelegationEnded:
		return fault.New(fault.Conflict, "the delegation ended by itself, at %s", found[0].Valid.Until.Format(time.RFC3339))
	}
	done, err := s.store.SQL().Update("acl_delegation").Set("revoked", moment(s.now())).Set("revoked_by", by).
		Where(squirrel.Eq{"id": id, "revoked": ""}).RunWith(s.store.DB()).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("revoke a delegation: %w", err)
	}
	rows, err := done.RowsAffected()
	if err == nil && rows == 0 {
		return fault.New(fault.Conflict, "somebody else revoked the delegation at this moment")
	}
	return err
}

// Delegations lists delegations, newest first.
func (s *Store) Delegations(ctx context.Context, filter DelegationFilter) ([]DelegationRecord, error) {
	where := squirrel.Eq{}
	if filter.From != "" {
		where["lender"] = filter.From
	}
	if filter.To != "" {
		where["actor"] = filter.To
	}
	return s.delegations(ctx, s.store.DB(), where)
}

// Acting gives the delegation by which actor may act for lender at a moment, or
// a Denied fault. One that is revoked counts at no moment.
func (s *Store) Acting(ctx context.Context, actor, lender string, at time.Time) (acl.Delegation, error) {
	found, err := s.delegations(ctx, s.store.DB(), squirrel.Eq{"lender": lender, "actor": actor, "revoked": ""})
	if err != nil {
		return acl.Delegation{}, err
	}
	for _, one := range found {
		if one.Valid.Contains(at) {
			return one.Delegation, nil
		}
	}
	return acl.Delegation{}, fault.New(fault.Denied, "no delegation lets %q act for %q now", actor, lender)
}

func (s *Store) delegations(ctx context.Context, from squirrel.BaseRunner, where squirrel.Eq) ([]DelegationRecord, error) {
	rows, err := s.store.SQL().Select("given", "document", "revoked", "revoked_by").From("acl_delegation").
		Where(where).OrderBy("given DESC", "id DESC").RunWith(from).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list delegations: %w", err)
	}
	defer rows.Close()
	now, records := s.now(), []DelegationRecord{}
	for rows.Next() {
		var record DelegationRecord
		var document string
		if err := rows.Scan(momentInto{&record.Given}, &document, momentInto{&record.Revoked}, &record.RevokedBy); err != nil {
			return nil, fmt.Errorf("list delegations: %w", err)
		}
		if err := json.Unmarshal([]byte(document), &record.Delegation); err != nil {
			return nil, fmt.Errorf("decode a delegation: %w", err)
		}
		record.State = record.state(now)
		records = append(records, record)
	}
	return records, rows.Err()
}

func (r DelegationRecord) state(now time.Time) string {
	switch {
	case !r.Revoked.IsZero():
		return DelegationRevoked
	case now.Before(r.Valid.From):
		return DelegationPlanned
	case !now.Before(r.Valid.Until):
		return DelegationEnded
	}
	return DelegationActive
}
