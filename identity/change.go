package identity

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/internal/fault"
)

// What can be done to applications and keys.
const (
	ActionRegister = "register"
	ActionUpdate   = "update"
	ActionDisable  = "disable"
	ActionEnable   = "enable"
	ActionIssue    = "issue"
	ActionRotate   = "rotate"
	ActionRevoke   = "revoke"
)

// Change is one change of an application or of its keys; it is kept for ever.
type Change struct {
	// Version rises by one with each change of any application.
	Version     int64     `json:"version"`
	At          time.Time `json:"at"`
	By          string    `json:"by"`
	Application string    `json:"application"`
	Action      string    `json:"action"`
	// After is the application as the change left it; nil for changes of keys.
	After *Application `json:"after,omitempty"`
	// Keys are the keys that the change made, shortened or ended.
	Keys []Key `json:"keys,omitempty"`
}

// changed is what of a Change has no column of its own.
type changed struct {
	After *Application `json:"after,omitempty"`
	Keys  []Key        `json:"keys,omitempty"`
}

// change makes a change, alone among all of all nodes, keeps that by made it,
// and takes it up in this process before it returns.
func (r *Registry) change(ctx context.Context, by string, work func(tx *sql.Tx, at time.Time) (Change, error)) error {
	if err := checkText("by", by); err != nil {
		return err
	}
	err := r.store.InTx(ctx, func(tx *sql.Tx) error {
		var version int64
		err := r.store.SQL().Update("identity_version").Set("version", squirrel.Expr("version + 1")).Where(squirrel.Eq{"id": 1}).
			Suffix("RETURNING version").RunWith(tx).QueryRowContext(ctx).Scan(&version)
		if err != nil {
			return fmt.Errorf("begin a change: %w", err)
		}
		at := kept(r.now())
		made, err := work(tx, at)
		if err != nil {
			return err
		}
		made.Version, made.At, made.By = version, at, by
		return r.keepChange(ctx, tx, made)
	})
	if err != nil {
		return err
	}
	r.takeUp(ctx)
	return nil
}

func (r *Registry) keepChange(ctx context.Context, tx *sql.Tx, made Change) error {
	document, err := json.Marshal(changed{made.After, made.Keys})
	if err != nil {
		return err
	}
	_, err = r.store.SQL().Insert("identity_change").Columns("version", "at", "author", "application", "action", "document").
		Values(made.Version, moment(made.At), made.By, made.Application, made.Action, string(document)).RunWith(tx).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("keep a change: %w", err)
	}
	return nil
}

// takeUp reads what was just changed. When that does not succeed, what is in
// memory counts no longer, and the next one that asks reads it or is refused.
func (r *Registry) takeUp(ctx context.Context) {
	r.refreshing <- struct{}{}
	defer func() { <-r.refreshing }()
	r.current.Store(&view{contents: r.current.Load().contents})
	if err := r.refresh(ctx); err != nil {
		r.logger.Error("a change of applications could not be taken up", "cause", err)
	}
}

// Changes lists what was done to an application and its keys, newest first; of
// one that never was, it is a NotFound fault.
func (r *Registry) Changes(ctx context.Context, application string) ([]Change, error) {
	rows, err := r.store.SQL().Select("version", "at", "author", "application", "action", "document").From("identity_change").
		Where(squirrel.Eq{"application": application}).OrderBy("version DESC").RunWith(r.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	defer rows.Close()
	var all []Change
	for rows.Next() {
		var one Change
		var document string
		if err := rows.Scan(&one.Version, momentInto{&one.At}, &one.By, &one.Application, &one.Action, &document); err != nil {
			return nil, fmt.Errorf("list changes: %w", err)
		}
		var more changed
		if err := json.Unmarshal([]byte(document), &more); err != nil {
			return nil, fmt.Errorf("decode change %d: %w", one.Version, err)
		}
		one.After, one.Keys = more.After, more.Keys
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "there is no application %q", application)
	}
	return all, nil
}
