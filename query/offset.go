package query

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/plan"
)

// phase is what a feed is delivering.
type phase string

const (
	// settled: all of the version was delivered.
	settled phase = ""
	// resetting: the subscriber is to be told to drop what it has; inSnapshot: the
	// rows of the version, as inserts.
	resetting  phase = "r"
	inSnapshot phase = "s"
	// inVersion: what the version changed; inConsents: what a change of who
	// consented changed.
	inVersion  phase = "v"
	inConsents phase = "c"
)

// position is where a feed stands. Positions of one view are in the order of
// their versions, and within one in the order of keys.
type position struct {
	Version int64 `json:"v"`
	// At is the moment of the version, in microseconds; a version of the same
	// number and another moment is another one.
	At    int64 `json:"t"`
	Phase phase `json:"p,omitempty"`
	// View stands for the decision, the fields and their forms.
	View string `json:"w"`
	// Consents stands for who consented at ConsentAt; Were and WereAt are those
	// before, while the difference is delivered.
	Consents  string `json:"c,omitempty"`
	ConsentAt int64  `json:"ca,omitempty"`
	Were      string `json:"b,omitempty"`
	WereAt    int64  `json:"ba,omitempty"`
	// Behind is the row behind which it goes on, nil at the beginning.
	Behind *plan.Place `json:"k,omitempty"`
	// Why is the reason of a reset.
	Why string `json:"y,omitempty"`
}

func (p position) moment() time.Time { return time.UnixMicro(p.At).UTC() }

// reached is the version up to which everything was given. What consents
// changed is of a version that was.
func (p position) reached() int64 {
	if p.Phase == settled || p.Phase == inConsents {
		return p.Version
	}
	return p.Version - 1
}

// offsets seal positions, so that nobody can read the keys in them, make one
// up, or use one for another feed or as somebody else. Equal positions of one
// feed give equal offsets, by which subscribers know what they had already.
type offsets struct {
	sealer cipher.AEAD
	nonces []byte
	feed   []byte
}

func (g *Gate) offsets(ctx context.Context, principal acl.Principal, request ChangesRequest) (*offsets, string, error) {
	secret, err := g.Policies.Salt(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("read the secret of offsets: %w", err)
	}
	key := sha256.Sum256([]byte("offsets:" + secret))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, "", fmt.Errorf("seal offsets: %w", err)
	}
	sealer, err := cipher.NewGCM(block)
	if err != nil {
		return nil, "", fmt.Errorf("seal offsets: %w", err)
	}
	feed, err := json.Marshal([]any{principal.ID(), principal.Actor(), request.Dataset, request.Fields, request.Where, request.Purpose})
	if err != nil {
		return nil, "", fmt.Errorf("seal offsets: %w", err)
	}
	// Keys that are not shown are hashed for one subscriber of one dataset.
	keys := SaltOf(secret, "", "keys of changes:"+principal.ID()+"\x00"+request.Dataset)
	return &offsets{sealer, []byte("nonces of offsets:" + secret), feed}, keys, nil
}

// seal takes the nonce from the position itself (as RFC 5297 does), so that
// equal positions give equal offsets and no two others share a nonce.
func (o *offsets) seal(at position) (string, error) {
	text, err := json.Marshal(at)
	if err != nil {
		return "", fmt.Errorf("seal an offset: %w", err)
	}
	mac := hmac.New(sha256.New, o.nonces)
	_, _ = mac.Write(o.feed) // a hash takes everything
	_, _ = mac.Write([]byte{0})
	_, _ = mac.Write(text)
	nonce := mac.Sum(nil)[:o.sealer.NonceSize()]
	return base64.RawURLEncoding.EncodeToString(o.sealer.Seal(nonce, nonce, text, o.feed)), nil
}

func (o *offsets) open(offset string) (position, error) {
	wrong := fault.New(fault.Invalid, "the offset is none of this feed's: send one that it gave, with the same fields, filter and purpose, or begin anew")
	sealed, err := base64.RawURLEncoding.DecodeString(offset)
	if err != nil || len(sealed) < o.sealer.NonceSize() {
		return position{}, wrong
	}
	text, err := o.sealer.Open(nil, sealed[:o.sealer.NonceSize()], sealed[o.sealer.NonceSize():], o.feed)
	if err != nil {
		return position{}, wrong
	}
	var found position
	if err := json.Unmarshal(text, &found); err != nil {
		return position{}, wrong
	}
	return found, nil
}

// digest stands for a text.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}
