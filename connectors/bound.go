package connectors

import (
	"math/big"
	"slices"
	"time"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Project gives the columns that a request wants, in its order; all when it
// names none. A name that the dataset does not have is an Invalid fault.
func Project(dataset schema.Dataset, request ReadRequest) ([]schema.Column, error) {
	if len(request.Columns) == 0 {
		return dataset.Columns, nil
	}
	columns := make([]schema.Column, len(request.Columns))
	for i, name := range request.Columns {
		column, ok := dataset.Column(name)
		if !ok {
			return nil, fault.New(fault.Invalid, "%s has no column %s", dataset.Name, name)
		}
		columns[i] = column
	}
	return columns, nil
}

// Bound keeps the cursor of a source that cannot filter by itself: it tells
// which rows are at or behind Since and remembers the highest value.
type Bound struct {
	kind     schema.Kind
	since    string
	position string
}

// NewBound gives the bound of a request, nil when it has no cursor.
func NewBound(dataset schema.Dataset, request ReadRequest) (*Bound, error) {
	if request.Cursor == "" {
		return nil, nil
	}
	place := slices.IndexFunc(dataset.Columns, func(c schema.Column) bool { return c.Name == request.Cursor })
	if place < 0 {
		return nil, fault.New(fault.Invalid, "%s has no column %s", dataset.Name, request.Cursor)
	}
	return &Bound{kind: dataset.Columns[place].Type.Kind, since: request.Since, position: request.Since}, nil
}

// Admits reports whether a row with this cursor value is to be read. A row
// without a value is: nobody can say that it is old.
func (b *Bound) Admits(value string) bool {
	if value == "" {
		return true
	}
	if b.position == "" || CompareCursor(b.kind, value, b.position) > 0 {
		b.position = value
	}
	return b.since == "" || CompareCursor(b.kind, value, b.since) >= 0
}

// Position gives the highest value so far.
func (b *Bound) Position() string { return b.position }

// CompareCursor orders two cursor values in their text form: numbers as
// numbers, instants as instants, everything else as text.
func CompareCursor(kind schema.Kind, a, b string) int {
	switch kind {
	case schema.TimestampTZ, schema.Timestamp:
		x, errX := time.Parse(instantLayout, a)
		y, errY := time.Parse(instantLayout, b)
		if errX == nil && errY == nil {
			return x.Compare(y)
		}
	case schema.String, schema.Date, schema.Time, schema.UUID, schema.Binary, schema.Bool:
	default:
		x, okX := new(big.Rat).SetString(a)
		y, okY := new(big.Rat).SetString(b)
		if okX && okY {
			return x.Cmp(y)
		}
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
