package identity

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/netip"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// refusedText is all that anybody is told: who tries keys must not learn which
// of them once were keys, or where one would count.
const refusedText = "the key is not valid here"

// RefusalError says why a key or a token was refused. It is the cause of the
// Denied fault, which errors.Is finds and only the log has.
type RefusalError string

// Why keys and tokens are refused.
const (
	ErrMalformed RefusalError = "it is no text of a key or token"
	ErrUnknown   RefusalError = "it is not known"
	ErrEnded     RefusalError = "it has ended"
	ErrRevoked   RefusalError = "it was revoked"
	ErrDisabled  RefusalError = "the application is disabled"
	ErrNetwork   RefusalError = "the address is in none of the application's networks"
	ErrForeign   RefusalError = "it is the key of another application"
)

// Error implements error.
func (c RefusalError) Error() string { return string(c) }

func refused(cause error) error { return fault.Wrap(cause, fault.Denied, refusedText) }

// Authenticate says who sends a key, or an access token (RFC 6750), from an
// address. Whatever is wrong with it is a Denied fault with the same public
// text, and a [RefusalError] for the log; an Unavailable fault says that it
// cannot be found out now. What is in memory answers, of keys no older than a
// second, and of tokens that were looked up within the last five.
func (r *Registry) Authenticate(ctx context.Context, text string, address netip.Addr) (acl.Principal, Application, error) {
	sent, is := parseCredential(text)
	if !is {
		return acl.Principal{}, Application{}, refused(ErrMalformed)
	}
	known, err := r.fresh(ctx)
	if err != nil {
		return acl.Principal{}, Application{}, err
	}
	now := r.now()
	key := known.keys[sent.keyID]
	if err := key.check(sent, address, now); err != nil {
		return acl.Principal{}, Application{}, refused(err)
	}
	if sent.token {
		if err := r.checkToken(ctx, sent, now); err != nil {
			return acl.Principal{}, Application{}, err
		}
	}
	key.use(now)
	return key.member.principal, key.member.application.clone(), nil
}

// check says why a key, or a token of this key, does not count; k is nil when
// there is no such key. The secret of a token is not looked at.
func (k *heldKey) check(sent credential, address netip.Addr, now time.Time) error {
	var held digest
	if k != nil {
		held = k.digest
	}
	// Digests are compared in constant time, so that the time tells nothing of
	// how much of one fits; an unknown key takes as long as a wrong secret.
	same := subtle.ConstantTimeCompare(held[:], sent.digest[:]) == 1
	switch {
	case k == nil:
		return fmt.Errorf("key %s: %w", sent.keyID, ErrUnknown)
	case !same && !sent.token:
		return fmt.Errorf("key %s of %s, with another secret: %w", k.id, k.member.application.ID, ErrUnknown)
	case k.revoked:
		return k.because(ErrRevoked)
	case !now.Before(k.ends):
		return k.because(ErrEnded)
	case k.member.application.Disabled:
		return k.because(ErrDisabled)
	case !k.member.admits(address):
		return fmt.Errorf("from %s: %w", address, k.because(ErrNetwork))
	}
	return nil
}

func (k *heldKey) because(cause RefusalError) error {
	return fmt.Errorf("key %s of %s: %w", k.id, k.member.application.ID, cause)
}
