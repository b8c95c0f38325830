package proof

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/zeebo/xxh3"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Sum is the checksum of some rows. Sums of parts add up to that of the whole.
type Sum struct {
	Rows int64
	// a and b are sums, modulo 2^64, of two independent mixes of the row hashes:
	// a chance agreement of different rows needs both to collide.
	a, b uint64
}

// String gives the 32 hexadecimal digits of the checksum, without the count.
func (s Sum) String() string { return fmt.Sprintf("%016x%016x", s.a, s.b) }

// Plus gives the sum of both parts' rows.
func (s Sum) Plus(other Sum) Sum {
	return Sum{Rows: s.Rows + other.Rows, a: s.a + other.a, b: s.b + other.b}
}

// Text gives the form that [ParseSum] reads, the count included.
func (s Sum) Text() string { return strconv.FormatInt(s.Rows, 10) + ":" + s.String() }

// ParseSum reads what [Sum.Text] wrote; the empty text is the sum of no rows.
func ParseSum(text string) (Sum, error) {
	if text == "" {
		return Sum{}, nil
	}
	rows, digits, ok := strings.Cut(text, ":")
	if !ok || len(digits) != 32 {
		return Sum{}, fault.New(fault.Invalid, "a stored checksum has %d characters", len(text))
	}
	count, err := strconv.ParseInt(rows, 10, 64)
	if err != nil {
		return Sum{}, fmt.Errorf("read a checksum's count: %w", err)
	}
	a, errA := strconv.ParseUint(digits[:16], 16, 64)
	b, errB := strconv.ParseUint(digits[16:], 16, 64)
	if errA != nil || errB != nil {
		return Sum{}, fault.New(fault.Invalid, "a stored checksum is not hexadecimal")
	}
	return Sum{Rows: count, a: a, b: b}, nil
}

// Hasher adds up the rows of batches. It is used by one goroutine.
type Hasher struct {
	columns []column
	rows    []uint64
	sum     Sum
}

type column struct {
	name string
	kind schema.Kind
	seed uint64
}

// New makes a hasher for batches whose first columns are those named, with
// these logical types; further columns of a batch are left out. It continues
// from start.
func New(names []string, types []schema.Type, start Sum) *Hasher {
	columns := make([]column, len(names))
	for i, name := range names {
		seed := xxh3.HashString(strconv.Itoa(i) + "\x00" + name + "\x00" + types[i].String())
		columns[i] = column{name: name, kind: types[i].Kind, seed: seed}
	}
	return &Hasher{columns: columns, sum: start}
}

// Add hashes the rows of one batch.
func (h *Hasher) Add(batch arrow.RecordBatch) error {
	if int(batch.NumCols()) < len(h.columns) {
		return fault.New(fault.Invalid, "a batch has %d columns where %d were declared", batch.NumCols(), len(h.columns))
	}
	count := int(batch.NumRows())
	if cap(h.rows) < count {
		h.rows = make([]uint64, count)
	}
	rows := h.rows[:count]
	clear(rows)
	for i, column := range h.columns {
		if err := mixColumn(rows, batch.Column(i), column); err != nil {
			return fmt.Errorf("checksum of column %s: %w", column.name, err)
		}
	}
	for _, row := range rows {
		h.sum.a += mix(row)
		h.sum.b += mix(row ^ secondSum)
	}
	h.sum.Rows += int64(count)
	return nil
}

// Sum gives the checksum of all rows added so far.
func (h *Hasher) Sum() Sum { return h.sum }

const (
	// secondSum tells the two sums apart.
	secondSum = 0x9e3779b97f4a7c15
	// nullMark stands for NULL; no value's bits are used as they are, so that
	// nothing equals it by design.
	nullMark = 0x6e756c6c6e756c6c
)

// mix is the finaliser of SplitMix64: a bijection that spreads every bit.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
