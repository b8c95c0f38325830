package signin

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/identity/sealed"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
)

const (
	// FlowLife is how long somebody may take at the provider.
	FlowLife = 15 * time.Minute
	// maxFlows bounds the sign-ins in progress of all browsers: the oldest are
	// forgotten, some 25 MB before there is anything to gain by beginning more.
	maxFlows = 50_000
	// purgeAfter is how many sign-ins begin until ended ones are removed.
	purgeAfter = 64
)

// flow is a sign-in that began and is not finished.
type flow struct {
	ReturnTo string `json:"return_to"`
	// Callback is where the provider sends the browser back to.
	Callback string    `json:"callback"`
	Base     string    `json:"base"`
	Nonce    string    `json:"nonce,omitempty"`
	Verifier string    `json:"verifier,omitempty"`
	Silent   bool      `json:"silent,omitempty"`
	Began    time.Time `json:"began"`
}

// flows keep sign-ins in progress in the state database, where all nodes find
// them: by the digest of the state, sealed by the cookie of the browser that
// began, so that no other browser can finish, and taken out when it is tried.
type flows struct {
	store *store.Store
	now   func() time.Time
	begun atomic.Int64
}

func flowPurpose(provider, state string) string { return "yitong sign-in " + provider + " " + state }

func (f *flows) keep(ctx context.Context, provider, state, browser string, one flow) error {
	text, err := json.Marshal(one)
	if err != nil {
		return err
	}
	hidden, err := sealed.Seal(browser, flowPurpose(provider, state), string(text))
	if err != nil {
		return err
	}
	if f.begun.Add(1)%purgeAfter == 1 {
		if err := f.purge(ctx); err != nil {
			return unavailable(err)
		}
	}
	_, err = f.store.SQL().Insert("identity_signin").Columns("hash", "provider", "sealed", "ends").
		Values(sealed.Digest(state), provider, hidden, f.now().Add(FlowLife).UnixMilli()).
		RunWith(f.store.DB()).ExecContext(ctx)
	return unavailable(err)
}

func (f *flows) purge(ctx context.Context) error {
	_, err := f.store.SQL().Delete("identity_signin").Where(squirrel.LtOrEq{"ends": f.now().UnixMilli()}).
		RunWith(f.store.DB()).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("remove ended sign-ins: %w", err)
	}
	surplus := squirrel.Select("hash").From("identity_signin").OrderBy("ends DESC", "hash").Limit(maxFlows).Offset(maxFlows)
	_, err = f.store.SQL().Delete("identity_signin").Where(squirrel.Expr("hash IN (?)", surplus)).RunWith(f.store.DB()).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("remove surplus sign-ins: %w", err)
	}
	return nil
}

// take takes a sign-in out, whether or not it can be finished: nobody tries a
// state twice.
func (f *flows) take(ctx context.Context, provider, state, browser string) (flow, error) {
	if !sealed.IsSecret(state) || !sealed.IsSecret(browser) {
		return flow{}, refused(ErrState, stateText)
	}
	var hidden string
	var ends int64
	err := f.store.SQL().Delete("identity_signin").Where(squirrel.Eq{"hash": sealed.Digest(state), "provider": provider}).
		Suffix("RETURNING sealed, ends").RunWith(f.store.DB()).QueryRowContext(ctx).Scan(&hidden, &ends)
	if errors.Is(err, sql.ErrNoRows) {
		return flow{}, refused(ErrState, stateText)
	}
	if err != nil {
		return flow{}, unavailable(fmt.Errorf("find a sign-in: %w", err))
	}
	if f.now().UnixMilli() >= ends {
		return flow{}, refused(ErrLate, stateText)
	}
	text, err := sealed.Open(browser, flowPurpose(provider, state), hidden)
	if err != nil {
		return flow{}, refused(ErrState, stateText)
	}
	var one flow
	if err := json.Unmarshal([]byte(text), &one); err != nil {
		return flow{}, fmt.Errorf("decode a sign-in: %w", err)
	}
	return one, nil
}

func unavailable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "nobody can sign in now: try again in a moment")
}
