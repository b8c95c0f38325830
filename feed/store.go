package feed

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/internal/fault"
)

const table = "feed_subscription"

// momentLayout sorts as text in the order of time.
const momentLayout = "2006-01-02T15:04:05.000000Z"

func moment(at time.Time) string { return at.UTC().Format(momentLayout) }

var columns = []string{
	"id", "application", "dataset", "fields", "row_filter", "purpose", "topic", "made", "made_by", "ended", "reason", "place", "version", "events", "delivered", "trouble",
}

func (r *Registry) insert(ctx context.Context, s Subscription) error {
	fields, err := json.Marshal(s.Fields)
	if err != nil {
		return fmt.Errorf("keep a subscription: %w", err)
	}
	return r.Store.InTx(ctx, func(tx *sql.Tx) error {
		found, err := r.query(ctx, tx, squirrel.Eq{"ended": ""})
		if err != nil {
			return err
		}
		for _, other := range found {
			if other.Topic == s.Topic {
				return fault.New(fault.Conflict, "topic: another subscription writes to %s already", s.Topic)
			}
		}
		if active(found, s.Application) >= maxActive {
			return fault.New(fault.Conflict, "%s has %d subscriptions already: end one first", s.Application, maxActive)
		}
		_, err = r.Store.SQL().Insert(table).Columns(append(columns, "holder", "held_until")...).Values(
			s.ID, s.Application, s.Dataset, string(fields), s.Where, s.Purpose, s.Topic, moment(s.Made), s.MadeBy, "", "", s.place, s.Version, 0, "", "", "", "",
		).RunWith(tx).ExecContext(ctx)
		if err != nil {
			return fmt.Errorf("keep a subscription: %w", err)
		}
		return nil
	})
}

func (r *Registry) query(ctx context.Context, from squirrel.BaseRunner, where any) ([]Subscription, error) {
	rows, err := r.Store.SQL().Select(columns...).From(table).Where(where).OrderBy("made DESC", "id DESC").RunWith(from).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list subscriptions: %w", err)
	}
	defer rows.Close()
	found := []Subscription{}
	for rows.Next() {
		var one Subscription
		var fields, made, ended, delivered string
		err := rows.Scan(&one.ID, &one.Application, &one.Dataset, &fields, &one.Where, &one.Purpose, &one.Topic, &made, &one.MadeBy, &ended, &one.Reason,
			&one.place, &one.Version, &one.Events, &delivered, &one.Trouble)
		if err != nil {
			return nil, fmt.Errorf("list subscriptions: %w", err)
		}
		if one.State = Active; ended != "" {
			one.State, one.Trouble = Ended, ""
		}
		made0, errMade := read(made)
		var errEnded, errDelivered error
		one.Ended, errEnded = read(ended)
		one.Delivered, errDelivered = read(delivered)
		if err := errors.Join(json.Unmarshal([]byte(fields), &one.Fields), errMade, errEnded, errDelivered); err != nil {
			return nil, fmt.Errorf("read subscription %s: %w", one.ID, err)
		}
		one.Made = *made0
		found = append(found, one)
	}
	return found, rows.Err()
}

func read(text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	at, err := time.Parse(momentLayout, text)
	return &at, err
}

func (r *Registry) list(ctx context.Context, application string) ([]Subscription, error) {
	where := squirrel.Eq{}
	if application != "" {
		where["application"] = application
	}
	return r.query(ctx, r.Store.DB(), where)
}

func (r *Registry) find(ctx context.Context, id string) (Subscription, error) {
	found, err := r.query(ctx, r.Store.DB(), squirrel.Eq{"id": id})
	if err != nil {
		return Subscription{}, err
	}
	if len(found) == 0 {
		return Subscription{}, noSuch(id)
	}
	return found[0], nil
}

func (r *Registry) end(ctx context.Context, id, reason string) error {
	_, err := r.Store.SQL().Update(table).Set("ended", moment(r.Now())).Set("reason", reason).Set("trouble", "").
		Where(squirrel.Eq{"id": id, "ended": ""}).RunWith(r.Store.DB()).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("end subscription %s: %w", id, err)
	}
	return nil
}

// errLost says that another process delivers a subscription, or that it ended.
var errLost = errors.New("the subscription is not held here any more")

// lease is how long a process may deliver without asking again.
const lease = 15 * time.Second

// claim lets a process deliver a subscription, if no other one does.
func (r *Registry) claim(ctx context.Context, id, holder string) (Subscription, error) {
	now := r.Now()
	free := squirrel.Or{squirrel.Eq{"holder": holder}, squirrel.LtOrEq{"held_until": moment(now)}}
	err := r.change(ctx, r.Store.SQL().Update(table).Set("holder", holder).Set("held_until", moment(now.Add(lease))).
		Where(squirrel.Eq{"id": id, "ended": ""}).Where(free))
	if err != nil {
		return Subscription{}, err
	}
	return r.find(ctx, id)
}

// release lets another process deliver at once.
func (r *Registry) release(ctx context.Context, id, holder string) error {
	err := r.change(ctx, r.Store.SQL().Update(table).Set("holder", "").Set("held_until", "").Where(squirrel.Eq{"id": id, "holder": holder}))
	if errors.Is(err, errLost) {
		return nil
	}
	return err
}

// progress is what the brokers acknowledged.
type progress struct {
	place   string
	version int64
	events  int
}

// save keeps progress. It is the only writer of places, after the brokers have
// acknowledged what is before them.
func (r *Registry) save(ctx context.Context, id, holder string, done progress) error {
	now := r.Now()
	update := r.Store.SQL().Update(table).Set("place", done.place).Set("version", done.version).Set("trouble", "").Set("held_until", moment(now.Add(lease)))
	if done.events > 0 {
		update = update.Set("events", squirrel.Expr("events + ?", done.events)).Set("delivered", moment(now))
	}
	return r.change(ctx, update.Where(squirrel.Eq{"id": id, "holder": holder, "ended": ""}))
}

// renew keeps the right to deliver, with what hinders it.
func (r *Registry) renew(ctx context.Context, id, holder, trouble string) error {
	return r.change(ctx, r.Store.SQL().Update(table).Set("held_until", moment(r.Now().Add(lease))).Set("trouble", trouble).
		Where(squirrel.Eq{"id": id, "holder": holder, "ended": ""}))
}

func (r *Registry) change(ctx context.Context, update squirrel.UpdateBuilder) error {
	done, err := update.RunWith(r.Store.DB()).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("change a subscription: %w", err)
	}
	rows, err := done.RowsAffected()
	if err == nil && rows == 0 {
		err = errLost
	}
	return err
}
