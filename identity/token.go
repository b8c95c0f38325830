package identity

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/Masterminds/squirrel"
)

const (
	// TokenLife is how long an access token counts at most: RFC 6750 section
	// 5.3 advises an hour or less.
	TokenLife = time.Hour
	// MaxTokens is how many tokens of an application count at once. A client
	// needs one for each of its processes; one that asks for a new token with
	// every request loses its oldest ones and goes on.
	MaxTokens = 100
)

const (
	// tokenFor is how long a token counts in memory before it is looked up again.
	tokenFor = 5 * time.Second
	// maxHeld bounds the tokens in memory, to some two megabytes.
	maxHeld = 10_000
)

// Token is the answer to a request for an access token, RFC 6749 section 5.1.
type Token struct {
	// AccessToken is yta_<id of the key>_<secret>; it cannot be had a second time.
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	// ExpiresIn is how long it counts, in seconds, unless its key ends before.
	ExpiresIn int64     `json:"expires_in"`
	Ends      time.Time `json:"-"`
}

// Grant gives an application an access token for one of its keys: the client
// credentials grant of RFC 6749 section 4.4, in which the id is the client_id
// and the key the client_secret. A key that [Registry.Authenticate] would
// refuse, or one of another application, is the same Denied fault, the error
// invalid_client of section 5.2. The token counts no longer than its key.
func (r *Registry) Grant(ctx context.Context, application, key string, address netip.Addr) (Token, error) {
	sent, is := parseCredential(key)
	if !is || sent.token {
		return Token{}, refused(ErrMalformed)
	}
	known, err := r.fresh(ctx)
	if err != nil {
		return Token{}, err
	}
	held := known.keys[sent.keyID]
	if err := held.check(sent, address, r.now()); err != nil {
		return Token{}, refused(err)
	}
	if held.member.application.ID != application {
		return Token{}, refused(held.because(ErrForeign))
	}
	made, at := newCredential(tokenPrefix, sent.keyID), kept(r.now())
	ends := at.Add(TokenLife)
	if held.ends.Before(ends) {
		ends = held.ends
	}
	if err := r.keepToken(ctx, made, application, at, ends); err != nil {
		return Token{}, fmt.Errorf("keep a token: %w", err)
	}
	held.use(at)
	return Token{AccessToken: made.text, TokenType: "Bearer", ExpiresIn: int64(ends.Sub(at) / time.Second), Ends: ends}, nil
}

func (r *Registry) keepToken(ctx context.Context, made credential, application string, at, ends time.Time) error {
	return r.store.InTx(ctx, func(tx *sql.Tx) error {
		// One after the other for each application, so that the bound holds.
		_, err := r.store.SQL().Update("identity_application").Set("document", squirrel.Expr("document")).
			Where(squirrel.Eq{"id": application}).RunWith(tx).ExecContext(ctx)
		if err != nil {
			return err
		}
		// Ended ones are left to Flush: two that remove the same rows in another
		// order would wait for each other.
		counting := squirrel.And{squirrel.Eq{"application": application}, squirrel.Gt{"ends": moment(at)}}
		surplus := squirrel.Select("hash").From("identity_token").Where(counting).OrderBy("made DESC", "hash").
			Limit(maxHeld).Offset(MaxTokens - 1)
		_, err = r.store.SQL().Delete("identity_token").Where(squirrel.Expr("hash IN (?)", surplus)).RunWith(tx).ExecContext(ctx)
		if err != nil {
			return err
		}
		_, err = r.store.SQL().Insert("identity_token").Columns("hash", "application", "key_id", "made", "ends").
			Values(hex.EncodeToString(made.digest[:]), application, made.keyID, moment(at), moment(ends)).RunWith(tx).ExecContext(ctx)
		return err
	})
}

// checkToken says whether a token, whose key counts, counts itself. It is found
// by its digest, of which nobody can choose a part, so that the time of the
// look-up tells nothing.
func (r *Registry) checkToken(ctx context.Context, sent credential, now time.Time) error {
	found, held := r.tokens.get(sent.digest, now)
	if !held {
		var err error
		if found, err = r.readToken(ctx, sent, now); err != nil {
			return err
		}
		r.tokens.put(sent.digest, found, now)
	}
	if !now.Before(found.ends) {
		return refused(fmt.Errorf("token of key %s: %w", sent.keyID, ErrEnded))
	}
	return nil
}

func (r *Registry) readToken(ctx context.Context, sent credential, now time.Time) (heldToken, error) {
	found := heldToken{read: now}
	err := r.store.SQL().Select("ends").From("identity_token").
		Where(squirrel.Eq{"hash": hex.EncodeToString(sent.digest[:]), "key_id": sent.keyID}).
		RunWith(r.store.DB()).QueryRowContext(ctx).Scan(momentInto{&found.ends})
	if errors.Is(err, sql.ErrNoRows) {
		return heldToken{}, refused(fmt.Errorf("token of key %s: %w", sent.keyID, ErrUnknown))
	}
	if err != nil {
		return heldToken{}, unavailable(fmt.Errorf("read a token: %w", err))
	}
	return found, nil
}

// tokens are those seen within the last seconds. The zero value has none.
type tokens struct {
	mu   sync.RWMutex
	held map[digest]heldToken
}

type heldToken struct{ ends, read time.Time }

func (h heldToken) freshAt(now time.Time) bool {
	age := now.Sub(h.read)
	return age >= 0 && age < tokenFor
}

func (t *tokens) get(sum digest, now time.Time) (heldToken, bool) {
	t.mu.RLock()
	found, held := t.held[sum]
	t.mu.RUnlock()
	return found, held && found.freshAt(now)
}

func (t *tokens) put(sum digest, found heldToken, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == nil {
		t.held = map[digest]heldToken{}
	}
	if len(t.held) >= maxHeld {
		for other, one := range t.held {
			if !one.freshAt(now) {
				delete(t.held, other)
			}
		}
	}
	if len(t.held) >= maxHeld { // all of them in use: begin anew rather than choose
		clear(t.held)
	}
	t.held[sum] = found
}
