package query

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/plan"
)

// MaxPage is the number of rows that a page has at most.
const MaxPage = 1000

// place is where a page ended: the values of its last row or, of a dataset
// without a key, the number of rows before.
type place struct {
	Values []*string `json:"v,omitempty"`
	Offset uint64    `json:"o,omitempty"`
}

// cursors seal places, so that nobody can read the keys in them, make one up, or
// use one for another question or as somebody else.
type cursors struct {
	sealer   cipher.AEAD
	question []byte
}

// page prepares a request for a page; nil means that none is asked for.
func (g *Gate) page(ctx context.Context, principal acl.Principal, request *Request) (*cursors, *plan.Page, error) {
	if !request.Page {
		if request.Cursor != "" {
			return nil, nil, fault.New(fault.Invalid, "cursor: only pages of rows have one")
		}
		return nil, nil, nil
	}
	if request.Limit > MaxPage {
		return nil, nil, fault.New(fault.Invalid, "a page has at most %d rows: go on with its cursor, or ask for a copy", MaxPage)
	}
	secret, err := g.Policies.Salt(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read the secret of cursors: %w", err)
	}
	key := sha256.Sum256([]byte("cursors:" + secret))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, nil, fmt.Errorf("seal cursors: %w", err)
	}
	sealer, err := cipher.NewGCM(block)
	if err != nil {
		return nil, nil, fmt.Errorf("seal cursors: %w", err)
	}
	question, err := json.Marshal([]any{principal.ID(), principal.Actor(), request.Dataset, request.Where, request.Filters, request.Sort, request.AsOf, request.Purpose, request.Right})
	if err != nil {
		return nil, nil, fmt.Errorf("seal cursors: %w", err)
	}
	made, order := &cursors{sealer, question}, SaltOf(secret, "", "order of pages")
	if request.Cursor == "" {
		return made, &plan.Page{Secret: order}, nil
	}
	found, err := made.open(request.Cursor)
	request.Offset = found.Offset
	return made, &plan.Page{After: found.Values, Secret: order}, err
}

func (c *cursors) seal(at place) (string, error) {
	text, err := json.Marshal(at)
	if err != nil {
		return "", fmt.Errorf("seal a cursor: %w", err)
	}
	nonce := make([]byte, c.sealer.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("seal a cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(c.sealer.Seal(nonce, nonce, text, c.question)), nil
}

func (c *cursors) open(cursor string) (place, error) {
	wrong := fault.New(fault.Invalid, "cursor: it is none of this question's: send what next gave, with the same filter, order and purpose")
	sealed, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(sealed) < c.sealer.NonceSize() {
		return place{}, wrong
	}
	text, err := c.sealer.Open(nil, sealed[:c.sealer.NonceSize()], sealed[c.sealer.NonceSize():], c.question)
	if err != nil {
		return place{}, wrong
	}
	var found place
	if err := json.Unmarshal(text, &found); err != nil {
		return place{}, wrong
	}
	return found, nil
}

// lastRow keeps the cursor columns of a batch's last row.
func lastRow(planned plan.Plan, batch arrow.RecordBatch, before []*string) []*string {
	if planned.CursorColumns == 0 || batch.NumRows() == 0 {
		return before
	}
	values := make([]*string, planned.CursorColumns)
	for i := range values {
		column, ok := batch.Column(len(planned.Fields) + i).(*array.String)
		if row := int(batch.NumRows()) - 1; ok && !column.IsNull(row) {
			text := string([]byte(column.Value(row))) // the batch's memory is given back
			values[i] = &text
		}
	}
	return values
}

// next gives the cursor behind a full page.
func (a asked) next(last []*string, rows int64) (string, error) {
	if a.cursors == nil || a.plan.Single || rows < int64(a.limit) {
		return "", nil
	}
	if a.plan.CursorColumns > 0 {
		return a.cursors.seal(place{Values: last})
	}
	return a.cursors.seal(place{Offset: a.offset + uint64(rows)})
}
