package csvfile

import (
	"bytes"
	"regexp"
	"unicode/utf8"
)

// kindOfCell is a rough type of a cell, for telling dialects and headers apart.
type kindOfCell int

const (
	emptyCell kindOfCell = iota
	numberCell
	dateCell
	codeCell  // letters and digits mixed, an address, a link
	wordCell  // a word or short phrase of letters only
	proseCell // anything else
)

var (
	numberPattern = regexp.MustCompile(`^[-+]?[$€£¥￥]?[-+]?(\d{1,3}(,\d{3})+|\d+)?([.,]\d+)?([eE][-+]?\d+)?\s?[%元]?$`)
	datePattern   = regexp.MustCompile(`^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{4}年\d{1,2}月(\d{1,2}日)?)?([T ]?\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[-+]\d{2}:?\d{2})?)?$`)
	codePattern   = regexp.MustCompile(`^([\w.+-]+@[\w.-]+|https?://\S+|[\w./#:-]*\d[\w./#:-]*)$`)
	wordPattern   = regexp.MustCompile(`^[\pL_][\pL\pM_.()（）/·-]*( [\pL_(][\pL\pM_.()/-]*){0,2}$`)
)

func cellKind(cell []byte) kindOfCell {
	cell = bytes.TrimSpace(cell)
	switch {
	case len(cell) == 0:
		return emptyCell
	case len(cell) > 120:
		return proseCell
	case numberPattern.Match(cell) && bytes.ContainsAny(cell, "0123456789"):
		return numberCell
	case datePattern.Match(cell):
		return dateCell
	case codePattern.Match(cell):
		return codeCell
	case wordPattern.Match(cell) && utf8.RuneCount(cell) <= 40:
		return wordCell
	}
	return proseCell
}

// typed reports whether data, and hardly a column's name, look like this.
func (k kindOfCell) typed() bool { return k == numberCell || k == dateCell }
