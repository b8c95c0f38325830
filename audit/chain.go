package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"strconv"

	"github.com/yitong-hub/yitong/internal/fault"
)

// point is a record in the chain. The zero value is the beginning.
type point struct {
	seq  int64
	hash string
}

// entry is a line of the journal, or a row of the table before it.
type entry struct {
	point
	prev string
	// document is only valid until the next entry is read.
	document []byte
	// behind is the place behind it.
	behind place
}

// The parts of a line, around its number, the two hashes and the document.
const (
	lineSeq    = `{"seq":`
	linePrev   = `,"prev":"`
	lineHash   = `","hash":"`
	lineRecord = `","record":`
	lineEnd    = '}'
)

// appendLine adds the line of a record to buffer, line end included.
func appendLine(buffer []byte, prev string, at point, document []byte) []byte {
	buffer = strconv.AppendInt(append(buffer, lineSeq...), at.seq, 10)
	buffer = append(append(buffer, linePrev...), prev...)
	buffer = append(append(buffer, lineHash...), at.hash...)
	buffer = append(append(buffer, lineRecord...), document...)
	return append(buffer, lineEnd, '\n')
}

// parseLine takes a line apart, without its end. Only what appendLine writes is
// a line: a byte more or less is a change.
func parseLine(line []byte) (entry, bool) {
	rest, seq := bytes.CutPrefix(line, []byte(lineSeq))
	number, rest, prev := bytes.Cut(rest, []byte(linePrev))
	before, rest, hashed := bytes.Cut(rest, []byte(lineHash))
	own, rest, record := bytes.Cut(rest, []byte(lineRecord))
	document, end := bytes.CutSuffix(rest, []byte{lineEnd})
	parsed, err := strconv.ParseInt(string(number), 10, 64)
	if !seq || !prev || !hashed || !record || !end || err != nil || strconv.FormatInt(parsed, 10) != string(number) {
		return entry{}, false
	}
	return entry{point: point{parsed, string(own)}, prev: string(before), document: document}, true
}

// linker computes hashes with one set of buffers.
type linker struct {
	hash hash.Hash
	text []byte
}

func newLinker() *linker { return &linker{hash: sha256.New()} }

// link gives the hash of a record. It is that of the records in the table too,
// so that one chain goes through both.
func (l *linker) link(before string, seq int64, document []byte) string {
	l.text = strconv.AppendInt(append(append(l.text[:0], before...), '\n'), seq, 10)
	l.text = append(l.text, '\n')
	l.hash.Reset()
	l.hash.Write(l.text)
	l.hash.Write(document)
	var sum [sha256.Size]byte
	return hex.EncodeToString(l.hash.Sum(sum[:0]))
}

// chain follows records one by one.
type chain struct {
	*linker
	last          point
	repairs, lost int64
}

func follow(from point) *chain { return &chain{linker: newLinker(), last: from} }

// next takes the record behind the last one. Another one than that is a
// Conflict fault, except one that says that those between were lost.
func (c *chain) next(found entry) error {
	repair := isRepair(found.document)
	gap := found.seq - c.last.seq - 1
	loss := gap > 0 && repair == outcomeLost
	if !loss && (gap != 0 || found.prev != c.last.hash) || found.hash != c.link(found.prev, found.seq, found.document) {
		return changedAt(c.last.seq + 1)
	}
	if repair != "" {
		c.repairs++
	}
	c.lost += gap
	c.last = found.point
	return nil
}

func changedAt(seq int64) error {
	return fault.New(fault.Conflict, "the record of reads was changed at record %d", seq)
}

// isRepair gives the outcome of a record of the log about itself.
func isRepair(document []byte) string {
	if !bytes.Contains(document, []byte(`"action":"`+actionRepair+`"`)) {
		return ""
	}
	var record Record
	if err := json.Unmarshal(document, &record); err != nil || record.Action != actionRepair {
		return ""
	}
	return record.Outcome
}
